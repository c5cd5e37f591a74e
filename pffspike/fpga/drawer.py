"""The order of a draw: population by population, neuron by neuron."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pffspike.arithmetic import counter
from pffspike.fpga.plan import CorePlan
from pffspike.fpga.tables import Layouts, draws


class Drawer(wiring.Component):
    """Gives a token for each neuron of a phase, and the number to mix for it.

    The number of a neuron is that of the one before plus a constant, so nothing is multiplied. A
    tie is drawn by the neurons of the read-out alone, at positions from 0.

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
                "place": In(layouts.phase["draws"].shape),
                "tie": In(1),
                "key": In(64),
                "token": Out(layouts.token),
                "x": Out(64),
            }
        )
        self._plan, self._layouts = plan, layouts

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m, token = Module(), self.token
        m.submodules.draws = table = draws(self._plan, self._layouts)
        port = table.read_port()
        entry, place = port.data, Signal.like(self.place)
        index, mark, x = Signal(self._layouts.size), Signal(self._layouts.mark), Signal(64)
        neuron, marked = Signal(), Signal()
        m.d.comb += [
            port.addr.eq(place),
            self.x.eq(x),
            token.tie.eq(self.tie),
            token.index.eq(index),
            token.number.eq(entry.number + index),
            token.slot.eq(entry.slot),
            token.place.eq(mark),
            token.kind.eq(entry.kind),
            token.source.eq(entry.source + index),
            token.class_hit.eq(entry.source == index),
            token.gains.eq(entry.gains),
            token.votes.eq(entry.votes),
            token.neuron.eq(neuron),
            token.mark.eq(marked),
            token.opens.eq(neuron & (index == 0)),
        ]
        within = index[: self._plan.lanes.bit_length() - 1]
        with m.FSM():
            with m.State("IDLE"), m.If(self.start):
                m.d.sync += place.eq(self.place)
                m.next = "READ"
            with m.State("READ"):
                m.next = "BEGIN"
            with m.State("BEGIN"):
                offset = Mux(self.tie, counter.GOLDEN, entry.offset)
                m.d.sync += [index.eq(0), mark.eq(entry.mark), x.eq(self.key + offset)]
                m.next = "NEURONS"
                with m.If(self.tie & ~entry.answers):
                    m.next = "CLOSE"
            with m.State("NEURONS"):
                m.d.comb += [neuron.eq(1), marked.eq((within == 0) & ~self.tie)]
                m.d.sync += [index.eq(index + 1), x.eq(x + counter.GOLDEN)]
                with m.If(marked):
                    m.d.sync += mark.eq(mark + 1)
                with m.If(index + 1 == entry.size):
                    m.next = "CLOSE"
            with m.State("CLOSE"):
                m.d.comb += [
                    token.closes.eq(1),
                    marked.eq(~self.tie),
                    token.ends.eq(entry.last),
                ]
                m.d.sync += place.eq(place + 1)
                m.next = "READ"
                with m.If(entry.last):
                    m.next = "IDLE"
        return m
