"""A placement as plain values and as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from pffspike.cards import toml
from pffspike.devices import Device
from pffspike.mapping.demand import format_bits
from pffspike.mapping.placement import Placement, Usage
from pffspike.mapping.rules import Violation

_RESOURCES = tuple(field.name for field in fields(Usage))


def summary(
    placement: Placement, violations: Sequence[Violation], device: Device
) -> dict[str, Any]:
    """Nest cores, projections and violations of design rules as plain values.

    Parameters
    ----------
    placement : Placement
        Of a network on the device.
    violations : sequence of Violation
        Those that `pffspike.mapping.check` found.
    device : Device
        With limits.

    Returns
    -------
    dict
        ``device``, ``learning``, ``cores_used``, ``chips``, ``available`` (of a core), ``cores``,
        ``projections`` and ``violations``. Destinations are means over senders: cores with targets
        on the sender's own core, on others of its chip, on other chips, and steps on the mesh.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> from pffspike.devices import load_device
    >>> from pffspike.mapping import place
    >>> loihi = load_device("loihi1")
    >>> summary(place(load_network("digits"), loihi), [], loihi)["cores_used"]
    4
    """
    limits = device.limits
    return {
        "device": placement.device,
        "learning": placement.learning,
        "cores_used": len(placement.cores),
        "chips": placement.chips,
        "available": {name: getattr(limits, name).value for name in _RESOURCES},
        "cores": [toml.plain(core) for core in placement.cores],
        "projections": [_projection(placement, name) for name in placement.routes],
        "violations": toml.plain(list(violations)),
    }


def _projection(placement: Placement, name: str) -> dict[str, Any]:
    route, projection = placement.routes[name], placement.network.projection(name)
    keys = ("within", "between", "off_chip", "hops_x", "hops_y")
    return {
        "projection": name,
        "bits": format_bits(projection),
        "bits_stored": placement.weight_bits[name],
        "exponent": projection.grid,
        "exponent_on_device": placement.weight_exponents.get(name),
        "destinations": {key: float(np.mean(getattr(route, key))) for key in keys},
    }


def markdown(content: Mapping[str, Any]) -> str:
    """Write a `summary` as text in Markdown.

    Parameters
    ----------
    content : mapping
        As `summary` gives it.

    Returns
    -------
    str
        A heading, the design rules, and tables of cores and projections.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> from pffspike.devices import load_device
    >>> from pffspike.mapping import place
    >>> loihi = load_device("loihi1")
    >>> markdown(summary(place(load_network("digits"), loihi), [], loihi)).splitlines()[0]
    '# Placement on loihi1'
    """
    parts = [
        f"# Placement on {content['device']}",
        f"{content['cores_used']} cores on {content['chips']} chip(s)"
        + (", with room for learning." if content["learning"] else ", for inference."),
        "No silicon was reached: this is a calculation from the values of the device card.",
        "## Design rules",
        _violations(content["violations"]),
        "## Cores",
        "Used and available; a noise setting is exponent, mantissa.",
        _cores(content),
        "## Projections",
        "Destinations are cores with targets, means over senders: the sender's own, others of its "
        "chip, other chips; steps on the mesh are east-west and north-south.",
        _projections(content["projections"]),
    ]
    return "\n\n".join(parts) + "\n"


def _violations(violations: Sequence[Mapping[str, Any]]) -> str:
    if not violations:
        return "The network breaks none."
    return "\n".join(f"- **{v['severity']}** ({v['rule']}): {v['message']}" for v in violations)


def _cores(content: Mapping[str, Any]) -> str:
    available = content["available"]
    rows = []
    for core in content["cores"]:
        tile = f"{core['x']}, {core['y']}" if "x" in core else ""
        blocks = ", ".join(
            f"{b['population']} {b['start']}-{b['stop'] - 1}" for b in core["blocks"]
        )
        noise = (
            f"{core['noise']['exponent']}, {core['noise']['mantissa']}" if "noise" in core else ""
        )
        used = [f"{core['usage'][name]} of {available[name]}" for name in _RESOURCES]
        rows.append([str(core["index"]), str(core["chip"]), tile, blocks, *used, noise])
    head = ("core", "chip", "tile", "neurons", *(n.replace("_", " ") for n in _RESOURCES), "noise")
    return _grid(head, rows)


def _projections(projections: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [
            p["projection"],
            str(p["bits"]),
            str(p["exponent"]),
            "" if p["exponent_on_device"] is None else str(p["exponent_on_device"]),
            *(f"{value:.2f}" for value in p["destinations"].values()),
        ]
        for p in projections
    ]
    head = ("projection", "bits", "exponent", "exponent on device")
    ways = ("own core", "other cores", "other chips", "steps east-west", "steps north-south")
    return _grid((*head, *ways), rows)


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
