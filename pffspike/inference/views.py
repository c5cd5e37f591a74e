"""Views: an image displaced or mirrored from trial to trial, as the network has learned from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.data import Coding, Dataset, displaced, mirrored
from pffspike.network.events import Events, Stimulus
from pffspike.network.spec import Network
from pffspike.trained import TrainedNetwork
from pffspike.typing import Integers

#: ``views(trial, rows)``: what a trial after the first presents of some of the images.
Views = Callable[[int, Integers], Stimulus]

_DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))  #: rows down and columns to the right, in turn


@dataclass(frozen=True, eq=False)
class AugmentedViews:
    """Images displaced to the right, to the left, down and up, in turn, from the second trial on.

    A network that has learned from shifted or mirrored images knows them in this form too, and errs
    about other forms with other images: the average over such trials is right more often than over
    as many trials of the image as it is. (Test-time augmentation; an eye's small movements do the
    same.)

    Parameters
    ----------
    images : (n, pixels) ndarray of whole numbers
        Grey values.
    shape : tuple of int
        Rows and columns of an image.
    levels : int
        The grey value with probability 1.
    coding : Coding
        How they become spike probabilities.
    pixels : int
        Of the displacement.
    flip : bool
        Mirror the image, left to right, in every other trial, the second first.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[1, 0, 0, 0]])
    >>> views = AugmentedViews(image, (2, 2), 1, Coding())
    >>> [views(trial, np.array([0])).tolist() for trial in (1, 2, 3)]
    [[[0.0, 1.0, 0.0, 0.0]], [[0.0, 0.0, 0.0, 0.0]], [[0.0, 0.0, 1.0, 0.0]]]
    """

    images: npt.NDArray[np.generic]
    shape: tuple[int, int]
    levels: int
    coding: Coding
    pixels: int = 1
    flip: bool = False

    def __call__(self, trial: int, rows: Integers) -> Stimulus:
        """Spike probabilities in a trial, of the images of some rows.

        Parameters
        ----------
        trial : int
            From 1.
        rows : (samples,) ndarray of int64
            Places of the images in question.

        Returns
        -------
        (samples, neurons) ndarray of float64, or Events
        """
        down, right = (self.pixels * step for step in _DIRECTIONS[(trial - 1) % 4])
        shown = self.images[rows]
        if self.flip and trial % 2:
            shown = mirrored(shown, self.shape)
        moved = displaced(shown, self.shape, down, right)
        return self.coding.encode(moved, self.levels)


def viewed(images: Stimulus, rows: Integers, trial: int, views: Views | None) -> Stimulus:
    """What a trial presents of some of the images.

    Parameters
    ----------
    images : (n, neurons) ndarray of float64, or Events
        Spike probabilities of the images as they are.
    rows : (samples,) ndarray of int64
        Places of the images in question.
    trial : int
        From 0.
    views : callable or None
        Gives the images of later trials; None: always as they are.

    Returns
    -------
    (samples, neurons) ndarray of float64, or Events

    Examples
    --------
    >>> import numpy as np
    >>> viewed(np.array([[0.5], [0.25]]), np.array([1]), 0, None)
    array([[0.25]])
    """
    return views(trial, rows) if trial and views else images[rows]


def views_of(
    network: Network,
    coding: Coding,
    images: npt.NDArray[np.generic] | Events,
    shape: tuple[int, int],
    levels: int,
) -> Views | None:
    """Views that fit what a network has learned from: images shifted and mirrored as those.

    Parameters
    ----------
    network : Network
        Specification of the network.
    coding : Coding
        Between grey values and spike probabilities.
    images : (n, pixels) ndarray of whole numbers, or Events
        Grey values, or spikes, which are not moved.
    shape : tuple of int
        Rows and columns of an image.
    levels : int
        The grey value with probability 1.

    Returns
    -------
    AugmentedViews or None
        None if the network has learned from images as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from pffspike.cards import load_network
    >>> nothing = np.zeros((0, 784), np.int64)
    >>> views_of(load_network("mnist-light"), Coding(), nothing, (28, 28), 255).pixels
    1
    """
    shift, flip = network.training.shift, network.training.flip
    if not (shift or flip) or isinstance(images, Events):
        return None
    return AugmentedViews(images, shape, levels, coding, shift, flip)


def views_of_training(trained: TrainedNetwork, dataset: Dataset) -> Views | None:
    """Views of a data set's training images, see `views_of`."""
    images = dataset.train_images
    return views_of(trained.network, trained.coding, images, dataset.shape, dataset.levels)


def views_of_test(trained: TrainedNetwork, dataset: Dataset) -> Views | None:
    """Views of a data set's test images, see `views_of`."""
    images = dataset.test_images
    return views_of(trained.network, trained.coding, images, dataset.shape, dataset.levels)
