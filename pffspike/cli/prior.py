"""``pffspike prior``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pffspike import generation, storage
from pffspike.cli import options, output
from pffspike.engines import make_engine
from pffspike.errors import ValidationError


def prior(
    trained: Annotated[Path, typer.Argument(help="File of a trained network.")],
    out: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; the same by default.")
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", "-n", help="Training images to learn from.", min=1)
    ] = 10000,
    passes: Annotated[int, typer.Option(help="Times that every image is learned.", min=1)] = 3,
    components: Annotated[int, typer.Option(help="Gaussians a class.", min=1)] = 3,
    engine: options.EngineName = "fastest",
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataFolder = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Learn what the latent population predicts, and fit the prior of its states.

    For trained networks whose card has a latent population. What was learned before stays as it
    is; `pffspike sample` then draws from the prior.

    Example: pffspike prior mnist.h5 --samples 10000
    """
    state = storage.load(trained)
    if not state.finished:
        raise ValidationError(
            f"{trained} holds a checkpoint, and its training would go on from other weights; "
            f"finish it first: pffspike train --resume {trained}"
        )
    if not any(p.name == "latent" for p in state.network.populations):
        raise ValidationError(
            f"network {state.network.name!r} has no latent population; train one whose card has, "
            f"for example, latent = 20"
        )
    found = options.load_dataset(state, dataset, data, download)
    images = state.coding.encode(found.train_images[:samples], found.levels)
    labels = found.train_labels[:samples]
    total = len(images) * (passes * (generation.ROUNDS + 1) + generation.ROUNDS)
    with output.progress("learning latent states", total) as report:
        learned, states = generation.learn_latents(
            state.network,
            state.parameters,
            make_engine(engine),
            images,
            labels,
            seed=seed,
            passes=passes,
            progress=report,
        )
    fitted = generation.fit_prior(states.values, labels, found.classes, components, seed)
    path = out or trained
    storage.save(path, state.replace(parameters=learned, prior=fitted))
    rows = [(index + 1, float(error)) for index, error in enumerate(states.errors)]
    output.table(
        f"{path}: latent states of {len(images)} training images",
        ("presentation", "squared error of the top population"),
        rows,
    )
    output.write_json(
        json, {"file": str(path), "samples": len(images), "errors": states.errors.tolist()}
    )
