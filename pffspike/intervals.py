"""Intervals of 95 %, for what was measured on some images or with some seeds.

- A fraction of images: Wilson's score interval.
- A mean over images or seeds: Student's t interval.
- A difference of two fractions of the same images: the adjusted Wald interval of Bonett and Price
  (J. Educ. Behav. Stat. 37(4), 2012), which has a width even where all answers agree.
- A difference of two means over the same images or seeds: Student's t interval of the differences.
- A ratio of two such means: the same of the ratio's first-order expansion (the delta method).

``tests/statistics/test_intervals.py`` measures how often they hold the true value.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_CONFIDENCE = 0.95


class Interval(NamedTuple):
    """An interval that holds the true value with 95 % confidence.

    Parameters
    ----------
    low, high : float
        Its ends, in the unit of the value; nan where nothing can be said, as of a single seed.

    Examples
    --------
    >>> Interval(0.1, 0.2).high
    0.2
    """

    low: float
    high: float


UNKNOWN = Interval(math.nan, math.nan)  #: where nothing can be said


def of_fraction(right: int, images: int) -> Interval:
    """Wilson's score interval of a fraction.

    Parameters
    ----------
    right : int
        Images that were answered right.
    images : int
        How many there are.

    Returns
    -------
    Interval
        Of the probability that an image of the kind is answered right.

    Examples
    --------
    >>> [round(end, 3) for end in of_fraction(351, 360)]
    [0.953, 0.987]
    """
    if images < 1:
        return UNKNOWN
    z = _normal()
    share, spread = right / images, z**2 / images
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt((share * (1 - share) + spread / 4) / images)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def of_mean(values: npt.ArrayLike) -> Interval:
    """Student's t interval of a mean.

    Parameters
    ----------
    values : (n,) array_like of float
        One for each image or seed.

    Returns
    -------
    Interval
        Unknown of a single value.

    Examples
    --------
    >>> [round(end, 2) for end in of_mean([1.0, 2.0, 3.0])]
    [-0.48, 4.48]
    """
    found = np.asarray(values, np.float64)
    if len(found) < 2:
        return UNKNOWN
    half = _student(len(found) - 1) * found.std(ddof=1) / math.sqrt(len(found))
    return Interval(float(found.mean() - half), float(found.mean() + half))


def of_difference(first: npt.ArrayLike, second: npt.ArrayLike) -> Interval:
    """Interval of the mean of ``first - second``, of pairs.

    Parameters
    ----------
    first, second : (n,) array_like of bool or float
        Two values of each image or seed. Of booleans, such as whether an answer is right, the
        interval is that of Bonett and Price; else Student's.

    Returns
    -------
    Interval

    Examples
    --------
    >>> same = [True] * 100
    >>> [round(end, 3) for end in of_difference(same, same)]
    [-0.027, 0.027]
    """
    a, b = np.asarray(first), np.asarray(second)
    if a.dtype != np.bool_ or b.dtype != np.bool_:
        return of_mean(a.astype(np.float64) - b)
    if not len(a):
        return UNKNOWN
    won, lost = ((np.sum(x & ~y) + 1) / (len(a) + 2) for x, y in ((a, b), (b, a)))
    half = _normal() * math.sqrt((won + lost - (won - lost) ** 2) / (len(a) + 2))
    return Interval(float(won - lost - half), float(won - lost + half))


def of_ratio(first: npt.ArrayLike, second: npt.ArrayLike) -> Interval:
    """Interval of the mean of ``first`` over the mean of ``second``, of pairs.

    Parameters
    ----------
    first, second : (n,) array_like of float
        Two values of each image or seed, those of ``second`` above 0.

    Returns
    -------
    Interval

    Examples
    --------
    >>> [round(end, 2) for end in of_ratio([1.0, 2.1, 2.9], [2.0, 4.0, 6.0])]
    [0.44, 0.56]
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if len(a) < 2 or not b.mean():
        return UNKNOWN
    ratio = float(a.mean() / b.mean())
    low, high = of_mean((a - ratio * b) / b.mean())
    return Interval(ratio + low, ratio + high)


def _normal() -> float:
    """Quantile of the normal distribution that leaves half of the rest above it."""
    from scipy.special import ndtri

    return float(ndtri((1 + _CONFIDENCE) / 2))


def _student(freedom: int) -> float:
    """The same of Student's distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + _CONFIDENCE) / 2))
