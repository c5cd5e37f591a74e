"""``pffspike train``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

import pffspike
from pffspike import files, text
from pffspike.cli import beginnings, options, output, outputs, seeded
from pffspike.errors import ValidationError

_JUDGED = 1000  #: test images that are classified in the end, at most; `evaluate` takes all
_ROWS = 10  #: of the history that the accuracy beside the bar is the mean of


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
    seeds: Annotated[
        int | None,
        typer.Option(help="Train so many networks, from --seed on, to NAME-SEED.h5.", min=1),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(help="Of --seeds, trainings at the same time (default: the cores).", min=1),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Instead of the card's.", min=1)] = None,
    samples: options.Samples = None,
    checkpoint_every: Annotated[
        int, typer.Option(help="Samples between checkpoints; no effect on the result.", min=1)
    ] = 2000,
    stretch: options.Stretch = None,
    dataset: options.DatasetName = None,
    data: options.OwnData = None,
    labels: options.Labels = None,
    test_images: options.TestImages = None,
    test_labels: options.TestLabels = None,
    test_share: options.TestShare = 0.2,
    shape: options.Shape = None,
    levels: options.Levels = None,
    steps: options.Steps = None,
    step_duration: options.StepDuration = None,
    downsample: options.Downsample = 1,
    hidden: Annotated[
        str | None, typer.Option(help="Sizes of the hidden populations, such as 200,100.")
    ] = None,
    download: options.Download = False,
    validation: Annotated[
        int,
        typer.Option(help="Training images, the last ones, kept back to judge each epoch.", min=0),
    ] = 0,
    patience: Annotated[
        int, typer.Option(help="Epochs without a rise of their accuracy that end it.", min=1)
    ] = 5,
    log: Annotated[
        Path | None, typer.Option(help="Write the history to this file too (.csv).")
    ] = None,
    tensorboard: Annotated[
        Path | None, typer.Option(help="Folder of events for TensorBoard.")
    ] = None,
    json: options.JsonFile = None,
) -> None:
    """Train a network from its card and write it to one file.

    The file is a checkpoint every so many samples: an interrupted training goes on with --resume,
    to the same weights, bit for bit. A finished one learns on with --from: 2 epochs and 2 more are
    4, bit for bit. --seeds trains several seeds side by side; the same command goes on with what
    an interrupted one has left.

    Samples of your own need no card: one is sized to them, and the file keeps how they are scaled,
    what their classes are called and where they lie, so every other command finds them again.

    Example: pffspike train digits -o digits.h5; pffspike train --images x.npy --labels y.npy
    """
    source = beginnings.own_source(
        data,
        labels,
        (test_images, test_labels, test_share),
        shape,
        levels,
        (steps, step_duration, downsample),
    )
    if source:
        card = card or (None if resume or start else "own")
    place = beginnings.Place(source, dataset, data, download, samples)
    if [card, resume, start].count(None) != 2:
        raise ValidationError(
            "give one of these: a card to begin with, for example `digits`, or --resume FILE, or "
            "--from FILE"
        )
    begun: pffspike.Network | pffspike.TrainedNetwork
    if card is not None:
        begun, images = beginnings.begin(card, place, beginnings.numbers("--hidden", hidden, ","))
    else:
        begun, images = beginnings.go_on(context, resume or start, place)
    network = begun.network if isinstance(begun, pffspike.TrainedNetwork) else begun
    path = out or resume or start or Path(f"{network.name}.h5")
    many = seeded.chosen(context, path, seeds, jobs, overwrite)
    if many is None and resume is None and path.exists() and not overwrite:
        raise ValidationError(
            f"{path} exists; give --overwrite, --resume {path} or another --output"
        )
    for written in many.files if many else (path,):
        outputs.check(
            "train",
            {
                "out": written,
                "json": json,
                "card": card,
                "resume": resume,
                "start": start,
                "data": data,
                "labels": labels,
                "test": test_images,
                "log": log,
                "tensorboard": tensorboard,
            },
            force=out is not None,
        )
    if many:
        execution = pffspike.Execution(engine)
        seeded.train(network, images, many, epochs, stretch or checkpoint_every, execution, json)
        return
    followers: list[Callable[[pffspike.TrainedNetwork], object]] = []
    if validation:
        images, kept = pffspike.keep_back(images, validation)
        followers.append(
            pffspike.EarlyStopping(kept, patience, execution=pffspike.Execution(engine, seed))
        )
    followers += [pffspike.CsvLog(log)] if log else []
    followers += [pffspike.TensorBoard(tensorboard)] if tensorboard else []
    trained = begun if isinstance(begun, pffspike.TrainedNetwork) else None
    if start is not None:
        epochs = epochs or network.training.epochs
    if trained and not pffspike.is_exact(engine) and trained.engine != engine:
        output.note(f"{engine} is inexact: the weights will not be those of {trained.engine}")
    try:
        with files.locked(path), output.progress() as progress:
            followers.insert(0, _told(progress))
            state = pffspike.train(
                begun,
                images,
                epochs=epochs,
                checkpoint=lambda reached: pffspike.save(path, reached),
                checkpoint_every=stretch or checkpoint_every,
                callbacks=followers,
                execution=pffspike.Execution(engine, seed, progress=progress),
            )
    except KeyboardInterrupt:
        output.errors.print(f"{path} holds the last checkpoint: pffspike train --resume {path}")
        raise
    if validation:
        pffspike.save(path, state)
    _summarize(state, path, json, _held_out(state, images))


def _told(progress: output.Shown) -> Callable[[pffspike.TrainedNetwork], None]:
    """Say beside the bar which epoch it is, and how many samples are answered before learning."""

    def tell(state: pffspike.TrainedNetwork) -> None:
        epoch = -(-state.samples_done // state.samples_per_epoch)
        epochs = state.samples_total // state.samples_per_epoch
        said = f"epoch {epoch} of {epochs}"
        if "accuracy.online" in state.history:
            last = state.history["accuracy.online"][-_ROWS:]
            said += f", on-line accuracy {text.percent(float(last.mean()))}"
        progress.describe("training", said)

    return tell


def _held_out(state: pffspike.TrainedNetwork, images: pffspike.Dataset) -> float | None:
    """Accuracy on test images, if there are any and the network can answer."""
    try:
        pffspike.check_mode(state.network, "goodness")
    except ValidationError:
        return None
    judged = images.test_images[:_JUDGED]
    if not len(judged):
        return None
    with output.progress() as progress:
        answer = pffspike.classify(
            state,
            state.coding.encode(judged, images.levels),
            samples=range(len(judged)),
            execution=pffspike.Execution(progress=progress),
        )
    found = answer.accuracy(images.test_labels[:_JUDGED])
    output.console.print(
        f"held-out accuracy (goodness): {text.percent(found)} of {len(judged):,} test images"
    )
    return found


def _summarize(
    state: pffspike.TrainedNetwork, path: Path, json: Path | None, accuracy: float | None
) -> None:
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
            "accuracy": accuracy,
            "history": {name: values.tolist() for name, values in state.history.items()},
        },
    )
