"""SpikeCounts of spikes, and goodness without a multiplication: ``(c + 1)^2 - c^2 = 2 c + 1``."""

from amaranth.hdl import Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pffspike.fpga.plan import CorePlan
from pffspike.fpga.tables import Layouts


class SpikeCounts(wiring.Component):
    """Spikes of each neuron in the window; of each population, all spikes and squared counts.

    Parameters
    ----------
    plan : CorePlan
        Of the core.
    layouts : Layouts
        Of the plan.
    """

    def __init__(self, plan: CorePlan, layouts: Layouts) -> None:
        widths = plan.widths
        self._sums = data.StructLayout({"spikes": widths.total, "squares": widths.score})
        super().__init__(
            {
                "begin": In(1),  # a presentation begins
                "first_step": In(1),
                "counting": In(1),  # the step lies in the window
                "first_counted": In(1),  # and is its first
                "ahead": In(layouts.token),  # a cycle before `token`
                "token": In(layouts.token),
                "spike": In(1),
                "count": Out(widths.count),  # of the neuron of `token`, before this step
                "score": Out(signed(widths.score)),
                "reading": In(1),
                "number": In(layouts.number),
                "slot": In(layouts.slot),
                "spikes": Out(widths.total),
                "squares": Out(widths.score),
            }
        )
        self._plan = plan

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m, plan = Module(), self._plan
        m.submodules.counts = counts = Memory(
            shape=unsigned(plan.widths.count), depth=plan.words * plan.lanes, init=[]
        )
        m.submodules.sums = sums = Memory(shape=self._sums, depth=max(2, len(plan.slots)), init=[])
        read, write = counts.read_port(), counts.write_port()
        old, shown = sums.read_port(domain="comb"), sums.read_port(domain="comb")
        new, spike, before = sums.write_port(), Signal(), Signal(plan.widths.count)
        step, fresh = Signal(plan.widths.score), Signal()
        drawn = Signal()
        m.d.comb += [
            drawn.eq(self.token.neuron & ~self.token.tie),
            spike.eq(self.spike & drawn),
            read.addr.eq(Mux(self.reading, self.number, self.ahead.number)),
            self.count.eq(read.data),
            before.eq(Mux(self.first_counted, 0, read.data)),
            write.en.eq(drawn & self.counting),
            write.addr.eq(self.token.number),
            write.data.eq(before + spike),
            step.eq(Mux(spike & self.counting, (before << 1) + 1, 0)),
            old.addr.eq(self.token.slot),
            new.addr.eq(self.token.slot),
            new.en.eq(drawn),
            fresh.eq(self.token.opens & self.first_step),
            new.data.spikes.eq(Mux(fresh, 0, old.data.spikes) + spike),
            new.data.squares.eq(Mux(fresh, 0, old.data.squares) + step),
            shown.addr.eq(self.slot),
            self.spikes.eq(shown.data.spikes),
            self.squares.eq(shown.data.squares),
        ]
        with m.If(self.begin):
            m.d.sync += self.score.eq(0)
        with m.Elif(self.token.votes > 0):
            m.d.sync += self.score.eq(self.score + step)
        with m.Elif(self.token.votes < 0):
            m.d.sync += self.score.eq(self.score - step)
        return m
