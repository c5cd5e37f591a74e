"""The two number formats of the Lava engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import grids
from pffspike.errors import ValidationError
from pffspike.typing import Array, Floats

Format = Literal["fixed", "floating"]


@dataclass(frozen=True)
class Dyadic:
    """Integers times a power of two: what fixed-point models reckon with, by shifts alone.

    Parameters
    ----------
    integers : ndarray of int64, or int
        The numbers, as multiples of the grid.
    grid : int
        The numbers are ``integers * 2^grid``.
    """

    integers: Any
    grid: int

    def at(self, grid: int) -> Any:
        """Integers on a grid that is as fine or finer."""
        return self.integers << (self.grid - grid)

    def __add__(self, other: Dyadic) -> Dyadic:
        grid = min(self.grid, other.grid)
        return Dyadic(self.at(grid) + other.at(grid), grid)

    def __sub__(self, other: Dyadic) -> Dyadic:
        return self + Dyadic(-other.integers, other.grid)

    def __mul__(self, other: Dyadic) -> Dyadic:
        return Dyadic(self.integers * other.integers, self.grid + other.grid)

    def __getitem__(self, index: Any) -> Dyadic:
        return Dyadic(self.integers[index], self.grid)

    def floor(self, grid: int) -> Any:
        """Integers on another grid, rounded downwards if it is a coarser one."""
        if grid <= self.grid:
            return self.at(grid)
        return self.integers >> (grid - self.grid)


def _logistic_table() -> Floats:
    middles = LOGISTIC_LOW + (np.arange(256) + 0.5) * 2.0**LOGISTIC_GRID
    return grids.nearest(1.0 / (1.0 + np.exp(-4.0 * (middles - 0.5))), -16)


LOGISTIC_LOW, LOGISTIC_GRID = -1.5, -6  #: first drive of the table, and the width of an entry
#: Spike probability ``1 / (1 + exp(-4 (u - 1/2)))``, whose tangent at 1/2 is the hard sigmoid, for
#: 256 ranges of the drive from -1.5 to 2.5; on the grid 2^-16, so that it is the same everywhere.
LOGISTIC = _logistic_table()

Number = Any  #: a `Dyadic` in fixed point, a float or an array of floats in floating point


@dataclass(frozen=True)
class Arithmetic:
    """How numbers on a dyadic grid are held by process models.

    Parameters
    ----------
    name : {"fixed", "floating"}
        ``fixed``: as integers, multiples of the grid, and nothing else; ``floating``: as they
        are, in double precision.
    checked : bool
        Whether the models check every number against the width that it has to fit.
    gain_bits : int or None
        Gains are rounded to so many bits after the point; None: exact.
    logistic : bool
        Whether populations look up their spike probability in `LOGISTIC` instead of clipping
        the drive, which no other engine does.

    Notes
    -----
    What is kept in arrays and sent is *raw*: integers on a grid that both sides know, or doubles.
    Formulas are written once, with `Number`, which `number` makes of what is raw and `floor`
    makes raw again.
    """

    name: Format
    checked: bool = False
    gain_bits: int | None = None
    logistic: bool = False

    @property
    def tag(self) -> str:
        """Tag of the process models."""
        return {"fixed": "fixed_pt", "floating": "floating_pt"}[self.name]

    @property
    def dtype(self) -> type[np.generic]:
        """Type of weights, biases, probabilities and currents."""
        return np.int64 if self.name == "fixed" else np.float64

    @property
    def payload(self) -> type[np.generic]:
        """Type of what a spike carries."""
        return np.int32 if self.name == "fixed" else np.float64

    def encode(self, values: npt.ArrayLike, grid: int) -> Array:
        """Give multiples of ``2^grid`` in this format.

        Parameters
        ----------
        values : array_like of float
            Numbers on the grid.
        grid : int
            They are multiples of ``2^grid``.

        Returns
        -------
        ndarray of `dtype`, same shape

        Raises
        ------
        ValidationError
            If a value is not on the grid: nothing is rounded here.
        """
        real = np.asarray(values, np.float64)
        if self.name == "floating":
            return real.copy()
        if not grids.on_grid(real, grid):
            raise ValidationError(
                f"a value is not a multiple of 2^{grid}, so it has no exact integer"
            )
        return (real * 2.0**-grid).astype(np.int64)

    def decode(self, raw: Array, grid: int) -> Floats:
        """Doubles from what `encode` gives."""
        return raw.copy() if self.name == "floating" else raw * 2.0**grid

    def number(self, raw: Any, grid: int) -> Number:
        """Reckon with raw values on a grid."""
        return Dyadic(raw, grid) if self.name == "fixed" else raw

    def constant(self, value: float) -> Number:
        """Reckon with a dyadic constant, on its own coarsest grid."""
        if self.name == "floating":
            return value
        numerator, denominator = value.as_integer_ratio()
        return Dyadic(numerator, 1 - denominator.bit_length())

    def ratio(self, counts: Any, exponent: int) -> Number:
        """``counts / 2^exponent`` for integers ``counts``."""
        return Dyadic(counts, -exponent) if self.name == "fixed" else counts * 2.0**-exponent

    def floor(self, number: Number, grid: int) -> Any:
        """Raw multiples of ``2^grid``, rounded downwards."""
        if self.name == "fixed":
            return number.floor(grid)
        return np.floor(number * 2.0**-grid) * 2.0**grid

    def clip(self, number: Number, low: float, high: float) -> Number:
        """Saturate at two integers."""
        if self.name == "floating":
            return np.clip(number, low, high)
        limits = (int(limit) << -number.grid for limit in (low, high))
        return Dyadic(np.clip(number.integers, *limits), number.grid)
