"""``pffspike classify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from pffspike import inference
from pffspike.cli import options, output
from pffspike.data import NAMES, known_levels, read_npy
from pffspike.engines import make_engine
from pffspike.errors import ValidationError
from pffspike.evaluation import check_mode, stopping_rule
from pffspike.trained import TrainedNetwork

_MOST_LEVELS = 2**16 - 1  #: of images of 16 bits


def classify(
    trained: options.Trained,
    images: Annotated[
        Path | None,
        typer.Option(
            help="NumPy file of images, (n, pixels) or (n, rows, columns), 0 to --levels."
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
    mode: Annotated[str, typer.Option(help=f"One of {', '.join(inference.MODES)}.")] = "goodness",
    candidates: options.Candidates = None,
    budget: options.Budget = 0.001,
    calibration: options.Calibration = None,
    trials: options.Trials = None,
    engine: options.EngineName = "fastest",
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataFolder = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Classify images and show the score of every label.

    The noise of an image is keyed by its content, so its answer does not depend on the others.

    Example: pffspike classify digits.h5 --index 0 --index 7 --mode one_pass
    """
    state = options.load_trained(trained)
    check_mode(state.network, mode, candidates)
    if (images is None) == (not index):
        raise ValidationError(
            "give either --images FILE.npy or --index NUMBER, for example --index 0"
        )
    names, truth = [f"image {k}" for k in index or []], None
    found = None
    if images is None or mode in inference.CALIBRATED:
        found = options.load_dataset(state, dataset, data, download)
    if images is not None:
        white = levels or trained_levels(state)
        grey = read_images(images, white, state)
        names = [f"image {k}" for k in range(len(grey))]
    elif found is not None:
        chosen = check_index(index or [], len(found.test_images))
        grey, white = found.test_images[chosen].astype(np.int64), found.levels
        truth = found.test_labels[chosen]
    shape = state.data.shape if state.data else found.shape if found else None
    made, stopping = make_engine(engine), None
    if mode in inference.CALIBRATED and found is not None:
        stopping = options.stopping_rule(
            state,
            found,
            made,
            budget=budget,
            candidates=candidates,
            draws=calibration,
            mode=mode,
            trials=trials,
            seed=seed,
        )
    answer = inference.classify(
        state.network,
        state.parameters,
        made,
        state.coding.encode(grey, white),
        mode,
        seed=seed,
        candidates=candidates,
        stopping=stopping,
        trials=1 if stopping else trials or 1,
        views=inference.views_of(state.network, state.coding, grey, shape, white)
        if shape
        else None,
    )
    show(f"{trained}, {mode}", names, truth, answer)
    output.write_json(
        json,
        {
            "mode": mode,
            "predicted": answer.predicted.tolist(),
            "scores": [
                [score if np.isfinite(score) else None for score in scores]
                for scores in answer.scores.tolist()
            ],
            "lead": [lead if np.isfinite(lead) else None for lead in answer.leads.tolist()],
            "true": None if truth is None else truth.tolist(),
            "stopping": stopping_rule(stopping) if stopping else None,
        },
    )


def show(
    title: str,
    names: list[str],
    truth: npt.NDArray[np.int64] | None,
    answer: inference.Classification,
) -> None:
    """Print answers and scores as one table; labels that are out of the race have none."""
    columns = [
        "",
        "true",
        "answer",
        "lead",
        *(f"score {label}" for label in range(answer.scores.shape[1])),
    ]
    rows = [
        (
            name,
            "?" if truth is None else int(truth[k]),
            int(answer.predicted[k]),
            float(answer.leads[k]) if np.isfinite(answer.leads[k]) else "",
            *(float(score) if np.isfinite(score) else "" for score in answer.scores[k]),
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


def read_images(path: Path, white: int, state: TrainedNetwork) -> npt.NDArray[np.int64]:
    """Read images from a ``.npy`` file.

    Parameters
    ----------
    path : Path
    white : int
        Grey value that becomes probability 1.
    state : TrainedNetwork
        Says which shape an image must have.

    Returns
    -------
    (n, pixels) ndarray of int64
        Grey values.

    Raises
    ------
    FileError, ValidationError
        If the file is missing or does not hold such images.
    """
    values = read_npy(path)
    pixels = state.network.population("image").size
    if state.coding.mean is not None:
        pixels = len(state.coding.mean)
    shape = state.data.shape if state.data else (pixels,)
    known = {(pixels,), shape}
    if values.shape in known:  # a single image
        values = values[np.newaxis]
    if values.shape[1:] not in known or not len(values):
        needed = " or ".join(f"(n, {', '.join(map(str, end))})" for end in sorted(known))
        raise ValidationError(
            f"{path} has shape {values.shape}, but the network was trained on images of shape "
            f"{needed}; give such an array"
        )
    flat = values.reshape(len(values), pixels).astype(np.float64)
    whole = np.all(flat == np.floor(flat))
    if not whole or flat.min() < 0 or flat.max() > white:
        raise ValidationError(
            f"{path} must hold whole grey values from 0 to {white} (see --levels)"
        )
    return flat.astype(np.int64)


def trained_levels(state: TrainedNetwork) -> int:
    """Grey value that stood for white in the training (`ValidationError` if it is not known)."""
    if state.data:
        return state.data.levels
    name = state.network.training.dataset
    if name not in NAMES:
        raise ValidationError(
            f"the network was trained by a former version on {name!r}, and which grey value stands "
            f"for white is not known; give --levels, for example 255"
        )
    return known_levels(name)
