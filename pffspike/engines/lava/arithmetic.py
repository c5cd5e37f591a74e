"""The two number formats of the Lava engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import grids

Format = Literal["fixed", "floating"]


@dataclass(frozen=True)
class Arithmetic:
    """How numbers on a dyadic grid are held by process models.

    Parameters
    ----------
    name : {"fixed", "floating"}
        ``fixed``: as integers, multiples of the grid, and nothing else; ``floating``: as they
        are, in double precision.
    """

    name: Format

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

    def encode(self, values: npt.ArrayLike, grid: int) -> npt.NDArray:  # type: ignore[type-arg]
        """Give multiples of ``2^grid`` in this format.

        Parameters
        ----------
        values : array_like of float
        grid : int

        Returns
        -------
        ndarray of `dtype`, same shape

        Raises
        ------
        ValueError
            If a value is not on the grid: nothing is rounded here.
        """
        real = np.asarray(values, np.float64)
        if self.name == "floating":
            return real.copy()
        if not grids.on_grid(real, grid):
            raise ValueError(f"a value is not a multiple of 2^{grid}, so it has no exact integer")
        return (real * 2.0**-grid).astype(np.int64)
