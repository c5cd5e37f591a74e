"""Activation relaxation: after a forward pass each unit relaxes to the gradient of the loss by it.

The forward pass gives ``a_l = tanh(z_l)`` with ``z_l = a_l-1 w_l + b_l``, the top being linear.
Then the value ``x_l`` of each hidden layer follows ``dx_l/dt = -x_l + (x_l+1 f'(z_l+1)) w_l+1^T``,
from ``a_l`` on, with the top fixed at the derivative of the loss by its activity, the answer less
the label. All layers relax at once, and each reads only the layer above. Where nothing changes, the
equation is that of backpropagation, so ``x_l`` is the derivative of the loss by ``a_l``, which a
test compares. A weight then descends by the value above, ``x_l f'(z_l)``, and the activity
below. Source: Millidge, Tschantz, Seth and Buckley, "Activation Relaxation: A Local Dynamical
Approximation to Backpropagation in the Brain", arXiv 2009.05359 (2020), who also let it go without
transposed weights, and without derivatives of the neuron; here it has both. Derivatives are those
of the forward pass, whose activities a unit must keep while it relaxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike.baselines.adam import Arrays
from pffspike.baselines.descent import dense, descend
from pffspike.baselines.result import (
    Outcome,
    Report,
    SystemResult,
    layer_operations,
    scaled,
)
from pffspike.baselines.settings import check_counts, check_hidden, check_schedule
from pffspike.data import Dataset
from pffspike.errors import ValidationError

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class ActivationRelaxation:
    """Hyperbolic tangents, half of the squared error, relaxation by Euler's method, Adam.

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden layers, from the bottom up.
    epochs : int
        Passes over the training images.
    batch : int
        Images an update.
    steps : int
        Of the relaxation.
    rate : float
        Of the relaxation, a step; above 0, at most 1.
    learning_rate : float
        Of Adam.
    decay : float
        Of the learning rate, each epoch: 1 keeps it.
    """

    hidden: tuple[int, ...]
    epochs: int = 30
    batch: int = 50
    steps: int = 20
    rate: float = 0.5
    learning_rate: float = 0.001
    decay: float = 0.95

    def __post_init__(self) -> None:
        check_hidden(self.hidden)
        check_counts(self, "epochs", "batch", "steps")
        check_schedule(self.decay, 0)
        if not 0 < self.rate <= 1:
            raise ValidationError(f"rate = {self.rate} must be above 0 and at most 1")


def forward(w: Arrays, images: Floats) -> list[Floats]:
    """Activities of all layers, the image's first; the top is linear."""
    layers = len(w) // 2
    activities = [images]
    for k in range(1, layers + 1):
        z = activities[-1] @ w[f"w{k}"] + w[f"b{k}"]
        activities.append(np.tanh(z) if k < layers else z)
    return activities


def relax(
    config: ActivationRelaxation, w: Arrays, activities: list[Floats], error: Floats
) -> list[Floats]:
    """Values of the layers above the image after they have relaxed.

    Parameters
    ----------
    config : ActivationRelaxation
        Steps and rate.
    w : dict of str to ndarray
        Weights and biases.
    activities : list of (samples, units) ndarray
        Of the forward pass, which stay.
    error : (samples, classes) ndarray
        Derivative of the loss by the activity of the top.

    Returns
    -------
    list of (samples, units) ndarray
        Close to the derivatives of the loss by the activities, the top's exactly.
    """
    slopes = _slopes(activities)
    values = [*activities[1:-1], error]
    for _ in range(config.steps):
        before = list(values)
        for k in range(len(values) - 1):  # values[k] is of layer k + 1
            above = (before[k + 1] * slopes[k + 1]) @ w[f"w{k + 2}"].T
            values[k] = before[k] + config.rate * (above - before[k])
    return values


def gradients(activities: list[Floats], values: list[Floats]) -> Arrays:
    """Gradient of the loss, summed over samples, by the weights and biases."""
    found: Arrays = {}
    slopes = _slopes(activities)
    for k, (value, slope) in enumerate(zip(values, slopes, strict=True), start=1):
        found[f"w{k}"] = activities[k - 1].T @ (value * slope)
        found[f"b{k}"] = (value * slope).sum(axis=0, keepdims=True)
    return found


def _slopes(activities: list[Floats]) -> list[Floats]:
    """Derivatives of the activities above the image by what drives them."""
    return [*(1 - a**2 for a in activities[1:-1]), np.ones_like(activities[-1])]


def run(
    config: ActivationRelaxation, dataset: Dataset, seed: int, store: Path, report: Report
) -> SystemResult:
    """Train, or go on with a training, and judge."""
    train, test = scaled(dataset)
    w = dense(seed, (train.shape[1], *config.hidden, dataset.classes))
    labels = np.eye(dataset.classes, dtype=np.float32)[dataset.train_labels]

    def of(part: npt.NDArray[np.int64], _update: int) -> Arrays:
        activities = forward(w, train[part])
        error = activities[-1] - labels[part]
        return gradients(activities, relax(config, w, activities, error))

    seconds = descend(config, w, len(train), of, seed, store, report)
    return SystemResult(
        {"one_pass": _judge(w, test, dataset)},
        sum(values.size for values in w.values()),
        seconds,
    )


def _judge(w: Arrays, test: Floats, dataset: Dataset) -> Outcome:
    """Answer by the forward pass alone: there is nothing to relax to without a label."""
    activities = forward(w, test)
    right = float((activities[-1].argmax(axis=1) == dataset.test_labels).mean())
    layers = [(activities[k], activities[k + 1].shape[1]) for k in range(len(activities) - 1)]
    return Outcome(right, layer_operations(layers))
