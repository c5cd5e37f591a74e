"""``pffspike info``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

import pffspike
from pffspike.cli import options, output


def info(
    network: Annotated[
        str | None, typer.Argument(help="Also describe this card or trained network.")
    ] = None,
    json: options.JsonFile = None,
) -> None:
    """Show versions, engines (and why one is not available), cards; or describe a network.

    Example: pffspike info digits
    """
    content = pffspike.info(network)
    if network is None:
        content = _machine(content)
    else:
        _network(network, content)
    output.write_json(json, content)


def _machine(content: dict[str, Any]) -> dict[str, Any]:
    output.table("versions", ("package", "version"), list(content["versions"].items()))
    engines = content["engines"]
    rows = [(e.name, "yes" if e.available else "no", e.detail) for e in engines]
    output.table("engines", ("engine", "available", ""), rows)
    cards = [(kind, ", ".join(names)) for kind, names in content["cards"].items()]
    output.table("cards", ("kind", "names"), cards)
    plain = {e.name: {"available": e.available, "detail": e.detail} for e in engines}
    return {**content, "engines": plain}


def _network(given: str, content: dict[str, Any]) -> None:
    output.console.print(f"{content['name']}: {content['description']}\nhash {content['hash']}")
    training = content.get("training")
    if training:
        output.console.print(
            f"seed {training['seed']}, {training['samples_done']} of {training['samples_total']} "
            f"samples on {training['engine'] or 'no engine yet'}"
        )
        if training["samples_done"] < training["samples_total"]:
            output.note(f"{given} holds a checkpoint; pffspike train --resume {given} finishes it")
    for title in ("populations", "projections", "programs"):
        rows = content[title]
        columns = list(rows[0]) if rows else []
        output.table(title, columns, [tuple(row.values()) for row in rows])
