"""A data set as arrays, the checks that make one, and grey values as probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pffspike.errors import ValidationError
from pffspike.network.events import Events

if TYPE_CHECKING:
    from pffspike.data.binning import Binning
    from pffspike.data.identity import DataSource
    from pffspike.data.scaling import Scaling

PROBABILITY_BITS = 24  #: probabilities are multiples of 2^-24, as uniform numbers are
MAX_LEVELS = 255  #: largest grey value that a pixel of 8 bits holds
Images = npt.NDArray[np.uint8] | Events  #: samples of a data set


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled grey images, or spikes in time, in a training and a test part.

    Attributes
    ----------
    name : str
    train_images, test_images : (n_samples, n_pixels) ndarray of uint8, or Events
        Rows of an image one after another; grey values in ``[0, levels]``. Or the spikes of the
        input population in each step.
    train_labels, test_labels : (n_samples,) ndarray of int64
        In ``[0, classes)``.
    classes : int
    shape : tuple of two int
        Rows and columns of an image; their product is ``n_pixels``.
    levels : int
        The grey value that stands for white: 16 for the digits, 255 for IDX files, 1 for spikes.
    class_names : tuple of str
        One a class, or none.
    scaling : Scaling or None
        How measured values became grey values, if the data were no whole grey values.
    source : DataSource or None
        Files that they were read from, if they are a user's own.
    binning : Binning or None
        How recorded events became spikes, if samples are in time.
    """

    name: str
    train_images: Images
    train_labels: npt.NDArray[np.int64]
    test_images: Images
    test_labels: npt.NDArray[np.int64]
    classes: int
    shape: tuple[int, int]
    levels: int
    class_names: tuple[str, ...] = ()
    scaling: Scaling | None = None
    source: DataSource | None = None
    binning: Binning | None = None

    @property
    def steps(self) -> int:
        """Steps of a sample in time; 0 if samples do not change in time."""
        return self.train_images.steps if isinstance(self.train_images, Events) else 0

    def __repr__(self) -> str:
        rows, columns = self.shape
        time = f" in {self.steps} steps" if self.steps else ""
        return (
            f"Dataset({self.name!r}, {len(self.train_images):,} training and "
            f"{len(self.test_images):,} test images of {rows} x {columns}{time}, "
            f"{self.classes} classes)"
        )


def from_arrays(
    name: str,
    train: tuple[npt.ArrayLike, npt.ArrayLike],
    test: tuple[npt.ArrayLike, npt.ArrayLike],
    *,
    levels: int,
    shape: tuple[int, int],
    classes: int,
    class_names: tuple[str, ...] = (),
) -> Dataset:
    """Make a data set of any images and labels.

    Parameters
    ----------
    name : str
        What reports call the data.
    train, test : tuple of two array_like
        Images and labels of each part. Images are ``(n_samples, n_pixels)`` or ``(n_samples, rows,
        columns)``, whole numbers in ``[0, levels]`` of an integer or a floating type; labels are
        ``(n_samples,)``, whole numbers in ``[0, classes)``.
    levels : int
        The grey value that stands for white, from 1 to 255.
    shape : tuple of two int
        Rows and columns of an image.
    classes : int
        At least 2.
    class_names : tuple of str
        One a class, or none.

    Returns
    -------
    Dataset
        Holds copies that cannot be written to.

    Raises
    ------
    ValidationError
        If an array does not fit the description.

    Examples
    --------
    >>> images, labels = [[0, 9, 0, 9], [9, 0, 9, 0]], [0, 1]
    >>> part = (images, labels)
    >>> from_arrays("stripes", part, part, levels=9, shape=(2, 2), classes=2)
    Dataset('stripes', 2 training and 2 test images of 2 x 2, 2 classes)
    """
    rows, columns = shape
    if not 1 <= levels <= MAX_LEVELS:
        raise ValidationError(f"levels = {levels} is wrong: it must be from 1 to {MAX_LEVELS}")
    if rows < 1 or columns < 1:
        raise ValidationError(f"shape = {shape} is wrong: rows and columns must be at least 1")
    if classes < 2:
        raise ValidationError(f"classes = {classes} is wrong: it must be at least 2")
    learned, judged = (
        checked_part(f"{part}_images", images, f"{part}_labels", labels, levels, shape, classes)
        for part, (images, labels) in (("train", train), ("test", test))
    )
    return Dataset(name, *learned, *judged, classes, (rows, columns), levels, tuple(class_names))


def checked_part(
    images_name: str,
    images: npt.ArrayLike,
    labels_name: str,
    labels: npt.ArrayLike,
    levels: int,
    shape: tuple[int, int],
    classes: int,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Check one part of a data set and bring it into the form of `Dataset`.

    Parameters
    ----------
    images_name, labels_name : str
        What an error calls the arrays: an argument or a file.
    images : array_like, (n_samples, n_pixels) or (n_samples, rows, columns)
        Whole grey values.
    labels : array_like, (n_samples,)
        Whole numbers, the classes from 0.
    levels, shape, classes
        As in `from_arrays`.

    Returns
    -------
    images : (n_samples, n_pixels) ndarray of uint8
    labels : (n_samples,) ndarray of int64

    Raises
    ------
    ValidationError
        If the two do not fit the description, or each other.
    """
    grey = _whole_numbers(images_name, images, levels, "grey values")
    given = _whole_numbers(labels_name, labels, classes - 1, "labels")
    pixels = shape[0] * shape[1]
    if grey.shape[1:] not in ((pixels,), shape):
        raise ValidationError(
            f"{images_name} has the shape {grey.shape}, but images of {shape[0]} x {shape[1]} "
            f"pixels need (samples, {pixels}) or (samples, {shape[0]}, {shape[1]})"
        )
    if given.ndim != 1:
        raise ValidationError(f"{labels_name} has the shape {given.shape}; give one label a sample")
    if len(grey) != len(given):
        raise ValidationError(
            f"{images_name} holds {len(grey)} images, but {labels_name} holds {len(given)} labels; "
            "give the labels of these images"
        )
    if not len(grey):
        raise ValidationError(f"{images_name} holds no image; give at least one")
    flat = grey.reshape(len(grey), pixels).astype(np.uint8)
    plain = given.astype(np.int64)
    flat.flags.writeable = False
    plain.flags.writeable = False
    return flat, plain


def grey_values(images: Images) -> npt.NDArray[np.uint8]:
    """Images, for what is not done with events.

    Parameters
    ----------
    images : (n_samples, n_pixels) ndarray of uint8, or Events
        Samples of a data set.

    Returns
    -------
    (n_samples, n_pixels) ndarray of uint8

    Raises
    ------
    ValidationError
        If they are events.

    Examples
    --------
    >>> grey_values(np.zeros((2, 4), np.uint8)).shape
    (2, 4)
    """
    if isinstance(images, Events):
        raise ValidationError("this takes images of grey values, not events; give other data")
    return images


def probabilities(images: npt.ArrayLike | Events, levels: int) -> npt.NDArray[np.float64]:
    """Spike probabilities of grey values, on the grid 2^-24; of events, their rates.

    ``floor(value * 2^24 / levels + 1/2) / 2^24`` in exact integer arithmetic, so that every
    engine and machine gets the same number.

    Parameters
    ----------
    images : array_like of whole numbers in ``[0, levels]``, any shape; or Events
        Grey values. Of events, the numbers of spikes of each neuron take their place.
    levels : int
        The grey value with probability 1; of events, their number of steps takes its place.

    Returns
    -------
    ndarray of float64, the shape of ``images``
        In ``[0, 1]``, multiples of 2^-24.

    Raises
    ------
    ValidationError
        If a grey value lies outside ``[0, levels]``, or ``levels`` below 1 or above 65535.

    Examples
    --------
    >>> probabilities([0, 4, 16], levels=16)
    array([0.  , 0.25, 1.  ])
    """
    if isinstance(images, Events):
        return probabilities(images.totals(), images.steps)
    if not 1 <= levels < 2**16:
        raise ValidationError(f"levels = {levels} is wrong: it must be from 1 to {2**16 - 1}")
    grey = _whole_numbers("images", images, levels, "grey values")
    doubled = (np.arange(levels + 1, dtype=np.int64) << (PROBABILITY_BITS + 1)) + levels
    table = (doubled // (2 * levels)).astype(np.float64) * 2.0**-PROBABILITY_BITS
    return table[grey.astype(np.intp, copy=False)]


def _whole_numbers(
    name: str, values: npt.ArrayLike, largest: int, kind: str
) -> npt.NDArray[np.generic]:
    """The values as an array, if they are whole numbers in ``[0, largest]``."""
    array = np.asarray(values)
    if array.dtype.kind not in "buif":
        raise ValidationError(
            f"{name} has the type {array.dtype}; its {kind} must be whole numbers"
        )
    if not array.size:
        return array
    if array.dtype.kind == "f":
        foreign = ~np.isfinite(array) | (array != np.floor(array))
        if foreign.any():
            raise ValidationError(
                f"{name} holds {array[foreign].flat[0]}; its {kind} must be whole numbers"
            )
    for extreme in (array.min(), array.max()):
        if not 0 <= extreme <= largest:
            raise ValidationError(
                f"{name} holds {int(extreme)}, but its {kind} must be from 0 to {largest}"
            )
    return array
