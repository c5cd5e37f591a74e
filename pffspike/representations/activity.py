r"""What activity looks like: sparsity, and ensembles of neurons that answer to a class.

After Tosato et al., "Emergent representations in networks trained with the Forward-Forward
algorithm" (arXiv 2305.18353): a neuron belongs to the ensemble of a class if images of that class
drive it more than so many times as much as they drive the other neurons on average. Sparsity is
Hoyer's (Journal of Machine Learning Research 5, 2004):

.. math:: (\sqrt n - \lVert q \rVert_1 / \lVert q \rVert_2) / (\sqrt n - 1)

of the rates ``q`` of ``n`` neurons: 0 if all are equal, 1 if a single neuron is active.

Either has a value for noise, too, and learning may impose it: homeostasis sets mean rates, and with
them much of the sparsity. So `describe` gives what is left of each when what would make it a fact
about images is taken away: for ensembles, labels are permuted among images; for sparsity, the rates
of every neuron are, which keeps its own distribution of rates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.representations.checked import checked_labels, checked_rates, class_means
from pffspike.typing import Bools, Floats, Integers

FACTOR = 2.0  #: times the mean of the others, from which on a neuron belongs to an ensemble


@dataclass(frozen=True, eq=False)
class Representation:
    """Sparsity and ensembles of the activity of a population, beside their values by chance.

    Parameters
    ----------
    rate : float
        Mean over images and neurons.
    sparsity, permuted_sparsity : float
        Hoyer's sparsity, the mean over images; the second with the rates of every neuron permuted
        among images.
    members : (classes, neurons) ndarray of bool
        Ensembles.
    permuted_size : float
        Mean size of an ensemble with labels permuted among images.
    """

    rate: float
    sparsity: float
    permuted_sparsity: float
    members: Bools
    permuted_size: float

    @property
    def sizes(self) -> Integers:
        """(classes,) ndarray of int64: neurons of each ensemble."""
        return self.members.sum(axis=1)

    @property
    def shares(self) -> tuple[float, float, float]:
        """Shares of the neurons that belong to no ensemble, to one, and to several."""
        times = self.members.sum(axis=0)
        none, one = float(np.mean(times == 0)), float(np.mean(times == 1))
        return none, one, float(np.mean(times > 1))

    @property
    def overlap(self) -> Integers:
        """(classes, classes) ndarray of int64: neurons that two ensembles share."""
        members = self.members.astype(np.int64)
        return members @ members.T

    def __repr__(self) -> str:
        classes, neurons = self.members.shape
        return (
            f"Representation({neurons} neurons, {classes} classes: sparsity {self.sparsity:.3f}, "
            f"ensembles of {self.sizes.mean():.1f}, by chance {self.permuted_size:.1f})"
        )


def sparsity(rates: npt.ArrayLike) -> Floats:
    """Hoyer's sparsity of the activity that each image causes.

    Parameters
    ----------
    rates : (images, neurons) array_like
        Not negative, such as spikes a step; at least two neurons.

    Returns
    -------
    (images,) ndarray of float64
        From 0 to 1; nan where no neuron is active.

    Raises
    ------
    ValidationError
        If ``rates`` has another shape, or values that are negative or not finite.

    Examples
    --------
    >>> sparsity([[1.0, 1.0, 1.0, 1.0], [0.0, 0.5, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    array([ 0.,  1., nan])
    """
    values = checked_rates(rates)
    root = np.sqrt(values.shape[1])
    length = np.linalg.norm(values, axis=1)
    with np.errstate(invalid="ignore"):  # 0 / 0 is nan
        return np.asarray((root - values.sum(axis=1) / length) / (root - 1))


def ensembles(rates: npt.ArrayLike, labels: npt.ArrayLike, *, factor: float = FACTOR) -> Bools:
    """Neurons that answer to a class.

    Parameters
    ----------
    rates : (images, neurons) array_like
        Not negative, such as spikes a step.
    labels : (images,) array_like of int
        Class of each image, from 0; every class has one.
    factor : float
        A neuron is a member if its mean over the images of the class exceeds so many times the mean
        of the other neurons over the same images.

    Returns
    -------
    (classes, neurons) ndarray of bool

    Raises
    ------
    ValidationError
        If the shapes do not fit, a class has no image, or rates are negative or not finite.

    Examples
    --------
    >>> rates = [[0.9, 0.1, 0.1], [0.7, 0.1, 0.1], [0.1, 0.1, 0.6], [0.1, 0.1, 0.8]]
    >>> ensembles(rates, [0, 0, 1, 1]).astype(int)
    array([[1, 0, 0],
           [0, 0, 1]])
    """
    values = checked_rates(rates)
    return _members(class_means(values, checked_labels(values, labels)), factor)


def describe(
    rates: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    factor: float = FACTOR,
    permutations: int = 100,
    seed: int = 0,
) -> Representation:
    """Sparsity and ensembles, and what chance would give.

    Parameters
    ----------
    rates : (images, neurons) array_like
        Not negative, such as spikes a step: `pffspike.reconstruct` gives those of the hidden
        populations, ``hidden``, without a label or under any.
    labels : (images,) array_like of int
        Class of each image, from 0; every class has one.
    factor : float
        See `ensembles`.
    permutations : int
        Of labels among images, whose ensembles are averaged.
    seed : int
        Of the permutations.

    Returns
    -------
    Representation

    Raises
    ------
    ValidationError
        As `ensembles` does.

    Examples
    --------
    >>> import pffspike
    >>> data = pffspike.load_data("digits")
    >>> trained = pffspike.train("digits", epochs=1)
    >>> images = trained.coding.encode(data.test_images, data.levels)
    >>> rates = pffspike.reconstruct(trained, images).hidden["hidden_1"]
    >>> found = describe(rates, data.test_labels)
    >>> bool(found.sizes.mean() > found.permuted_size)
    True
    """
    values = checked_rates(rates)
    classes = checked_labels(values, labels)
    orders = (
        counter.permutation(len(values), counter.derive_key(seed, 0, k))
        for k in range(permutations)
    )
    by_chance = [
        _members(class_means(values, classes[order]), factor).sum(axis=1).mean() for order in orders
    ]
    shuffled = np.stack(
        [
            column[counter.permutation(len(values), counter.derive_key(seed, 1, k))]
            for k, column in enumerate(values.T)
        ],
        axis=1,
    )
    return Representation(
        float(values.mean()),
        float(np.nanmean(sparsity(values))) if values.any() else float("nan"),
        float(np.nanmean(sparsity(shuffled))) if values.any() else float("nan"),
        _members(class_means(values, classes), factor),
        float(np.mean(by_chance)) if by_chance else float("nan"),
    )


def _members(means: Floats, factor: float) -> Bools:
    others = (means.sum(axis=1, keepdims=True) - means) / (means.shape[1] - 1)
    return np.asarray(means > factor * others)
