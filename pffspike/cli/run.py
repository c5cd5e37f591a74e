"""``pffspike run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import pffspike
from pffspike.cli import options, output
from pffspike.errors import ValidationError


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
    record: Annotated[
        Path | None,
        typer.Option(help="Write every spike to this HDF5 file, part by part, instead of a table."),
    ] = None,
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataPlace = None,
    labels: options.Labels = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Run a program of a trained network on test images and report its spikes.

    Example: pffspike run digits.h5 --program goodness --engine lava --compare numpy
    Example: pffspike run digits.h5 -p goodness -n 360 --record spikes.h5
    """
    state = options.load_trained(trained)
    chosen = state.network.program(program)
    found = options.load_dataset(
        state, dataset, data, download, labels=labels, test_samples=samples
    )
    signals = pffspike.signals_of(state, program, found)
    names = pffspike.populations_of(state.network, program)
    if record is not None:
        if compare or raster:
            raise ValidationError("--record goes neither with --compare nor with --raster")
        with output.progress() as progress:
            execution = pffspike.Execution(engine, seed, pffspike.Probes(rasters=names), progress)
            written = pffspike.record(record, state, program, signals, execution=execution)
        output.console.print(f"wrote {written} presentations to {record}")
        output.write_json(json, {"file": str(record), "presentations": written})
        return
    engines = [pffspike.make_engine(name) for name in (engine, *([compare] if compare else []))]
    kept = names if compare or raster else ()  # every spike takes much memory
    with output.progress() as progress:
        recording, *others = (
            pffspike.run(
                state,
                program,
                signals,
                execution=pffspike.Execution(made, seed, pffspike.Probes(rasters=kept), progress),
            )
            for made in engines
        )
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
        same = recording.same_spikes(others[0])
        output.console.print(f"spikes of {engine} and {compare} identical: {same}")
        content["spikes_identical"] = same
    if raster is not None:
        from pffspike import plots

        plots.save(plots.raster(recording, {f"first image, {chosen.phases[0].name}": 0}), raster)
        output.console.print(f"wrote {raster}")
    output.write_json(json, content)
