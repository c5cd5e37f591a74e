"""A restricted Boltzmann machine of image and label, which learns by contrastive divergence.

Visible units are the pixels and one unit a class, of which exactly one is on; hidden units are
binary. ``F(x, y) = -x . a - d_y - sum_j log(1 + exp(c_j + x . w_j + u_yj))`` is the free energy.
The log-likelihood of a pair rises by what units do together where data drive them less what they do
where the machine runs freely; contrastive divergence lets it run for a few steps only, from the
data: Hinton, Neural Computation 14, 1771 (2002). Reconstructions are its negative samples, and both
phases use the same symmetric weights. A label is answered by its free energy, which is exact, since
``p(y | x)`` is the softmax of ``-F(x, y)``. Grey values are taken as probabilities of pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.baselines.adam import Arrays
from pffspike.baselines.descent import descend
from pffspike.baselines.rates import drawn_one, drawn_units, sigmoid, softmax
from pffspike.baselines.result import Operations, Outcome, Report, SystemResult, scaled
from pffspike.baselines.settings import check_counts, check_schedule
from pffspike.data import Dataset

_DEVIATION = 0.01  #: of initial weights

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class ContrastiveDivergence:
    """One layer of binary hidden units, Adam.

    Parameters
    ----------
    hidden : int
        Hidden units.
    epochs : int
        Passes over the training images.
    batch : int
        Images an update.
    steps : int
        Reconstructions, one after the other, before the negative phase is read.
    learning_rate : float
        Of Adam.
    decay : float
        Of the learning rate, each epoch: 1 keeps it.
    """

    hidden: int
    epochs: int = 100
    batch: int = 10
    steps: int = 1
    learning_rate: float = 0.04
    decay: float = 0.97

    def __post_init__(self) -> None:
        check_counts(self, "hidden", "epochs", "batch", "steps")
        check_schedule(self.decay, 0)


def initial(config: ContrastiveDivergence, pixels: int, classes: int, seed: int) -> Arrays:
    """Small weights ``w`` of pixels and ``u`` of labels, and biases ``a``, ``d`` and ``c`` of 0."""
    parameters: Arrays = {}
    for k, (name, rows) in enumerate((("w", pixels), ("u", classes))):
        key = counter.derive_key(seed, counter.WEIGHTS, k)
        drawn = counter.normal(key, rows * config.hidden).reshape(rows, config.hidden)
        parameters[name] = (_DEVIATION * drawn).astype(np.float32)
    for name, size in (("a", pixels), ("d", classes), ("c", config.hidden)):
        parameters[name] = np.zeros((1, size), np.float32)
    return parameters


def gradients(p: Arrays, x: Floats, y: Floats, steps: int, key: int) -> Arrays:
    """Contrastive divergence of images and labels (one-hot), negative and summed: to descend on."""
    driven = sigmoid(p["c"] + x @ p["w"] + y @ p["u"])
    free_x, free_y, hidden = x, y, driven
    for step in range(steps):
        keys = [counter.derive_key(key, step, layer) for layer in range(3)]
        on = drawn_units(hidden, keys[0])
        free_x = drawn_units(sigmoid(p["a"] + on @ p["w"].T), keys[1])
        free_y = drawn_one(softmax(p["d"] + on @ p["u"].T), keys[2])
        hidden = sigmoid(p["c"] + free_x @ p["w"] + free_y @ p["u"])
    return {
        "w": free_x.T @ hidden - x.T @ driven,
        "u": free_y.T @ hidden - y.T @ driven,
        "a": (free_x - x).sum(axis=0, keepdims=True),
        "d": (free_y - y).sum(axis=0, keepdims=True),
        "c": (hidden - driven).sum(axis=0, keepdims=True),
    }


def free_energies(p: Arrays, x: Floats) -> Floats:
    """Free energy of each image with each label: (images, classes)."""
    from_image = p["c"] + x @ p["w"]
    columns = [np.logaddexp(0, from_image + row).sum(axis=1) for row in p["u"]]
    return -(x @ p["a"].T) - p["d"] - np.stack(columns, axis=1)


def run(
    config: ContrastiveDivergence, dataset: Dataset, seed: int, store: Path, report: Report
) -> SystemResult:
    """Train, or go on with a training, and judge."""
    train, test = scaled(dataset)
    p = initial(config, train.shape[1], dataset.classes, seed)
    labels = np.eye(dataset.classes, dtype=np.float32)[dataset.train_labels]

    def of(part: npt.NDArray[np.int64], update: int) -> Arrays:
        key = counter.derive_key(seed, counter.SPIKES, update)
        return gradients(p, train[part], labels[part], config.steps, key)

    seconds = descend(config, p, len(train), of, seed, store, report)
    answers = free_energies(p, test).argmin(axis=1)
    # The image's weights are read once, those of the label for each candidate.
    per_label = dataset.classes * config.hidden
    effective = np.count_nonzero(test) / len(test) * (config.hidden + 1) + per_label
    operations = Operations(effective, 0.0, float(test.shape[1] * (config.hidden + 1) + per_label))
    return SystemResult(
        {"goodness": Outcome(float((answers == dataset.test_labels).mean()), operations)},
        sum(values.size for values in p.values()),
        seconds,
    )
