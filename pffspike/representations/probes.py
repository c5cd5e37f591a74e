"""What a linear read-out of rates finds from a few samples of each class."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.errors import ValidationError
from pffspike.representations.checked import checked_labels, checked_rates
from pffspike.typing import Floats, Integers

_ITERATIONS = 300


@dataclass(frozen=True, eq=False)
class FewShot:
    """Answers of linear probes that learned from a few samples of each class.

    Parameters
    ----------
    shots : int
        Samples of each class that a probe learned from.
    confusion : (draws, classes, classes) ndarray of int64
        For each draw of samples, how many other images of a class (rows) were given which answer.
    """

    shots: int
    confusion: Integers

    @property
    def accuracy(self) -> Floats:
        """(draws,) ndarray of float64: share of right answers, every class counting the same."""
        right = np.diagonal(self.confusion, axis1=1, axis2=2)
        return np.asarray((right / self.confusion.sum(axis=2)).mean(axis=1))

    @property
    def recall(self) -> Floats:
        """(classes,) ndarray of float64: share of the images of a class that are answered right."""
        total = self.confusion.sum(axis=0)
        return np.asarray(np.diagonal(total) / total.sum(axis=1))

    @property
    def f1(self) -> Floats:
        """(classes,) ndarray of float64: harmonic mean of recall and precision."""
        total = self.confusion.sum(axis=0)
        return np.asarray(2 * np.diagonal(total) / (total.sum(axis=0) + total.sum(axis=1)))

    def __repr__(self) -> str:
        draws, classes, _ = self.confusion.shape
        return (
            f"FewShot({self.shots} of each of {classes} classes, {draws} draws: "
            f"{100 * self.accuracy.mean():.1f} %)"
        )


def few_shot(
    rates: npt.ArrayLike, labels: npt.ArrayLike, shots: int, *, draws: int = 20, seed: int = 0
) -> FewShot:
    """Train linear probes on a few samples of each class, and ask them for the others.

    A probe is a multinomial logistic regression (scikit-learn's, ``C = 1``) of rates that are
    scaled by one factor for all neurons, so that networks of different rates are treated alike.

    Parameters
    ----------
    rates : (images, neurons) array_like
        Not negative, such as spikes a step, of a network that does not change: it may never have
        seen some of the classes.
    labels : (images,) array_like of int
        Class of each image, from 0 without a gap, two classes or more.
    shots : int
        Samples of each class that a probe learns from, fewer than any class has.
    draws : int
        How many times samples are drawn; the same ones from the same seed and labels.
    seed : int
        Of the draws.

    Returns
    -------
    FewShot

    Raises
    ------
    ValidationError
        If the shapes do not fit, rates are negative or not finite, there is one class only, or a
        class has no image beside the shots.

    Examples
    --------
    >>> import pffspike
    >>> data = pffspike.load_data("digits")
    >>> trained = pffspike.train("digits", epochs=1)
    >>> images = trained.coding.encode(data.test_images, data.levels)
    >>> rates = pffspike.reconstruct(trained, images).hidden["hidden_1"]
    >>> found = few_shot(rates, data.test_labels, shots=5, draws=2)
    >>> found.confusion.shape
    (2, 10, 10)
    >>> bool(found.accuracy.mean() > 0.5)
    True
    """
    values = checked_rates(rates)
    classes = checked_labels(values, labels)
    counter.check_seed(seed)
    for name, number in (("shots", shots), ("draws", draws)):
        if number < 1:
            raise ValidationError(f"{name} = {number} must be at least 1")
    counts = np.bincount(classes)
    if len(counts) < 2 or counts.min() <= shots:
        raise ValidationError(
            f"{len(counts)} classes of {counts.min()} images or more can't be probed with {shots} "
            f"shots; give two classes or more, and fewer shots than a class has images"
        )
    parts = (_drawn(classes, shots, counter.derive_key(seed, k)) for k in range(draws))
    return FewShot(shots, np.stack([_confusion(values, classes, part) for part in parts]))


def _drawn(classes: Integers, shots: int, key: int) -> Integers:
    """Indices of the first images of each class in a random order."""
    order = counter.permutation(len(classes), key)
    return np.concatenate([order[classes[order] == c][:shots] for c in range(classes.max() + 1)])


def _confusion(values: Floats, classes: Integers, part: Integers) -> Integers:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    centre = values[part].mean(axis=0)
    x = (values - centre) / (values[part].std() or 1.0)
    rest = np.delete(np.arange(len(values)), part)
    model = LogisticRegression(max_iter=_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the iterations are a setting
        answers = model.fit(x[part], classes[part]).predict(x[rest])
    found = np.zeros((classes.max() + 1,) * 2, np.int64)
    np.add.at(found, (classes[rest], answers), 1)
    return found
