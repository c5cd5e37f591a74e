"""``pffspike info``."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Annotated, Any

import typer

from pffspike import cards
from pffspike.cli import options, output
from pffspike.devices import known_devices
from pffspike.engines import available_engines
from pffspike.network import rules, structure
from pffspike.network.spec import Network
from pffspike.trained import versions


def info(
    network: Annotated[
        str | None, typer.Argument(help="Also describe this card or trained network.")
    ] = None,
    json: options.JsonFile = None,
) -> None:
    """Show versions, engines (and why one is not available), cards; or describe a network.

    Example: pffspike info digits
    """
    output.write_json(json, _machine() if network is None else _network(network))


def _machine() -> dict[str, Any]:
    found = versions()
    output.table("versions", ("package", "version"), list(found.items()))
    engines = available_engines()
    rows = [(e.name, "yes" if e.available else "no", e.detail) for e in engines]
    output.table("engines", ("engine", "available", ""), rows)
    cards_found = {"networks": cards.known_networks(), "devices": known_devices()}
    output.table(
        "cards",
        ("kind", "names"),
        [(kind, ", ".join(names)) for kind, names in cards_found.items()],
    )
    return {
        "versions": found,
        "platform": platform.platform(),
        "engines": {e.name: {"available": e.available, "detail": e.detail} for e in engines},
        "cards": {kind: list(names) for kind, names in cards_found.items()},
    }


def _network(name: str) -> dict[str, Any]:
    path = Path(name)
    trained = None
    if path.is_dir() or path.suffix in (".h5", ".hdf5"):
        trained = options.load_trained(path)
    network = trained.network if trained else cards.load_network(name)
    digest = cards.network_hash(network)
    output.console.print(f"{network.name}: {network.description}\nhash {digest}")
    if trained:
        output.console.print(
            f"seed {trained.seed}, {trained.samples_done} of {trained.samples_total} samples "
            f"on {trained.engine or 'no engine yet'}"
        )
    populations = [
        (p.name, p.size, p.normalization, "driven" if p.input else rules.name(p.rule))
        for p in network.populations
    ]
    projections = [_projection(network, p.name) for p in network.projections]
    programs = [
        (p.name, p.burn_in, p.window, len(p.phases), "yes" if p.learns else "no")
        for p in network.programs
    ]
    tables = (
        ("populations", ("name", "neurons", "normalization", "rule"), populations),
        ("projections", ("name", "synapses", "learning rate", "range", "tied to"), projections),
        ("programs", ("name", "burn-in", "window", "phases", "learns"), programs),
    )
    for title, columns, rows in tables:
        output.table(title, columns, rows)
    content: dict[str, Any] = {
        title: [dict(zip(columns, row, strict=True)) for row in rows]
        for title, columns, rows in tables
    }
    return {"name": network.name, "hash": digest, **content}


def _projection(network: Network, name: str) -> tuple[str, int, float, str, str]:
    p = network.projection(name)
    synapses = int(structure.mask(network, p).sum())
    limits = f"{p.low:g} to {p.high:g}, 2^{p.grid}"
    return name, synapses, p.learning_rate, limits, p.tied or ""
