"""Control: keys, steps and phases in their order."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pffspike.arithmetic import counter
from pffspike.fpga.mixer import Mixer
from pffspike.fpga.plan import CorePlan
from pffspike.fpga.tables import Layouts, phases

#: The keys that are derived one after the other, each from the one before.
_PURPOSE, _STREAM, _SAMPLE, _STEP = range(4)
_SPIKES = int(counter.offsets(counter.SPIKES)[0])
_TIES = int(counter.offsets(counter.HARD_NEGATIVES)[0])


class Control(wiring.Component):
    """Runs phases one after the other, and stops where the host wants to be told something.

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
                "first": In(8),  # phase
                "number": In(8),  # of phases
                "stepwise": In(1),  # stop after the draw of every step
                "seed": In(64),
                "sample": In(64),  # offset of the sample, see `counter.offsets`
                "y": In(64),
                "x": Out(64),
                "deriving": Out(1),
                "draw": Out(1),
                "draws": Out(layouts.phase["draws"].shape),
                "tie": Out(1),
                "key": Out(64),
                "drawn": In(1),
                "deliver": Out(1),
                "operations": Out(layouts.phase["operations"].shape),
                "delivered": In(1),
                "begin": Out(1),
                "first_step": Out(1),
                "counting": Out(1),
                "first_counted": Out(1),
                "judge": Out(1),
                "phase": Out(8),
                "step_over": Out(1),
                "phase_over": Out(1),
                "over": Out(1),
                "resume": In(1),
                "cycles": Out(32),
            }
        )
        self._plan, self._layouts = plan, layouts

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m = Module()
        m.submodules.phases = table = phases(self._plan, self._layouts)
        port = table.read_port()
        entry, left = port.data, Signal(8)
        step, step_offset = Signal(entry.last.shape()), Signal(64)
        key, shown = Signal(64), Signal(64)
        level, wait = Signal(2), Signal(range(Mixer.LATENCY + 1))
        offset = Signal(64)
        with m.Switch(level):
            with m.Case(_PURPOSE):
                m.d.comb += offset.eq(Mux(self.tie, _TIES, _SPIKES))
            with m.Case(_STREAM):
                m.d.comb += offset.eq(entry.offset)
            with m.Case(_SAMPLE):
                m.d.comb += offset.eq(self.sample)
            with m.Default():
                m.d.comb += offset.eq(step_offset)
        m.d.comb += [
            port.addr.eq(self.phase),
            self.x.eq(key + offset),
            self.key.eq(key),
            self.draws.eq(entry.draws),
            self.operations.eq(entry.operations),
            self.first_step.eq(step == 0),
            self.counting.eq(step >= entry.burn_in),
            self.first_counted.eq(step == entry.burn_in),
        ]
        idle = self.step_over | self.phase_over | self.over
        m.d.sync += self.cycles.eq(self.cycles + ~idle)
        with m.FSM():
            with m.State("IDLE"), m.If(self.start):
                m.d.sync += [self.phase.eq(self.first), left.eq(self.number), self.cycles.eq(0)]
                m.next = "PHASE"
            with m.State("PHASE"):
                m.d.comb += self.begin.eq(1)
                m.d.sync += [
                    key.eq(self.seed),
                    level.eq(_PURPOSE),
                    step.eq(0),
                    step_offset.eq(counter.GOLDEN),
                    self.tie.eq(0),
                    wait.eq(0),
                ]
                m.next = "DERIVE"
            with m.State("DERIVE"):
                m.d.comb += self.deriving.eq(1)
                m.d.sync += wait.eq(wait + 1)
                with m.If(wait == Mixer.LATENCY):
                    m.d.sync += [key.eq(self.y), wait.eq(0), level.eq(level + 1)]
                    with m.If(self.tie & (level == _PURPOSE)):
                        m.d.sync += level.eq(_SAMPLE)
                    with m.If(level == _SAMPLE):
                        m.d.sync += shown.eq(self.y)
                    with m.If((level == _STEP) | self.tie & (level == _SAMPLE)):
                        m.next = "DRAW"
            with m.State("DRAW"):
                m.d.comb += self.draw.eq(1)
                m.next = "DRAWN"
            with m.State("DRAWN"), m.If(self.drawn):
                with m.If(self.tie):
                    m.next = "OVER"
                with m.Elif(self.stepwise):
                    m.next = "STEP OVER"
                with m.Else():
                    m.next = "DELIVER"
            with m.State("STEP OVER"):
                m.d.comb += self.step_over.eq(1)
                with m.If(self.resume):
                    m.next = "DELIVER"
            with m.State("DELIVER"):
                m.d.sync += [
                    step.eq(step + 1),
                    step_offset.eq(step_offset + counter.GOLDEN),
                    key.eq(shown),
                    level.eq(_STEP),
                ]
                with m.If(step == entry.last):  # nobody reads what would arrive
                    m.d.comb += self.judge.eq(1)
                    m.next = "PHASE OVER"
                with m.Else():
                    m.d.comb += self.deliver.eq(1)
                    m.next = "DELIVERED"
            with m.State("DELIVERED"), m.If(self.delivered):
                m.next = "DERIVE"
            with m.State("PHASE OVER"):
                m.d.comb += self.phase_over.eq(1)
                with m.If(self.resume):
                    m.d.sync += left.eq(left - 1)
                    with m.If(left == 1):
                        m.d.sync += [
                            key.eq(self.seed),
                            level.eq(_PURPOSE),
                            self.tie.eq(1),
                        ]
                        m.next = "DERIVE"
                    with m.Else():
                        m.d.sync += self.phase.eq(self.phase + 1)
                        m.next = "PHASE"
            with m.State("OVER"):
                m.d.comb += self.over.eq(1)
                with m.If(self.resume):
                    m.d.sync += self.tie.eq(0)
                    m.next = "IDLE"
        return m
