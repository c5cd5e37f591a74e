"""``pffspike train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import pffspike
from pffspike import Dataset, Execution, Network, TrainedNetwork, ValidationError, files
from pffspike.cli import options, output, outputs

_BEGIN = ("seed", "epochs", "samples", "dataset")  #: options of a beginning


def train(
    context: typer.Context,
    card: Annotated[
        str | None, typer.Argument(help="Network: name of a card or path of a TOML file.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.")] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with this unfinished training instead of a card.")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Train this finished network further: --epochs more (default: the card's).",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace an existing output file.")] = False,
    engine: options.EngineName = "fastest",
    seed: options.Seed = 0,
    epochs: Annotated[int | None, typer.Option(help="Instead of the card's.", min=1)] = None,
    samples: options.Samples = None,
    checkpoint_every: Annotated[
        int, typer.Option(help="Samples between checkpoints; no effect on the result.", min=1)
    ] = 2000,
    stretch: options.Stretch = None,
    dataset: options.DatasetName = None,
    data: options.DataFolder = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Train a network from its card and write it to one file.

    The file is a checkpoint every so many samples: an interrupted training goes on with --resume,
    to the same weights, bit for bit. A finished one learns on with --from: 2 epochs and 2 more are
    4, bit for bit.

    Example: pffspike train digits -o digits.h5
    """
    if [card, resume, start].count(None) != 2:
        raise ValidationError(
            "give one of these: a card to begin with, for example `digits`, or --resume FILE, or "
            "--from FILE"
        )
    begun, images = _begun(context, card or resume or start, dataset, data, download, samples)
    network = begun.network if isinstance(begun, TrainedNetwork) else begun
    path = out or resume or start or Path(f"{network.name}.h5")
    if resume is None and path.exists() and not overwrite:
        raise ValidationError(
            f"{path} exists; give --overwrite, --resume {path} or another --output"
        )
    outputs.check(
        "train",
        {"out": path, "json": json, "card": card, "resume": resume, "start": start},
        force=out is not None,
    )
    trained = begun if isinstance(begun, TrainedNetwork) else None
    if start is not None:
        epochs = epochs or network.training.epochs
    if trained and not pffspike.is_exact(engine) and trained.engine != engine:
        output.note(f"{engine} is inexact: the weights will not be those of {trained.engine}")
    try:
        with files.locked(path), output.progress() as progress:
            state = pffspike.train(
                begun,
                images,
                epochs=epochs,
                checkpoint=lambda reached: pffspike.save(path, reached),
                checkpoint_every=stretch or checkpoint_every,
                execution=Execution(engine, seed, progress=progress),
            )
    except KeyboardInterrupt:
        output.errors.print(f"{path} holds the last checkpoint: pffspike train --resume {path}")
        raise
    _summarize(state, path, json)


def _begun(
    context: typer.Context,
    beginning: str | Path | None,
    dataset: str | None,
    data: Path | None,
    download: bool,
    samples: int | None,
) -> tuple[Network | TrainedNetwork, Dataset]:
    """What a training begins with, and what it learns."""
    if isinstance(beginning, str):
        network = pffspike.load_network(beginning)
        return network, options.load_dataset(
            network, dataset, data, download, train_samples=samples
        )
    state = pffspike.load(str(beginning))
    resumed = context.params["resume"] is not None
    if resumed and state.finished:
        raise ValidationError(
            f"{beginning} is finished after {state.samples_done:,} samples; to train it further, "
            f"give --from {beginning} --epochs N --output FILE"
        )
    if not resumed and not state.finished:
        raise ValidationError(
            f"{beginning} holds a checkpoint after {state.samples_done:,} of "
            f"{state.samples_total:,} samples; finish it with --resume {beginning}"
        )
    if resumed:
        _refuse(context, "--resume", beginning, *_BEGIN)
    if samples is None and dataset is None:
        samples = state.samples_per_epoch or None
    images = options.load_dataset(state, dataset, data, download, train_samples=samples)
    if not resumed and state.data and pffspike.is_same(state.data, images):
        _refuse(context, "--from on the same data", beginning, "seed")
    return state, images


def _refuse(context: typer.Context, way: str, path: Path | None, *names: str) -> None:
    """Refuse options of a beginning where a training goes on."""
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise ValidationError(f"--{name} does not go with {way}; {path} says what it was")


def _summarize(state: TrainedNetwork, path: Path, json: Path | None) -> None:
    last = {name: float(values[-1]) for name, values in sorted(state.history.items())}
    output.table(
        f"{path}: {state.network.name}, {state.samples_done} samples, seed {state.seed}",
        ("mean before the last checkpoint", "value"),
        list(last.items()),
    )
    output.write_json(
        json,
        {
            "file": str(path),
            "network": state.network.name,
            "seed": state.seed,
            "engine": state.engine,
            "samples": state.samples_done,
            "history": {name: values.tolist() for name, values in state.history.items()},
        },
    )
