"""``pffspike classify``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import pffspike
from pffspike.choices import CALIBRATED, MODES
from pffspike.cli import options, output, written
from pffspike.errors import ValidationError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_MOST_LEVELS = 2**16 - 1  #: of images of 16 bits


def classify(
    trained: options.Trained,
    images: Annotated[
        Path | None,
        typer.Option(
            help="Images or samples: .npy, .npz, .csv, or a folder of pictures; grey values from "
            "0 to --levels, or values as those of the training. Or events in any form."
        ),
    ] = None,
    levels: Annotated[
        int | None,
        typer.Option(
            help="Grey value of --images that stands for white (default: that of the training).",
            min=1,
            max=_MOST_LEVELS,
        ),
    ] = None,
    index: Annotated[
        list[int] | None, typer.Option(help="Test image of the data set; may be given repeatedly.")
    ] = None,
    mode: Annotated[str, typer.Option(help=f"One of {', '.join(MODES)}.")] = "goodness",
    candidates: options.Candidates = None,
    tolerance: options.Tolerance = 0.001,
    budget: options.Budget = None,
    calibration_samples: options.CalibrationSamples = None,
    calibration: options.Calibration = None,
    trials: options.Trials = None,
    engine: options.EngineName = "fastest",
    jobs: options.Jobs = None,
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataPlace = None,
    labels: options.Labels = None,
    download: options.Download = False,
    json: options.JsonFile = None,
    csv: options.CsvFile = None,
) -> None:
    """Classify images and show the score of every label.

    The noise of an image is keyed by its content, so its answer does not depend on the others.

    Example: pffspike classify digits.h5 --index 0 --index 7 --mode one_pass
    """
    state = options.load_trained(trained)
    chosen = pffspike.Mode(
        mode,
        candidates,
        trials,
        tolerance if budget is None else budget,
        calibration_samples or calibration,
    )
    pffspike.check_mode(state.network, chosen)
    if (images is None) == (not index):
        raise ValidationError(
            "give either --images FILE.npy or --index NUMBER, for example --index 0"
        )
    names, truth, found = [f"image {k}" for k in index or []], None, None
    shown: npt.NDArray[np.generic] | pffspike.Events
    if images is None or chosen.name in CALIBRATED:
        found = options.load_dataset(state, dataset, data, download, labels=labels)
    if images is not None:
        white = levels or pffspike.trained_levels(state)
        shown = pffspike.read_images(images, state, white)
        names = [f"image {k}" for k in range(len(shown))]
    elif found is not None:
        some = check_index(index or [], len(found.test_images))
        shown, white = found.test_images[some], found.levels
        truth = found.test_labels[some]
    shape = state.data.shape if state.data else found.shape if found else None
    views = None
    if shape:
        views = pffspike.views_of(state.network, state.coding, shown, shape, white)
    drive = state.coding.encode(shown, white)
    with output.progress() as progress:
        execution = options.execution(engine, seed, jobs, progress)
        way: pffspike.AnyMode = chosen
        if chosen.name in CALIBRATED:
            way = pffspike.calibrate(state, found, chosen, execution=execution)
        answer = pffspike.classify(state, drive, way, views=views, execution=execution)
    classes = state.data.class_names if state.data else ()
    show(f"{trained}, {mode}", names, truth, answer, classes)
    output.write_json(
        json,
        {
            "mode": mode,
            "classes": list(classes),
            "predicted": answer.predicted.tolist(),
            "scores": [
                [score if math.isfinite(score) else None for score in scores]
                for scores in answer.scores.tolist()
            ],
            "margin": [m if math.isfinite(m) else None for m in answer.margins.tolist()],
            "true": None if truth is None else truth.tolist(),
            "stopping": answer.stopping.plain() if answer.stopping else None,
        },
    )
    written.write_csv(csv, answer.tidy_rows())


def show(
    title: str,
    names: list[str],
    truth: npt.NDArray[np.int64] | None,
    answer: pffspike.Classification,
    classes: tuple[str, ...] = (),
) -> None:
    """Print answers and scores as one table; labels that were not compared have none."""
    called = classes or tuple(map(str, range(answer.scores.shape[1])))
    columns = [
        "",
        "true",
        "answer",
        "margin",
        *(f"score {label}" for label in called),
    ]
    rows = [
        (
            name,
            "?" if truth is None else called[truth[k]],
            called[answer.predicted[k]],
            float(answer.margins[k]) if math.isfinite(answer.margins[k]) else "",
            *(float(score) if math.isfinite(score) else "" for score in answer.scores[k]),
        )
        for k, name in enumerate(names)
    ]
    output.table(title, columns, rows)


def check_index(index: list[int], available: int) -> list[int]:
    """Return test image numbers if all exist (`ValidationError` otherwise)."""
    for k in index:
        if not 0 <= k < available:
            raise ValidationError(
                f"--index {k} does not exist; test images are 0 to {available - 1}"
            )
    return index
