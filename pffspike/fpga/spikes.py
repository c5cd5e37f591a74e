"""The list of the spikes of a step, in the order of their neurons, with marks between words."""

from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pffspike.fpga.plan import CorePlan
from pffspike.fpga.tables import Layouts


class SpikeList(wiring.Component):
    """Numbers of the neurons that spiked, and how many there were before each word.

    Both are read a cycle after they are asked for. ``count`` is the number of spikes of a
    population when its closing token passes.

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
                "clear": In(1),
                "token": In(layouts.token),
                "spike": In(1),
                "length": Out(layouts.length),
                "count": Out(layouts.length),
                "address": In(layouts.number),
                "number": Out(layouts.number),
                "read_marks": In(1),
                "begin_mark": In(layouts.mark),
                "end_mark": In(layouts.mark),
                "begin": Out(layouts.length),
                "end": Out(layouts.length),
            }
        )
        self._plan, self._layouts = plan, layouts

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m, layouts = Module(), self._layouts
        m.submodules.numbers = numbers = Memory(
            shape=unsigned(layouts.number), depth=self._plan.words * self._plan.lanes, init=[]
        )
        m.submodules.marks = marks = Memory(
            shape=unsigned(layouts.length), depth=layouts.marks, init=[]
        )
        write, read = numbers.write_port(), numbers.read_port()
        mark = marks.write_port()
        begin, end = marks.read_port(), marks.read_port()
        first = Signal(layouts.length)
        m.d.comb += [
            write.en.eq(self.spike & ~self.token.tie),
            write.addr.eq(self.length),
            write.data.eq(self.token.number),
            mark.en.eq(self.token.mark),
            mark.addr.eq(self.token.place),
            mark.data.eq(self.length),
            read.addr.eq(self.address),
            self.number.eq(read.data),
            *[port.en.eq(self.read_marks) for port in (begin, end)],
            begin.addr.eq(self.begin_mark),
            end.addr.eq(self.end_mark),
            self.begin.eq(begin.data),
            self.end.eq(end.data),
            self.count.eq(self.length - first),
        ]
        with m.If(self.clear):
            m.d.sync += self.length.eq(0)
        with m.Else():
            m.d.sync += self.length.eq(self.length + write.en)
        with m.If(self.token.opens):
            m.d.sync += first.eq(self.length)
        return m
