"""Which data a network was trained on: to encode other images alike, and to notice other data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.data.binning import Binning
from pffspike.data.dataset import MAX_LEVELS, Dataset, Images
from pffspike.errors import ValidationError
from pffspike.network.events import Events


@dataclass(frozen=True)
class DataSource:
    """Files of a user's own that data come from.

    Parameters
    ----------
    samples, labels : str
        See `pffspike.data.read_parts`; no labels if they stand in the first.
    test_samples, test_labels : str
        The same of the test part; empty if it is a share of the samples, or there is none.
    test_share : float
        Of the samples, for a test part if there is no other.
    shape : tuple of int
        Rows and columns of pictures that are rows of an array; empty if the file says it.
    levels : int or None
        The grey value that stands for white; None: the largest of the training part.
    steps : int
        Of a presentation of samples in time, see `pffspike.data.binning_of`; 0: not said.
    step_duration : float
        Of a step, in the unit of recorded times; 0: not said.
    downsample : int
        Neighbours of a sensor that become one neuron, in a row and in a column.

    Examples
    --------
    >>> DataSource("flowers.csv").test_share
    0.2
    """

    samples: str
    labels: str = ""
    test_samples: str = ""
    test_labels: str = ""
    test_share: float = 0.2
    shape: tuple[int, ...] = ()
    levels: int | None = None
    steps: int = 0
    step_duration: float = 0.0
    downsample: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.test_share < 1:
            raise ValidationError(
                f"the share of the test part, {self.test_share}, must be at least 0 and below 1"
            )
        if len(self.shape) not in (0, 2) or min(self.shape, default=1) < 1:
            raise ValidationError(
                f"shape = {self.shape} must be rows and columns of a picture, such as 28x28"
            )
        if self.steps < 0 or not 0 <= self.step_duration < np.inf or self.downsample < 1:
            raise ValidationError(
                f"steps = {self.steps} of a duration of {self.step_duration}, {self.downsample} "
                f"neighbours taken together, must be above 0"
            )


@dataclass(frozen=True)
class Identity:
    """What a trained network knows about its data.

    Parameters
    ----------
    name : str
        Of the data set.
    levels : int
        The grey value that stands for white.
    shape : tuple of two int
        Rows and columns of an image.
    classes : int
        How many there are.
    class_names : tuple of str
        One a class, or none.
    samples : int
        Of the training part.
    train : str
        Digest of the training part, see `digest`; empty if it is not known.
    source : DataSource or None
        Files that it was read from, if they were a user's own.
    binning : Binning or None
        How recorded events became spikes, if samples are in time.

    Examples
    --------
    >>> Identity("digits", 16, (8, 8), 10).pixels
    64
    """

    name: str
    levels: int
    shape: tuple[int, int]
    classes: int
    class_names: tuple[str, ...] = ()
    samples: int = 0
    train: str = ""
    source: DataSource | None = None
    binning: Binning | None = None

    def __post_init__(self) -> None:
        for key, value, low, high in (
            ("levels", self.levels, 1, MAX_LEVELS),
            ("rows", self.shape[0], 1, 2**20),
            ("columns", self.shape[1], 1, 2**20),
            ("classes", self.classes, 2, 2**20),
            ("samples", self.samples, 0, 2**62),
        ):
            if not low <= value <= high:
                raise ValidationError(f"{key} = {value} of the data must be from {low} to {high}")
        if len(self.class_names) not in (0, self.classes):
            raise ValidationError(
                f"{len(self.class_names)} names of classes were given for {self.classes} classes; "
                f"give one each or none"
            )

    @property
    def pixels(self) -> int:
        """Number of pixels of an image."""
        return self.shape[0] * self.shape[1]


def digest(images: Images, labels: npt.NDArray[np.int64], levels: int) -> str:
    """SHA-256, in hexadecimal, of images, their labels and the grey value that stands for white.

    Parameters
    ----------
    images : (n_samples, n_pixels) ndarray of uint8, or Events
        Training images, one a row.
    labels : (n_samples,) ndarray of int64
        Their classes.
    levels : int
        The grey value with probability 1.

    Returns
    -------
    str

    Examples
    --------
    >>> len(digest(np.zeros((2, 4), np.uint8), np.zeros(2, np.int64), 16))
    64
    """
    found = hashlib.sha256(f"{images.shape} {levels}".encode())
    parts = (images.places, images.counts) if isinstance(images, Events) else (images,)
    for array in (*parts, labels):
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def identify(dataset: Dataset) -> Identity:
    """Identity of a data set.

    Parameters
    ----------
    dataset : Dataset
        Data that meet a network.

    Returns
    -------
    Identity

    Examples
    --------
    >>> from pffspike.data import load
    >>> identity = identify(load("digits"))
    >>> identity.levels, identity.shape, identity.samples
    (16, (8, 8), 1437)
    """
    return Identity(
        dataset.name,
        dataset.levels,
        (int(dataset.shape[0]), int(dataset.shape[1])),
        dataset.classes,
        tuple(dataset.class_names),
        len(dataset.train_images),
        digest(dataset.train_images, dataset.train_labels, dataset.levels),
        dataset.source,
        dataset.binning,
    )


def check_kind(identity: Identity, dataset: Dataset) -> None:
    """Refuse data whose images or classes are not of the kind that a network was trained on.

    Parameters
    ----------
    identity : Identity
        Of the data that the network was trained on.
    dataset : Dataset
        Data that meet a network.

    Raises
    ------
    ValidationError
        If the shapes of the images or the numbers or names of the classes differ.

    Examples
    --------
    >>> from pffspike.data import load
    >>> check_kind(Identity("scans", 255, (8, 8), 10), load("digits"))
    >>> check_kind(Identity("scans", 255, (4, 16), 10), load("digits"))
    Traceback (most recent call last):
    ...
    pffspike.errors.ValidationError: data set 'digits' has images of 8 x 8 pixels, but ...
    """
    if dataset.steps != (identity.binning.steps if identity.binning else 0):
        said = [
            f"are in {steps} steps" if steps else "do not change in time"
            for steps in (dataset.steps, identity.binning.steps if identity.binning else 0)
        ]
        raise ValidationError(
            f"samples of data set {dataset.name!r} {said[0]}, but those that the network was "
            f"trained on {said[1]}; give such data"
        )
    given, known = tuple(dataset.shape), tuple(identity.shape)
    if given != known:
        raise ValidationError(
            f"data set {dataset.name!r} has images of {given[0]} x {given[1]} pixels, but the "
            f"network was trained on {known[0]} x {known[1]}; give images of that shape"
        )
    if dataset.classes != identity.classes:
        raise ValidationError(
            f"data set {dataset.name!r} has {dataset.classes} classes, but the network was trained "
            f"on {identity.classes}; give data of the same classes"
        )
    names = tuple(dataset.class_names)
    if dataset.name == identity.name and names and identity.class_names not in ((), names):
        raise ValidationError(
            f"data set {dataset.name!r} names its classes {', '.join(names)}, but the network was "
            f"trained on {', '.join(identity.class_names)}; give data of the same classes"
        )


def is_same(identity: Identity, dataset: Dataset) -> bool:
    """Whether a data set's first training samples are those that a network was trained on.

    Parameters
    ----------
    identity : Identity
        Of the data that the network was trained on.
    dataset : Dataset
        Data that meet a network.

    Returns
    -------
    bool
        True also if the identity has no digest.

    Examples
    --------
    >>> from pffspike.data import load
    >>> is_same(identify(load("digits")), load("digits"))
    True
    """
    first = slice(0, identity.samples)
    images, labels = dataset.train_images[first], dataset.train_labels[first]
    return identity.train in ("", digest(images, labels, dataset.levels))


def check_same(identity: Identity, dataset: Dataset) -> None:
    """Refuse training data other than those that a training began with.

    Parameters
    ----------
    identity : Identity
        Of the data that the training began with.
    dataset : Dataset
        Data that meet a network.

    Raises
    ------
    ValidationError
        If an image, a label or the grey value that stands for white differs.

    Examples
    --------
    >>> from pffspike.data import load
    >>> check_same(identify(load("digits")), load("digits"))
    """
    check_kind(identity, dataset)
    if len(dataset.train_images) != identity.samples:
        raise ValidationError(
            f"data set {dataset.name!r} has {len(dataset.train_images)} training samples, but the "
            f"training began with {identity.samples}; give the same data"
        )
    if not is_same(identity, dataset):
        raise ValidationError(
            f"the training part of data set {dataset.name!r} is not the one of {identity.name!r} "
            f"that the training began with; give the same images and labels, in the same order"
        )
