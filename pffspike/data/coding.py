"""How grey values become spike probabilities of the input population, and come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pffspike.data.dataset import PROBABILITY_BITS, Dataset, grey_values, probabilities
from pffspike.data.encoders import Encoding, even, latency, saccades
from pffspike.errors import ValidationError
from pffspike.network.events import Events, Stimulus
from pffspike.network.spec import Network
from pffspike.typing import Floats

Kind = Literal["grey", "on_off", "saccades"]
_GAIN = 2.0  #: of ON and OFF neurons: a pixel half a grey range from its mean is certain to spike
_ENCODERS = {"latency": latency, "even": even}


def neurons(kind: Kind, pixels: int) -> int:
    """Size of the input population for images of so many pixels."""
    return pixels if kind == "grey" else 2 * pixels


@dataclass(frozen=True, eq=False)
class Coding:
    """Grey values as what the input population is given.

    Without a mean, a neuron a pixel whose value is the grey value (`probabilities`). With one, two
    neurons a pixel, all ON neurons before all OFF neurons, as those of the retina: with ``x`` the
    grey value in [0, 1] and ``mean`` that of the pixel in the training images, their values are
    ``max(0, min(1, 2 (x - mean)))`` and ``max(0, min(1, 2 (mean - x)))``. What all images share
    then costs no spikes and hides no difference. A value is the probability of a spike in every
    step, or is encoded in time. Seen in saccades, an image is events of ON and OFF neurons.

    Parameters
    ----------
    mean : (pixels,) ndarray of float64 or None
        Multiples of 2^-24 in [0, 1], so that the values are, too.
    encoding : {"rates", "latency", "even"}
        ``rates``: values are spike probabilities; else the encoder of that name
        (`pffspike.data.encoders`).
    saccades : tuple of int or None
        Rows and columns of the images, if they are seen in saccades
        (`pffspike.data.encoders.saccades`); then there is no mean, and nothing else to encode.
    steps : int
        Of what is in time: those of a presentation.

    Examples
    --------
    >>> Coding(encoding="even", steps=4).encode([[8]], levels=16).shape
    (1, 4, 1)
    """

    mean: Floats | None = None
    encoding: Encoding = "rates"
    saccades: tuple[int, int] | None = None
    steps: int = 0

    def pixels(self, neurons: int) -> int:
        """Pixels of an image, of so many neurons of the input population."""
        return neurons if self.mean is None and self.saccades is None else neurons // 2

    def encode(self, images: npt.ArrayLike | Events, levels: int) -> Stimulus:
        """What the input population is given for images.

        Parameters
        ----------
        images : (n, pixels) array_like of whole numbers in ``[0, levels]``, or Events
            One image a row. Events are what the input population is given as they are.
        levels : int
            The grey value with probability 1.

        Returns
        -------
        (n, neurons) ndarray of float64, or Events of n samples
            Spike probabilities, multiples of 2^-24; or spikes in time.
        """
        if isinstance(images, Events):
            return images
        if self.saccades is not None:
            return saccades(images, self.saccades, levels, self.steps)
        values = probabilities(images, levels)
        if self.mean is not None:
            difference = _GAIN * (values - self.mean)
            values = np.concatenate([difference, -difference], axis=-1).clip(0.0, 1.0)
        return values if self.encoding == "rates" else _ENCODERS[self.encoding](values, self.steps)

    def decode(self, rates: Floats) -> Floats:
        """Grey values in [0, 1] of rates of the input population, or of a prediction of them.

        Parameters
        ----------
        rates : (n, neurons) ndarray of float64
            Spikes a step, in [0, 1].

        Returns
        -------
        (n, pixels) ndarray of float64
            Of images that are seen in saccades: how often each pixel changes.
        """
        if self.mean is None and self.saccades is None:
            return rates
        on, off = np.split(rates, 2, axis=-1)
        if self.mean is None:
            return (on + off) / 2
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
            Of images that are seen in saccades: what a pixel that changes adds.
        """
        if self.mean is None and self.saccades is None:
            return weights
        on, off = np.split(weights, 2)
        return on + off if self.mean is None else _GAIN * (on - off)


def make_coding(network: Network, dataset: Dataset) -> Coding:
    """Coding of a network's card, with the mean of a data set's training images if it has one."""
    kind = network.training.coding
    mean = pixel_means(dataset) if kind == "on_off" else None
    return coding_of(network, mean, dataset.shape)


def coding_of(network: Network, mean: Floats | None, shape: tuple[int, int]) -> Coding:
    """Coding of a network's card.

    Parameters
    ----------
    network : Network
        Its training says how images are coded, its programs how many steps that takes.
    mean : (pixels,) ndarray of float64 or None
        If there are ON and OFF neurons for what is brighter and darker than the mean.
    shape : tuple of int
        Rows and columns of an image.

    Returns
    -------
    Coding

    Raises
    ------
    ValidationError
        If images are encoded in time and presentations differ in their steps.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> alike = {"window": 16, "latent_window": 16}
    >>> changes = {"pff": alike, "training": {"encoding": "latency"}}
    >>> coding_of(load_network("digits", changes), None, (8, 8)).steps
    18
    """
    training, steps = network.training, {p.steps for p in network.programs}
    moving = training.coding == "saccades"
    if training.encoding == "rates" and not moving:
        return Coding(mean)
    if len(steps) > 1:
        raise ValidationError(
            f"network {network.name!r} has presentations of {sorted(steps)} steps, but images that "
            f"are encoded in time need the same in all programs; give window, inference_window "
            f"and latent_window alike"
        )
    return Coding(mean, training.encoding, shape if moving else None, steps.pop())


def pixel_means(dataset: Dataset) -> Floats:
    """``(pixels,)`` means over the training images, rounded down to the grid 2^-24."""
    unit = 2.0**PROBABILITY_BITS
    table = (probabilities(np.arange(dataset.levels + 1), dataset.levels) * unit).astype(np.int64)
    images = grey_values(dataset.train_images)
    total = np.zeros(images.shape[1], np.int64)
    for part in np.array_split(images, -(-len(images) // 1000)):
        total += table[part].sum(axis=0)
    return (total // len(images)) / unit
