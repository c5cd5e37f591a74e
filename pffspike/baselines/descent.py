"""Training of rate-coded systems whose rule is a gradient: batches, Adam, a checkpoint an epoch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from pffspike.arithmetic import counter
from pffspike.baselines.adam import Adam, Arrays
from pffspike.baselines.rates import Progress
from pffspike.baselines.result import Report, cpu_seconds

_CLIP = 1.0  #: of gradients, element by element

Gradients = Callable[[npt.NDArray[np.int64], int], Arrays]


class Schedule(Protocol):
    """Settings that every such system has."""

    @property
    def epochs(self) -> int:
        """Passes over the training images."""

    @property
    def batch(self) -> int:
        """Images an update."""

    @property
    def learning_rate(self) -> float:
        """Of Adam."""

    @property
    def decay(self) -> float:
        """Of the learning rate, each epoch."""


def dense(seed: int, sizes: tuple[int, ...], gain: float = 1.0) -> Arrays:
    """Initial weights ``w1, w2, ...``, of deviation ``gain / sqrt(inputs)``, and biases of 0."""
    parameters: Arrays = {}
    for k, rows in enumerate(sizes[:-1], start=1):
        drawn = counter.normal(counter.derive_key(seed, counter.WEIGHTS, k), rows * sizes[k])
        parameters[f"w{k}"] = (gain * drawn.reshape(rows, sizes[k]) / np.sqrt(rows)).astype(
            np.float32
        )
        parameters[f"b{k}"] = np.zeros((1, sizes[k]), np.float32)
    return parameters


def descend(
    config: Schedule,
    parameters: Arrays,
    images: int,
    gradients: Gradients,
    seed: int,
    store: Path,
    report: Report,
) -> float:
    """Descend on gradients, or go on with it; ``parameters`` change in place.

    Parameters
    ----------
    config : Schedule
        Epochs, batch, learning rate and its decay.
    parameters : dict of str to ndarray of float32
        Initial ones.
    images : int
        How many there are to learn from.
    gradients : callable
        ``gradients(part, update)``: summed over the images of the indices ``part``, by the names
        of the parameters; ``update`` counts from 0, over all epochs.
    seed : int
        Of the order of the images.
    store : Path
        Of the checkpoint, without its ending.
    report : callable
        Told the fraction that is done.

    Returns
    -------
    float
        Seconds of processor time.
    """
    progress = Progress(parameters, Adam(config.learning_rate, _CLIP))
    path = store.with_suffix(".npz")
    progress.load(path)
    for epoch in range(progress.epochs, config.epochs):
        start = cpu_seconds()
        progress.optimizer.learning_rate = config.learning_rate * config.decay**epoch
        order = counter.permutation(images, counter.derive_key(seed, counter.ORDER, epoch))
        with threadpool_limits(1, "blas"):  # products are small: threads would wait for each other
            for first in range(0, images, config.batch):
                part = order[first : first + config.batch]
                found = gradients(part, progress.optimizer.updates)
                means = {name: summed / len(part) for name, summed in found.items()}
                progress.optimizer.descend(parameters, means)
        progress.epochs, progress.seconds = epoch + 1, progress.seconds + cpu_seconds() - start
        progress.save(path)
        report((epoch + 1) / config.epochs)
    return progress.seconds
