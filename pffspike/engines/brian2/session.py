"""Engine and session: chunks in, recordings out; parameters in the network's own shape."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pffspike import system
from pffspike.engines.base import Engine, Session, Task
from pffspike.engines.brian2 import builds
from pffspike.engines.brian2.backend import Backend, Rates, Recorded, State
from pffspike.engines.brian2.context import STEP, BuildContext
from pffspike.engines.brian2.layout import Layout
from pffspike.engines.brian2.model import PackedModel
from pffspike.engines.brian2.runtime import RuntimeBackend
from pffspike.engines.brian2.schedule import ScheduleWriter
from pffspike.engines.brian2.standalone import StandaloneBackend
from pffspike.errors import ValidationError
from pffspike.network import constants
from pffspike.network.parameters import Parameters
from pffspike.recording import Probes, Recording
from pffspike.typing import Bools, Integers, Progress, Signals

TARGETS = ("cython", "numpy", "cpp_standalone")
#: Brian2's own flags, but of -ffast-math only the part that changes no number: without it a loop
#: that rounds or clips is not vectorised. Exactness does not depend on any of them.
FLAGS = ("-w", "-O3", system.native(), "-std=c++11", "-fno-trapping-math")


class Brian2Engine(Engine):
    """Simulation in Brian2, bit for bit that of the reference engine.

    Parameters
    ----------
    target : {"cython", "numpy", "cpp_standalone"}
        ``cpp_standalone`` runs a C++ program, compiled in some seconds the first time a network
        is used, and is the fastest by far; ``cython`` needs a compiler too; ``numpy`` needs none
        and is slow.
    chunk : int
        Samples in one run of Brian2: after each, weights are read and progress is reported.
    flags : tuple of str
        For GCC or Clang.
    processes : int
        Chunks that ``cpp_standalone`` runs at the same time in programs that learn nothing.

    Raises
    ------
    ValidationError
        If the target is unknown, the chunk is empty, or there is no process.
    """

    name = "brian2"

    def __init__(
        self,
        target: str = "cpp_standalone",
        chunk: int = 1000,
        flags: tuple[str, ...] = FLAGS,
        processes: int = 1,
    ) -> None:
        if target not in TARGETS:
            raise ValidationError(f"target {target!r} is not one of: {', '.join(TARGETS)}")
        if chunk < 1:
            raise ValidationError(f"chunk = {chunk} must be at least 1 sample")
        if processes < 1:
            raise ValidationError(f"processes = {processes} must be at least 1")
        self.target, self.chunk, self.flags, self.processes = target, chunk, flags, processes

    def _compile(self, task: Task) -> Brian2Session:
        return Brian2Session(self, task)


class Brian2Session(Session):
    """See `pffspike.engines.base.Session`."""

    def __init__(self, engine: Brian2Engine, task: Task) -> None:
        super().__init__(engine, task)
        self._network, self._program, self._probes = task.network, task.program, task.probes
        self._processes = engine.processes
        start = task.parameters
        self._layout = layout = Layout(task.network, task.program, start)
        self._state = State(
            layout.pack_biases(start.biases),
            layout.pack_weights(start.weights),
            layout.pack_kept(start),
            layout.pack_fixed(start) if layout.fixed_biases else None,
        )
        self._others = start.without(layout.holders, [p.name for p in layout.populations])
        # Built when it is known whether signals are in time, for that is part of the program.
        self._backend: Backend | None = None

    def _built(self, signals: Signals) -> Backend:
        """Give the program for such signals; one for signals in time serves all."""
        in_time = any(values.ndim == 3 for values in signals.values())
        frames = self._program.steps if in_time else 1
        if self._backend is None or self._schedule_writer.frames < frames:
            self._close()
            self._backend = self._build(frames)
        return self._backend

    def _build(self, frames: int) -> Backend:
        engine: Brian2Engine = self._engine  # type: ignore[assignment]
        layout, probes, flags = self._layout, self._probes, engine.flags
        self._schedule_writer = writer = ScheduleWriter(layout, self._task.seed, frames)
        # The table of signals in time has about as many rows as the other.
        self._chunk = chunk = max(1, engine.chunk // frames)
        standalone = engine.target == "cpp_standalone"
        make_context = functools.partial(
            BuildContext, layout, writer.columns, writer.width, probes, chunk, standalone, frames
        )
        if standalone:
            key = builds.make_key(layout, probes, chunk, flags, frames)
            return StandaloneBackend(make_context, key, chunk, flags, self._compiling)
        return RuntimeBackend(make_context, engine.target, flags)

    @property
    def model(self) -> PackedModel:
        """Brian2 objects that run in this process, with populations and projections by name.

        Returns
        -------
        PackedModel
            Every run of the session begins at time 0, and goes on for one step after its samples.
            Before the first run they are made for signals that stay as they are through a
            presentation; a run with signals in time makes new ones.

        Raises
        ------
        ValidationError
            If the target is C++ standalone, whose program runs apart from this process.
        """
        if self._backend is None and self._engine.target != "cpp_standalone":  # type: ignore[attr-defined]
            self._backend = self._build(frames=1)
        if not isinstance(self._backend, RuntimeBackend):
            raise ValidationError(
                "target 'cpp_standalone' runs a program apart from this process, which leaves no "
                "Brian2 object to touch; choose target 'numpy' or 'cython', or record with Probes"
            )
        return self._backend.model

    def _run(
        self,
        signals: Signals,
        samples: Integers,
        learning_scale: float,
        progress: Progress,
    ) -> Recording:
        """See `pffspike.engines.base.Session.run`."""
        backend = self._built(signals)
        rates = self._rates(learning_scale) if self._program.learns else None
        recordings = [self._trace(_nothing(self._layout, self._probes), samples[:0], {})]
        for parts in self._parts(len(samples)):
            some = [{name: values[part] for name, values in signals.items()} for part in parts]
            tables = [
                self._schedule_writer.tables(given, samples[part])
                for given, part in zip(some, parts, strict=True)
            ]
            recorded, state = backend.run(tables, self._state, rates)
            if rates is not None:
                weights = {**self._state.weights, **state.weights}
                self._state = replace(self._state, biases=state.biases, weights=weights)
            for left, given, part in zip(recorded, some, parts, strict=True):
                recordings.append(self._trace(left, samples[part], given))
                progress(len(samples[part]))
        return Recording.join(recordings)

    def _parts(self, samples: int) -> Iterator[list[slice]]:
        """Chunks that run at the same time: one where something is learned."""
        together = 1 if self._program.learns else self._processes
        length = min(self._chunk, -(-samples // together)) or 1
        starts = range(0, samples, length)
        for first in range(0, len(starts), together):
            yield [slice(start, start + length) for start in starts[first : first + together]]

    def _rates(self, scale: float) -> Rates:
        return Rates(
            np.array(
                [constants.rate(p.bias.learning_rate, scale) for p in self._layout.populations]
            ),
            np.array(
                [
                    constants.rate(p.learning_rate, scale) * 2.0**-p.grid / self._program.window
                    for p in self._layout.projections
                ]
            ),
        )

    def _trace(
        self,
        recorded: Recorded,
        samples: Integers,
        signals: Signals,
    ) -> Recording:
        populations = self._layout.populations
        return Recording(
            self._network,
            self._program,
            samples,
            {p.name: recorded.totals[:, k].astype(np.int64) for k, p in enumerate(populations)},
            {
                p.name: recorded.squares[:, k] / self._program.window**2
                for k, p in enumerate(populations)
            },
            self._hard_negatives(recorded, samples, signals),
            self._counts(recorded),
            self._rasters(recorded, len(samples) * len(self._program.phases)),
        )

    def _hard_negatives(
        self,
        recorded: Recorded,
        samples: Integers,
        signals: Signals,
    ) -> Integers:
        hard_negative, phases = self._program.hard_negative, self._program.phases
        if hard_negative is None or not len(samples) or recorded.losses is None:
            return np.full(len(samples), -1, np.int64)
        index = [phase.name for phase in phases].index(hard_negative.phase)
        chosen = recorded.losses[index :: len(phases)].argmin(axis=1)
        given = signals.get(hard_negative.signal, np.full(len(samples), -1))
        return np.where(given < 0, chosen, given).astype(np.int64)

    def _counts(self, recorded: Recorded) -> dict[str, Integers]:
        counts, start = {}, 0
        for name in self._probes.counts:
            if name in self._layout.slices and recorded.counts is not None:
                stop = start + self._network.population(name).size
                counts[name] = recorded.counts[:, start:stop].astype(np.int64)
                start = stop
        return counts

    def _rasters(self, recorded: Recorded, presentations: int) -> dict[str, Bools]:
        steps = self._program.steps
        if recorded.spikes is None:
            return {}
        neurons, times = recorded.spikes
        ticks = np.round(times / float(STEP)).astype(int)
        rasters = {}
        for name in self._probes.rasters:
            if name in self._layout.slices:
                where = self._layout.slices[name]
                size = where.stop - where.start
                # The step after the last presentation belongs to none.
                mine = (where.start <= neurons) & (neurons < where.stop)
                mine &= ticks < presentations * steps
                raster = np.zeros((presentations * steps, size), bool)
                raster[ticks[mine], neurons[mine] - where.start] = True
                shaped = raster.reshape(presentations, steps, size)
                rasters[name] = shaped.transpose(1, 0, 2)
        return rasters

    def _parameters(self) -> Parameters:
        learned = self._layout.unpack(self._state.biases, self._state.weights)
        return self._others.copy().joined(learned)

    def _close(self) -> None:
        """Remove the compiled program and its files."""
        if self._backend is not None:
            self._backend.close()


def _nothing(layout: Layout, probes: Probes) -> Recorded:
    """Recording of no presentation."""
    populations = len(layout.populations)
    counted = sum(
        layout.network.population(name).size for name in probes.counts if name in layout.slices
    )
    return Recorded(
        np.zeros((0, populations)),
        np.zeros((0, populations)),
        None,
        np.zeros((0, counted)),
        (np.zeros(0, np.int32), np.zeros(0)),
    )
