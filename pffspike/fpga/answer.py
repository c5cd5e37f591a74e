"""The answer: the phase with the best score, and the neuron of the read-out with most spikes."""

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pffspike.arithmetic import counter
from pffspike.fpga.plan import CorePlan
from pffspike.fpga.tables import Layouts

NOBODY = (1 << 16) - 1  #: winner of a read-out that there is not


class Answer(wiring.Component):
    """Keeps the best of what passes; of equals, the first.

    Parameters
    ----------
    plan : CorePlan
        Of the core.
    layouts : Layouts
        Of the plan.
    """

    def __init__(self, plan: CorePlan, layouts: Layouts) -> None:
        widths = plan.widths
        super().__init__(
            {
                "begin": In(1),
                "judge": In(1),  # a presentation is over
                "phase": In(8),
                "score": In(signed(widths.score)),
                "token": In(layouts.token),
                "count": In(widths.count),
                "uniform": In(counter.UNIFORM_BITS),
                "best_phase": Out(8),
                "winner": Out(16, init=NOBODY),
            }
        )
        self._plan = plan

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m = Module()
        judged, highest = Signal(), Signal.like(self.score)
        seen, most = Signal(), Signal(len(self.count) + len(self.uniform))
        votes = Signal.like(most)
        m.d.comb += votes.eq(Cat(self.uniform, self.count))
        with m.If(self.begin):
            m.d.sync += [judged.eq(0), seen.eq(0), self.winner.eq(NOBODY)]
        with m.Elif(self.judge & (~judged | (self.score > highest))):
            m.d.sync += [judged.eq(1), highest.eq(self.score), self.best_phase.eq(self.phase)]
        with m.If(self.token.neuron & self.token.tie & (~seen | (votes > most))):
            m.d.sync += [seen.eq(1), most.eq(votes), self.winner.eq(self.token.index)]
        return m
