"""Augmentation: images moved by a few pixels, and mirrored."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter


def augmented(
    images: npt.NDArray[np.generic],
    shape: tuple[int, int],
    samples: npt.NDArray[np.int64],
    seed: int,
    *,
    shift: int = 0,
    flip: bool = False,
) -> npt.NDArray[np.generic]:
    """Mirror and move training images as a schedule asks, see `flipped` and `shifted`.

    Parameters
    ----------
    images : (n, pixels) ndarray
        One image a row, row by row of pixels.
    shape : tuple of int
        Rows and columns of an image.
    samples : (n,) ndarray of int64
        Numbers that key what happens to each.
    seed : int
        Of the training.
    shift : int
        The largest displacement, in pixels.
    flip : bool
        Whether half of the images are mirrored.

    Returns
    -------
    (n, pixels) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> images = np.array([[1, 2, 3, 4], [1, 2, 3, 4]])
    >>> augmented(images, (2, 2), np.arange(2), 4, flip=True)
    array([[2, 1, 4, 3],
           [1, 2, 3, 4]])
    """
    if flip:
        images = flipped(images, shape, samples, seed)
    return shifted(images, shape, shift, samples, seed)


def flipped(
    images: npt.NDArray[np.generic],
    shape: tuple[int, int],
    samples: npt.NDArray[np.int64],
    seed: int,
) -> npt.NDArray[np.generic]:
    """Mirror each image, left to right, with a probability of one half.

    Parameters
    ----------
    images : (n, pixels) ndarray
        One image a row, row by row of pixels.
    shape : tuple of int
        Rows and columns of an image.
    samples : (n,) ndarray of int64
        Numbers that key the choices.
    seed : int
        Of the training.

    Returns
    -------
    (n, pixels) ndarray
    """
    keys = counter.derive_keys(counter.derive_key(seed, counter.MOVES), samples)
    chosen = counter.integers(keys, 2, 2) == 1
    return np.where(chosen[:, None], mirrored(images, shape), images)


def mirrored(images: npt.NDArray[np.generic], shape: tuple[int, int]) -> npt.NDArray[np.generic]:
    """Mirror all images, left to right.

    Parameters
    ----------
    images : (n, pixels) ndarray
        One image a row, row by row of pixels.
    shape : tuple of int
        Rows and columns of an image.

    Returns
    -------
    (n, pixels) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> mirrored(np.array([[1, 2, 3, 4, 5, 6]]), (2, 3))
    array([[3, 2, 1, 6, 5, 4]])
    """
    return images.reshape(-1, *shape)[:, :, ::-1].reshape(images.shape)


def shifted(
    images: npt.NDArray[np.generic],
    shape: tuple[int, int],
    largest: int,
    samples: npt.NDArray[np.int64],
    seed: int,
) -> npt.NDArray[np.generic]:
    """Move images at random, up to ``largest`` pixels down, up, right and left.

    Parameters
    ----------
    images : (n, pixels) ndarray
        One image a row, row by row of pixels.
    shape : tuple of int
        Rows and columns of an image.
    largest : int
        Every displacement from ``-largest`` to ``largest`` is equally probable, in both directions.
    samples : (n,) ndarray of int64
        Numbers that key the displacements.
    seed : int
        Of the training.

    Returns
    -------
    (n, pixels) ndarray
        What comes in from outside is 0.
    """
    if largest == 0:
        return images
    keys = counter.derive_keys(counter.derive_key(seed, counter.MOVES), samples)
    down, right = (counter.integers(keys, side, 2 * largest + 1) - largest for side in (0, 1))
    moved = np.empty_like(images)
    steps = range(-largest, largest + 1)
    for y, x in itertools.product(steps, steps):
        chosen = np.flatnonzero((down == y) & (right == x))
        moved[chosen] = displaced(images[chosen], shape, y, x)
    return moved


def displaced(
    images: npt.NDArray[np.generic], shape: tuple[int, int], down: int, right: int
) -> npt.NDArray[np.generic]:
    """Move images by whole pixels.

    Parameters
    ----------
    images : (n, pixels) ndarray
        One image a row, row by row of pixels.
    shape : tuple of int
        Rows and columns of an image.
    down, right : int
        Pixels; negative: up, and to the left.

    Returns
    -------
    (n, pixels) ndarray
        What comes in from outside is 0.

    Examples
    --------
    >>> import numpy as np
    >>> displaced(np.array([[1, 2, 3, 4]]), (2, 2), 0, 1)
    array([[0, 1, 0, 3]])
    """
    rows, columns = shape
    stacked = images.reshape(-1, rows, columns)
    room = np.pad(stacked, ((0, 0), (abs(down), abs(down)), (abs(right), abs(right))))
    top, left = abs(down) - down, abs(right) - right
    return room[:, top : top + rows, left : left + columns].reshape(images.shape)
