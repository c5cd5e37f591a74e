"""Arguments that several commands share, and what they load."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from pffspike import inference
from pffspike.cli import output
from pffspike.data import Dataset, check_kind, is_same, load
from pffspike.engines import resolve
from pffspike.engines.base import Engine
from pffspike.errors import ValidationError
from pffspike.exchange import read_export
from pffspike.network.spec import Network
from pffspike.storage import load as load_file
from pffspike.trained import TrainedNetwork
from pffspike.training import check_fit

Trained = Annotated[
    Path,
    typer.Argument(
        help="File of a trained network (of `pffspike train`) or folder of `pffspike export`."
    ),
]
EngineName = Annotated[
    str,
    typer.Option("--engine", "-e", callback=resolve, help="Engine; `pffspike info` lists them."),
]
Seed = Annotated[int, typer.Option(help="Seed of everything random.", min=0)]
DatasetName = Annotated[
    str | None, typer.Option("--dataset", help="Data set, if not the one of the network's card.")
]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder with the data set's files.")
]
Download = Annotated[bool, typer.Option("--download", help="Fetch missing data files.")]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Also write what is printed to this file.")
]
Samples = Annotated[
    int | None, typer.Option("--samples", "-n", help="Only the first so many samples.", min=1)
]
Candidates = Annotated[
    int | None,
    typer.Option(
        help=f"Labels that the read-out proposes in mode proposal (default {inference.PROPOSED}) "
        "and in modes early and late (default: all labels, without a proposal).",
        min=1,
    ),
]
Budget = Annotated[
    float,
    typer.Option(
        help="Share of answers that mode early or late may change against all trials in full.",
        min=0,
    ),
]
Calibration = Annotated[
    int | None,
    typer.Option(
        help="Draws of training images to calibrate modes early and late on (default: 5 / budget, "
        "2000 at least).",
        min=1,
    ),
]
Trials = Annotated[
    int | None,
    typer.Option(
        help="Presentations of an image, each with fresh noise and, if the network has learned "
        "from shifted images, all but the first shifted too, whose scores are averaged "
        f"(default: 1; in mode late at most so many, {inference.default_trials('late')}).",
        min=1,
    ),
]
States = Annotated[
    list[str] | None,
    typer.Option(
        "--state",
        help=f"State of the label, one of {', '.join(inference.STATES)}; may be given repeatedly "
        "(default: all).",
    ),
]
Window = Annotated[
    int | None,
    typer.Option(
        help="Steps over which spikes are averaged, a power of two (default: the program's).", min=1
    ),
]


def load_trained(path: Path) -> TrainedNetwork:
    """Load a trained network from a file or an export folder; say so if its training goes on."""
    state = read_export(path) if path.is_dir() else load_file(path)
    if not state.finished:
        output.note(
            f"{path} holds a checkpoint after {state.samples_done:,} of "
            f"{state.samples_total:,} samples; pffspike train --resume {path} finishes it"
        )
    return state


def check_programs(state: TrainedNetwork, *names: str) -> None:
    """Raise `ValidationError` if a network lacks one of the programs of the generative circuit."""
    for name in names:
        if name not in {p.name for p in state.network.programs}:
            raise ValidationError(
                f"network {state.network.name!r} has no program {name!r}; train one with a "
                f"generative circuit"
            )


def load_dataset(
    target: Network | TrainedNetwork,
    name: str | None,
    folder: Path | None,
    download: bool,
    *,
    train_samples: int | None = None,
    test_samples: int | None = None,
    option: str = "--samples",
) -> Dataset:
    """Load the data set of a network, or the one asked for, cut to the first samples.

    Data meet a trained network only if they are of the kind that it was trained on; if they are
    others, that is said. ``option`` is what the user gave their number by.
    """
    network = target.network if isinstance(target, TrainedNetwork) else target
    dataset = load(name or network.training.dataset, folder, download)
    check_fit(network, dataset)
    if isinstance(target, TrainedNetwork) and target.data:
        check_kind(target.data, dataset)
        if not is_same(target.data, dataset):
            output.note(
                f"the training images of {dataset.name!r} are not those of {target.data.name!r} "
                f"that the network was trained on"
            )
    for asked, images in (
        (train_samples, dataset.train_images),
        (test_samples, dataset.test_images),
    ):
        if asked is not None and asked > len(images):
            raise ValidationError(
                f"{option} {asked} is more than the {len(images)} there are in data set "
                f"{dataset.name!r}; give at most {len(images)}"
            )
    return dataclasses.replace(
        dataset,
        train_images=dataset.train_images[:train_samples],
        train_labels=dataset.train_labels[:train_samples],
        test_images=dataset.test_images[:test_samples],
        test_labels=dataset.test_labels[:test_samples],
    )


def stopping_rule(
    state: TrainedNetwork,
    dataset: Dataset,
    engine: Engine,
    *,
    budget: float,
    candidates: int | None,
    draws: int | None,
    mode: str,
    trials: int | None,
    seed: int,
) -> inference.Stopping:
    """Calibrate a mode on the training images of a data set, with a progress bar."""
    total = (draws or inference.default_draws(budget)) * (trials or inference.default_trials(mode))
    with output.progress(f"calibrate {mode}", total) as report:
        return inference.calibrate(
            state.network,
            state.parameters,
            engine,
            state.coding.encode(dataset.train_images, dataset.levels),
            budget=budget,
            candidates=candidates,
            draws=draws,
            mode=mode,
            trials=trials,
            views=inference.views_of(
                state.network, state.coding, dataset.train_images, dataset.shape, dataset.levels
            ),
            seed=seed,
            progress=report,
        )
