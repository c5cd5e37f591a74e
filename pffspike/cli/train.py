"""``pffspike train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import pffspike
from pffspike import Execution, TrainedNetwork, ValidationError, files
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
    to the same weights, bit for bit.

    Example: pffspike train digits -o digits.h5
    """
    if (card is None) == (resume is None):
        raise ValidationError(
            "give either a card to begin with or --resume FILE, for example `digits`"
        )
    if resume is not None:
        for name in _BEGIN:
            source = context.get_parameter_source(name)
            if source is not None and source.name == "COMMANDLINE":
                raise ValidationError(
                    f"--{name} does not go with --resume; {resume} says what it was"
                )
        state, path = pffspike.load(resume), out or resume
        images = options.load_dataset(
            state, None, data, download, train_samples=state.samples_per_epoch
        )
        begun: pffspike.Network | TrainedNetwork = state
    else:
        begun = pffspike.load_network(str(card))
        path = out or Path(f"{begun.name}.h5")
        if path.exists() and not overwrite:
            raise ValidationError(
                f"{path} exists; give --overwrite, --resume {path} or another --output"
            )
        images = options.load_dataset(begun, dataset, data, download, train_samples=samples)
    outputs.check(
        "train", {"out": path, "json": json, "card": card, "resume": resume}, force=out is not None
    )
    trained = begun if isinstance(begun, TrainedNetwork) else None
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
