"""Numbers that key the noise of a presentation: of an image, and of its trials."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter, grids
from pffspike.errors import ValidationError
from pffspike.typing import Floats, Integers

_BITS = 62  #: of a number: within what every engine takes for a sample


def content_keys(images: Floats) -> Integers:
    """Number images by their content, so that an answer does not depend on an image's place.

    Equal images get equal numbers, in any order, subset or batch, on any machine: the first 62 bits
    of the BLAKE2b hash of an image's probabilities as integers on their grid.

    Parameters
    ----------
    images : (samples, neurons) ndarray of float64
        Spike probabilities on the grid 2^-24.

    Returns
    -------
    (samples,) ndarray of int64

    Examples
    --------
    >>> import numpy as np
    >>> images = np.array([[0.0, 0.5], [0.25, 1.0]])
    >>> bool(np.all(content_keys(images)[::-1] == content_keys(images[::-1])))
    True
    """
    whole = np.rint(np.asarray(images) * 2.0**-grids.DRIVE_GRID).astype("<u4")
    hashes = (hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in whole)
    numbers = [int.from_bytes(digest, "little") >> (64 - _BITS) for digest in hashes]
    return np.array(numbers, np.int64)


def sample_numbers(images: Floats, samples: npt.ArrayLike | None) -> Integers:
    """Numbers of images: those given, or by content.

    Parameters
    ----------
    images : (samples, neurons) ndarray of float64
        Spike probabilities.
    samples : (samples,) array_like of int, or None
        Numbers that the caller chose; None: derived from the images.

    Returns
    -------
    (samples,) ndarray of int64

    Raises
    ------
    ValidationError
        If the images are not rows of probabilities, or there is not one number an image.

    Examples
    --------
    >>> import numpy as np
    >>> sample_numbers(np.zeros((2, 4)), [5, 6])
    array([5, 6])
    """
    if np.ndim(images) != 2 or np.asarray(images).dtype.kind != "f":
        raise ValidationError(
            f"images have shape {np.shape(images)} and type {np.asarray(images).dtype}; give "
            f"(samples, neurons) spike probabilities, as trained.coding.encode makes them of grey "
            f"values"
        )
    if samples is None:
        return content_keys(images)
    numbers = np.asarray(samples, np.int64)
    if numbers.shape != (len(images),):
        raise ValidationError(
            f"samples have shape {numbers.shape} for {len(images)} images; give one number an image"
        )
    return numbers


def trial_seed(seed: int, trial: int) -> int:
    """Seed of one of several trials of the same images; that of the first is ``seed`` itself.

    Parameters
    ----------
    seed : int
        Of everything random.
    trial : int
        From 0.

    Returns
    -------
    int

    Examples
    --------
    >>> trial_seed(7, 0)
    7
    """
    return counter.derive_key(seed, counter.TRIALS, trial) if trial else seed
