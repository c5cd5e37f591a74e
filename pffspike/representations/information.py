r"""What a spike says about the class of the image that caused it.

A neuron whose mean rate is ``r_c`` over the images of class ``c``, which make up a share ``p_c`` of
all, and ``r`` over all images, gives

.. math:: I = \sum_c p_c \, \frac{r_c}{r} \log_2 \frac{r_c}{r}

bits a spike: 0 if it has the same rate for all classes, ``log2(1 / p_c)`` if it spikes for class
``c`` only. Source: Skaggs, McNaughton, Gothard and Markus, "An information-theoretic approach to
deciphering the hippocampal code" (NIPS 5, 1993), with the class in place of the position. Few
images make it too large, so it stands beside its value with labels permuted among images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.errors import ValidationError
from pffspike.representations.checked import checked_labels, checked_rates, class_means
from pffspike.typing import Floats, Integers


@dataclass(frozen=True, eq=False)
class Information:
    """Information about the class in a spike, beside its value by chance.

    Parameters
    ----------
    per_neuron : (neurons,) ndarray of float64
        Bits a spike of each neuron; nan of a neuron that never spikes.
    per_spike : float
        The mean over spikes, in bits: neurons count by their rates. nan without a spike.
    permuted : float
        The same with labels permuted among images, the mean over permutations.
    """

    per_neuron: Floats
    per_spike: float
    permuted: float

    @property
    def excess(self) -> float:
        """Bits a spike above chance."""
        return self.per_spike - self.permuted

    def __repr__(self) -> str:
        return (
            f"Information({len(self.per_neuron)} neurons: {self.per_spike:.3f} bits a spike, "
            f"by chance {self.permuted:.3f})"
        )


def information_per_spike(
    rates: npt.ArrayLike, labels: npt.ArrayLike, *, permutations: int = 100, seed: int = 0
) -> Information:
    """Information about the class in a spike of each neuron, and in one of the population.

    Parameters
    ----------
    rates : (images, neurons) array_like
        Not negative, such as spikes a step. Their unit does not matter.
    labels : (images,) array_like of int
        Class of each image, from 0; every class has one.
    permutations : int
        Of labels among images, at least 1, whose information is averaged.
    seed : int
        Of the permutations.

    Returns
    -------
    Information

    Raises
    ------
    ValidationError
        If the shapes do not fit, a class has no image, rates are negative or not finite, or there
        is no permutation.

    Examples
    --------
    The first neuron spikes for one class of two, the second for both:

    >>> found = information_per_spike([[1.0, 1.0], [0.0, 1.0]] * 8, [0, 1] * 8)
    >>> found.per_neuron
    array([1., 0.])
    >>> round(found.per_spike, 3)
    0.333
    """
    values = checked_rates(rates)
    classes = checked_labels(values, labels)
    counter.check_seed(seed)
    if permutations < 1:
        raise ValidationError(f"permutations = {permutations} must be at least 1")
    orders = (
        counter.permutation(len(values), counter.derive_key(seed, k)) for k in range(permutations)
    )
    return Information(
        _bits(values, classes),
        _mean(values, classes),
        float(np.mean([_mean(values, classes[order]) for order in orders])),
    )


def _bits(values: Floats, classes: Integers) -> Floats:
    """Bits a spike of each neuron."""
    shares = np.bincount(classes) / len(classes)
    with np.errstate(invalid="ignore", divide="ignore"):
        times = class_means(values, classes) / values.mean(axis=0)
        terms = np.where(times == 0, 0.0, times * np.log2(times))
    return np.asarray(np.maximum(shares @ terms, 0.0))


def _mean(values: Floats, classes: Integers) -> float:
    """Bits a spike of the population."""
    rates, active = values.mean(axis=0), values.any(axis=0)
    if not active.any():
        return float("nan")
    return float(rates[active] @ _bits(values[:, active], classes) / rates[active].sum())
