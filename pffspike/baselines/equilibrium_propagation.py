"""Equilibrium propagation: a network settles freely, then with its outputs pulled to the label.

Layers have values in [0, 1] that descend on the energy
``E = 1/2 sum_l |s_l|^2 - sum_l s_l w_l+1 s_l+1 - sum_l b_l s_l``, the image being the bottom; the
same weights act upwards and, transposed, downwards. In the second phase ``beta`` times the cost
``1/2 |s_top - label|^2`` is added to it. The difference of the energy's gradients by the weights,
nudged less free, divided by ``beta``, is the gradient of the cost of the free answer as ``beta``
goes to 0, which a test compares: Scellier and Bengio, Frontiers in Computational Neuroscience 11,
24 (2017). The sign of ``beta`` changes from update to update, so its first-order errors average
out. There is no derivative of the neuron but that values stay in [0, 1], and no false label.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike.baselines.adam import Arrays
from pffspike.baselines.descent import dense, descend
from pffspike.baselines.result import Operations, Outcome, Report, SystemResult, scaled
from pffspike.baselines.settings import check_counts, check_hidden, check_schedule
from pffspike.data import Dataset
from pffspike.errors import ValidationError

_GAIN = 0.5  #: of initial weights: what acts up and down must not lock values at their limits

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class EquilibriumPropagation:
    """Values in [0, 1], relaxation by steps, Adam.

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden layers, from the bottom up.
    epochs : int
        Passes over the training images.
    batch : int
        Images an update.
    free_steps, nudged_steps : int
        Of the relaxation in either phase.
    rate : float
        Of the relaxation, a step; above 0, at most 1.
    beta : float
        How strongly outputs are pulled; above 0.
    learning_rate : float
        Of Adam.
    decay : float
        Of the learning rate, each epoch: 1 keeps it.
    """

    hidden: tuple[int, ...]
    epochs: int = 30
    batch: int = 50
    free_steps: int = 40
    nudged_steps: int = 10
    rate: float = 0.4
    beta: float = 0.5
    learning_rate: float = 0.001
    decay: float = 0.95

    def __post_init__(self) -> None:
        check_hidden(self.hidden)
        check_counts(self, "epochs", "batch", "free_steps", "nudged_steps")
        check_schedule(self.decay, 0)
        if not 0 < self.rate <= 1:
            raise ValidationError(f"rate = {self.rate} must be above 0 and at most 1")
        if not self.beta > 0:
            raise ValidationError(f"beta = {self.beta} must be above 0")


def settle(config: EquilibriumPropagation, w: Arrays, images: Floats) -> list[Floats]:
    """Values of all layers after the free phase, from 0; the image's first."""
    layers = len(w) // 2
    zeros = [np.zeros((len(images), w[f"b{k}"].size), images.dtype) for k in range(1, layers + 1)]
    values: list[Floats] = [images, *zeros]
    _relax(config, w, values, config.free_steps)
    return values


def nudge(
    config: EquilibriumPropagation, w: Arrays, values: list[Floats], labels: Floats, beta: float
) -> list[Floats]:
    """Values after the second phase, begun from those of the free one, which stay."""
    nudged = list(values)
    _relax(config, w, nudged, config.nudged_steps, labels, beta)
    return nudged


def gradients(free: list[Floats], nudged: list[Floats], beta: float) -> Arrays:
    """Estimate of the gradient of the cost, summed over samples, by the weights and biases."""
    found: Arrays = {}
    for k in range(1, len(free)):
        together = nudged[k - 1].T @ nudged[k] - free[k - 1].T @ free[k]
        found[f"w{k}"] = -together / beta
        found[f"b{k}"] = (free[k] - nudged[k]).sum(axis=0, keepdims=True) / beta
    return found


def run(
    config: EquilibriumPropagation, dataset: Dataset, seed: int, store: Path, report: Report
) -> SystemResult:
    """Train, or go on with a training, and judge."""
    train, test = scaled(dataset)
    w = dense(seed, (train.shape[1], *config.hidden, dataset.classes), _GAIN)
    labels = np.eye(dataset.classes, dtype=np.float32)[dataset.train_labels]

    def of(part: npt.NDArray[np.int64], update: int) -> Arrays:
        beta = -config.beta if update % 2 else config.beta
        free = settle(config, w, train[part])
        return gradients(free, nudge(config, w, free, labels[part], beta), beta)

    seconds = descend(config, w, len(train), of, seed, store, report)
    return SystemResult(
        {"one_pass": _judge(config, w, test, dataset)},
        sum(values.size for values in w.values()),
        seconds,
    )


def _relax(
    config: EquilibriumPropagation,
    w: Arrays,
    values: list[Floats],
    steps: int,
    labels: Floats | None = None,
    beta: float = 0.0,
) -> None:
    """Descend on the energy, all layers at once; ``values`` are replaced, not written to."""
    image = w["b1"] + values[0] @ w["w1"]
    for _ in range(steps):
        before = list(values)
        for k in range(1, len(values)):
            force = (image if k == 1 else w[f"b{k}"] + before[k - 1] @ w[f"w{k}"]) - before[k]
            if k + 1 < len(values):
                force = force + before[k + 1] @ w[f"w{k + 1}"].T
            elif labels is not None:
                force = force + beta * (labels - before[k])
            values[k] = np.clip(before[k] + config.rate * force, 0, 1)


def _judge(config: EquilibriumPropagation, w: Arrays, test: Floats, dataset: Dataset) -> Outcome:
    """Answer of the free phase; the image is read once, the other weights up and down a step."""
    values = settle(config, w, test)
    right = float((values[-1].argmax(axis=1) == dataset.test_labels).mean())
    effective = dense_count = 0.0
    for k in range(1, len(values)):
        rows, columns = w[f"w{k}"].shape
        up = np.count_nonzero(values[k - 1]) / len(test) * columns
        if k == 1:
            effective, dense_count = up, float(rows * columns)
        else:
            down = np.count_nonzero(values[k]) / len(test) * rows
            effective += config.free_steps * (up + down)
            dense_count += config.free_steps * 2.0 * rows * columns
    return Outcome(right, Operations(float(effective), 0.0, dense_count))
