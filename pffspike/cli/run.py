"""``pffspike run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from pffspike.cli import options, output
from pffspike.data import Coding, Dataset
from pffspike.engines import make_engine
from pffspike.errors import ValidationError
from pffspike.network import structure
from pffspike.network.spec import Network, Program
from pffspike.recording import Probes
from pffspike.typing import Signals


def run(
    trained: options.Trained,
    program: Annotated[
        str, typer.Option("--program", "-p", help="Program of the network.")
    ] = "one_pass",
    engine: options.EngineName = "fastest",
    compare: Annotated[
        str | None, typer.Option(help="Second engine whose every spike must be the same.")
    ] = None,
    samples: options.Samples = 10,
    raster: Annotated[
        Path | None, typer.Option(help="Picture of the first presentation's spikes.")
    ] = None,
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataFolder = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Run a program of a trained network on test images and report its spikes.

    Example: pffspike run digits.h5 --program goodness --engine lava --compare numpy
    """
    state = options.load_trained(trained)
    try:
        chosen = state.network.program(program)
    except ValueError as error:
        raise ValidationError(f"network {state.network.name!r}: {error}") from None
    found = options.load_dataset(state, dataset, data, download, test_samples=samples)
    signals = _signals(state.network, chosen, found, state.coding)
    names = tuple(p.name for p in structure.extent(state.network, chosen).populations)
    recordings = {}
    for name in (engine, *([compare] if compare else [])):
        made = make_engine(name)
        with (
            output.progress(f"{name} {program}", len(found.test_images)) as report,
            made.compile(
                state.network, program, state.parameters, seed=seed, probes=Probes(rasters=names)
            ) as session,
        ):
            recordings[name] = session.run(
                signals, np.arange(len(found.test_images)), progress=report
            )
    recording = recordings[engine]
    rows = [
        (
            name,
            state.network.population(name).size,
            float(recording.spikes[name].mean()),
            float(
                recording.spikes[name].mean() / chosen.steps / state.network.population(name).size
            ),
            float(recording.goodness[name].mean()),
        )
        for name in names
    ]
    columns = ("population", "neurons", "spikes", "rate", "goodness")
    output.table(
        f"{engine}, {program}: means over {recording.presentations} presentations of "
        f"{chosen.steps} steps",
        columns,
        rows,
    )
    content: dict[str, Any] = {
        "populations": [dict(zip(columns, row, strict=True)) for row in rows]
    }
    if compare:
        same = recording.same_spikes(recordings[compare])
        output.console.print(f"spikes of {engine} and {compare} identical: {same}")
        content["spikes_identical"] = same
    if raster is not None:
        from pffspike import plots

        plots.save(plots.raster(recording, {f"first image, {chosen.phases[0].name}": 0}), raster)
        output.console.print(f"wrote {raster}")
    output.write_json(json, content)


def _signals(network: Network, program: Program, dataset: Dataset, coding: Coding) -> Signals:
    labels = dataset.test_labels
    known = {
        "image": coding.encode(dataset.test_images, dataset.levels),
        "label": labels,
        "negative": (labels + 1) % dataset.classes,
    }
    for name in structure.extent(network, program).signals:
        if name not in known:
            raise ValidationError(
                f"program {program.name!r} needs the signal {name!r}, which a data set does not "
                f"have; run it from the library"
            )
    return known
