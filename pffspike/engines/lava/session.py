"""Engine and session: samples in lanes, phases in order, on one running Lava network."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from pffspike.engines.base import Engine, Session, Task
from pffspike.engines.lava import compat, loihi
from pffspike.engines.lava.planning import make_plan
from pffspike.engines.lava.processes.arithmetic import Arithmetic, Format
from pffspike.engines.lava.processes.memory import Memory
from pffspike.engines.lava.processes.plan import Setting, Synapses
from pffspike.errors import ValidationError
from pffspike.network import structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Program
from pffspike.recording import Recording
from pffspike.typing import Integers, Progress, Signals

_LANES = 64  #: 128 were a quarter faster in a long run on digits and slower in a short one
_TIMEOUT = 4.0  #: seconds without a finished step; a step takes milliseconds


class LavaEngine(Engine):
    """Lava's CPU simulator.

    Every population and every projection is a Lava process. A program that learns runs on a
    single lane, a sample after the other.

    Parameters
    ----------
    arithmetic : {"fixed", "floating"}
        Process models of 64-bit integers only, or of doubles. The spikes are the same.
    timeout : float
        Seconds without a finished step until a run counts as stalled (at least 30 while the
        processes start).
    lanes : int
        Copies of the network side by side in the same processes, each with other samples; on
        a chip these would be so many copies of the network. Spikes do not depend on it.
    processes : bool
        An operating-system process for each Lava process, as stock Lava has it, instead of
        cooperative scheduling in one thread; slower on a few cores.
    checked : bool
        Debug mode of the fixed-point models: every number is compared with its width at every
        step, and `RangeError` names what does not fit.
    learning : {"exact", "loihi"}
        ``loihi``: with Lava's own LearningDense, inexact, see `pffspike.engines.lava.loihi`.
    activation : {"hard", "logistic"}
        ``logistic``: spike probabilities from a table of the logistic function. A variant of the
        network, the same in fixed and floating point, that no other engine has.

    Raises
    ------
    MissingPackageError
        If Lava is not installed.
    PffspikeError
        If an argument is out of range.
    """

    name = "lava"

    def __init__(
        self,
        arithmetic: str = "fixed",
        timeout: float = _TIMEOUT,
        lanes: int = _LANES,
        processes: bool = False,
        checked: bool = False,
        learning: str = "exact",
        activation: str = "hard",
    ) -> None:
        compat.require_lava()
        if arithmetic not in ("fixed", "floating"):
            raise ValidationError(f"arithmetic = {arithmetic!r} must be 'fixed' or 'floating'")
        if not timeout > 0:
            raise ValidationError(f"timeout = {timeout} must be above 0 seconds")
        if lanes < 1:
            raise ValidationError(f"lanes = {lanes} must be at least 1")
        self.arithmetic: Format = "fixed" if arithmetic == "fixed" else "floating"
        self.timeout, self.lanes, self.processes = timeout, lanes, processes
        self.checked, self.learning = checked, learning
        if learning not in ("exact", "loihi"):
            raise ValidationError(f"learning = {learning!r} must be 'exact' or 'loihi'")
        if learning == "loihi" and (arithmetic != "fixed" or processes):
            raise ValidationError("learning = 'loihi' needs fixed point and processes = False")
        if activation not in ("hard", "logistic"):
            raise ValidationError(f"activation = {activation!r} must be 'hard' or 'logistic'")
        self.logistic = activation == "logistic"
        variant = [*(["loihi"] if learning == "loihi" else []), *["logistic"] * self.logistic]
        self.name = ":".join(["lava", *variant])

    def _check(self, network: Network, program: Program, learning_scale: float = 1.0) -> None:
        super()._check(network, program, learning_scale)
        if self.learning == "loihi":
            loihi.check(network, program)

    def _compile(self, task: Task) -> LavaSession:
        compat.import_lava()
        return LavaSession(self, task)


class LavaSession(Session):
    """See `pffspike.engines.base.Session`; the Lava network runs from compilation to `close`."""

    def __init__(self, engine: LavaEngine, task: Task) -> None:
        super().__init__(engine, task)
        network, program = task.network, task.program
        self._network, self._program, self._probes = network, program, task.probes
        self._lanes = 1 if program.learns else engine.lanes
        stock = engine.learning == "loihi" and program.learns
        arithmetic = Arithmetic(
            engine.arithmetic,
            engine.checked,
            loihi.MESSAGE_BITS if stock else None,
            engine.logistic,
        )
        self._plan = make_plan(network, program, arithmetic)
        self._setting = Setting(arithmetic, self._lanes, task.seed)
        start = task.parameters
        self._memory = self._share(start, frames=1)
        self._others = start.without(self._memory.weights, self._memory.biases)
        self._stock = tuple(p.name for p in self._plan.projections if stock and loihi.is_stock(p))
        loihi.check_fixed(self._stock, start)
        self._scale = 1.0
        self._begin()

    def _share(self, start: Parameters, frames: int) -> Memory:
        rasters = self._probes.rasters
        return Memory(self._plan, self._setting, start, rasters=rasters, frames=frames)

    def _begin(self) -> None:
        from pffspike.engines.lava.cooperative_runtime import CooperativeRuntime
        from pffspike.engines.lava.processes.circuit.process import Circuit
        from pffspike.engines.lava.runtime import GuardedRuntime
        from pffspike.engines.lava.watched import select

        engine: LavaEngine = self._engine  # type: ignore[assignment]
        replaced = self._dense if self._stock else None
        with compat.logging_untouched():
            circuit = Circuit(self._plan, self._setting, self._memory, replaced=replaced)
        runtime = GuardedRuntime if engine.processes else CooperativeRuntime
        self._runtime = runtime(circuit, select(self._setting.arithmetic.tag), engine.timeout)
        self._release = weakref.finalize(self, self._runtime.stop)

    def _dense(self, synapses: Synapses) -> Any:
        if synapses.name not in self._stock:
            return None
        weights = self._memory.weights[synapses.owner]
        return loihi.make_process(self._plan, self._setting, synapses, weights, self._scale)

    def _run(
        self,
        signals: Signals,
        samples: Integers,
        learning_scale: float,
        progress: Progress,
    ) -> Recording:
        """See `pffspike.engines.base.Session.run`.

        Raises
        ------
        LavaError
            If a process fails, dies or waits for ever; the session is closed then.
        """
        recordings = []
        if any(values.ndim == 3 for values in signals.values()):
            self._follow_time()
        self._set_rates(learning_scale)
        try:
            for start in range(0, max(1, len(samples)), self._lanes):
                part = slice(start, start + self._lanes)
                some = {name: values[part] for name, values in signals.items()}
                recordings.append(self._run_lanes(some, samples[part]))
                progress(len(samples[part]))
        except BaseException:
            self.close()
            raise
        return Recording.join(recordings)

    def _follow_time(self) -> None:
        """Begin anew with memory for spike probabilities of each step, which static input lacks."""
        if self._memory.frames == 1 and self._program.steps > 1:
            self._fetch()
            self._release()
            learned = Parameters(*self._memory.learned()).fixed_as(self._task.parameters)
            self._memory = self._share(learned, frames=self._program.steps)
            self._begin()

    def _set_rates(self, learning_scale: float) -> None:
        self._memory.set_rates(learning_scale)
        if self._stock and learning_scale != self._scale:
            # The rate is part of a LearningDense: take its weights and build it anew.
            self._fetch()
            self._release()
            self._scale = learning_scale
            self._begin()

    def _fetch(self) -> None:
        """Take the weights out of the LearningDense processes, as arrays."""
        for actor in self._runtime.infrastructure.actors if self._stock else ():
            if actor.name in self._stock:
                projection = self._network.projection(actor.name)
                raw = loihi.raw_weights(projection, actor.model)
                self._memory.weights[actor.name][:] = raw

    def _run_lanes(self, signals: Signals, samples: Integers) -> Recording:
        """Run as many samples as there are lanes, or fewer."""
        self._memory.load(signals, samples)
        if len(samples):
            self._runtime.run_steps(self._program.steps * len(self._program.phases))
        return self._trace(samples)

    def _trace(self, samples: Integers) -> Recording:
        used, window = len(samples), self._program.window
        spikes, goodness, counts, rasters = {}, {}, {}, {}
        for population in structure.extent(self._network, self._program).populations:
            name, probe = population.name, self._memory.probes[population.name]
            # Copies, because the next samples overwrite the probes.
            spikes[name] = probe.spikes[:, :used].T.copy().reshape(-1)
            flat = probe.counts[:, :used].swapaxes(0, 1).copy().reshape(-1, population.size)
            goodness[name] = np.square(flat).sum(axis=1) / window**2
            if name in self._probes.counts:
                counts[name] = flat
            if probe.raster is not None:
                raster = probe.raster[0, :, :, :used].transpose(1, 2, 0, 3).copy()
                rasters[name] = raster.reshape(self._program.steps, -1, population.size)
        return Recording(
            self._network,
            self._program,
            samples,
            spikes,
            goodness,
            self._memory.chosen[0, :used].copy(),
            counts,
            rasters,
        )

    def _parameters(self) -> Parameters:
        self._fetch()
        return self._others.copy().joined(Parameters(*self._memory.learned()))

    def _close(self) -> None:
        """End all processes of the network."""
        self._release()
