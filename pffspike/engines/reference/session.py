"""Engine and session: samples in batches, phases in order."""

from __future__ import annotations

import dataclasses

import numpy as np
from threadpoolctl import threadpool_limits

from pffspike.arithmetic import counter
from pffspike.engines.base import Engine, Session, Task
from pffspike.engines.reference import learning
from pffspike.engines.reference.presentation import Activity, present
from pffspike.errors import ValidationError
from pffspike.network import exactness, structure
from pffspike.network.hard_negatives import choose_hard_negatives
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Phase, Program
from pffspike.recording import KINDS, STEPWISE, Recording
from pffspike.typing import Array, Floats, Integers, Progress, Signals

_INFERENCE_BATCH = 256  #: samples at a time where nothing is learned; no effect on results


class ReferenceEngine(Engine):
    """Exact simulation in NumPy.

    Parameters
    ----------
    batch : int
        Samples whose changes are added before they are applied. 1 is online learning, the
        semantics that every engine shares; more is a variant of learning, mini-batches: all
        samples of a batch see the same weights in a phase, and their summed change is rounded
        once, with the rounding key of the first of them.
    rates : bool
        A control without the noise of sampling: every neuron sends its probability instead of a
        bit, the gain of a population is ``1 / max(1, norm of what it sends)``, and traces hold
        sums of probabilities. Inexact: results depend on the order of additions. In its
        traces, ``spikes`` counts the values other than 0 that were sent.
    random_bits : int
        A control with coarser random numbers, as a chip draws them: only the uppermost bits of the
        24 are kept, so a spike probability counts as rounded up to a multiple of 2^-random_bits.
    """

    records = KINDS

    def __init__(
        self, batch: int = 1, rates: bool = False, random_bits: int = counter.UNIFORM_BITS
    ) -> None:
        if not 1 <= random_bits <= counter.UNIFORM_BITS:
            raise ValidationError(
                f"random_bits = {random_bits} must be from 1 to {counter.UNIFORM_BITS}"
            )
        self.batch = batch
        self.rates = rates
        self.random_bits = random_bits
        self.name = "numpy:rates" if rates else "numpy"

    def _check(self, network: Network, program: Program, learning_scale: float = 1.0) -> None:  # noqa: ARG002
        if not self.rates:
            exactness.check(network, self.batch, learning_scale)

    def _compile(self, task: Task) -> ReferenceSession:
        return ReferenceSession(self, task)


class ReferenceSession(Session):
    """See `pffspike.engines.base.Session`."""

    def __init__(self, engine: ReferenceEngine, task: Task) -> None:
        super().__init__(engine, task)
        self._network, self._program, self._probes = task.network, task.program, task.probes
        self._seed, self._current = task.seed, task.parameters.copy()
        self._batch = engine.batch if task.program.learns else _INFERENCE_BATCH
        self._rates, self._random_bits = engine.rates, engine.random_bits
        self._extent = structure.extent(task.network, task.program)

    def _run(
        self,
        signals: Signals,
        samples: Integers,
        learning_scale: float,
        progress: Progress,
    ) -> Recording:
        """See `pffspike.engines.base.Session.run`."""
        recordings = []
        # Products this small gain nothing from threads, and lose tenfold on a busy machine.
        with threadpool_limits(1, "blas"):
            for start in range(0, max(1, len(samples)), self._batch):
                part = slice(start, start + self._batch)
                some = {name: values[part] for name, values in signals.items()}
                recordings.append(self._run_batch(some, samples[part], learning_scale))
                progress(len(samples[part]))
        return Recording.join(recordings)

    def _run_batch(
        self,
        signals: Signals,
        samples: Integers,
        learning_scale: float,
    ) -> Recording:
        program, hard_negative = self._program, self._program.hard_negative
        current = dict(signals)
        chosen = np.full(len(samples), -1, np.int64)
        activities = []
        for index, phase in enumerate(program.phases):
            activity = self._present(phase, current, samples)
            activities.append(activity)
            if phase.learn and len(samples):
                key = counter.derive_key(self._seed, counter.ROUNDING, int(samples[0]), index)
                learning.learn(
                    self._network,
                    program,
                    phase,
                    activity,
                    current,
                    self._current,
                    key,
                    learning_scale,
                )
            if hard_negative and hard_negative.phase == phase.name:
                counts = activity.counts[hard_negative.population]
                chosen = choose_hard_negatives(hard_negative, counts, current, self._seed, samples)
                current[hard_negative.signal] = chosen
        recording = self._trace(activities, samples, chosen)
        weights = {
            name: np.repeat(self._weights(name)[None], len(samples), axis=0)
            for name in (q.name for q in self._extent.projections)
            if name in self._probes.weights
        }
        return dataclasses.replace(recording, weights=weights)

    def _weights(self, projection: str) -> Floats:
        return self._current.weights[structure.weights_of(self._network.projection(projection))]

    def _present(
        self,
        phase: Phase,
        signals: Signals,
        samples: Integers,
    ) -> Activity:
        inputs = {
            name: signals[source] if isinstance(source, str) else np.full(len(samples), source)
            for name, source in phase.inputs.items()
        }
        weights = {name: self._weights(name) for name in phase.projections}
        stream = counter.derive_key(self._seed, counter.SPIKES, phase.stream)
        return present(
            self._network,
            self._program,
            phase,
            inputs,
            counter.derive_keys(stream, samples),
            weights,
            self._current.biases,
            self._probes,
            self._rates,
            self._random_bits,
        )

    def _trace(
        self,
        activities: list[Activity],
        samples: Integers,
        hard_negatives: Integers,
    ) -> Recording:
        batch, phases = len(samples), len(activities)
        spikes, goodness, counts = {}, {}, {}
        steps: dict[str, dict[str, Array]] = {kind: {} for kind in STEPWISE}
        for population in self._extent.populations:
            name, size = population.name, population.size
            total = np.zeros((batch, phases), np.int64)
            window = np.zeros((batch, phases, size), float if self._rates else np.int64)
            for index, activity in enumerate(activities):
                if name in activity.spikes:
                    total[:, index] = activity.spikes[name]
                    window[:, index] = activity.counts[name]
            spikes[name] = total.reshape(-1)
            flat = window.reshape(-1, size)
            goodness[name] = learning.goodness(flat.astype(float), self._program.window)
            if name in self._probes.counts:
                counts[name] = flat
            for kind in STEPWISE:
                if name in getattr(self._probes, kind):
                    bits = kind == "rasters" and not self._rates
                    silent = np.zeros((self._program.steps, batch, size), bool if bits else float)
                    parts = [getattr(activity, kind).get(name, silent) for activity in activities]
                    stacked = np.stack(parts, axis=2)
                    steps[kind][name] = stacked.reshape(self._program.steps, batch * phases, size)
        return Recording(
            self._network,
            self._program,
            samples,
            spikes,
            goodness,
            hard_negatives,
            counts,
            **steps,
        )

    def _parameters(self) -> Parameters:
        return self._current.copy()
