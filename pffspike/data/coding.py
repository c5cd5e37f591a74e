"""How grey values become spike probabilities of the input population, and come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pffspike.data.dataset import PROBABILITY_BITS, Dataset, probabilities
from pffspike.typing import Floats

Kind = Literal["grey", "on_off"]
_GAIN = 2.0  #: of ON and OFF neurons: a pixel half a grey range from its mean is certain to spike


def neurons(kind: Kind, pixels: int) -> int:
    """Size of the input population for images of so many pixels."""
    return pixels if kind == "grey" else 2 * pixels


@dataclass(frozen=True, eq=False)
class Coding:
    """Grey values as spike probabilities.

    Without a mean, a neuron a pixel whose probability is the grey value (`probabilities`). With
    one, two neurons a pixel, all ON neurons before all OFF neurons, as those of the retina: with
    ``x`` the grey value in [0, 1] and ``mean`` that of the pixel in the training images, they
    spike with ``max(0, min(1, 2 (x - mean)))`` and ``max(0, min(1, 2 (mean - x)))``. What all
    images share then costs no spikes and hides no difference.

    Parameters
    ----------
    mean : (pixels,) ndarray of float64 or None
        Multiples of 2^-24 in [0, 1], so that the probabilities are, too.
    """

    mean: Floats | None = None

    def encode(self, images: npt.ArrayLike, levels: int) -> Floats:
        """Spike probabilities of images.

        Parameters
        ----------
        images : (n, pixels) array_like of whole numbers in ``[0, levels]``
            One image a row.
        levels : int
            The grey value with probability 1.

        Returns
        -------
        (n, neurons) ndarray of float64
            Multiples of 2^-24.
        """
        values = probabilities(images, levels)
        if self.mean is None:
            return values
        difference = _GAIN * (values - self.mean)
        return np.concatenate([difference, -difference], axis=-1).clip(0.0, 1.0)

    def decode(self, rates: Floats) -> Floats:
        """Grey values in [0, 1] of rates of the input population, or of a prediction of them.

        Parameters
        ----------
        rates : (n, neurons) ndarray of float64
            Spikes a step, in [0, 1].

        Returns
        -------
        (n, pixels) ndarray of float64
        """
        if self.mean is None:
            return rates
        on, off = np.split(rates, 2, axis=-1)
        return (self.mean + (on - off) / _GAIN).clip(0.0, 1.0)

    def fields(self, weights: Floats) -> Floats:
        """Weights from the image as a picture for each neuron: what a brighter pixel adds.

        Parameters
        ----------
        weights : (neurons, n) ndarray of float64
            One column a receiving neuron.

        Returns
        -------
        (pixels, n) ndarray of float64
        """
        if self.mean is None:
            return weights
        on, off = np.split(weights, 2)
        return _GAIN * (on - off)


def make_coding(kind: Kind, dataset: Dataset) -> Coding:
    """Coding of a kind, with the mean of a data set's training images."""
    if kind == "grey":
        return Coding()
    unit = 2.0**PROBABILITY_BITS
    table = (probabilities(np.arange(dataset.levels + 1), dataset.levels) * unit).astype(np.int64)
    total = np.zeros(dataset.train_images.shape[1], np.int64)
    for part in np.array_split(dataset.train_images, -(-len(dataset.train_images) // 1000)):
        total += table[part].sum(axis=0)
    return Coding((total // len(dataset.train_images)) / unit)
