"""Unsupervised forward-forward learning, rate-coded: hybrid images are the negatives.

Source: Hinton, "The Forward-Forward Algorithm", arXiv 2212.13345, section 3.2. A negative sample is
one image where a random mask is 1 and another where it is 0; the mask is smooth, a random image of
bits that is blurred again and again with 1/4, 1/2, 1/4 across and down, and cut at 1/2. So
short-range correlations of hybrids are those of images, and long-range ones are not. The layers are
those of `rate_ff`: each descends, alone, on the cross-entropy between
``sigmoid(sum z^2 - threshold)`` and whether the sample was an image, and reads the layer below
divided by its root mean square.
Labels reach a softmax alone, which reads the normalized activities of all layers but the first,
and whose error goes no further down.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.baselines import rate_ff
from pffspike.baselines.adam import Arrays
from pffspike.baselines.descent import descend
from pffspike.baselines.rates import softmax
from pffspike.baselines.result import Outcome, Report, SystemResult, layer_operations, scaled
from pffspike.baselines.settings import check_counts, check_hidden, check_schedule
from pffspike.data import Dataset
from pffspike.data.hybrids import smooth
from pffspike.errors import ValidationError

Array = npt.NDArray[np.floating]


@dataclass(frozen=True)
class UnsupervisedFF:
    """Rectified units, hybrid negatives, a softmax that alone sees labels, Adam.

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden layers, from the bottom up.
    epochs : int
        Passes over the training images.
    batch : int
        Images an update; each has a hybrid beside it, of itself and another of the batch.
    blurs : int
        How often the bits of a mask are blurred.
    threshold : float
        Of each layer, as a multiple of its number of units.
    learning_rate : float
        Of Adam.
    decay : float
        Of the learning rate, each epoch: 1 keeps it.
    learn_hidden : bool
        Whether the hidden layers learn; if not, the softmax reads them as they were drawn.
    """

    hidden: tuple[int, ...]
    epochs: int = 60
    batch: int = 50
    blurs: int = 2
    threshold: float = 1.0
    learning_rate: float = 0.001
    decay: float = 0.95
    learn_hidden: bool = True

    def __post_init__(self) -> None:
        check_hidden(self.hidden)
        check_counts(self, "epochs", "batch", "blurs")
        check_schedule(self.decay, 0)
        if self.batch < 2:
            raise ValidationError(f"batch = {self.batch} must be at least 2: hybrids are of two")


def masks(key: int, number: int, shape: tuple[int, int], blurs: int) -> npt.NDArray[np.bool_]:
    """Draw smooth random masks.

    Parameters
    ----------
    key : int
        Of the draw, see `pffspike.arithmetic.counter.derive_key`.
    number : int
        How many.
    shape : (int, int)
        Height and width of an image.
    blurs : int
        How often random bits are blurred; beyond the edge stands the pixel at it.

    Returns
    -------
    (number, height * width) ndarray of bool

    Examples
    --------
    >>> masks(5, 2, (3, 4), blurs=1).shape
    (2, 12)
    """
    drawn = counter.uniform(key, np.arange(number * shape[0] * shape[1])) < 0.5
    return smooth(drawn.reshape(number, *shape), blurs).reshape(number, -1)


def hybrids(images: Array, mask: npt.NDArray[np.bool_]) -> Array:
    """Each image where its mask is 1, and elsewhere the one before it, of the first the last."""
    return np.where(mask, images, np.roll(images, 1, axis=0))


def gradients(config: UnsupervisedFF, w: Arrays, images: Array, negatives: Array) -> Arrays:
    """Gradients of the layers' losses without a label, summed over images and hybrids."""
    x = rate_ff.rescaled(np.concatenate([images, negatives]))
    positive = np.where(np.arange(len(x)) < len(images), 1.0, 0.0)[:, None]
    rule = rate_ff.RateFF(config.hidden, threshold=config.threshold)
    means = rate_ff.gradients(rule, w, x, positive)
    return {name: mean * len(x) for name, mean in means.items()}


def read(w: Arrays, images: Array) -> tuple[list[tuple[Array, Array]], Array, Array]:
    """Inputs and activities of all layers, what the softmax reads, and its probabilities."""
    layers = rate_ff.forward(w, rate_ff.rescaled(images))
    deciding = layers[1:] or layers
    heard = np.concatenate([rate_ff.rescaled(z) for _, z in deciding], axis=1)
    return layers, heard, softmax(heard @ w["W"] + w["b"])


def run(
    config: UnsupervisedFF, dataset: Dataset, seed: int, store: Path, report: Report
) -> SystemResult:
    """Train, or go on with a training, and judge by the softmax."""
    train, test = scaled(dataset)
    height, width = dataset.shape[:2]
    rule = rate_ff.RateFF(config.hidden)
    w = rate_ff.initial(rule, train.shape[1] - dataset.classes, dataset.classes, seed)
    labels = np.eye(dataset.classes, dtype=np.float32)[dataset.train_labels]
    key = counter.derive_key(seed, counter.NEGATIVES)

    def of(part: npt.NDArray[np.int64], update: int) -> Arrays:
        images = train[part]
        drawn = masks(counter.derive_key(key, update), len(part), (height, width), config.blurs)
        found = gradients(config, w, images, hybrids(images, drawn)) if config.learn_hidden else {}
        _, heard, probabilities = read(w, images)
        error = probabilities - labels[part]
        return found | {"W": heard.T @ error, "b": error.sum(axis=0, keepdims=True)}

    seconds = descend(config, w, len(train), of, seed, store, report)
    layers, heard, probabilities = read(w, test)
    right = float((probabilities.argmax(axis=1) == dataset.test_labels).mean())
    spent = layer_operations([*((x, z.shape[1]) for x, z in layers), (heard, dataset.classes)])
    size = sum(values.size for values in w.values())
    return SystemResult({"one_pass": Outcome(right, spent)}, size, seconds)
