"""``pffspike sample``."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import pffspike
from pffspike import files
from pffspike.cli import options, output
from pffspike.errors import ValidationError

if TYPE_CHECKING:
    import numpy as np


def sample(
    trained: options.Trained,
    label: Annotated[
        int | None, typer.Option(help="Class of all samples; drawn for each by default.", min=0)
    ] = None,
    count: Annotated[int, typer.Option(help="Number of samples.", min=1, max=10**6)] = 100,
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
    jobs: options.Jobs = None,
    seed: options.Seed = 0,
    json: options.JsonFile = None,
) -> None:
    """Synthesize images: the generative circuit runs from a label and, if there is one, the prior.

    Example: pffspike sample mnist.h5 --label 7 -o sevens.png
    """
    state = options.load_trained(trained)
    with output.progress() as progress:
        made = pffspike.sample(
            state,
            count,
            label,
            window=window,
            execution=options.execution(engine, seed, jobs, progress),
        )
    source = "label and latent state" if state.prior else "label alone"
    output.console.print(f"{count} samples from {source}; mean rate {made.images.mean():.3f}")
    if array is not None:
        _write_array(array, made.images)
    if out is not None:
        from pffspike import plots

        plots.save(plots.image_sheet(made.images, _shape(made.images.shape[1])), out)
        output.console.print(f"wrote {out}")
    rates = made.images.mean(axis=1).tolist()
    output.write_json(json, {"labels": made.labels.tolist(), "mean_rate": rates})


def _shape(pixels: int) -> tuple[int, int]:
    side = math.isqrt(pixels)
    if side * side != pixels:
        raise ValidationError(
            f"images of {pixels} pixels are not square, so they can't be drawn; give --array"
        )
    return side, side


def _write_array(path: Path, images: np.ndarray) -> None:
    """Write images as a NumPy file, whole or not at all."""
    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, images, allow_pickle=False)
    files.write_whole(path, buffer.getvalue())
