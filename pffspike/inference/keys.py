"""Numbers that key the noise of a presentation: of an image, and of its trials."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter, grids
from pffspike.errors import ValidationError
from pffspike.network.events import Events, Stimulus, in_time
from pffspike.typing import Integers

_BITS = 62  #: of a number: within what every engine takes for a sample


def content_keys(images: Stimulus) -> Integers:
    """Number images by their content, so that an answer does not depend on an image's place.

    Equal images get equal numbers, in any order, subset or batch, on any machine: the first 62 bits
    of the BLAKE2b hash of an image's probabilities as integers on their grid.

    Parameters
    ----------
    images : (samples, neurons) or (samples, steps, neurons) ndarray, or Events
        Spike probabilities on the grid 2^-24, or those of each step.

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
    return np.array([_key(images[k : k + 1]) for k in range(len(images))], np.int64)


def _key(image: Stimulus) -> int:
    values = image.raster() if isinstance(image, Events) else image
    whole = np.rint(values * 2.0**-grids.DRIVE_GRID).astype("<u4")
    digest = hashlib.blake2b(whole.tobytes(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> (64 - _BITS)


def sample_numbers(images: Stimulus, samples: npt.ArrayLike | None) -> Integers:
    """Numbers of images: those given, or by content.

    Parameters
    ----------
    images : (samples, neurons) or (samples, steps, neurons) ndarray, or Events
        Spike probabilities, or those of each step.
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
    values = images if isinstance(images, Events) else np.asarray(images)
    if not (in_time(values) or (values.ndim == 2 and values.dtype.kind == "f")):
        raise ValidationError(
            f"images have shape {values.shape} and type {values.dtype}; give (samples, neurons) "
            f"spike probabilities, as trained.coding.encode makes them of grey values, or those "
            f"of each step, (samples, steps, neurons)"
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
