"""Deliver: walk through the operations of a step, one spike a cycle."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pffspike.fpga.plan import CorePlan
from pffspike.fpga.tables import Layouts, operations


def beat_layout(layouts: Layouts) -> data.StructLayout:
    """What the accumulators are told in a cycle: an operation, and whether there is a spike.

    ``first`` and ``last``: of the spikes of the operation, which has one beat at least.
    """
    return data.StructLayout(
        {"valid": 1, "spike": 1, "first": 1, "last": 1, "operation": layouts.operation}
    )


class Deliverer(wiring.Component):
    """Reads operations ahead, and gives for each the places of its spikes in the list.

    Parameters
    ----------
    plan : CorePlan
        Of the core.
    layouts : Layouts
        Of the plan.
    """

    def __init__(self, plan: CorePlan, layouts: Layouts) -> None:
        super().__init__(
            {
                "start": In(1),
                "place": In(layouts.phase["operations"].shape),
                "read_marks": Out(1),
                "begin_mark": Out(layouts.mark),
                "end_mark": Out(layouts.mark),
                "begin": In(layouts.length),
                "end": In(layouts.length),
                "address": Out(layouts.number),
                "beat": Out(beat_layout(layouts)),
            }
        )
        self._plan, self._layouts = plan, layouts

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m = Module()
        m.submodules.operations = table = operations(self._plan, self._layouts)
        port = table.read_port()
        fetching, fetched, ready = Signal(), Signal(), Signal()
        place, operation = Signal.like(self.place), Signal(self._layouts.operation)
        go, over = Signal(), Signal()
        m.d.comb += [
            port.addr.eq(place),
            port.en.eq(go),
            self.read_marks.eq(go),
            self.begin_mark.eq(port.data.begin),
            self.end_mark.eq(port.data.end),
            over.eq(fetched & port.data.last),
        ]
        with m.If(go):
            m.d.sync += [
                place.eq(place + 1),
                fetched.eq(fetching & ~over),
                fetching.eq(fetching & ~over),
                ready.eq(fetched),
                operation.eq(port.data),
            ]
        with m.If(self.start):
            m.d.sync += [place.eq(self.place), fetching.eq(1)]
        self._stream(m, go, ready, operation)
        return m

    def _stream(self, m: Module, go: Signal, ready: Signal, operation: Signal) -> None:
        """Give one beat for each spike of the operation, one if there is none."""
        passed, beat = Signal(self._layouts.length), self.beat
        spikes = Signal(self._layouts.length)
        m.d.comb += [
            spikes.eq(self.end - self.begin),
            self.address.eq(self.begin + passed),
            beat.valid.eq(ready),
            beat.spike.eq(passed < spikes),
            beat.first.eq(passed == 0),
            beat.last.eq(passed + 1 >= spikes),
            beat.operation.eq(operation),
            go.eq(~ready | beat.last),
        ]
        m.d.sync += passed.eq(Mux(go, 0, passed + 1))
