"""Keys of cards by their former names: still read, with a warning, and still what a hash is of."""

from __future__ import annotations

import warnings
from typing import Any

#: Place of a table in a card, and the former and present names of its keys. A place is a path of
#: keys; every table of a list is meant.
_RENAMED: dict[tuple[str, ...], dict[str, str]] = {
    ("populations",): {"driven": "input"},
    ("programs",): {"rival": "hard_negative"},
    ("programs", "phases"): {"contrast": "sign"},
    ("pff",): {"rival_noise": "hard_negative_noise"},
    ("ff",): {"rival_noise": "hard_negative_noise"},
}


def with_present_names(card: dict[str, Any], source: str, *, warn: bool = True) -> dict[str, Any]:
    """Rename the keys of a parsed card that have a former name.

    Parameters
    ----------
    card : dict
        Tables of a parsed card.
    source : str
        What to call the card in warnings.
    warn : bool
        Whether to say so; files of the program's own are read without a word.

    Returns
    -------
    dict
        A copy, where a former name occurs.

    Warns
    -----
    FutureWarning
        For every former name.
    """
    for place, names in _RENAMED.items():
        for former, present in names.items():
            renamed = _renamed(card, place, former, present)
            if warn and renamed != card:
                warnings.warn(
                    f"{source}: the key {former} in [{'.'.join(place)}] is called {present} now; "
                    f"rename it, later versions will not read the former name",
                    FutureWarning,
                    stacklevel=2,
                )
            card = renamed
    return card


def with_former_names(card: dict[str, Any]) -> dict[str, Any]:
    """Give a parsed card the names of format version 1, from which hashes are made.

    So the hash of a network does not change when a key gets a better name.
    """
    for place, names in _RENAMED.items():
        for former, present in names.items():
            card = _renamed(card, place, present, former)
    return card


def _renamed(table: Any, place: tuple[str, ...], old: str, new: str) -> Any:
    if isinstance(table, list):
        return [_renamed(item, place, old, new) for item in table]
    if not isinstance(table, dict):
        return table
    if place:
        head, rest = place[0], place[1:]
        if head not in table:
            return table
        return {k: _renamed(v, rest, old, new) if k == head else v for k, v in table.items()}
    return {new if key == old and new not in table else key: v for key, v in table.items()}
