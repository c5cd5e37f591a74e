"""What a run of any system gives: accuracy and operations by mode, size, time."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.data import Dataset, grey_values

Report = Callable[[float], None]  #: called with the fraction of a run that is done

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Operations:
    """Operations per inference, named as NeuroBench does.

    Parameters
    ----------
    Effective_MACs : float
        Multiply-accumulates of values other than zero.
    Effective_ACs : float
        Accumulates: spikes times the synapses at which they arrive.
    Dense : float
        Either, if nothing were zero.
    """

    Effective_MACs: float
    Effective_ACs: float
    Dense: float


@dataclass(frozen=True)
class Outcome:
    """How a system does in one way of answering.

    Parameters
    ----------
    accuracy : float
        Fraction of test images.
    operations : Operations
        Per inference.
    spikes : float or None
        Per inference; None of systems without spikes.
    steps : float or None
        Per inference, summed over presentations; None of systems without time.
    """

    accuracy: float
    operations: Operations
    spikes: float | None = None
    steps: float | None = None


@dataclass(frozen=True)
class SystemResult:
    """What a run gives.

    Parameters
    ----------
    modes : mapping of str to Outcome
        How it answered, by mode.
    parameters : int
        Numbers that learning sets.
    training_seconds : float
        Processor time.
    """

    modes: Mapping[str, Outcome]
    parameters: int
    training_seconds: float


def cpu_seconds() -> float:
    """Processor time of this process and its finished children: fair on a busy machine, too."""
    return sum(os.times()[:4])


def scaled(dataset: Dataset) -> tuple[Floats, Floats]:
    """Training and test images as float32 in [0, 1]."""
    white = np.float32(dataset.levels)
    train, test = (
        grey_values(part).astype(np.float32) for part in (dataset.train_images, dataset.test_images)
    )
    return train / white, test / white


def layer_operations(layers: list[tuple[Floats, int]]) -> Operations:
    """Multiply-accumulates per inference of dense layers.

    Parameters
    ----------
    layers : list of ((samples, units) ndarray, int)
        What goes into each layer, and the number of its outputs.

    Returns
    -------
    Operations
    """
    effective = sum(np.count_nonzero(x) / max(1, len(x)) * outputs for x, outputs in layers)
    dense = sum(x.shape[1] * outputs for x, outputs in layers)
    return Operations(float(effective), 0.0, float(dense))
