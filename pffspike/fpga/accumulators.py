"""Accumulate: add weights lane by lane, multiply the sum by the gain, add it to the currents."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from pffspike.fpga.deliverer import beat_layout
from pffspike.fpga.mixer import delayed
from pffspike.fpga.plan import CorePlan
from pffspike.fpga.row_memory import RowMemory
from pffspike.fpga.tables import Layouts

_STAGES = 6  #: cycles from a beat to the word of currents


class Accumulators(wiring.Component):
    """A pipeline: number, address, row, weights, sum, product, current.

    The sums of a projection stay in registers while the spikes pass, so nothing is read back. A
    word of currents is written when the last projection onto it is through.

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
                "beat": In(beat_layout(layouts)),
                "number": In(layouts.number),  # of the neuron of the beat, a cycle later
                "place": Out(bits_for(len(plan.slots))),
                "gain": In(int(plan.unit_gain).bit_length()),
                "write": Out(1),
                "word": Out(layouts.word),
                "currents": Out(plan.lanes * plan.widths.current),
                "done": Out(1),
            }
        )
        self._plan, self._layouts = plan, layouts

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m, plan = Module(), self._plan
        m.submodules.rows = rows = RowMemory(plan, self._layouts)
        beats = delayed(m, self.beat, _STAGES, "beat")
        gain = [Signal(plan.widths.gain, name=f"gain_{n}") for n in range(3)]
        m.d.comb += [
            rows.address.eq(beats[1].operation.base + self.number),
            rows.unsigned.eq(beats[2].operation.unsigned),
            rows.negative.eq(beats[2].operation.negative),
            self.place.eq(beats[1].operation.gain),
        ]
        m.d.sync += [
            gain[0].eq(self.gain << beats[1].operation.shift),
            gain[1].eq(gain[0]),
            gain[2].eq(gain[1]),
        ]
        totals = []
        for lane in range(plan.lanes):
            added = Signal(signed(plan.widths.sum), name=f"sum_{lane}")
            product = Signal(signed(plan.widths.current), name=f"product_{lane}")
            total = Signal(signed(plan.widths.current), name=f"total_{lane}")
            weight = Mux(beats[3].spike, rows.weights[lane], 0)
            with m.If(beats[3].valid):
                m.d.sync += added.eq(Mux(beats[3].first, 0, added) + weight)
            m.d.sync += product.eq(added * gain[2])
            with m.If(beats[5].valid & beats[5].last):
                m.d.sync += total.eq(Mux(beats[5].operation.opens, 0, total) + product)
            totals.append(total)
        end = Signal()
        m.d.comb += [
            end.eq(beats[6].valid & beats[6].last),
            self.write.eq(end & beats[6].operation.closes),
            self.word.eq(beats[6].operation.word),
            self.currents.eq(Cat(totals)),
            self.done.eq(end & beats[6].operation.last),
        ]
        return m
