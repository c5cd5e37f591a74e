"""Values that a card gives, each with its source and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pffspike.errors import ValidationError

Kind = Literal["measured", "published", "assumed"]

JOULE = {"J": 1.0, "mJ": 1e-3, "uJ": 1e-6, "nJ": 1e-9, "pJ": 1e-12, "fJ": 1e-15}
WATT = {"W": 1.0, "mW": 1e-3, "uW": 1e-6}
SECOND = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_SI = JOULE | WATT | SECOND

#: the source that ``hardware/template.toml`` has in the place of one
PLACEHOLDER = "authors, journal or address, year, table, and the conditions"


def check_source(source: str, value: float) -> None:
    """Raise `ValidationError` if a source says nothing or is the template's placeholder.

    Parameters
    ----------
    source : str
        Where the value stands.
    value : float
        The value, for the message.

    Examples
    --------
    >>> check_source("Davies et al., IEEE Micro 38(1), 2018, table 2", 23.6)
    >>> check_source("", 23.6)
    Traceback (most recent call last):
    pffspike.errors.ValidationError: source = '' must say where 23.6 stands
    """
    if not source.strip():
        raise ValidationError(f"source = {source!r} must say where {value} stands")
    if source.strip() == PLACEHOLDER:
        raise ValidationError(
            f"source = {source!r} is the template's placeholder; say where {value} stands, or "
            f"leave the value out"
        )


@dataclass(frozen=True)
class SourcedValue:
    """A whole number that a card gives, such as a capacity or a number of bits.

    Parameters
    ----------
    value : int
        The number.
    source : str
        Where the value stands.
    kind : {"measured", "published", "assumed"}
        As in `Quantity`.

    Raises
    ------
    ValidationError
        If the source is empty or the template's placeholder.

    Examples
    --------
    >>> SourcedValue(128, "Davies et al., IEEE Micro 38(1), 2018", "published").value
    128
    """

    value: int
    source: str
    kind: Kind

    def __post_init__(self) -> None:
        check_source(self.source, self.value)


@dataclass(frozen=True)
class Quantity:
    """A value with a unit that a card gives: the energy of an event, a power or a duration.

    Parameters
    ----------
    value : float
        In ``unit``, not negative.
    unit : str
        Of energy: J, mJ, uJ, nJ, pJ, fJ; of power: W, mW, uW; of time: s, ms, us, ns.
    source : str
        Where the value stands.
    kind : {"measured", "published", "assumed"}
        Measured on silicon by its source (a regression on measurements counts), published by its
        source without a measurement (for example from simulation), or assumed by the card's
        author.

    Raises
    ------
    ValidationError
        If the value is negative, or the source is empty or the template's placeholder.

    Examples
    --------
    >>> Quantity(23.6, "pJ", "Davies et al., IEEE Micro 38(1), 2018", "published").si
    2.36e-11
    """

    value: float
    unit: Literal["J", "mJ", "uJ", "nJ", "pJ", "fJ", "W", "mW", "uW", "s", "ms", "us", "ns"]
    source: str
    kind: Kind

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValidationError(f"value = {self.value} must not be negative")
        check_source(self.source, self.value)

    @property
    def si(self) -> float:
        """The value in joule, watt or seconds."""
        return self.value * _SI[self.unit]

    def check(self, key: str, units: Mapping[str, float]) -> None:
        """Raise `ValidationError` if the unit is not one of those given.

        Parameters
        ----------
        key : str
            What the value is, for the message.
        units : mapping of str to float
            `JOULE`, `WATT` or `SECOND`.
        """
        if self.unit not in units:
            raise ValidationError(f"{key}: unit = {self.unit!r} must be one of: {', '.join(units)}")


def require(name: str, given: SourcedValue | None, low: int, high: int) -> None:
    """Raise `ValidationError` if a value lies outside ``[low, high]``; None passes.

    Parameters
    ----------
    name : str
        What the value is, for the message.
    given : SourcedValue or None
        The value.
    low, high : int
        The least and the largest value allowed.

    Examples
    --------
    >>> require("weight_bits", SourcedValue(1, "somewhere", "assumed"), 2, 31)
    Traceback (most recent call last):
    pffspike.errors.ValidationError: weight_bits = 1 must be from 2 to 31
    """
    if given is not None and not low <= given.value <= high:
        raise ValidationError(f"{name} = {given.value} must be from {low} to {high}")
