"""The parts of a core, connected: what a host interface starts, and what it may read."""

from amaranth.hdl import Module, Mux, ResetInserter, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pffspike.arithmetic import counter
from pffspike.fpga.accumulators import Accumulators
from pffspike.fpga.answer import NOBODY, Answer
from pffspike.fpga.comparer import Comparer
from pffspike.fpga.control import Control
from pffspike.fpga.counts import SpikeCounts
from pffspike.fpga.deliverer import Deliverer
from pffspike.fpga.drawer import Drawer
from pffspike.fpga.gains import Gains
from pffspike.fpga.plan import CorePlan
from pffspike.fpga.spikes import SpikeList
from pffspike.fpga.tables import Layouts


class Datapath(wiring.Component):
    """Draw, count, deliver, trace: presentations as `pffspike/network/model.md` has them.

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
                "start": In(1),
                "abort": In(1),
                "stepwise": In(1),
                "resume": In(1),
                "first": In(8),
                "number": In(8),
                "seed": In(64),
                "sample": In(64),
                "write_input": In(1),
                "input_address": In(layouts.source),
                "input_data": In(counter.UNIFORM_BITS + 1),
                "step_over": Out(1),
                "phase_over": Out(1),
                "over": Out(1),
                "spike_address": In(layouts.number),  # read while a step is over
                "spike_number": Out(layouts.number),
                "spikes": Out(layouts.length),
                "neuron": In(layouts.number),  # read while a phase is over
                "count": Out(widths.count),
                "slot": In(layouts.slot),
                "slot_spikes": Out(widths.total),
                "slot_squares": Out(widths.score),
                "best_phase": Out(8),
                "winner": Out(16, init=NOBODY),
                "cycles": Out(32),
            }
        )
        self._plan, self._layouts = plan, layouts

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m, plan, layouts = Module(), self._plan, self._layouts
        control, drawer = Control(plan, layouts), Drawer(plan, layouts)
        m.submodules.control = ResetInserter(self.abort)(control)
        m.submodules.drawer = drawer
        m.submodules.neurons = neurons = Comparer(plan, layouts)
        m.submodules.list = spikes = SpikeList(plan, layouts)
        m.submodules.gains = gains = Gains(plan, layouts)
        m.submodules.counts = counts = SpikeCounts(plan, layouts)
        m.submodules.answer = answer = Answer(plan, layouts)
        m.submodules.operations = operations = Deliverer(plan, layouts)
        m.submodules.accumulators = accumulators = Accumulators(plan, layouts)
        reading = Signal()
        m.d.comb += [
            *[
                getattr(control, name).eq(getattr(self, name))
                for name in ("start", "first", "number", "stepwise", "seed", "sample", "resume")
            ],
            *[
                getattr(self, name).eq(getattr(control, name))
                for name in ("step_over", "phase_over", "over", "cycles")
            ],
            control.y.eq(neurons.y),
            drawer.start.eq(control.draw),
            drawer.place.eq(control.draws),
            drawer.tie.eq(control.tie),
            drawer.key.eq(control.key),
            neurons.token.eq(drawer.token),
            neurons.x.eq(Mux(control.deriving, control.x, drawer.x)),
            neurons.silent.eq(control.first_step),
            neurons.write_input.eq(self.write_input),
            neurons.input_address.eq(self.input_address),
            neurons.input_data.eq(self.input_data),
            control.drawn.eq(gains.done),
            reading.eq(control.step_over | control.phase_over | control.over),
        ]
        self._spikes(m, control, neurons, spikes, gains)
        self._counts(m, control, neurons, counts, answer, reading)
        m.d.comb += [
            operations.start.eq(control.deliver),
            operations.place.eq(control.operations),
            spikes.read_marks.eq(operations.read_marks),
            spikes.begin_mark.eq(operations.begin_mark),
            spikes.end_mark.eq(operations.end_mark),
            operations.begin.eq(spikes.begin),
            operations.end.eq(spikes.end),
            spikes.address.eq(Mux(reading, self.spike_address, operations.address)),
            accumulators.beat.eq(operations.beat),
            accumulators.number.eq(spikes.number),
            gains.place.eq(accumulators.place),
            accumulators.gain.eq(gains.gain),
            neurons.write_current.eq(accumulators.write),
            neurons.write_word.eq(accumulators.word),
            neurons.write_data.eq(accumulators.currents),
            control.delivered.eq(accumulators.done),
        ]
        return m

    def _spikes(
        self, m: Module, control: Control, neurons: Comparer, spikes: SpikeList, gains: Gains
    ) -> None:
        m.d.comb += [
            spikes.clear.eq(control.draw & ~control.tie),
            spikes.token.eq(neurons.out_token),
            spikes.spike.eq(neurons.spike),
            gains.token.eq(neurons.out_token),
            gains.count.eq(spikes.count),
            self.spikes.eq(spikes.length),
            self.spike_number.eq(spikes.number),
        ]

    def _counts(
        self,
        m: Module,
        control: Control,
        neurons: Comparer,
        counts: SpikeCounts,
        answer: Answer,
        reading: Signal,
    ) -> None:
        m.d.comb += [
            *[
                getattr(counts, name).eq(getattr(control, name))
                for name in ("begin", "first_step", "counting", "first_counted")
            ],
            counts.ahead.eq(neurons.ahead),
            counts.token.eq(neurons.out_token),
            counts.spike.eq(neurons.spike),
            counts.reading.eq(reading),
            counts.number.eq(self.neuron),
            counts.slot.eq(self.slot),
            self.count.eq(counts.count),
            self.slot_spikes.eq(counts.spikes),
            self.slot_squares.eq(counts.squares),
            answer.begin.eq(self.start),
            answer.judge.eq(control.judge),
            answer.phase.eq(control.phase),
            answer.score.eq(counts.score),
            answer.token.eq(neurons.out_token),
            answer.count.eq(counts.count),
            answer.uniform.eq(neurons.uniform),
            self.best_phase.eq(answer.best_phase),
            self.winner.eq(answer.winner),
        ]
