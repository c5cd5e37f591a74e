"""The hierarchical Lava process as an engine, for the suite: sinks on all ports, any runtime."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from pffspike.engines.base import Engine, Session, Task
from pffspike.engines.lava import compat
from pffspike.network import Parameters
from pffspike.network.structure import populations_of
from pffspike.recording import Recording
from pffspike.trained import TrainedNetwork
from pffspike.typing import Array, Integers, Progress, Signals


class ProcessEngine(Engine):
    """A new process for every run.

    Parameters
    ----------
    runtime : {"stock", "cooperative"}
        Lava's own, or that of this project.
    """

    def __init__(self, runtime: str) -> None:
        self.runtime, self.name = runtime, f"PFF on the {runtime} runtime"

    def _compile(self, task: Task) -> Session:
        return ProcessSession(self, task)


class ProcessSession(Session):
    """Goes on with the weights of the last run."""

    def __init__(self, engine: ProcessEngine, task: Task) -> None:
        super().__init__(engine, task)
        self._runtime, self._current = engine.runtime, task.parameters.copy()
        self._names = populations_of(task.network, task.program.name)

    def _run(
        self, signals: Signals, samples: Integers, learning_scale: float, progress: Progress
    ) -> Recording:
        program = self._task.program
        shape = (len(samples), len(program.phases), program.steps)
        sizes = {name: self._task.network.population(name).size for name in self._names}
        found = {name: np.zeros((*shape, size), bool) for name, size in sizes.items()}
        chosen = np.full(len(samples), -1)
        if len(samples):
            sent, chosen = self._present(signals, samples, learning_scale)
            found = {name: sent[name].reshape(*shape, size) for name, size in sizes.items()}
        progress(len(samples))
        return self._recording(samples, found, chosen)

    def _present(
        self, signals: Signals, samples: Integers, learning_scale: float
    ) -> tuple[dict[str, Array], Integers]:
        """``(steps, units)`` spikes of all samples, as sinks have received them."""
        compat.import_lava()
        from lava.magma.core.run_conditions import RunSteps
        from lava.magma.core.run_configs import Loihi2SimCfg
        from lava.proc.io.sink import RingBuffer

        from pffspike.lava import PFF, CooperativeRuntime

        task, sinks = self._task, {}
        trained = TrainedNetwork(task.network, self._current, task.seed)
        with compat.logging_untouched(), compat.forking():
            process = PFF(trained, task.program.name, signals, samples)
            if task.program.learns:
                process.set_learning_scale(learning_scale)
            for name in self._names:
                port = getattr(process, f"{name}_out")
                sinks[name] = RingBuffer(shape=port.shape, buffer=process.steps)
                port.connect(sinks[name].a_in)
            ours = self._runtime == "cooperative"
            with CooperativeRuntime(process) if ours else contextlib.nullcontext():
                configuration = Loihi2SimCfg(select_tag="fixed_pt", select_sub_proc_model=True)
                try:
                    process.run(RunSteps(num_steps=process.steps), configuration)
                    sent = {name: sink.data.get().T != 0 for name, sink in sinks.items()}
                finally:
                    process.stop()
        self._current = process.parameters()
        return sent, process.hard_negatives

    def _recording(self, samples: Integers, found: dict[str, Array], chosen: Integers) -> Recording:
        network, program, probes = self._task.network, self._task.program, self._task.probes
        spikes, goodness, counts, rasters = {}, {}, {}, {}
        for name, raster in found.items():
            size = raster.shape[-1]
            window = raster[:, :, program.burn_in :].sum(axis=2).reshape(-1, size)
            spikes[name] = raster.sum(axis=(2, 3)).reshape(-1)
            goodness[name] = np.square(window).sum(axis=1) / program.window**2
            if name in probes.counts:
                counts[name] = window
            if name in probes.rasters:
                rasters[name] = np.moveaxis(raster, 2, 0).reshape(program.steps, -1, size)
        return Recording(network, program, samples, spikes, goodness, chosen, counts, rasters)

    def _parameters(self) -> Parameters:
        parts: Any = self._current.copy()
        return parts
