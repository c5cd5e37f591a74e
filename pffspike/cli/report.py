"""``pffspike report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import pffspike
from pffspike import files
from pffspike.cli import options, output


def report(
    trained: options.Trained,
    out: Annotated[Path, typer.Option("--output", "-o", help="HTML file to write.")] = Path(
        "report.html"
    ),
    device: Annotated[
        list[str] | None,
        typer.Option("--device", help="Device card, by name or path; may be given repeatedly."),
    ] = None,
    images: Annotated[int, typer.Option(help="The first so many test images.", min=1)] = 200,
    engine: options.EngineName = "fastest",
    jobs: options.Jobs = None,
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataPlace = None,
    labels: options.Labels = None,
    download: options.Download = False,
) -> None:
    """Write one self-contained page about a trained network: accuracy, spikes, energy, source.

    Example: pffspike report digits.h5 --device loihi1 --device cortex-m4f -o digits.html
    """
    state = options.load_trained(trained)
    cards = [pffspike.load_device(name) for name in device or ["loihi1", "cortex-m4f"]]
    pffspike.check_mode(state.network, "goodness")
    found = options.load_dataset(state, dataset, data, download, labels=labels, test_samples=images)
    with output.progress() as progress:
        execution = options.execution(engine, seed, jobs, progress)
        page = pffspike.report(state, found, cards, execution=execution)
    files.write_whole(out, page)
    output.console.print(f"wrote {out}")
