"""A Helmholtz machine of binary units, conditional on the label, which learns awake and asleep.

The generative circuit draws a label, each as likely, then the top hidden layer from the label, each
layer from the one above, and the image from the lowest. The recognition circuit draws the layers
from the image upwards, and reads a label from the top one. Awake, the recognition circuit draws the
layers of a training image, and the generative weights learn to predict each layer from the one
above, the top one from the true label. Asleep, the generative circuit draws, and the recognition
weights learn to find each layer from the one below. Both rules are the delta rule, local to a
layer, and no error passes through a layer: Hinton, Dayan, Frey and Neal, Science 268, 1158 (1995).
The read-out learns awake, from true labels, as those of the other systems do.

`one_pass` answers by the read-out, `goodness` by which label would most likely give the top layer
that was drawn: the terms of the variational bound that depend on the label. Grey values, and the
pixels of dreams, are probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.baselines.adam import Arrays
from pffspike.baselines.descent import dense, descend
from pffspike.baselines.rates import drawn_one, drawn_units, sigmoid, softmax
from pffspike.baselines.result import Operations, Outcome, Report, SystemResult, scaled
from pffspike.baselines.settings import check_counts, check_hidden, check_schedule
from pffspike.data import Dataset

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class HelmholtzMachine:
    """Binary units, one draw an image and phase, Adam.

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden layers, from the bottom up.
    epochs : int
        Passes over the training images.
    batch : int
        Images, and dreams, an update.
    learning_rate : float
        Of Adam.
    decay : float
        Of the learning rate, each epoch: 1 keeps it.
    draws : int
        Of the hidden layers of a test image; what they say is averaged.
    """

    hidden: tuple[int, ...]
    epochs: int = 100
    batch: int = 10
    learning_rate: float = 0.008
    decay: float = 0.97
    draws: int = 16

    def __post_init__(self) -> None:
        check_hidden(self.hidden)
        check_counts(self, "epochs", "batch", "draws")
        check_schedule(self.decay, 0)


def initial(config: HelmholtzMachine, pixels: int, classes: int, seed: int) -> Arrays:
    """Weights and biases upwards (``w1``, ``b1``, ...) and downwards (``v1``, ``a1``, ...).

    ``w<k>`` leads from layer ``k - 1`` to ``k``, ``v<k>`` back; the last layer is the label.
    """
    sizes = (pixels, *config.hidden, classes)
    parameters = dense(seed, sizes)
    down = dense(counter.derive_key(seed, counter.WEIGHTS), sizes[::-1])
    layers = len(sizes) - 1
    for k in range(1, layers + 1):
        parameters[f"v{k}"] = down[f"w{layers + 1 - k}"]
        parameters[f"a{k}"] = down[f"b{layers + 1 - k}"]
    return parameters


def recognize(p: Arrays, images: Floats, key: int) -> list[Floats]:
    """The image and a draw of each hidden layer, from the bottom up."""
    layers = [images]
    for k in range(1, _layers(p)):
        probabilities = sigmoid(p[f"b{k}"] + layers[-1] @ p[f"w{k}"])
        layers.append(drawn_units(probabilities, counter.derive_key(key, k)))
    return layers


def dream(p: Arrays, count: int, key: int) -> list[Floats]:
    """Probabilities of pixels, a draw of each hidden layer, and labels, from the bottom up."""
    classes = len(p[f"v{_layers(p)}"])
    alike = np.full((count, classes), 1 / classes, p["a1"].dtype)
    layers = [drawn_one(alike, counter.derive_key(key, 0))]
    for k in range(_layers(p), 0, -1):
        probabilities = sigmoid(p[f"a{k}"] + layers[0] @ p[f"v{k}"])
        if k > 1:
            probabilities = drawn_units(probabilities, counter.derive_key(key, k))
        layers.insert(0, probabilities)
    return layers


def wake_gradients(p: Arrays, images: Floats, labels: Floats, key: int) -> Arrays:
    """Of what the generative circuit and the read-out lose on images and one-hot labels, summed."""
    layers = [*recognize(p, images, key), labels]
    top = _layers(p)
    found: Arrays = {}
    for k in range(1, top + 1):
        error = sigmoid(p[f"a{k}"] + layers[k] @ p[f"v{k}"]) - layers[k - 1]
        found[f"v{k}"], found[f"a{k}"] = layers[k].T @ error, error.sum(axis=0, keepdims=True)
    error = softmax(p[f"b{top}"] + layers[-2] @ p[f"w{top}"]) - labels
    found[f"w{top}"], found[f"b{top}"] = layers[-2].T @ error, error.sum(axis=0, keepdims=True)
    return found


def sleep_gradients(p: Arrays, count: int, key: int) -> Arrays:
    """Of what the recognition circuit loses on so many dreams, summed."""
    layers = dream(p, count, key)
    found: Arrays = {}
    for k in range(1, _layers(p)):
        error = sigmoid(p[f"b{k}"] + layers[k - 1] @ p[f"w{k}"]) - layers[k]
        found[f"w{k}"] = layers[k - 1].T @ error
        found[f"b{k}"] = error.sum(axis=0, keepdims=True)
    return found


def likelihoods(p: Arrays, top: Floats) -> Floats:
    """Logarithms of the probability of a top hidden layer under each label: (images, classes)."""
    k = _layers(p)
    drives = p[f"a{k}"] + p[f"v{k}"]  # of one-hot labels, one row each
    return top @ drives.T - np.logaddexp(0, drives).sum(axis=1)


def run(
    config: HelmholtzMachine, dataset: Dataset, seed: int, store: Path, report: Report
) -> SystemResult:
    """Train, or go on with a training, and judge."""
    train, test = scaled(dataset)
    p = initial(config, train.shape[1], dataset.classes, seed)
    labels = np.eye(dataset.classes, dtype=np.float32)[dataset.train_labels]

    def of(part: npt.NDArray[np.int64], update: int) -> Arrays:
        wake, sleep = (counter.derive_key(seed, counter.SPIKES, update, k) for k in range(2))
        awake = wake_gradients(p, train[part], labels[part], wake)
        return awake | sleep_gradients(p, len(part), sleep)

    seconds = descend(config, p, len(train), of, seed, store, report)
    return SystemResult(
        _judge(config, p, test, dataset, counter.derive_key(seed, counter.SPIKES)),
        sum(values.size for values in p.values()),
        seconds,
    )


def _layers(p: Arrays) -> int:
    """Layers above the image, that of the label included."""
    return len(p) // 4


def _judge(
    config: HelmholtzMachine, p: Arrays, test: Floats, dataset: Dataset, key: int
) -> dict[str, Outcome]:
    """Accuracy of either mode, over the draws; the image is read once, hidden layers each draw."""
    k = _layers(p)
    votes: Floats = np.zeros((len(test), dataset.classes))
    bounds = votes.copy()
    hidden = shared = 0.0
    for draw in range(config.draws):
        layers = recognize(p, test, counter.derive_key(key, draw, 1))
        votes += softmax(p[f"b{k}"] + layers[-1] @ p[f"w{k}"])
        bounds += likelihoods(p, layers[-1])
        for below, size in zip(layers[1:-1], config.hidden[1:], strict=True):
            shared += np.count_nonzero(below) / len(test) * size
        hidden += np.count_nonzero(layers[-1]) / len(test) * dataset.classes
    image = np.count_nonzero(test) / len(test) * config.hidden[0]
    pairs = zip(config.hidden, (*config.hidden[1:], dataset.classes), strict=True)
    dense_count = float(test.shape[1] * config.hidden[0]) + config.draws * float(
        sum(rows * columns for rows, columns in pairs)
    )
    operations = Operations(float(image), float(shared + hidden), dense_count)
    right = {
        name: float((scores.argmax(axis=1) == dataset.test_labels).mean())
        for name, scores in (("one_pass", votes), ("goodness", bounds))
    }
    return {name: Outcome(accuracy, operations) for name, accuracy in right.items()}
