"""Trainings that differ in nothing but their seed, side by side."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from pffspike.choices import COMPILING
from pffspike.data import Dataset
from pffspike.errors import ValidationError, shortened
from pffspike.execution import Execution
from pffspike.inputs import dataset_of
from pffspike.limits import cores
from pffspike.trained import TrainedNetwork
from pffspike.training import Checkpoint, train
from pffspike.typing import ProgressCallback

_SIDE_BY_SIDE = ("numba", "numpy")  #: engines without state outside their sessions


def train_seeds(
    trainings: Sequence[TrainedNetwork],
    dataset: str | Dataset | None = None,
    *,
    jobs: int | None = None,
    checkpoint: Checkpoint | None = None,
    checkpoint_every: int = 2000,
    execution: Execution = Execution(),
) -> tuple[TrainedNetwork, ...]:
    """Train networks that differ in their seed to the end of their schedules, several at a time.

    Each training is a thread of this process, so that all share the data and the compiled code;
    each gives the weights that it gives alone, bit for bit.

    Parameters
    ----------
    trainings : sequence of TrainedNetwork
        What `pffspike.begin` gives, or checkpoints; one that is finished stays as it is.
    dataset : str, Dataset or None
        That of the card of the first by default.
    jobs : int or None
        Trainings at the same time; by default as many as this process has cores, see `seed_jobs`.
    checkpoint : callable or None
        Called with each network as in `pffspike.train`, one call at a time.
    checkpoint_every : int
        Samples between checkpoints. No effect on the weights.
    execution : Execution
        Engine and progress, whose stages name the seed; its own seed is not used.

    Returns
    -------
    tuple of TrainedNetwork
        In the order given.

    Raises
    ------
    ValidationError
        If there is no training, two have one seed, the data are not theirs, or the engine does not
        train side by side. When one training fails, the others end after a block of samples.

    Examples
    --------
    >>> import pffspike
    >>> network, data = pffspike.load_network("digits"), pffspike.load_data("digits")
    >>> begun = [pffspike.begin(network, data, seed=seed, epochs=1) for seed in (0, 1)]
    >>> [trained.finished for trained in pffspike.train_seeds(begun, data)]
    [True, True]
    """
    seeds = [one.seed for one in trainings]
    if not seeds or len(set(seeds)) < len(seeds):
        raise ValidationError(f"seeds {shortened(seeds)} must be one or more, all different")
    jobs = seed_jobs(execution, len(seeds), jobs)
    data = dataset_of(trainings[0], dataset)
    together = _Together(execution, checkpoint)

    def one(start: TrainedNetwork) -> TrainedNetwork:
        if start.finished:
            return start
        return train(
            start,
            data,
            checkpoint=together.checkpoint,
            checkpoint_every=checkpoint_every,
            execution=together.execution(start.seed),
        )

    with ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(one, start): start.seed for start in trainings}
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:  # Ctrl-C among others
            together.ended.set()
            pool.shutdown(cancel_futures=True)
            raise
    return tuple(future.result() for future in futures)


def seed_jobs(execution: Execution, seeds: int, jobs: int | None = None) -> int:
    """Trainings that `train_seeds` does at the same time.

    Parameters
    ----------
    execution : Execution
        Its engine decides: ``numba`` and ``numpy`` train side by side in one process; all others
        keep state of their own there, and train one seed after the other.
    seeds : int
        How many trainings there are.
    jobs : int or None
        What was asked for; None: as many as this process has cores.

    Returns
    -------
    int

    Raises
    ------
    ValidationError
        If ``jobs`` is below 1, or above 1 with an engine that does not train side by side.

    Examples
    --------
    >>> seed_jobs(Execution("numba"), seeds=5, jobs=2)
    2
    """
    name = execution.engine_name
    if jobs is not None and jobs < 1:
        raise ValidationError(f"jobs = {jobs} must be at least 1")
    if name not in _SIDE_BY_SIDE:
        if jobs is not None and jobs > 1:
            raise ValidationError(
                f"engine {name!r} trains one seed at a time; give 1 job, or engine numba, which "
                f"gives the same weights"
            )
        return 1
    return min(seeds, jobs or cores())


class _Ended(BaseException):
    """Ends a training because another one has failed, or for Ctrl-C."""


class _Together:
    """What trainings side by side share: who is told, one call at a time, and an end."""

    def __init__(self, execution: Execution, checkpoint: Checkpoint | None) -> None:
        self._execution, self._checkpoint = execution, checkpoint
        self._lock, self.ended = threading.Lock(), threading.Event()
        self._compiling: set[int] = set()  #: how much of it was told: one compilation is for all

    def execution(self, seed: int) -> Execution:
        """Execution of one training, whose progress names its seed, and ends with the others."""
        tell = self._execution.progress
        told: ProgressCallback | None = None if isinstance(tell, bool) else tell

        def progress(stage: str, done: int, total: int) -> None:
            if self.ended.is_set():
                raise _Ended
            if told is None:
                return
            with self._lock:
                if stage != COMPILING:
                    told(f"seed {seed}: {stage}", done, total)
                elif done not in self._compiling:
                    self._compiling.add(done)
                    told(stage, done, total)

        return self._execution.replace(seed=seed, progress=progress)

    def checkpoint(self, state: TrainedNetwork) -> None:
        """Pass on a checkpoint."""
        if self._checkpoint is not None:
            with self._lock:
                self._checkpoint(state)
