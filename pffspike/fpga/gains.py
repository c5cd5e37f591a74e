"""Gains: from the number of spikes of a population to the factor of what it sends."""

from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from pffspike.fpga.plan import CorePlan
from pffspike.fpga.tables import Layouts


class Gains(wiring.Component):
    """Looks the gain of a population up when its draw closes, and keeps it for the step.

    The gain of slot ``k`` is kept at place ``k + 1``; place 0 holds the gain 1. ``done`` is there
    for a cycle when the last population of a step has its gain.

    Parameters
    ----------
    plan : CorePlan
        Of the core.
    layouts : Layouts
        Of the plan.
    """

    def __init__(self, plan: CorePlan, layouts: Layouts) -> None:
        self._width = int(plan.unit_gain).bit_length()
        super().__init__(
            {
                "token": In(layouts.token),
                "count": In(layouts.length),
                "done": Out(1),
                "place": In(bits_for(len(plan.slots))),
                "gain": Out(self._width),
            }
        )
        self._plan, self._layouts = plan, layouts

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m, plan = Module(), self._plan
        m.submodules.gains = table = Memory(
            shape=unsigned(self._width), depth=max(2, len(plan.gains)), init=plan.gains.tolist()
        )
        m.submodules.kept_gains = kept = Memory(
            shape=unsigned(self._width), depth=len(plan.slots) + 1, init=[plan.unit_gain]
        )
        look, write, read = table.read_port(), kept.write_port(), kept.read_port(domain="comb")
        slot, closes, ends = Signal(self._layouts.slot), Signal(), Signal()
        m.d.comb += [
            look.addr.eq(self.token.gains + self.count),
            write.en.eq(closes),
            write.addr.eq(slot + 1),
            write.data.eq(look.data),
            read.addr.eq(self.place),
            self.gain.eq(read.data),
        ]
        m.d.sync += [
            slot.eq(self.token.slot),
            closes.eq(self.token.closes & ~self.token.tie),
            ends.eq(self.token.ends),
            self.done.eq(ends),
        ]
        return m
