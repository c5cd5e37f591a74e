"""Cascaded forward learning: each block has a read-out of its own, and learns from nothing else.

Block k has rectified units ``h_k = max(0, h_k-1 w_k + b_k)`` and a read-out
``y_k = softmax(h_k r_k + c_k)``, which predicts the label. Read-out and block descend together on
the cross-entropy of ``y_k``; what a block gets from the one below counts as data, so no error
crosses from block to block, and all learn side by side. The answer is the label of the largest sum
of the predictions. No false labels, no goodness. Source: Zhao et al., arXiv 2303.09728, for the
cascade; that a block descends on the loss of a read-out beside it is as in Nøkland and Eidnes,
arXiv 1901.06656. ``learned = false`` leaves the blocks as they were drawn. A test compares the
gradients with differences of the loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.baselines.adam import Arrays
from pffspike.baselines.descent import dense, descend
from pffspike.baselines.rates import softmax
from pffspike.baselines.result import (
    Outcome,
    Report,
    SystemResult,
    layer_operations,
    scaled,
)
from pffspike.baselines.settings import check_counts, check_hidden, check_schedule
from pffspike.data import Dataset

Floats = npt.NDArray[np.floating]

_READOUTS = 1  #: index below the key of the weights


@dataclass(frozen=True)
class CascadedForward:
    """Rectified units in blocks of one layer, a softmax each, Adam.

    Parameters
    ----------
    hidden : tuple of int
        Units of the blocks, from the bottom up.
    epochs : int
        Passes over the training images.
    batch : int
        Images an update.
    learning_rate : float
        Of Adam.
    decay : float
        Of the learning rate, each epoch: 1 keeps it.
    learned : bool
        Whether blocks learn; read-outs always do.
    """

    hidden: tuple[int, ...]
    epochs: int = 60
    batch: int = 50
    learning_rate: float = 0.001
    decay: float = 0.95
    learned: bool = True

    def __post_init__(self) -> None:
        check_hidden(self.hidden)
        check_counts(self, "epochs", "batch")
        check_schedule(self.decay, 0)


def initial(config: CascadedForward, pixels: int, classes: int, seed: int) -> Arrays:
    """Weights ``w1, ...`` and biases ``b1, ...`` of blocks, ``r1, ...``, ``c1, ...`` of read-outs.

    Weights have the deviation ``1 / sqrt(inputs)``, biases are 0.
    """
    parameters = dense(seed, (pixels, *config.hidden))
    for k, units in enumerate(config.hidden, start=1):
        key = counter.derive_key(seed, counter.WEIGHTS, 0, _READOUTS, k)
        drawn = counter.normal(key, units * classes).reshape(units, classes)
        parameters[f"r{k}"] = (drawn / np.sqrt(units)).astype(np.float32)
        parameters[f"c{k}"] = np.zeros((1, classes), np.float32)
    return parameters


def activities(p: Arrays, images: Floats) -> list[Floats]:
    """Activities of all blocks, (images, units) each; the images come first."""
    found = [images]
    for k in range(1, len(p) // 4 + 1):
        found.append(np.maximum(0, found[-1] @ p[f"w{k}"] + p[f"b{k}"]))
    return found


def predictions(p: Arrays, h: list[Floats]) -> list[Floats]:
    """Predictions of the label by each block's read-out, (images, classes) each."""
    return [softmax(h[k] @ p[f"r{k}"] + p[f"c{k}"]) for k in range(1, len(h))]


def gradients(p: Arrays, images: Floats, labels: Floats, learned: bool = True) -> Arrays:
    """Gradient of each block's cross-entropy by its own parameters, summed over images.

    Parameters
    ----------
    p : dict of str to ndarray
        See `initial`.
    images : (n, pixels) ndarray
        Values in [0, 1].
    labels : (n, classes) ndarray
        One-hot.
    learned : bool
        Whether to give those of blocks, beside those of read-outs.

    Returns
    -------
    dict of str to ndarray
        By the names of the parameters.
    """
    found: Arrays = {}
    h = activities(p, images)
    for k, predicted in enumerate(predictions(p, h), start=1):
        error = predicted - labels
        found[f"r{k}"] = h[k].T @ error
        found[f"c{k}"] = error.sum(axis=0, keepdims=True)
        if learned:
            own = (error @ p[f"r{k}"].T) * (h[k] > 0)
            found[f"w{k}"] = h[k - 1].T @ own
            found[f"b{k}"] = own.sum(axis=0, keepdims=True)
    return found


def run(
    config: CascadedForward, dataset: Dataset, seed: int, store: Path, report: Report
) -> SystemResult:
    """Train, or go on with a training, and judge."""
    train, test = scaled(dataset)
    p = initial(config, train.shape[1], dataset.classes, seed)
    labels = np.eye(dataset.classes, dtype=np.float32)[dataset.train_labels]

    def of(part: npt.NDArray[np.int64], _update: int) -> Arrays:
        return gradients(p, train[part], labels[part], config.learned)

    seconds = descend(config, p, len(train), of, seed, store, report)
    learns = "wbrc" if config.learned else "rc"
    return SystemResult(
        {"one_pass": _judge(p, test, dataset)},
        sum(values.size for name, values in p.items() if name[0] in learns),
        seconds,
    )


def _judge(p: Arrays, test: Floats, dataset: Dataset) -> Outcome:
    """Answer with the sum of the predictions."""
    h = activities(p, test)
    answers = np.sum(predictions(p, h), axis=0).argmax(axis=1)
    right = float((answers == dataset.test_labels).mean())
    layers = [(h[k - 1], h[k].shape[1]) for k in range(1, len(h))]
    layers += [(h[k], dataset.classes) for k in range(1, len(h))]
    return Outcome(right, layer_operations(layers))
