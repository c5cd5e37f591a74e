"""Hybrid images: one image where a smooth random mask is 1, another one elsewhere."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter

_MOST = 12  #: blurs; so many keep the values of a mask exact


def hybrids(
    images: npt.NDArray[np.generic],
    others: npt.NDArray[np.generic],
    shape: tuple[int, int],
    samples: npt.NDArray[np.int64],
    seed: int,
) -> npt.NDArray[np.generic]:
    """Make a hybrid of each image and another one: a negative image that has no label.

    Short-range correlations of hybrids are those of images, and long-range ones are not. Source:
    Hinton, "The Forward-Forward Algorithm", arXiv 2212.13345, section 3.2. Masks are blurred once
    for every four rows or columns, whichever are fewer, at least once and at most twelve times.

    Parameters
    ----------
    images, others : (n, pixels) ndarray
        One image a row, row by row of pixels.
    shape : tuple of int
        Rows and columns of an image.
    samples : (n,) ndarray of int64
        Numbers that key the masks.
    seed : int
        Of the training.

    Returns
    -------
    (n, pixels) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> hybrids(np.ones((1, 16)), np.zeros((1, 16)), (4, 4), np.arange(1), seed=4).reshape(4, 4)
    array([[1., 1., 0., 0.],
           [1., 1., 0., 0.],
           [0., 1., 1., 0.],
           [0., 0., 1., 1.]])
    """
    keys = counter.derive_keys(counter.derive_key(seed, counter.HYBRIDS), samples)
    bits = counter.uniform(keys[:, None], np.arange(shape[0] * shape[1])) < 0.5
    blurs = min(max(1, min(shape) // 4), _MOST)
    mask = smooth(bits.reshape(len(samples), *shape), blurs)
    return np.where(mask.reshape(len(samples), -1), images, others)


def smooth(bits: npt.NDArray[np.bool_], blurs: int) -> npt.NDArray[np.bool_]:
    """Blur masks again and again with 1/4, 1/2, 1/4 down and across, and cut them at 1/2.

    Parameters
    ----------
    bits : (masks, rows, columns) ndarray of bool
        As they were drawn.
    blurs : int
        How often; beyond the edge stands the pixel at it.

    Returns
    -------
    (masks, rows, columns) ndarray of bool

    Examples
    --------
    >>> import numpy as np
    >>> smooth(np.array([[[1, 1, 0, 1, 0, 0]]], bool), 1).astype(int)
    array([[[1, 1, 0, 0, 0, 0]]])
    """
    values = bits.astype(float)
    for _ in range(blurs):
        for axis in (1, 2):
            first, last = (np.take(values, [end], axis) for end in (0, -1))
            wide = np.concatenate([first, values, last], axis)
            size = values.shape[axis]
            before, after = (np.take(wide, np.arange(k, k + size), axis) for k in (0, 2))
            values = 0.25 * before + 0.5 * values + 0.25 * after
    return values > 0.5
