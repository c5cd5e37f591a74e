"""A number that a card states, with where it stands and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pffspike.errors import ValidationError


@dataclass(frozen=True)
class Stated:
    """An integer of a device.

    Parameters
    ----------
    value : int
    source : str
        Where the figure stands.
    kind : {"measured", "published", "assumed"}
        As in `pffspike.devices.card.Figure`.
    """

    value: int
    source: str
    kind: Literal["measured", "published", "assumed"]

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise ValidationError(f"source = {self.source!r} must say where {self.value} stands")


def require(name: str, stated: Stated | None, low: int, high: int) -> None:
    """Raise `ValidationError` if a figure lies outside ``[low, high]``; None passes."""
    if stated is not None and not low <= stated.value <= high:
        raise ValidationError(f"{name} = {stated.value} must be from {low} to {high}")
