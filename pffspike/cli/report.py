"""``pffspike report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pffspike import evaluation
from pffspike.cli import options, output
from pffspike.devices import load_device
from pffspike.engines import make_engine
from pffspike.files import write_whole


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
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataFolder = None,
    download: options.Download = False,
) -> None:
    """Write one self-contained page about a trained network: accuracy, spikes, energy, source.

    Example: pffspike report digits.h5 --device loihi1 --device cortex-m4f -o digits.html
    """
    state = options.load_trained(trained)
    cards = [load_device(name) for name in device or ["loihi1", "cortex-m4f"]]
    evaluation.check_mode(state.network, "goodness")
    found = options.load_dataset(
        state, dataset, data, download, test_samples=images, option="--images"
    )
    from pffspike.report import report as build

    write_whole(out, build(state, found, make_engine(engine), cards, seed=seed))
    output.console.print(f"wrote {out}")
