"""The real numbers of a network as engines use them: rounded to their grids."""

from __future__ import annotations

from typing import Protocol

from pffspike.arithmetic import grids


class Noisy(Protocol):
    """What is asked of a hard negative."""

    @property
    def noise(self) -> float:
        """Of its choice, in spikes."""


def rate(value: float, scale: float = 1.0) -> float:
    """Learning rate, homeostatic rate or target rate on the grid 2^-20.

    Parameters
    ----------
    value : float
        Of the card.
    scale : float
        Factor of the schedule, applied before rounding.

    Returns
    -------
    float
    """
    return grids.nearest_scalar(value * scale, grids.RATE_GRID)


def noise(hard_negative: Noisy) -> float:
    """Noise of the choice of a hard negative, in spikes, on the grid 2^-8."""
    return grids.nearest_scalar(hard_negative.noise, grids.THRESHOLD_GRID)


def decayed(factor: float, epochs: int) -> float:
    """``factor`` to the power ``epochs`` by repeated multiplication (the same on any machine)."""
    scale = 1.0
    for _ in range(epochs):
        scale *= factor
    return scale
