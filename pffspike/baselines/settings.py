"""Checks of settings that several baselines share."""

from __future__ import annotations

from pffspike.errors import ValidationError


def check_counts(config: object, *names: str) -> None:
    """Refuse settings below 1.

    Parameters
    ----------
    config : object
        With the settings as attributes.
    *names : str
        Of the settings.

    Raises
    ------
    ValidationError
        Which names the first one.
    """
    for name in names:
        if getattr(config, name) < 1:
            raise ValidationError(f"{name} = {getattr(config, name)} must be at least 1")


def check_hidden(hidden: tuple[int, ...]) -> None:
    """Refuse hidden layers of no units, or none at all.

    Parameters
    ----------
    hidden : tuple of int
        Sizes, from the bottom up.

    Raises
    ------
    ValidationError
        If there is no size, or one below 1.
    """
    if not hidden or min(hidden) < 1:
        raise ValidationError(f"hidden = {hidden} must name sizes of at least 1")


def check_schedule(decay: float, shift: int) -> None:
    """Refuse a learning rate that grows, and a negative shift.

    Parameters
    ----------
    decay : float
        Of the learning rate, each epoch.
    shift : int
        Pixels by which training images are moved.

    Raises
    ------
    ValidationError
        If the decay is not in (0, 1], or the shift is negative.
    """
    if not 0 < decay <= 1:
        raise ValidationError(f"decay = {decay} must lie above 0 and be at most 1")
    if shift < 0:
        raise ValidationError(f"shift = {shift} must not be negative")
