"""``pffspike demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import pffspike
from pffspike.cli import output
from pffspike.cli.evaluated import show
from pffspike.errors import install_hint


def demo(
    out: Annotated[Path, typer.Option("--output", "-o", help="Folder for results.")] = Path(
        "results/demo"
    ),
    seed: Annotated[int, typer.Option(help="Seed of everything random.", min=0)] = 0,
    epochs: Annotated[int | None, typer.Option(help="Instead of the card's.", min=1)] = None,
    samples: Annotated[
        int | None, typer.Option("--samples", "-n", help="Only so many test images.", min=1)
    ] = None,
) -> None:
    """Train the digits network in Brian2, run it in Lava too, compare every spike, draw it.

    Where one of them is not installed, Numba takes its place, or NumPy.

    Example: pffspike demo --output results/demo
    """
    with output.progress() as progress:
        shown = pffspike.demo(
            out,
            epochs=epochs,
            samples=samples,
            execution=pffspike.Execution(seed=seed, progress=progress),
        )
    show(f"digits: {shown.content['test_images']} test images", list(shown.results))
    used = {r.engine for r in shown.results}
    for name in ("brian2", "lava"):
        if name not in used:
            output.note(f"without {name}, which is not installed; {install_hint(name)}")
    engines = " and ".join(dict.fromkeys(r.engine for r in shown.results))
    output.console.print(f"spikes of {engines} identical: {shown.spikes_identical}")
    output.console.print(
        f"{sum(shown.seconds.values()):.0f} s in all; network, summary.json and pictures are in "
        f"{out}"
    )
