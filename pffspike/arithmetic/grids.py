"""Dyadic grids: multiples of a power of two, which double precision adds without error.

A number on the grid ``e`` is an integer times ``2^e``. Sums and products of such numbers are
exact in double precision, in any order, with or without fused multiply-add, as long as the
result needs at most 53 bits. Everything that an engine computes stays within that bound
(`pffspike.network.exactness`), which is why engines agree to the bit.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pffspike.errors import ValidationError
from pffspike.typing import Floats

EXACT_BITS = 53  #: bits of a double's significand
GAIN_GRID = -8  #: divisive normalization is a multiple of 2^-8
RATE_GRID = -20  #: learning rates, homeostatic rates and targets
THRESHOLD_GRID = -8  #: goodness thresholds, slopes, noise of the hard negative
DRIVE_GRID = -24  #: biases, probabilities, uniform numbers


def nearest(x: npt.ArrayLike, grid: int) -> Floats:
    """Round to the nearest multiple of ``2^grid``, halves upwards.

    Parameters
    ----------
    x : array_like of float
        What is rounded.
    grid : int
        Exponent of the grid.

    Returns
    -------
    ndarray of float64
    """
    return np.floor(np.asarray(x, np.float64) * 2.0**-grid + 0.5) * 2.0**grid


def nearest_scalar(x: float, grid: int) -> float:
    """Round one number to the nearest multiple of ``2^grid``, halves upwards."""
    return math.floor(x * 2.0**-grid + 0.5) * 2.0**grid


def stochastic(x: npt.ArrayLike, uniform: Floats, grid: int) -> Floats:
    """Round to a multiple of ``2^grid`` at random, with the right mean.

    Parameters
    ----------
    x : array_like of float
        What is rounded.
    uniform : ndarray of float64 in [0, 1)
        One number a value; broadcasts against ``x``.
    grid : int
        Exponent of the grid.

    Returns
    -------
    ndarray of float64
        ``floor(x / 2^grid + uniform) * 2^grid``.
    """
    return np.floor(np.asarray(x, np.float64) * 2.0**-grid + uniform) * 2.0**grid


def saturate(x: npt.ArrayLike, low: float, high: float) -> Floats:
    """Clip to ``[low, high]``."""
    return np.minimum(np.maximum(x, low), high)


def bits(largest: float, grid: int) -> int:
    """Bits that a magnitude up to ``largest`` needs on the grid ``2^grid``.

    Parameters
    ----------
    largest : float
        Non-negative bound of the magnitude.
    grid : int
        Exponent of the grid.

    Returns
    -------
    int
        Length of the largest integer multiple.
    """
    return math.ceil(largest * 2.0**-grid).bit_length()


def on_grid(x: npt.ArrayLike, grid: int) -> bool:
    """Whether every value is a multiple of ``2^grid``."""
    scaled = np.asarray(x, np.float64) * 2.0**-grid
    return bool(np.all(scaled == np.floor(scaled)))


def gain_table(kind: str, size: int) -> Floats:
    """Divisive normalization by the number of spikes of the sending population.

    Parameters
    ----------
    kind : {"sqrt", "shift", "none"}
        ``sqrt``: ``1/sqrt(max(1, n))`` to the nearest multiple of 2^-8; ``shift``:
        ``2^-round(log2 sqrt n)``, all that a shift can do; ``none``: 1.
    size : int
        Number of neurons of the population.

    Returns
    -------
    (size + 1,) ndarray of float64
        The gain for 0, 1, ..., ``size`` spikes.

    Notes
    -----
    Integer arithmetic throughout, so that no square root's last bit can matter.
    """
    counts = [max(1, n) for n in range(size + 1)]
    if kind == "sqrt":
        one = 1 << -GAIN_GRID
        return np.array([(math.isqrt(4 * one * one // n) + 1) // 2 / one for n in counts])
    if kind == "shift":
        return np.array([2.0 ** -(n.bit_length() // 2) for n in counts])
    if kind == "none":
        return np.ones(size + 1)
    raise ValidationError(f"normalization {kind!r} is not one of 'sqrt', 'shift', 'none'")
