"""The readable model as an engine: the same spikes and weights as every other."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from pffspike.engines.base import Engine, Session, Task
from pffspike.engines.brian2.equations import events, options
from pffspike.engines.brian2.equations.backends import EquationsBackend, Runtime, Standalone
from pffspike.engines.brian2.equations.context import EquationsContext
from pffspike.engines.brian2.equations.model import Model, build
from pffspike.engines.brian2.equations.options import Options
from pffspike.engines.brian2.equations.tables import EquationsTables, class_signals
from pffspike.engines.brian2.session import FLAGS, TARGETS
from pffspike.engines.given import signal_size
from pffspike.errors import ValidationError
from pffspike.network import structure
from pffspike.network.parameters import Parameters
from pffspike.recording import KINDS, Recording
from pffspike.typing import Array, Floats, Integers, Progress, Signals


class EquationsEngine(Engine):
    """Simulation of the model that `to_brian2` writes, bit for bit that of the reference engine.

    It is there to be read, changed and trusted; `Brian2Engine` is there to be fast.

    Parameters
    ----------
    target : {"cython", "numpy", "cpp_standalone"}
        ``numpy`` needs no compiler; ``cpp_standalone`` compiles a program for every session.
    chunk : int
        Samples in one run of Brian2: after each, weights are read and progress is reported.
    flags : tuple of str
        For GCC or Clang.
    options : Options
        Other neurons or rules make another model, whose results agree with no other engine.

    Raises
    ------
    ValidationError
        If the target is unknown, the chunk is empty, or a population is to be driven from outside,
        which needs `to_brian2` and a network of one's own.

    Examples
    --------
    >>> EquationsEngine("numpy").name
    'brian2:equations'
    """

    name = "brian2:equations"
    records = KINDS

    def __init__(
        self,
        target: str = "numpy",
        chunk: int = 50,
        flags: tuple[str, ...] = FLAGS,
        options: Options = Options(),  # noqa: B008  (frozen)
    ) -> None:
        if target not in TARGETS:
            raise ValidationError(f"target {target!r} is not one of: {', '.join(TARGETS)}")
        if chunk < 1:
            raise ValidationError(f"chunk = {chunk} must be at least 1 sample")
        if options.external:
            raise ValidationError(
                f"an engine drives {', '.join(options.external)} itself; use to_brian2 to drive "
                f"it from your own Brian2 network"
            )
        self.target, self.chunk, self.flags, self.options = target, chunk, flags, options

    def _compile(self, task: Task) -> EquationsSession:
        return EquationsSession(self, task)


class EquationsSession(Session):
    """See `pffspike.engines.base.Session`."""

    def __init__(self, engine: EquationsEngine, task: Task) -> None:
        super().__init__(engine, task)
        # Neurons that the program does not use, and rules for what it does not teach, may be given.
        chosen = options.restricted(engine.options, task.network, task.program)
        self._options = dataclasses.replace(chosen, probes=task.probes)
        self._state = task.parameters.copy()
        # Built when it is known whether signals are in time, for that is part of the model.
        self._backend: EquationsBackend | None = None

    def _built(self, signals: Signals) -> EquationsBackend:
        """Give the model for such signals; one for signals in time serves all."""
        in_time = any(values.ndim == 3 for values in signals.values())
        frames = self._task.program.steps if in_time else 1
        if self._backend is None or self._frames < frames:
            self._close()
            self._backend = self._build(frames)
        return self._backend

    def _build(self, frames: int) -> EquationsBackend:
        engine: EquationsEngine = self._engine  # type: ignore[assignment]
        # Tables of stimuli in time have about as many rows as the others.
        self._frames, self._chunk = frames, max(1, engine.chunk // frames)
        make: Callable[[], Model] = self._model
        if engine.target == "cpp_standalone":
            return Standalone(make, engine.flags)
        return Runtime(make, engine.target, engine.flags)

    def _model(self) -> Model:
        """Make the model for a chunk of silence, in the device that is active."""
        network, program = self._task.network, self._task.program
        silence: dict[str, Array] = {}
        classes = class_signals(network, program)
        for name in structure.extent(network, program).signals:
            size = signal_size(network, program, name)
            silence[name] = np.zeros(0, np.int64) if name in classes else np.zeros((0, size))
        values = self._tables(silence, np.zeros(0, np.int64), 1.0)
        seed, options = self._task.seed, self._options
        context = EquationsContext(
            network, program, self._state, seed, values, options, self._frames
        )
        return build(context, silence, np.zeros(self._chunk, np.int64))

    def _tables(self, signals: Signals, samples: Integers, scale: float) -> dict[str, Floats]:
        network, program = self._task.network, self._task.program
        rows, frames = self._chunk, self._frames
        return EquationsTables(network, program, signals, samples, scale, rows, frames).write()

    def _run(
        self,
        signals: Signals,
        samples: Integers,
        learning_scale: float,
        progress: Progress,
    ) -> Recording:
        """See `pffspike.engines.base.Session.run`."""
        recordings = []
        backend = self._built(signals)
        for first in range(0, max(1, len(samples)), self._chunk):
            part = slice(first, first + self._chunk)
            some = {name: values[part] for name, values in signals.items()}
            recordings.append(self._run_chunk(backend, some, samples[part], learning_scale))
            progress(len(samples[part]))
        return Recording.join(recordings)

    def _run_chunk(
        self, backend: EquationsBackend, signals: Signals, samples: Integers, scale: float
    ) -> Recording:
        network, program = self._task.network, self._task.program
        tables = self._tables(signals, samples, scale)
        steps = len(samples) * len(program.phases) * program.steps
        found, observed, losses, state = backend.run(tables, self._state, steps)
        if program.learns and len(samples):
            self._state = state
        chosen = events.hard_negatives(program, signals, len(samples), losses)
        return events.recording(
            network, program, samples, found, observed, chosen, self._task.probes
        )

    def _parameters(self) -> Parameters:
        return self._state.copy()

    def _close(self) -> None:
        if self._backend is not None:
            self._backend.close()
