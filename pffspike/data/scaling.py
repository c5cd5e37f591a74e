"""How measured values become grey values of a picture that a network sees, and come back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.data.dataset import MAX_LEVELS
from pffspike.errors import ValidationError
from pffspike.typing import Floats

_NEURONS = 100  #: of a table's picture, at least: a feature gets as many pixels as that takes
_MOST_UNITS = 16  #: pixels of a feature, at most


@dataclass(frozen=True, eq=False)
class Scaling:
    """Values as grey values from 0 to 255, by knots.

    A feature is a row of pixels, one between each two of its knots: pixel ``k`` of the value ``x``
    has the grey value ``255 clip((x - knot_k) / (knot_(k+1) - knot_k), 0, 1)``, rounded, as the
    mercury in a thermometer rises from pixel to pixel (thermometer code, a population code of
    linear ramps). Where two knots are equal, a pixel is white above them and black up to them.

    Parameters
    ----------
    knots : (features, units + 1) ndarray of float64
        In order along a row; a single row serves all features.

    Examples
    --------
    >>> scaling = Scaling(np.array([[0.0, 1.0, 3.0]]))
    >>> scaling.grey(np.array([[0.2], [2.0]]))
    array([[ 51,   0],
           [255, 128]], dtype=uint8)
    >>> scaling.values(np.array([[1.0, 0.5]]))
    array([[2.]])
    """

    knots: Floats

    def __post_init__(self) -> None:
        ordered = self.knots.ndim == 2 and self.knots.shape[0] >= 1 and self.knots.shape[1] >= 2
        if not ordered or not np.all(np.isfinite(self.knots)) or np.any(np.diff(self.knots) < 0):
            raise ValidationError(
                f"knots of shape {self.knots.shape} must be finite and in order along each row, "
                f"two at least"
            )

    @property
    def by_feature(self) -> bool:
        """Whether every feature has knots of its own, as in a table."""
        return len(self.knots) > 1 or self.units > 1

    @property
    def units(self) -> int:
        """Pixels of a feature."""
        return self.knots.shape[1] - 1

    def grey(self, values: npt.ArrayLike) -> npt.NDArray[np.uint8]:
        """Grey values of values.

        Parameters
        ----------
        values : (n, features) array_like
            Finite numbers.

        Returns
        -------
        (n, features * units) ndarray of uint8
        """
        x = np.asarray(values, np.float64)[:, :, np.newaxis]
        low, high = self.knots[:, :-1], self.knots[:, 1:]
        with np.errstate(over="ignore"):
            width = high - low
            shares = (x - low) / np.where(width > 0, width, 1.0)
        shares = np.where(width > 0, shares, x > low).clip(0.0, 1.0)
        return np.floor(shares * MAX_LEVELS + 0.5).astype(np.uint8).reshape(len(x), -1)

    def values(self, grey: Floats) -> Floats:
        """Values of grey values, or of a prediction of them.

        Parameters
        ----------
        grey : (n, features * units) ndarray of float64
            In [0, 1].

        Returns
        -------
        (n, features) ndarray of float64
            Within the knots.
        """
        shares = np.asarray(grey, np.float64).reshape(len(grey), -1, self.units)
        widths = self.knots[:, 1:] - self.knots[:, :-1]
        return np.asarray(self.knots[:, 0] + (shares * widths).sum(axis=-1))


def table_scaling(values: Floats, units: int | None = None) -> Scaling:
    """Scaling of a table: knots of each feature at equal steps of its distribution.

    Parameters
    ----------
    values : (n, features) ndarray of float64
        Training samples.
    units : int or None
        Pixels of a feature; as many as make 100 in all by default, 16 at most.

    Returns
    -------
    Scaling

    Examples
    --------
    >>> table_scaling(np.arange(5.0)[:, np.newaxis], units=2).knots
    array([[0., 2., 4.]])
    """
    if units is None:
        units = min(_MOST_UNITS, -(-_NEURONS // values.shape[1]))
    if units < 1:
        raise ValidationError(f"units = {units} must be at least 1")
    steps = np.linspace(0.0, 1.0, units + 1)
    return Scaling(np.ascontiguousarray(np.quantile(values, steps, axis=0).T))


def picture_scaling(values: Floats) -> Scaling:
    """Scaling of pictures: black is the smallest value of all pixels, white the largest.

    Parameters
    ----------
    values : (n, pixels) ndarray of float64
        Training samples.

    Returns
    -------
    Scaling

    Examples
    --------
    >>> picture_scaling(np.array([[0.0, 0.25], [0.5, 1.0]])).knots
    array([[0., 1.]])
    """
    return Scaling(np.array([[values.min(), values.max()]]))
