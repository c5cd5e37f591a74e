"""The memory of the weights: a row for each sender and word of receivers, read lane by lane."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pffspike.fpga.plan import CorePlan
from pffspike.fpga.tables import Layouts


class RowMemory(wiring.Component):
    """Weights of a row, as integers with sign, two cycles after its address.

    ``unsigned`` and ``negative`` are asked for a cycle after the address: how the weights of the
    projection are stored.

    Parameters
    ----------
    plan : CorePlan
        Of the core.
    layouts : Layouts
        Of the plan.
    """

    def __init__(self, plan: CorePlan, layouts: Layouts) -> None:
        self._width = plan.widths.weight
        super().__init__(
            {
                "address": In(layouts.row),
                "unsigned": In(1),
                "negative": In(1),
                "weights": Out(signed(self._width + 1)).array(plan.lanes),
            }
        )
        self._plan = plan

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m, width = Module(), self._width
        m.submodules.weights = memory = Memory(
            shape=unsigned(width * self._plan.lanes),
            depth=max(2, len(self._plan.rows)),
            init=packed(self._plan),
        )
        port = memory.read_port()
        m.d.comb += port.addr.eq(self.address)
        for lane in range(self._plan.lanes):
            stored = port.data.word_select(lane, width)
            value = Signal(signed(width + 1), name=f"value_{lane}")
            sign = stored[-1] & ~self.unsigned
            m.d.comb += value.eq(Cat(stored, sign).as_signed())
            m.d.sync += self.weights[lane].eq(Mux(self.negative, -value, value))
        return m


def packed(plan: CorePlan) -> list[int]:
    """RowMemory as integers, lane 0 in the lowest bits.

    Parameters
    ----------
    plan : CorePlan
        Of the core.

    Returns
    -------
    list of int
    """
    width, found = plan.widths.weight, []
    for row in (plan.rows & (1 << width) - 1).tolist():
        found.append(sum(value << width * lane for lane, value in enumerate(row)))
    return found
