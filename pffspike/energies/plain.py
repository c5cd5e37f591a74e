"""Energies as plain values, for files."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from pffspike.energies.result import Energy, Term


def totals(energy: Energy) -> dict[str, Any]:
    """Give the values of an energy per inference, J.

    Parameters
    ----------
    energy : Energy
        By all profiles of a device card.

    Returns
    -------
    dict
        ``events``, ``total`` and ``whole_chip`` of the default profile, see
        `pffspike.energies.ProfileEnergy`; ``deviation``, ``low`` and ``high``: how ``total``
        differs between inferences; ``interval`` of the mean, ``total``; ``total_by_profile``.
        None: no value.

    Examples
    --------
    >>> import numpy as np
    >>> from pffspike.devices import load_device
    >>> from pffspike.energies import EventCount, energy_of_events
    >>> spikes = EventCount("synaptic_operation", "input", "image", "run/one", np.array([10.0]))
    >>> round(totals(energy_of_events([spikes], load_device("loihi1")))["events"] * 1e12)
    236
    """
    spread = energy.spread
    return {
        "events": energy.events,
        "total": energy.total,
        "whole_chip": energy.whole_chip,
        "deviation": spread.deviation if spread else None,
        "low": spread.low if spread else None,
        "high": spread.high if spread else None,
        "interval": list(energy.interval) if spread else None,
        "total_by_profile": {name: found.total for name, found in energy.profiles.items()},
    }


def plain(energy: Energy) -> dict[str, Any]:
    """Give an energy with the terms of every profile.

    Parameters
    ----------
    energy : Energy
        By all profiles of a device card.

    Returns
    -------
    dict
        That of `totals`, and ``profile`` (the default), ``by_event`` and ``by_part`` of its total,
        ``unpriced``, ``not_counted``, and by profile ``terms``: count, value, unit, source, kind
        and energy of each, whose sum is the total of the profile.

    Examples
    --------
    >>> import numpy as np
    >>> from pffspike.devices import load_device
    >>> from pffspike.energies import EventCount, energy_of_events
    >>> spikes = EventCount("synaptic_operation", "input", "image", "run/one", np.array([10.0]))
    >>> found = plain(energy_of_events([spikes], load_device("spinnaker")))
    >>> found["terms"]["hoeppner2019"][0]["value"]
    13.3
    """
    return {
        **totals(energy),
        "profile": energy.default,
        "by_event": energy.by(lambda term: term.event),
        "by_part": energy.by(lambda term: term.part),
        "unpriced": list(energy.unpriced),
        "not_counted": list(energy.not_counted),
        "terms": {name: _terms(found.terms) for name, found in energy.profiles.items()},
    }


def _terms(terms: Sequence[Term]) -> list[dict[str, Any]]:
    absent = {"value": None, "unit": None, "source": None, "kind": None}
    return [
        {
            "event": term.event,
            "part": term.part,
            "place": term.place,
            "phase": term.phase,
            "count": term.count,
            **(dataclasses.asdict(term.value) if term.value else absent),
            "energy": term.energy,
        }
        for term in terms
    ]
