"""``pffspike sample``."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from pffspike import generation
from pffspike.cli import options, output
from pffspike.engines import make_engine
from pffspike.errors import ValidationError
from pffspike.files import write_whole


def sample(
    trained: Annotated[Path, typer.Argument(help="File of a trained network.")],
    label: Annotated[
        int | None, typer.Option(help="Class of all samples; drawn for each by default.", min=0)
    ] = None,
    count: Annotated[int, typer.Option(help="Number of samples.", min=1)] = 100,
    out: Annotated[
        Path | None, typer.Option("--output", "-o", help="Picture (.png, .pdf, .svg) to write.")
    ] = None,
    array: Annotated[
        Path | None, typer.Option(help="Also write the images to this .npy file.")
    ] = None,
    window: Annotated[
        int, typer.Option(help="Steps over which spikes are averaged, a power of two.", min=1)
    ] = 64,
    engine: options.EngineName = "fastest",
    seed: options.Seed = 0,
    json: options.JsonFile = None,
) -> None:
    """Synthesize images: the generative circuit runs from a label and, if there is one, the prior.

    Example: pffspike sample mnist.h5 --label 7 -o sevens.png
    """
    state = options.load_trained(trained)
    options.check_programs(state, "synthesize")
    classes = state.network.population("label").size
    if label is not None and label >= classes:
        raise ValidationError(
            f"--label {label} is not a class of {trained}; give 0 to {classes - 1}"
        )
    if window & (window - 1) or window > 4096:
        raise ValidationError(f"--window {window} is not a power of two up to 4096; give, say, 64")
    if label is not None:
        labels = np.full(count, label, np.int64)
    elif state.prior is not None:
        labels = generation.draw_labels(state.prior, count, seed)
    else:
        labels = np.arange(count, dtype=np.int64) % classes
    latents = generation.draw_latents(state.prior, labels, seed) if state.prior else None
    images = generation.synthesize(
        state.network,
        state.parameters,
        make_engine(engine),
        labels,
        latents,
        seed=seed,
        window=window,
    )
    images = state.coding.decode(images)
    source = "label and latent state" if state.prior else "label alone"
    output.console.print(f"{count} samples from {source}; mean rate {images.mean():.3f}")
    if array is not None:
        _write_array(array, images)
    if out is not None:
        from pffspike import plots

        plots.save(plots.image_sheet(images, _shape(images.shape[1])), out)
        output.console.print(f"wrote {out}")
    output.write_json(json, {"labels": labels.tolist(), "mean_rate": images.mean(axis=1).tolist()})


def _shape(pixels: int) -> tuple[int, int]:
    side = math.isqrt(pixels)
    if side * side != pixels:
        raise ValidationError(
            f"images of {pixels} pixels are not square, so they can't be drawn; give --array"
        )
    return side, side


def _write_array(path: Path, images: np.ndarray) -> None:
    """Write images as a NumPy file, whole or not at all."""
    buffer = io.BytesIO()
    np.save(buffer, images, allow_pickle=False)
    write_whole(path, buffer.getvalue())
