r"""Rounding of a weight matrix to integers of few bits times a power of two.

The error that counts is that of the summed input of a neuron. With inputs ``a_i`` of second
moments ``M`` (`pffspike.quantization.activity`) and weights changed by ``d_j``, the expected
squared error of neuron ``j`` is ``d_j^T M d_j``. `nearest` rounds every weight by itself;
`feedback` rounds the weights of a neuron one after the other, and moves those that are still to
be rounded to where they undo the error best. Source: Hassibi and Stork, "Second order derivatives
for network pruning: optimal brain surgeon", NIPS 1992, with the fixed order and the Cholesky
factor of Frantar et al., "GPTQ", arXiv 2210.17323.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pffspike.typing import Floats

_DAMPING = 0.01  #: share of the mean second moment added to each: no input is quite unheard of


@dataclass(frozen=True)
class Code:
    """Integers that a weight may be: from ``low`` to ``high``."""

    low: int
    high: int

    def round(self, scaled: Floats) -> Floats:
        """Nearest of them, halves upwards."""
        return np.clip(np.floor(scaled + 0.5), self.low, self.high)


def code(bits: int, weights: Floats) -> Code:
    """Integers of a number of bits, by the signs of the weights.

    Parameters
    ----------
    bits : int
        Of a weight, its sign included where both signs occur.
    weights : ndarray of float64
        As trained.

    Returns
    -------
    Code
        ``-2^(bits-1)`` to ``2^(bits-1) - 1`` for both signs; for weights of one sign, which need
        no sign bit, 0 to ``2^bits - 1`` or its negative.
    """
    if np.all(weights >= 0):
        return Code(0, 2**bits - 1)
    if np.all(weights <= 0):
        return Code(1 - 2**bits, 0)
    return Code(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def error(change: Floats, moments: Floats) -> float:
    """Expected squared error of the summed input, mean over neurons.

    Parameters
    ----------
    change : (n_pre, n_post) ndarray of float64
        Rounded weights less those as trained.
    moments : (n_pre, n_pre) or (n_pre,) ndarray of float64
        Second moments; only those of each input with itself if there is one axis.

    Returns
    -------
    float
    """
    weighted = moments[:, None] * change if moments.ndim == 1 else moments @ change
    return float(np.sum(change * weighted) / change.shape[1])


def damped(moments: Floats) -> Floats:
    """Second moments with a little added to those of each input with itself."""
    diagonal = np.diagonal(moments) if moments.ndim == 2 else moments
    added = _DAMPING * diagonal.mean() + np.finfo(float).tiny
    return moments + added * (np.eye(len(moments)) if moments.ndim == 2 else 1.0)


def nearest(weights: Floats, grid: int, allowed: Code) -> Floats:
    """Round every weight to the nearest multiple of ``2^grid`` that the code has."""
    return allowed.round(weights * 2.0**-grid) * 2.0**grid


def feedback(weights: Floats, grid: int, allowed: Code, moments: Floats) -> Floats:
    """Round the weights from one input after the other, later ones undoing the error of earlier.

    Parameters
    ----------
    weights : (n_pre, n_post) ndarray of float64
        As trained.
    grid : int
        Rounded weights are multiples of ``2^grid``.
    allowed : Code
        Integers that can be stored.
    moments : (n_pre, n_pre) ndarray of float64
        Second moments, `damped`. Inputs are rounded in the order of their own, largest first.

    Returns
    -------
    (n_pre, n_post) ndarray of float64
    """
    order = np.argsort(-np.diagonal(moments), kind="stable")
    inverse = np.linalg.inv(moments[np.ix_(order, order)])
    factor = np.linalg.cholesky((inverse + inverse.T) / 2).T
    left = weights[order] * 2.0**-grid
    rounded = np.empty_like(left)
    for i in range(len(left)):
        rounded[i] = allowed.round(left[i])
        step = (left[i] - rounded[i]) / factor[i, i]
        left[i + 1 :] -= np.outer(factor[i, i + 1 :], step)
    result = np.empty_like(rounded)
    result[order] = rounded * 2.0**grid
    return result
