"""Backpropagation on Bernoulli neurons: what the substrate allows, whatever the rule.

The neurons are those of the spiking networks: in every step each draws a bit with the probability
``clip(u, 0, 1)``, and what a layer sends is divided by the square root of its spikes. The layers
stand one above the other, without feedback and without a label, so steps are independent draws.
Gradients pass through a draw as if it were its probability (straight-through estimator: Bengio,
Leonard and Courville, arXiv 1308.3432), and the gain as if it were constant. Against `Perceptron`
it tells the cost of the noise; against spiking PFF, the cost of the rule. With ``feedback =
"random"`` errors come down fixed random weights instead (feedback alignment: Lillicrap et al.,
Nature Communications 7, 13276, 2016). With ``feedback = "none"`` no error comes down: hidden layers
stay as they were drawn, and only the softmax learns.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.baselines.adam import Adam, Arrays
from pffspike.baselines.rates import Progress, softmax
from pffspike.baselines.result import Operations, Outcome, Report, SystemResult, cpu_seconds, scaled
from pffspike.baselines.settings import check_counts, check_hidden, check_schedule
from pffspike.data import Dataset, augmented

_BLOCK = 500  #: test images at a time
_CLIP = 1.0  #: of gradients, element by element
_TEST = 1 << 40  #: number of the first test image, which keys its draws

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class StraightThrough:
    """Bernoulli neurons and a softmax of what they send on average, cross-entropy, Adam.

    Defaults are the best of 24 settings on MNIST
    (``python experiments/01-mnist/baseline_trials.py straight_through``).

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden layers, from the bottom up.
    epochs : int
        Passes over the training images.
    steps, test_steps : int
        Draws of an image in training and at inference, over which the softmax's input is averaged.
    batch : int
        Images an update.
    learning_rate : float
        Of Adam.
    decay : float
        Of the learning rate, each epoch: 1 keeps it.
    shift : int
        Pixels by which each training image is moved at random, see `pffspike.data.augmented`.
    flip : bool
        Whether half of the training images are mirrored, drawn anew in every epoch.
    scale, bias : float
        Initial weights are normal with the deviation ``scale / sqrt(inputs)``; initial biases of
        the hidden layers.
    feedback : {"transposed", "random", "none"}
        Weights by which errors come down: those of the way up, which is backpropagation, random
        ones that stay, or none, so that only the read-out learns.
    """

    hidden: tuple[int, ...]
    epochs: int = 20
    steps: int = 4
    test_steps: int = 16
    batch: int = 32
    learning_rate: float = 0.01
    decay: float = 0.85
    shift: int = 0
    flip: bool = False
    scale: float = 16.0
    bias: float = 0.0
    feedback: Literal["transposed", "random", "none"] = "transposed"

    def __post_init__(self) -> None:
        check_hidden(self.hidden)
        check_counts(self, "epochs", "steps", "test_steps", "batch")
        check_schedule(self.decay, self.shift)


@dataclass(frozen=True)
class Layer:
    """What a layer sent in a step: ``gain * sent``, and the drive behind it (None of the image)."""

    sent: Floats
    gain: Floats
    drive: Floats | None = None


def initial(config: StraightThrough, pixels: int, classes: int, seed: int) -> Arrays:
    """Initial weights ``w1, w2, ...`` and biases ``b1, b2, ...``; the last ones are 0."""
    sizes, parameters = (pixels, *config.hidden, classes), {}
    for k, (rows, columns) in enumerate(itertools.pairwise(sizes), start=1):
        drawn = counter.normal(counter.derive_key(seed, counter.WEIGHTS, k), rows * columns)
        top = k == len(sizes) - 1
        w = np.zeros((rows, columns)) if top else drawn.reshape(rows, columns)
        parameters[f"w{k}"] = (w * config.scale / np.sqrt(rows)).astype(np.float32)
        parameters[f"b{k}"] = np.full((1, columns), 0 if top else config.bias, np.float32)
    return parameters


def forward(
    w: Arrays, probabilities: Floats, keys: npt.NDArray[np.uint64] | None
) -> tuple[list[Layer], Floats]:
    """One step: what every layer sends, and the input of the softmax.

    Parameters
    ----------
    w : dict of str to ndarray
        Weights and biases.
    probabilities : (samples, pixels) ndarray
        Of the image's neurons.
    keys : (samples,) ndarray of uint64 or None
        Of the draws; None sends the probabilities themselves, without noise.

    Returns
    -------
    layers : list of Layer
        The image and the hidden layers.
    logits : (samples, classes) ndarray
    """
    layers, drive, p = [], None, probabilities
    for k in range(1, len(w) // 2 + 1):
        sent = p
        if keys is not None:
            sent = (
                counter.uniform(keys[:, None], counter.neuron_counters(k, p.shape[1])) < p
            ).astype(p.dtype)
        gain = 1 / np.sqrt(np.maximum(1, sent.sum(axis=1, keepdims=True)))
        layers.append(Layer(sent, gain.astype(p.dtype), drive))
        drive = (gain * sent).astype(p.dtype) @ w[f"w{k}"] + w[f"b{k}"]
        p = np.clip(drive, 0, 1)
    assert drive is not None
    return layers, drive


def feedback(config: StraightThrough, w: Arrays, seed: int) -> Arrays:
    """Weights of the way down by the names of those of the way up: these, random ones, or none."""
    if config.feedback == "transposed":
        return w
    if config.feedback == "none":
        return {}
    drawn: Arrays = {}
    for k in range(2, len(w) // 2 + 1):
        rows, columns = w[f"w{k}"].shape
        values = counter.normal(counter.derive_key(seed, counter.WEIGHTS, 0, k), rows * columns)
        drawn[f"w{k}"] = (values.reshape(rows, columns) / np.sqrt(rows)).astype(np.float32)
    return drawn


def backward(w: Arrays, layers: list[Layer], error: Floats) -> Arrays:
    """Gradients of a loss whose derivative by the input of the softmax is ``error``.

    Those of backpropagation, if ``w`` are the weights of the way up, see `feedback`; of the layers
    that the error reaches.
    """
    gradients: Arrays = {}
    for k in range(len(layers), 0, -1):
        layer = layers[k - 1]
        gradients[f"w{k}"] = (layer.gain * layer.sent).T @ error
        gradients[f"b{k}"] = error.sum(axis=0, keepdims=True)
        if layer.drive is None or f"w{k}" not in w:
            break
        error = layer.gain * (error @ w[f"w{k}"].T) * ((layer.drive > 0) & (layer.drive < 1))
    return gradients


def run(
    config: StraightThrough, dataset: Dataset, seed: int, store: Path, report: Report
) -> SystemResult:
    """Train, or go on with a training, and judge."""
    train, test = scaled(dataset)
    progress = Progress(
        initial(config, train.shape[1], dataset.classes, seed), Adam(config.learning_rate, _CLIP)
    )
    path = store.with_suffix(".npz")
    progress.load(path)
    weights = progress.parameters, feedback(config, progress.parameters, seed)
    for epoch in range(progress.epochs, config.epochs):
        start = cpu_seconds()
        progress.optimizer.learning_rate = config.learning_rate * config.decay**epoch
        order = counter.permutation(len(train), counter.derive_key(seed, counter.ORDER, epoch))
        numbers = epoch * len(train) + np.arange(len(train))
        for first in range(0, len(train), config.batch):
            part = order[first : first + config.batch]
            shown = numbers[first : first + config.batch]
            images = augmented(
                train[part], dataset.shape, shown, seed, shift=config.shift, flip=config.flip
            )
            labels = dataset.train_labels[part]
            progress.optimizer.descend(
                weights[0], _gradients(config, weights, images, labels, shown, seed)
            )
        progress.epochs, progress.seconds = epoch + 1, progress.seconds + cpu_seconds() - start
        progress.save(path)
        report((epoch + 1) / config.epochs)
    top = len(progress.parameters) // 2
    learned = (f"w{top}", f"b{top}") if config.feedback == "none" else progress.parameters
    size = sum(progress.parameters[name].size for name in learned)
    mode = _judge(config, progress.parameters, test, dataset.test_labels, seed)
    return SystemResult({"one_pass": mode}, size, progress.seconds)


def _keys(seed: int, samples: npt.NDArray[np.int64], step: int) -> npt.NDArray[np.uint64]:
    return counter.derive_keys(
        counter.derive_keys(counter.derive_key(seed, counter.SPIKES), samples), step
    )


def _gradients(
    config: StraightThrough,
    weights: tuple[Arrays, Arrays],
    images: npt.NDArray[Any],
    labels: npt.NDArray[np.int64],
    samples: npt.NDArray[np.int64],
    seed: int,
) -> Arrays:
    w, down = weights
    runs = [forward(w, images, _keys(seed, samples, step)) for step in range(config.steps)]
    error = softmax(np.mean([logits for _, logits in runs], axis=0))
    error[np.arange(len(labels)), labels] -= 1
    error /= len(labels) * config.steps
    found = [backward(down, layers, error) for layers, _ in runs]
    return {name: np.sum([g[name] for g in found], axis=0) for name in w if name in found[0]}


def _judge(
    config: StraightThrough,
    w: Arrays,
    images: Floats,
    labels: npt.NDArray[np.int64],
    seed: int,
) -> Outcome:
    right, spikes, served = 0, 0.0, 0.0
    for start in range(0, len(images), _BLOCK):
        part = slice(start, start + _BLOCK)
        numbers = _TEST + np.arange(len(images))[part]
        total = np.zeros((len(numbers), w[f"b{len(w) // 2}"].shape[1]))
        for step in range(config.test_steps):
            layers, logits = forward(w, images[part], _keys(seed, numbers, step))
            total += logits
            sums = [float(layer.sent.sum()) for layer in layers]
            spikes += sum(sums)
            served += sum(n * w[f"b{k}"].shape[1] for k, n in enumerate(sums, start=1))
        right += int((total.argmax(axis=1) == labels[part]).sum())
    dense = config.test_steps * sum(w[f"w{k}"].size for k in range(1, len(w) // 2 + 1))
    n = len(images)
    return Outcome(
        right / n, Operations(0.0, served / n, float(dense)), spikes / n, float(config.test_steps)
    )
