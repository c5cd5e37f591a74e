"""Energy per inference on a device, as a value: by profile, and term by term."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pffspike.devices import Quantity
from pffspike.energies.counts import Counts, Spread
from pffspike.intervals import Interval, of_mean
from pffspike.tabular import Tabular
from pffspike.text import html_table, joule
from pffspike.typing import Floats


@dataclass(frozen=True)
class Term:
    """A count, the energy of one of it, and what they come to.

    Parameters
    ----------
    event, part, place, phase : str
        As in `pffspike.energies.events.EventCount`; of the static power, event and part are
        ``static`` and the place says which cores it is of.
    count : float
        Per inference; of the static power, steps.
    value : Quantity or None
        Energy of one event by the profile; None: the profile has none.
    energy : float
        Count times value per inference, J; 0 without a value.
    """

    event: str
    part: str
    place: str
    phase: str
    count: float
    value: Quantity | None
    energy: float


@dataclass(frozen=True)
class ProfileEnergy:
    """Energy per inference by one profile of a device card: three values, and their terms.

    Parameters
    ----------
    events : float or None
        Energy of the events alone, J: the least that can be said, of a chip whose static power
        others pay for. None: no value, see `energy`.
    total : float or None
        Energy of the events and of the static power of the cores in use while the steps last, J.
        The value that leads. Where the cores' part is not known it is that of the whole chip.
    whole_chip : float or None
        Energy of the events and of the static power of all chips that the network is on, J: of a
        chip that nothing else uses.
    terms : tuple of Term
        The terms whose sum ``total`` is.
    spread : Spread or None
        Of ``total`` over the inferences, J; None: not known.
    unpriced : tuple of str
        Events that occur and have no energy in the profile.
    by_inference : (inferences,) ndarray of float64
        ``total`` of each inference, J; empty: no value.
    """

    events: float | None
    total: float | None
    whole_chip: float | None
    terms: tuple[Term, ...]
    spread: Spread | None = None
    unpriced: tuple[str, ...] = ()
    by_inference: Floats = field(default_factory=lambda: np.zeros(0), repr=False, compare=False)


@dataclass(frozen=True)
class Energy(Tabular):
    """Energy per inference on a device.

    Parameters
    ----------
    device : str
        Name of the device card.
    default : str
        The profile that ``events``, ``total``, ``whole_chip``, ``terms``, ``spread`` and
        ``unpriced`` are of.
    profiles : mapping of str to ProfileEnergy
        By the name of the profile, all of the card.
    counts : Counts
        Events per inference.
    not_counted : tuple of str
        What the values leave out, and what keeps the network from running there as it is.
    comparable : tuple of str
        Profiles that have an energy for every event that occurs and has one in the default.
    """

    device: str
    default: str
    profiles: Mapping[str, ProfileEnergy]
    counts: Counts
    not_counted: tuple[str, ...]
    comparable: tuple[str, ...] = field(default=())

    @property
    def _chosen(self) -> ProfileEnergy:
        return self.profiles[self.default]

    @property
    def events(self) -> float | None:
        """Energy of the events, J; None: no value."""
        return self._chosen.events

    @property
    def total(self) -> float | None:
        """Energy of the events and of the static power of the cores in use, J."""
        return self._chosen.total

    @property
    def whole_chip(self) -> float | None:
        """Energy of the events and of the static power of the whole chip, J."""
        return self._chosen.whole_chip

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms whose sum ``total`` is."""
        return self._chosen.terms

    @property
    def spread(self) -> Spread | None:
        """Standard deviation and interval of ``total`` over inferences."""
        return self._chosen.spread

    @property
    def by_inference(self) -> Floats:
        """``total`` of each inference, J: ``(inferences,)``; empty: no value."""
        return self._chosen.by_inference

    @property
    def interval(self) -> Interval:
        """Interval of the mean, ``total``: Student's t over the inferences, J."""
        return of_mean(self.by_inference)

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Events that occur and have no energy."""
        return self._chosen.unpriced

    @property
    def by_profile(self) -> tuple[float, float] | None:
        """Least and most ``total`` over the comparable profiles, J; None: no value."""
        found = [self.profiles[name].total for name in self.comparable]
        known = [value for value in found if value is not None]
        return (min(known), max(known)) if known else None

    def tidy_rows(self) -> list[dict[str, Any]]:
        """Give a row for each term of each profile, see `Term`."""
        return [
            {
                "device": self.device,
                "profile": name,
                "event": term.event,
                "part": term.part,
                "place": term.place,
                "phase": term.phase,
                "count": term.count,
                "value_j": term.value.si if term.value else None,
                "energy_j": term.energy if term.value else None,
                "source": term.value.source if term.value else None,
                "kind": term.value.kind if term.value else None,
            }
            for name, profile in self.profiles.items()
            for term in profile.terms
        ]

    def __repr__(self) -> str:
        return f"Energy({joule(self.total)} on {self.device!r}, profile {self.default!r})"

    def _repr_html_(self) -> str:
        columns = ("profile", "events", "cores used", "whole chip", "without an energy")
        rows = [
            (
                name,
                *(joule(value) for value in (found.events, found.total, found.whole_chip)),
                ", ".join(found.unpriced),
            )
            for name, found in self.profiles.items()
        ]
        return html_table(f"energy per inference on {self.device}", rows, columns)

    def by(self, key: Callable[[Term], str]) -> dict[str, float]:
        """Sum the energies of the terms by what a function makes of each.

        Parameters
        ----------
        key : callable
            Takes a term and gives the name of a sum: ``lambda term: term.event``, for example.

        Returns
        -------
        dict of str to float
            Energies, J.
        """
        sums: dict[str, float] = {}
        for term in self.terms:
            sums[key(term)] = sums.get(key(term), 0.0) + term.energy
        return sums
