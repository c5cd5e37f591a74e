"""``pffspike reconstruct``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import pffspike
from pffspike.choices import STATES
from pffspike.cli import options, output

_DRAWN = 40  #: images in a picture; more would be too small to see, and take minutes to draw


def reconstruct(
    trained: options.Trained,
    out: Annotated[
        Path | None, typer.Option("--output", "-o", help="Picture (.png, .pdf, .svg) to write.")
    ] = None,
    label_state: Annotated[
        str, typer.Option("--state", help=f"State of the label, one of {', '.join(STATES)}.")
    ] = "free",
    window: options.Window = None,
    samples: options.Samples = 20,
    engine: options.EngineName = "fastest",
    jobs: options.Jobs = None,
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataPlace = None,
    labels: options.Labels = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Reconstruct test images from hidden spikes and draw the first 40 beside the originals.

    Example: pffspike reconstruct digits.h5 --samples 20 -o reconstructions.png
    """
    state = options.load_trained(trained)
    pffspike.check_reconstruction(state.network, labelled=label_state != "free")
    found = options.load_dataset(
        state, dataset, data, download, labels=labels, test_samples=samples
    )
    originals = pffspike.probabilities(found.test_images, found.levels)
    coded = state.coding.encode(found.test_images, found.levels)
    numbers, known = range(len(coded)), found.test_labels
    pffspike.label_state(label_state, found.classes, known)
    with output.progress() as progress:
        execution = options.execution(engine, seed, jobs, progress)
        if label_state == "inferred":
            answer = pffspike.classify(state, coded, samples=numbers, execution=execution)
            known = answer.predicted
        result = pffspike.reconstruct(
            state,
            coded,
            pffspike.label_state(label_state, found.classes, known),
            window=window,
            samples=numbers,
            execution=execution,
        )
    errors = result.error(originals)
    output.table(
        f"{trained}: {len(originals)} test images of {found.name}",
        ("predicted from", "summed squared error an image"),
        list(errors.items()),
    )
    if out is not None:
        from pffspike import plots

        rows = {"original": originals, **result.images}
        shown = {name: images[:_DRAWN] for name, images in rows.items()}
        notes = {name: f"error {value:.1f}" for name, value in errors.items()}
        plots.save(plots.image_rows(shown, found.shape, notes=notes), out)
        output.console.print(f"wrote {out}")
    output.write_json(json, {"summed_squared_error": errors, "samples": len(originals)})
