"""``pffspike prior``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import pffspike
from pffspike.cli import options, output


def prior(
    trained: Annotated[Path, typer.Argument(help="File of a trained network.")],
    out: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; the same by default.")
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", "-n", help="Training images to learn from.", min=1)
    ] = 10000,
    passes: Annotated[
        int | None,
        typer.Option(
            help="Times that every image is learned; 3 by default, and 0 where the latent "
            "population has learned with the rest.",
            min=0,
        ),
    ] = None,
    components: Annotated[int, typer.Option(help="Gaussians a class.", min=1)] = 3,
    neighbours: Annotated[
        int | None,
        typer.Option(
            help="Gaussians around images' states with the covariance of so many neighbours, in "
            "place of a fitted mixture; then give many --components.",
            min=1,
        ),
    ] = None,
    engine: options.EngineName = "fastest",
    jobs: options.Jobs = None,
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataPlace = None,
    labels: options.Labels = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Learn what the latent population predicts, and fit the prior of its states.

    For trained networks whose card has a latent population. What the representation circuit has
    learned stays as it is; `pffspike sample` then draws from the prior.

    Example: pffspike prior mnist.h5 --samples 10000
    """
    state = pffspike.load(trained)  # a checkpoint is refused below, in one sentence
    found = options.load_dataset(state, dataset, data, download, labels=labels, judged=False)
    with output.progress() as progress:
        fitted = pffspike.fit_prior(
            state,
            found,
            samples=samples,
            passes=passes,
            components=components,
            neighbours=neighbours,
            execution=options.execution(engine, seed, jobs, progress),
        )
    path = out or trained
    pffspike.save(path, fitted.trained)
    output.table(
        f"{path}: latent states of {fitted.samples} training images",
        ("presentation", "squared error of what is predicted"),
        [(index + 1, float(error)) for index, error in enumerate(fitted.errors)],
    )
    output.write_json(
        json, {"file": str(path), "samples": fitted.samples, "errors": fitted.errors.tolist()}
    )
