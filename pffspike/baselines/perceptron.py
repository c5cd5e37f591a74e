"""A multilayer perceptron that learns by backpropagation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pffspike.arithmetic import counter
from pffspike.baselines.result import (
    Outcome,
    Report,
    SystemResult,
    cpu_seconds,
    layer_operations,
    scaled,
)
from pffspike.baselines.settings import check_counts, check_hidden, check_schedule
from pffspike.data import Dataset, augmented

if TYPE_CHECKING:
    from sklearn.neural_network import MLPClassifier


@dataclass(frozen=True)
class Perceptron:
    """Rectified linear units and a softmax, cross-entropy, Adam.

    A fixed number of epochs: no part of the data decides when to stop.

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden layers, from the bottom up.
    epochs : int
        Passes over the training images.
    batch : int
        Images a step.
    learning_rate : float
        Of Adam.
    decay : float
        Of the learning rate, each epoch: 1 keeps it.
    shift : int
        Pixels by which each training image is moved at random, anew in every epoch, see
        `pffspike.data.augmented`.
    flip : bool
        Whether half of the training images are mirrored, drawn anew in every epoch.
    weight_decay : float
        Strength of the L2 penalty, scikit-learn's ``alpha``.
    """

    hidden: tuple[int, ...]
    epochs: int = 30
    batch: int = 128
    learning_rate: float = 0.001
    decay: float = 1.0
    shift: int = 0
    flip: bool = False
    weight_decay: float = 0.0001

    def __post_init__(self) -> None:
        check_hidden(self.hidden)
        check_counts(self, "epochs", "batch")
        check_schedule(self.decay, self.shift)


def make_model(config: Perceptron, images: int, seed: int) -> MLPClassifier:
    """Make scikit-learn's model for so many training images, before it has seen one."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier(
        config.hidden,
        batch_size=min(config.batch, images),
        learning_rate_init=config.learning_rate,
        alpha=config.weight_decay,
        random_state=seed,
    )


def run(
    config: Perceptron, dataset: Dataset, seed: int, _store: Path, report: Report
) -> SystemResult:
    """Train with scikit-learn, epoch by epoch, and judge."""
    train, test = scaled(dataset)
    model = make_model(config, len(train), seed)
    classes = np.arange(dataset.classes)
    start = cpu_seconds()
    for epoch in range(config.epochs):
        # partial_fit is one epoch and keeps Adam's state, which fit would forget; it shuffles
        # with the same numbers at every call, so the order is drawn here.
        order = counter.permutation(len(train), counter.derive_key(seed, counter.ORDER, epoch))
        numbers = np.arange(len(train)) + epoch * len(train)
        shown = augmented(
            train, dataset.shape, numbers, seed, shift=config.shift, flip=config.flip
        )[order]
        if epoch:  # the optimizer keeps the rate that it was made with
            model._optimizer.learning_rate_init = config.learning_rate * config.decay**epoch
        model.partial_fit(shown, dataset.train_labels[order], classes=classes)
        report((epoch + 1) / config.epochs)
    seconds = cpu_seconds() - start
    accuracy = float(model.score(test, dataset.test_labels))
    layers, x = [], test
    for w, b in zip(model.coefs_, model.intercepts_, strict=True):
        layers.append((x, w.shape[1]))
        x = np.maximum(0.0, x @ w + b)
    size = sum(values.size for values in (*model.coefs_, *model.intercepts_))
    return SystemResult({"one_pass": Outcome(accuracy, layer_operations(layers))}, size, seconds)
