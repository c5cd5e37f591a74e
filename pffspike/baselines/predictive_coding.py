"""Predictive coding with a label: neurons relax until predictions are wrong as little as can be.

Layer l has values ``x_l`` and predicts the next, ``p_l+1 = tanh(x_l) w_l+1 + b_l+1``. With an image
at the bottom and its label at the top, the values between descend on the energy
``E = 1/2 sum_l c_l |x_l - p_l|^2`` for some steps; then weights descend on it, each by the error
above and the activity below. The precision ``c_l`` is 1 but for the top layer. There is no backward
pass: errors are neurons, and act back by the transposed weights while all relax. Source:
Whittington and Bogacz, Neural Computation 29, 1229 (2017). As the precision of the top goes to 0,
hidden values hardly move, and the change of the weights is that of backpropagation times the
precision, which a test compares.
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
class PredictiveCoding:
    """Hyperbolic tangents, relaxation by gradient descent, Adam.

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
        Of the relaxation, a step; above 0.
    precision : float
        Of the top layer, whose errors it multiplies; above 0.
    learning_rate : float
        Of Adam.
    decay : float
        Of the learning rate, each epoch: 1 keeps it.
    """

    hidden: tuple[int, ...]
    epochs: int = 30
    batch: int = 50
    steps: int = 20
    rate: float = 0.1
    precision: float = 1.0
    learning_rate: float = 0.001
    decay: float = 0.95

    def __post_init__(self) -> None:
        check_hidden(self.hidden)
        check_counts(self, "epochs", "batch", "steps")
        check_schedule(self.decay, 0)
        for name in ("rate", "precision"):
            if not getattr(self, name) > 0:
                raise ValidationError(f"{name} = {getattr(self, name)} must be above 0")


def predict(w: Arrays, images: Floats) -> list[Floats]:
    """Values of all layers where each is what the one below predicts, the image's first."""
    values = [images]
    for k in range(1, len(w) // 2 + 1):
        values.append(_sent(values, k - 1) @ w[f"w{k}"] + w[f"b{k}"])
    return values


def relax(config: PredictiveCoding, w: Arrays, values: list[Floats]) -> list[Floats]:
    """Errors after the hidden values have descended on the energy; ``values`` change in place.

    Errors are those of the layers above the image, the top one times its precision.
    """
    for _ in range(config.steps):
        errors = _errors(config, w, values)
        for k in range(1, len(values) - 1):
            back = errors[k] @ w[f"w{k + 1}"].T  # errors[k] is of layer k + 1
            values[k] += config.rate * (back * (1 - np.tanh(values[k]) ** 2) - errors[k - 1])
    return _errors(config, w, values)


def gradients(values: list[Floats], errors: list[Floats]) -> Arrays:
    """Gradient of the energy, summed over samples, by the weights and biases."""
    found: Arrays = {}
    for k, error in enumerate(errors, start=1):
        found[f"w{k}"] = -_sent(values, k - 1).T @ error
        found[f"b{k}"] = -error.sum(axis=0, keepdims=True)
    return found


def _sent(values: list[Floats], layer: int) -> Floats:
    return np.tanh(values[layer]) if layer else values[0]


def _errors(config: PredictiveCoding, w: Arrays, values: list[Floats]) -> list[Floats]:
    found: list[Floats] = [
        values[k] - (_sent(values, k - 1) @ w[f"w{k}"] + w[f"b{k}"]) for k in range(1, len(values))
    ]
    found[-1] *= config.precision
    return found


def run(
    config: PredictiveCoding, dataset: Dataset, seed: int, store: Path, report: Report
) -> SystemResult:
    """Train, or go on with a training, and judge."""
    train, test = scaled(dataset)
    w = dense(seed, (train.shape[1], *config.hidden, dataset.classes))
    labels = np.eye(dataset.classes, dtype=np.float32)[dataset.train_labels]

    def of(part: npt.NDArray[np.int64], _update: int) -> Arrays:
        values = predict(w, train[part])
        values[-1] = labels[part]
        return gradients(values, relax(config, w, values))

    seconds = descend(config, w, len(train), of, seed, store, report)
    return SystemResult(
        {"one_pass": _judge(w, test, dataset)},
        sum(values.size for values in w.values()),
        seconds,
    )


def _judge(w: Arrays, test: Floats, dataset: Dataset) -> Outcome:
    """Answer without a label: no error is left then, so nothing needs to relax."""
    values = predict(w, test)
    right = float((values[-1].argmax(axis=1) == dataset.test_labels).mean())
    layers = [(_sent(values, k), values[k + 1].shape[1]) for k in range(len(values) - 1)]
    return Outcome(right, layer_operations(layers))
