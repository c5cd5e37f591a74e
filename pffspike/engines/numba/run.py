"""The compiled loop over samples and their phases."""

from __future__ import annotations

import contextlib
import hashlib
import pickletools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np

from pffspike import caches
from pffspike.arithmetic import counter, grids
from pffspike.engines.numba.borrowed import borrow
from pffspike.engines.numba.compiled import inlined, inner
from pffspike.engines.numba.kernel import copy, list_active_inputs, present
from pffspike.engines.numba.learning import is_any, learn, squares, strongest_hard_negative
from pffspike.engines.numba.random import derive


class Inputs(NamedTuple):
    """Signals of a run.

    A signal of classes has its class in ``classes`` and -1 in ``columns``; one of probabilities
    has its first column of ``probabilities`` there, and its width in ``widths``.
    """

    samples: np.ndarray  #: (samples,) uint64
    classes: np.ndarray  #: (samples, signals) int64
    probabilities: np.ndarray  #: (samples, 1 or steps, columns) float64
    columns: np.ndarray  #: (signals,) int64
    widths: np.ndarray  #: (signals,) int64


class Outputs(NamedTuple):
    """What a run records, row by row of presentations; ``counted`` and ``seen`` list neurons."""

    spikes: np.ndarray  #: (presentations, populations) int64
    squares: np.ndarray  #: (presentations, populations) int64
    hard_negatives: np.ndarray  #: (samples,) int64
    counted: np.ndarray  #: (counted neurons,) int64
    counts: np.ndarray  #: (presentations, counted neurons) int64
    seen: np.ndarray  #: (populations,) int64: column of its first neuron in rasters, or -1
    rasters: np.ndarray  #: (steps, presentations, seen neurons) bool


@inner
def record(memory, populations, steps, outputs, row):  # type: ignore[no-untyped-def]
    """Record the results of a presentation."""
    for p in range(len(populations.start)):
        start, size = populations.start[p], populations.size[p]
        for step in range(steps):
            outputs.spikes[row, p] += memory.n_spikes[step, p]
        outputs.squares[row, p] = squares(memory.counts[start : start + size])
        if outputs.seen[p] >= 0:
            for step in range(steps):
                for k in range(memory.n_spikes[step, p]):
                    column = outputs.seen[p] + memory.fired[step, start + k]
                    outputs.rasters[step, row, column] = True
    for k in range(len(outputs.counted)):
        outputs.counts[row, k] = memory.counts[outputs.counted[k]]


@inlined  # else all of it is compiled once more
def run_all(weights, biases, memory, plan, inputs, outputs, first, last, rates, bias_rates):  # type: ignore[no-untyped-def]
    """Run samples ``first`` to ``last``, excluding ``last``, one after the other.

    ``plan`` is a tuple of populations, projections, phases, the schedule and what is fixed;
    ``weights`` and ``biases`` change if the phases learn.
    """
    weights, biases, memory, plan = borrow(weights), borrow(biases), borrow(memory), borrow(plan)
    inputs, outputs, rates, bias_rates = (
        borrow(inputs),
        borrow(outputs),
        borrow(rates),
        borrow(bias_rates),
    )
    populations, _, phases, schedule, _ = plan
    steps, n_phases = schedule.burn_in + schedule.window, len(phases.stream)
    columns, frames = inputs.columns, inputs.probabilities.shape[1]
    widths = memory.widths
    copy(widths, inputs.widths)
    for index in range(first, last):
        sample, classes = inputs.samples[index], inputs.classes[index]
        for s in range(len(widths)):
            if columns[s] >= 0:
                a, b = columns[s], columns[s] + inputs.widths[s]
                widths[s] = list_active_inputs(
                    inputs.probabilities[index, :, a:b],
                    memory.active_inputs[a:b],
                    memory.active_offsets[a:b],
                    memory.levels[:, a:b],
                )
        for phase in range(n_phases):
            key = derive(phases.stream[phase], sample)
            present(weights, biases, memory, plan, phase, key, classes, columns, widths, frames)
            record(memory, populations, steps, outputs, index * n_phases + phase)
            if is_any(phases.learns[phase]):
                rounding = derive(derive(schedule.rounding, sample), np.uint64(phase))
                learn(weights, biases, memory, plan, phase, rounding, classes, rates, bias_rates)
            if phase == schedule.phase:
                truth = classes[schedule.truth]
                if classes[schedule.signal] < 0:
                    classes[schedule.signal] = strongest_hard_negative(
                        memory, populations, schedule, truth, sample
                    )
                outputs.hard_negatives[index] = classes[schedule.signal]


def _sources() -> int:
    """Digest of all source that is compiled into `run_all`.

    Numba notices when the file of a function that it has stored has changed, but not when a file of
    the functions that it calls has: it would go on using the old ones.
    """
    files = [
        *sorted(Path(__file__).parent.glob("*.py")),
        Path(counter.__file__),
        Path(grids.__file__),
    ]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).digest()
    return int.from_bytes(digest[:7], "big")


@contextmanager
def _place(kind: str) -> Iterator[Path | None]:
    """Let Numba store in this package's cache, or in a copy of it; None if it can't be trusted.

    Each version of the sources has a folder of its own: what Numba has stored names classes, which
    another version may lack.
    """
    named = numba.config.CACHE_DIR
    folder = caches.working_folder(f"numba/{_sources():x}-{kind}")
    if folder is not None:
        _remove_damaged(folder)
        numba.config.CACHE_DIR = str(folder)
    try:
        yield folder
    finally:
        numba.config.CACHE_DIR = named


def _remove_damaged(folder: Path) -> None:
    """Remove what a full disk has left: Numba would fail at every run until it is gone.

    An index that is cut off takes what it lists with it: Numba compiles again.
    """
    for path in folder.rglob("*.nb[ic]"):
        with contextlib.suppress(OSError):
            if not path.stat().st_size or (path.suffix == ".nbi" and not _is_whole(path)):
                path.unlink()


def _is_whole(index: Path) -> bool:
    """Whether both parts of an index, the version and the list, end where they should.

    Their instructions are read and none is carried out.
    """
    with index.open("rb") as file:
        try:
            for _ in ("version", "list"):
                for _instruction in pickletools.genops(file):
                    pass
        except ValueError:
            return False
    return True


def _stored(sources: int, cached: bool) -> Any:
    @numba.njit(cache=cached, nogil=True)
    def run_samples(  # type: ignore[no-untyped-def]
        weights, biases, memory, plan, inputs, outputs, first, last, rates, bias_rates
    ):
        if sources >= 0:  # what a function closes over is part of the name that it is stored by
            run_all(weights, biases, memory, plan, inputs, outputs, first, last, rates, bias_rates)

    return run_samples


class Runner:
    """`run_all` for weights of one type, compiled at the first call or read from the cache.

    Parameters
    ----------
    kind : str
        The type.
    """

    def __init__(self, kind: str) -> None:
        with _place(kind) as self._folder:
            self.run_samples = _stored(_sources(), self._folder is not None)

    @property
    def compiles(self) -> bool:
        """Whether the first call will compile, which takes up to 30 seconds."""
        if self.run_samples.signatures:
            return False
        return self._folder is None or not any(self._folder.rglob("*.nbc"))


RUNNERS = {np.dtype(kind): Runner(kind) for kind in ("int32", "int64")}  #: by type of weights
