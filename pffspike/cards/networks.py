"""Network cards.

A card either names a circuit and gives its parameters (``circuit = "pff"`` and a table
``[pff]``), or lists ``[[populations]]``, ``[[projections]]`` and ``[[programs]]`` itself. Both
become the same `Network`; `card_text` writes any network in the second form. A card of the second
form whose populations go by other names than the usual ones says in ``[roles]`` which of them are
``input``, ``label``, ``readout`` and ``latent`` (`pffspike.Roles`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from pffspike.cards import former, toml
from pffspike.circuits import CHL, FF, PFF, WakeSleep, chl, ff, pff, wake_sleep
from pffspike.errors import ValidationError, shortened, unknown
from pffspike.network import exactness, structure
from pffspike.network.roles import USUAL
from pffspike.network.spec import Network, Training

#: keys of circuits with a value for each hidden population
_BY_LAYER = ("threshold", "scale", "learning_rate", "homeostasis_free")
#: name of a circuit: its parameters, and what builds it
_CIRCUITS: dict[str, Any] = {
    "pff": (PFF, pff),
    "ff": (FF, ff),
    "chl": (CHL, chl),
    "wake_sleep": (WakeSleep, wake_sleep),
}


#: keys of the training table that came after version 1: their defaults are not part of a hash
_LATER = {
    "shift": 0,
    "flip": False,
    "latent_images": 0,
    "latent_decay": 1.0,
    "coding": "grey",
    "encoding": "rates",
}


def known_networks() -> tuple[str, ...]:
    """Names of the cards that come with the package.

    Examples
    --------
    >>> "digits" in known_networks()
    True
    """
    folder = resources.files("pffspike.networks")
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name[:-5] for name in names if name.endswith(".toml")))


def load_network(card: str | Path, changes: Mapping[str, Any] | None = None) -> Network:
    """Load a network from a card.

    Parameters
    ----------
    card : str or Path
        Name of a card that comes with the package, or the path of a TOML file (anything with
        a ``/`` or the ending ``.toml``).
    changes : mapping or None
        Keys, and tables of keys, that replace those of the card.

    Returns
    -------
    Network

    Raises
    ------
    ValidationError
        If there is no such card, or for the first key that is wrong.

    Examples
    --------
    >>> small = load_network("digits", {"pff": {"hidden": [20, 20]}})
    >>> small.population("hidden_1").size
    20
    """
    data, source = _read(card)
    return read_card(changed(data, changes or {}), source)


def sized_network(
    card: str | Path,
    image: int,
    classes: int,
    *,
    hidden: Sequence[int] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Network:
    """Load a network from a card of a circuit, sized to data.

    Parameters
    ----------
    card : str or Path
        See `load_network`.
    image, classes : int
        Pixels of a sample, and classes.
    hidden : sequence of int or None
        Sizes of the hidden populations, if not those of the card. Where there are more of them,
        what the card says of the last one holds for all above.
    changes : mapping or None
        See `load_network`.

    Returns
    -------
    Network

    Raises
    ------
    ValidationError
        If there is no such card, it lists populations one by one, or its parameters do not go with
        the sizes.

    Examples
    --------
    >>> network = sized_network("digits", 12, 3, hidden=[30, 20])
    >>> [network.population(name).size for name in ("image", "hidden_2", "label")]
    [12, 20, 3]
    """
    data, source = _read(card)
    data = changed(data, changes or {})
    circuit = data.get("circuit")
    if circuit not in _CIRCUITS:
        raise ValidationError(
            f"{source} lists populations one by one, so it can't be sized to data; give a card "
            f"with a circuit"
        )
    pixels = image * (1 if data.get("training", {}).get("coding", "grey") == "grey" else 2)
    sizes: dict[str, Any] = {"image": pixels, "classes": classes}
    if hidden is not None:
        table = data[circuit] if isinstance(data.get(circuit), Mapping) else {}
        layers = {key: table[key] for key in _BY_LAYER if isinstance(table.get(key), list)}
        sizes |= {key: _resized(values, len(hidden)) for key, values in layers.items()}
        sizes["hidden"] = list(hidden)
    return read_card(changed(data, {circuit: sizes}), source)


def _resized(values: list[Any], count: int) -> list[Any]:
    """Values of the hidden populations for another number of them; the last one repeats."""
    return values if len(values) == 1 else [*values, *values[-1:] * count][:count]


def _read(card: str | Path) -> tuple[dict[str, Any], str]:
    """Tables of a card, and what errors call it."""
    text = str(card)
    if not text:
        raise unknown("network", text, known_networks(), "or give the path of a card")
    if isinstance(card, Path) or "/" in text or text.endswith(".toml"):
        return toml.read(Path(card)), text
    if text not in known_networks():
        raise unknown("network", text, known_networks(), "or give the path of a card")
    resource = resources.files("pffspike.networks") / f"{text}.toml"
    return toml.parse(resource.read_text("utf-8"), text), f"networks/{text}.toml"


def changed(data: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Parsed card with some keys replaced, inside of tables too."""
    merged = dict(data)
    for key, value in changes.items():
        nested = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = changed(merged[key], value) if nested else value
    return merged


def read_card(data: dict[str, Any], source: str = "card", *, warn: bool = True) -> Network:
    """Make a network of a parsed card.

    Parameters
    ----------
    data : dict
        Tables of a parsed card.
    source : str
        What to call the card in errors.
    warn : bool
        Whether to warn of keys by their former names, see `pffspike.cards.former`.

    Returns
    -------
    Network

    Raises
    ------
    ValidationError
        For the first key that is wrong.
    """
    data = former.with_present_names(data, source, warn=warn)
    try:
        network = _from_circuit(data, source) if "circuit" in data else _explicit(data, source)
        structure.check_memory(network)
        exactness.check(network)
    except ArithmeticError as error:
        raise ValidationError(
            f"{source}: a number is too large to compute with ({error}); give a smaller one"
        ) from None
    except ValueError as error:
        text = str(error).removeprefix(f"{source}: ")
        raise ValidationError(f"{source}: {text}") from None
    return network


def _explicit(data: dict[str, Any], source: str) -> Network:
    return toml.build(Network, data, source)


def _from_circuit(data: dict[str, Any], source: str) -> Network:
    circuit = data["circuit"]
    if not isinstance(circuit, str) or circuit not in _CIRCUITS:
        raise unknown(f"{source}: circuit =", circuit, _CIRCUITS)
    keys = ("name", "description", "circuit", "training", circuit)
    for key in data:
        if key not in keys:
            raise ValidationError(
                f"{source}: {key} is not a known key; a card with circuit = {circuit!r} has "
                f"{', '.join(keys)}"
            )
    for key in ("name", "training", circuit):
        if key not in data:
            raise ValidationError(f"{source}: {key} is missing; add it")
    for key in ("name", "description"):
        if not isinstance(data.get(key, ""), str):
            raise ValidationError(
                f"{source}: {key} = {shortened(data[key])} is wrong: it must be a text"
            )
    parameters, builder = _CIRCUITS[circuit]
    return builder(
        toml.build(parameters, data[circuit], source, circuit),
        data["name"],
        toml.build(Training, data["training"], source, "training"),
        data.get("description", ""),
    )


def card_text(network: Network) -> str:
    """TOML card of a network with every part written out; `load_network` reads it back equal.

    Parameters
    ----------
    network : Network
        Of any origin.

    Returns
    -------
    str

    Examples
    --------
    >>> print(card_text(load_network("digits")).splitlines()[0])
    name = "digits"
    """
    return toml.write(_plain(network))


def _plain(network: Network) -> dict[str, Any]:
    """All parts of a network, without roles that go by the usual names."""
    content: dict[str, Any] = toml.plain(network)
    if network.roles == USUAL:
        del content["roles"]  # so that a card and a hash are what they were before there were roles
    return content


def network_hash(network: Network) -> str:
    """Hash of what a network computes: SHA-256, in hexadecimal, of all but its description.

    Equal for equal networks on any machine, whatever the form or formatting of the card.

    Parameters
    ----------
    network : Network
        Of any origin.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> network = load_network("digits")
    >>> network_hash(network) == network_hash(network.replace(description="another one"))
    True
    """
    content = former.with_former_names(_plain(network))
    del content["description"]
    for key, default in _LATER.items():
        if content["training"][key] == default:
            del content["training"][key]
    text = json.dumps(_canonical(content), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 4 and 4.0 are the same number
    return value
