"""``pffspike train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pffspike import storage, training
from pffspike.cards import load_network
from pffspike.cli import options, output, outputs
from pffspike.engines import make_engine
from pffspike.engines.registry import is_exact
from pffspike.errors import ValidationError
from pffspike.files import locked
from pffspike.trained import TrainedNetwork

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
    stretch: Annotated[
        int, typer.Option(help="Samples between checkpoints; no effect on the result.", min=1)
    ] = 2000,
    dataset: options.DatasetName = None,
    data: options.DataFolder = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Train a network from its card and write it to one file.

    The file is a checkpoint after every stretch: an interrupted training goes on with --resume,
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
        state, path = storage.load(resume), out or resume
        images = options.load_dataset(
            state,
            None,
            data,
            download,
            train_samples=state.samples_per_epoch,
        )
    else:
        network = load_network(str(card))
        path = out or Path(f"{network.name}.h5")
        if path.exists() and not overwrite:
            raise ValidationError(
                f"{path} exists; give --overwrite, --resume {path} or another --output"
            )
        images = options.load_dataset(network, dataset, data, download, train_samples=samples)
        state = training.begin(network, images, seed=seed, epochs=epochs)
    outputs.check(
        "train", {"out": path, "json": json, "card": card, "resume": resume}, force=out is not None
    )
    chosen = make_engine(engine)
    if resume is not None and not is_exact(engine) and state.engine != engine:
        output.note(f"{engine} is inexact: the weights will not be those of {state.engine}")
    try:
        with locked(path), output.progress("training", state.samples_total) as report:
            report(state.samples_done)
            state = training.train(
                state,
                images,
                chosen,
                stretch=stretch,
                checkpoint=lambda reached: storage.save(path, reached),
                progress=report,
            )
    except KeyboardInterrupt:
        output.errors.print(f"{path} holds the last checkpoint: pffspike train --resume {path}")
        raise
    _summarize(state, path, json)


def _summarize(state: TrainedNetwork, path: Path, json: Path | None) -> None:
    last = {name: float(values[-1]) for name, values in sorted(state.history.items())}
    output.table(
        f"{path}: {state.network.name}, {state.samples_done} samples, seed {state.seed}",
        ("mean of the last stretch", "value"),
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
