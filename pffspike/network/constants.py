"""The real numbers of a network as engines use them: rounded to their grids."""

from __future__ import annotations

from pffspike.arithmetic import grids
from pffspike.network.spec import HardNegative


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


def noise(hard_negative: HardNegative) -> float:
    """Noise of the choice of a hard negative, in spikes, on the grid 2^-8."""
    return grids.nearest_scalar(hard_negative.noise, grids.THRESHOLD_GRID)


def decayed(factor: float, epochs: int) -> float:
    """``factor`` to the power ``epochs`` by repeated multiplication (the same on any machine)."""
    scale = 1.0
    for _ in range(epochs):
        scale *= factor
    return scale
