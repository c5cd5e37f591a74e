"""``pffspike export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pffspike.cli import options, output
from pffspike.exchange import write_export
from pffspike.network import structure


def export(
    trained: options.Trained,
    out: Annotated[Path, typer.Option("--output", "-o", help="Folder to write; must not exist.")],
    json: options.JsonFile = None,
) -> None:
    """Export a trained network as integers for neuromorphic targets.

    The folder is described by its README.txt; every command takes it in place of the file.

    Example: pffspike export digits.h5 -o digits-export && pffspike run digits-export -e lava
    """
    state = options.load_trained(trained)
    write_export(out, state)
    network = state.network
    rows = [
        (
            p.name,
            f"{network.population(p.pre).size} x {network.population(p.post).size}",
            int(structure.mask(network, p).sum()),
            p.grid,
            p.tied or "",
        )
        for p in network.projections
    ]
    columns = ("projection", "size", "synapses", "exponent", "tied to")
    output.table(f"{out}: {network.name}", columns, rows)
    output.write_json(json, [dict(zip(columns, row, strict=True)) for row in rows])
