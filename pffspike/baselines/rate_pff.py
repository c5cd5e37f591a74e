"""Rate-coded predictive forward-forward learning: training and decisions.

Source: Ororbia and Mali, arXiv 2301.01452, and their code; see
`pffspike.baselines.rate_pff_circuit`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.baselines.adam import Adam, Arrays
from pffspike.baselines.rate_pff_circuit import (
    RatePFF,
    forward,
    generative_gradients,
    initial,
    representation_gradients,
    step,
)
from pffspike.baselines.rates import Perturbation, Progress, normalized
from pffspike.baselines.result import (
    Operations,
    Outcome,
    Report,
    SystemResult,
    cpu_seconds,
    layer_operations,
    scaled,
)
from pffspike.data import Dataset

Array = npt.NDArray[np.floating]

_CLIP = 1.0  #: of gradients, as in the authors' code
_LATENT_START = 0.01  #: of every latent unit
_INFERENCE_BATCH = 500


def _learn_batch(
    config: RatePFF,
    progress: Progress,
    images: Array,
    labels: npt.NDArray[np.int64],
    noise: Perturbation,
) -> None:
    w, x = progress.parameters, normalized(images)
    z1, z2 = (np.concatenate([z, z]) for z in forward(w, x))
    free = normalized(z2[: len(x)]) if config.free_readout else None
    latent = np.full((len(z1), config.latent), _LATENT_START, np.float32)
    for _ in range(config.steps):
        drawn = [
            deviation * noise.draw(4 * progress.optimizer.updates + index, z.shape)
            for index, (deviation, z) in enumerate(
                (deviation, z)
                for deviation in (config.noise, config.generative_noise)
                for z in (z1, z2)
            )
        ]
        drive = x @ w["W1"]
        now = step(config, w, np.concatenate([drive, drive]), labels, z1, z2, (drawn[0], drawn[1]))
        z1, z2 = now.z1, now.z2
        heard1, heard2 = (
            normalized(np.maximum(z + extra, 0))
            for z, extra in zip((z1, z2), drawn[2:], strict=True)
        )
        gradients, latent = generative_gradients(w, images, heard1, heard2, z1, z2, latent)
        gradients |= representation_gradients(config, w, x, labels, now, free)
        progress.optimizer.descend(w, gradients)


class Learner:
    """A network that learns, batch by batch.

    Parameters
    ----------
    config : RatePFF
        Its settings.
    dataset : Dataset
        What it learns.
    seed : int
        Of everything random.
    """

    def __init__(self, config: RatePFF, dataset: Dataset, seed: int) -> None:
        self._config, self._dataset, self._seed = config, dataset, seed
        self._images, _ = scaled(dataset)
        weights = initial(config, self._images.shape[1], dataset.classes, seed)
        self.progress = Progress(weights, Adam(config.learning_rate, _CLIP))
        rows = 2 * min(config.batch, len(self._images))
        key = counter.derive_key(seed, counter.SPIKES)
        self._noise = Perturbation(key, rows * max(config.hidden))

    def epoch(self, number: int) -> Iterator[int]:
        """Learn all images once; give after each batch how many of them have been shown."""
        config, images, data = self._config, self._images, self._dataset
        key = counter.derive_key(self._seed, counter.ORDER, number)
        order = counter.permutation(len(images), key)
        key = counter.derive_key(self._seed, counter.NEGATIVES, number)
        others = 1 + counter.integers(key, np.arange(len(images)), data.classes - 1)
        for first in range(0, len(order), config.batch):
            part = order[first : first + config.batch]
            truth = data.train_labels[part]
            both = np.concatenate([truth, (truth + others[part]) % data.classes])
            _learn_batch(config, self.progress, images[part], both, self._noise)
            yield first + len(part)


def train(
    config: RatePFF, dataset: Dataset, seed: int, checkpoint: Path, report: Report
) -> Progress:
    """Train, from the last checkpoint if there is one."""
    learner = Learner(config, dataset, seed)
    progress, images = learner.progress, len(dataset.train_images)
    progress.load(checkpoint)
    for epoch in range(progress.epochs, config.epochs):
        start = cpu_seconds()
        for shown in learner.epoch(epoch):
            report((epoch + shown / images) / config.epochs)
        progress.epochs, progress.seconds = (
            epoch + 1,
            progress.seconds + cpu_seconds() - start,
        )
        progress.save(checkpoint)
    return progress


def goodness_scores(config: RatePFF, w: Arrays, x: Array, classes: int) -> tuple[Array, float]:
    """Negative goodness of each label over the middle steps, and the operations it took.

    Parameters
    ----------
    config : RatePFF
        Its settings.
    w : dict of str to ndarray
        Weights and biases by name, as `initial` of this file makes them.
    x : (images, pixels) ndarray
        Normalized.
    classes : int
        Labels to present.

    Returns
    -------
    scores : (images, classes) ndarray
    operations : float
        Multiply-accumulates of values other than zero, in all; ``N(x) W1`` is computed once.
    """
    n1, n2 = config.hidden
    start, drive = forward(w, x), x @ w["W1"]
    operations = float(np.count_nonzero(x) * n1 + np.count_nonzero(start[0]) * n2)
    scores = np.zeros((len(x), classes))
    for label in range(classes):
        z1, z2 = start
        labels = np.full(len(x), label)
        for k in range(config.steps // 2 + 1):
            operations += np.count_nonzero(z1) * (n2 + config.group) + len(x) * n2
            operations += np.count_nonzero(z2) * (n1 + config.group)
            now = step(config, w, drive, labels, z1, z2)
            z1, z2 = now.z1, now.z2
            if k >= config.steps // 2 - 1:
                scores[:, label] -= np.sum(np.square(z1), axis=1) + np.sum(np.square(z2), axis=1)
    return scores, float(operations)


def _dense(config: RatePFF, pixels: int, classes: int) -> float:
    n1, n2 = config.hidden
    one_step = n1 * (n2 + config.group) + n2 * (n1 + config.group) + classes * n2
    return float(pixels * n1 + n1 * n2 + classes * (config.steps // 2 + 1) * one_step)


def run(config: RatePFF, dataset: Dataset, seed: int, store: Path, report: Report) -> SystemResult:
    """Train and judge, label by label and by the read-out in one pass."""
    progress = train(config, dataset, seed, store.with_suffix(".npz"), report)
    w, classes = progress.parameters, dataset.classes
    test = normalized(scaled(dataset)[1])
    right, effective = 0, 0.0
    for first in range(0, len(test), _INFERENCE_BATCH):
        part = slice(first, first + _INFERENCE_BATCH)
        scores, operations = goodness_scores(config, w, test[part], classes)
        right += int(np.sum(scores.argmax(axis=1) == dataset.test_labels[part]))
        effective += operations
    z1, z2 = forward(w, test)
    answers = (normalized(z2) @ w["W"] + w["b"]).argmax(axis=1)
    one_pass = layer_operations([(test, z1.shape[1]), (z1, z2.shape[1]), (z2, classes)])
    modes = {
        "goodness": Outcome(
            right / len(test),
            Operations(effective / len(test), 0.0, _dense(config, test.shape[1], classes)),
            steps=float(classes * (config.steps // 2 + 1)),
        ),
        "one_pass": Outcome(float(np.mean(answers == dataset.test_labels)), one_pass),
    }
    return SystemResult(modes, sum(values.size for values in w.values()), progress.seconds)
