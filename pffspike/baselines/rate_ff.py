r"""Rate-coded forward-forward learning.

Source: Hinton, "The Forward-Forward Algorithm", arXiv 2212.13345, section 3.3. The label is a
part of the input: as many units beside the pixels as there are classes (Hinton overwrites
pixels, which not every data set can spare). Each layer is rectified and hears the layer below
divided by its root mean square. With ``G = sum z^2`` and ``p = sigmoid(G - threshold)``, each
layer descends the cross-entropy between ``p`` and the sign of the sample, alone:
``delta = 2 (p - lab) z``.

A softmax read-out hears all hidden layers but the first under a neutral label, and supplies hard
negatives: wrong labels in proportion to its probabilities. A decision takes the label with the
largest goodness, summed over all layers but the first.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.baselines.adam import Adam, Arrays
from pffspike.baselines.momentum import Momentum
from pffspike.baselines.rates import Progress, softmax
from pffspike.baselines.result import (
    Operations,
    Outcome,
    Report,
    SystemResult,
    cpu_seconds,
    layer_operations,
    scaled,
)
from pffspike.baselines.settings import check_counts, check_hidden
from pffspike.data import Dataset

Array = npt.NDArray[np.floating]

_CLIP = 1.0  #: of gradients
_FASTER = 10.0  #: the read-out, with momentum
_INFERENCE_BATCH = 1000


@dataclass(frozen=True)
class RateFF:
    """Settings.

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden layers, from the bottom up.
    epochs : int
        Passes over the training images.
    batch : int
        Images a batch; each is presented under its true and under a false label.
    learning_rate : float
        At the start; it falls to 0 on a line over the second half of the training, as Hinton's.
    threshold : float
        Of each layer, as a multiple of its number of units.
    hard_negatives : bool
        Whether the read-out supplies the false labels.
    optimizer : {"adam", "momentum"}
        Adam with clipped gradients, or descent with momentum, where the read-out learns ten times
        as fast.
    weight_decay : float
        With momentum: share of a weight that its gradient gains.
    """

    hidden: tuple[int, ...]
    epochs: int = 60
    batch: int = 100
    learning_rate: float = 0.001
    threshold: float = 1.0
    hard_negatives: bool = True
    optimizer: Literal["adam", "momentum"] = "adam"
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        check_hidden(self.hidden)
        check_counts(self, "epochs", "batch")


def rescaled(v: Array) -> Array:
    """Rows divided by their root mean square."""
    return v / (np.sqrt(np.mean(np.square(v), axis=1, keepdims=True)) + v.dtype.type(1e-8))


def initial(config: RateFF, pixels: int, classes: int, seed: int) -> Arrays:
    """Normal weights of variance ``1 / fan_in``, biases of 0, a read-out of 0."""
    key = counter.derive_key(seed, counter.WEIGHTS)
    weights: Arrays = {}
    sizes = (pixels + classes, *config.hidden)
    for layer, (below, units) in enumerate(itertools.pairwise(sizes)):
        drawn = counter.normal(counter.derive_key(key, layer), below * units)
        weights[f"W{layer}"] = (drawn.reshape(below, units) / np.sqrt(below)).astype(np.float32)
        weights[f"b{layer}"] = np.zeros((1, units), np.float32)
    weights["W"] = np.zeros((sum(_heard(config)), classes), np.float32)
    weights["b"] = np.zeros((1, classes), np.float32)
    return weights


def _heard(config: RateFF) -> tuple[int, ...]:
    """Sizes of the layers that decide: all but the first, if there are more."""
    return config.hidden[1:] or config.hidden


def with_label(images: Array, labels: Array) -> Array:
    """Input of the first layer: pixels and label units, rescaled together."""
    return rescaled(np.concatenate([images, labels], axis=1))


def forward(w: Arrays, x: Array) -> list[tuple[Array, Array]]:
    """What each layer hears, and its activity."""
    layers: list[tuple[Array, Array]] = []
    for layer in itertools.count():
        if f"W{layer}" not in w:
            return layers
        z = np.maximum(x @ w[f"W{layer}"] + w[f"b{layer}"], 0)
        layers.append((x, z))
        x = rescaled(z)
    return layers


def gradients(config: RateFF, w: Arrays, x: Array, lab: Array) -> Arrays:
    """Gradient of each layer's mean loss over the rows, with what it hears held fixed.

    Parameters
    ----------
    config : RateFF
        Its settings.
    w : dict of str to ndarray
        Weights and biases by name, as `initial` of this file makes them.
    x : (rows, units) ndarray
        Input of the lowest layer, the label in its first units.
    lab : (rows, 1) ndarray
        1 for positive samples, 0 for negative ones.

    Returns
    -------
    dict of str to ndarray
    """
    found: Arrays = {}
    for layer, (heard, z) in enumerate(forward(w, x)):
        distance = np.sum(np.square(z), axis=1, keepdims=True) - config.threshold * z.shape[1]
        p = 0.5 + 0.5 * np.tanh(0.5 * distance)  # the logistic function, without overflow
        delta = ((2 / len(z)) * (p - lab)).astype(z.dtype) * z
        found[f"W{layer}"] = heard.T @ delta
        found[f"b{layer}"] = delta.sum(axis=0, keepdims=True)
    return found


def _read(config: RateFF, w: Arrays, images: Array, classes: int) -> tuple[Array, Array]:
    """What the read-out hears under a neutral label, and its probabilities."""
    neutral = np.full((len(images), classes), 1 / classes, images.dtype)
    layers = forward(w, with_label(images, neutral))[-len(_heard(config)) :]
    heard = np.concatenate([rescaled(z) for _, z in layers], axis=1)
    return heard, softmax(heard @ w["W"] + w["b"])


def _false_labels(
    config: RateFF, probabilities: Array, truth: npt.NDArray[np.int64], uniform: Array
) -> npt.NDArray[np.int64]:
    """Wrong labels in proportion to probabilities, or all with the same one."""
    weights = probabilities.astype(np.float64) + 1e-6
    if not config.hard_negatives:
        weights[:] = 1.0
    weights[np.arange(len(truth)), truth] = 0.0
    limits = np.cumsum(weights, axis=1)
    return np.sum(limits <= uniform[:, None] * limits[:, -1:], axis=1).astype(np.int64)


def _learn_batch(
    config: RateFF,
    progress: Progress,
    images: Array,
    truth: npt.NDArray[np.int64],
    uniform: Array,
    classes: int,
) -> None:
    w = progress.parameters
    one_hot = np.eye(classes, dtype=images.dtype)
    heard, probabilities = _read(config, w, images, classes)
    error = (probabilities - one_hot[truth]) / images.dtype.type(len(images))
    false = _false_labels(config, probabilities, truth, uniform)
    x = np.concatenate([with_label(images, one_hot[labels]) for labels in (truth, false)])
    lab = np.where(np.arange(len(x)) < len(images), 1.0, 0.0)[:, None]
    changes = gradients(config, w, x, lab)
    changes |= {"W": heard.T @ error, "b": error.sum(axis=0, keepdims=True)}
    progress.optimizer.descend(w, changes)


def _optimizer(config: RateFF) -> Adam | Momentum:
    if config.optimizer == "adam":
        return Adam(config.learning_rate, _CLIP)
    return Momentum(config.learning_rate, config.weight_decay, {"W": _FASTER, "b": _FASTER})


def train(
    config: RateFF, dataset: Dataset, seed: int, checkpoint: Path, report: Report
) -> Progress:
    """Train, from the last checkpoint if there is one."""
    images, _ = scaled(dataset)
    weights = initial(config, images.shape[1], dataset.classes, seed)
    progress = Progress(weights, _optimizer(config))
    progress.load(checkpoint)
    for epoch in range(progress.epochs, config.epochs):
        start = cpu_seconds()
        order = counter.permutation(len(images), counter.derive_key(seed, counter.ORDER, epoch))
        key = counter.derive_key(seed, counter.NEGATIVES, epoch)
        uniform = counter.uniform(key, np.arange(len(images)))
        progress.optimizer.learning_rate = config.learning_rate * min(
            1, 2 - 2 * epoch / config.epochs
        )
        for first in range(0, len(order), config.batch):
            part = order[first : first + config.batch]
            truth = dataset.train_labels[part]
            _learn_batch(config, progress, images[part], truth, uniform[part], dataset.classes)
            report((epoch + (first + len(part)) / len(order)) / config.epochs)
        progress.epochs = epoch + 1
        progress.seconds += cpu_seconds() - start
        progress.save(checkpoint)
    return progress


def goodness_scores(
    config: RateFF, w: Arrays, images: Array, classes: int
) -> tuple[Array, Operations]:
    """Goodness of each label, ``(images, classes)``, and the operations per image."""
    scores = np.zeros((len(images), classes))
    effective = dense = 0.0
    for label in range(classes):
        one_hot = np.zeros((len(images), classes), images.dtype)
        one_hot[:, label] = 1
        layers = forward(w, with_label(images, one_hot))
        deciding = layers[-len(_heard(config)) :]
        scores[:, label] = sum(np.sum(np.square(z), axis=1) for _, z in deciding)
        spent = layer_operations([(x, z.shape[1]) for x, z in layers])
        effective, dense = effective + spent.Effective_MACs, dense + spent.Dense
    return scores, Operations(effective, 0.0, dense)


def run(config: RateFF, dataset: Dataset, seed: int, store: Path, report: Report) -> SystemResult:
    """Train and judge, label by label and by the read-out in one pass."""
    progress = train(config, dataset, seed, store.with_suffix(".npz"), report)
    w, classes = progress.parameters, dataset.classes
    _, test = scaled(dataset)
    right = {"goodness": 0, "one_pass": 0}
    effective = {"goodness": 0.0, "one_pass": 0.0}
    dense = {"goodness": 0.0, "one_pass": 0.0}
    for first in range(0, len(test), _INFERENCE_BATCH):
        part = slice(first, first + _INFERENCE_BATCH)
        images, labels = test[part], dataset.test_labels[part]
        scores, label_by_label = goodness_scores(config, w, images, classes)
        heard, probabilities = _read(config, w, images, classes)
        neutral = np.full((len(images), classes), 1 / classes, images.dtype)
        layers = [(x, z.shape[1]) for x, z in forward(w, with_label(images, neutral))]
        one_pass = layer_operations([*layers, (heard, classes)])
        for mode, answers, spent in (
            ("goodness", scores, label_by_label),
            ("one_pass", probabilities, one_pass),
        ):
            right[mode] += int(np.sum(answers.argmax(axis=1) == labels))
            effective[mode] += spent.Effective_MACs * len(images) / len(test)
            dense[mode] = spent.Dense
    modes = {
        mode: Outcome(right[mode] / len(test), Operations(effective[mode], 0.0, dense[mode]))
        for mode in right
    }
    return SystemResult(modes, sum(values.size for values in w.values()), progress.seconds)
