"""What a training begins with: a card and data, or a file whose training goes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

import pffspike
from pffspike.cli import options
from pffspike.errors import ValidationError

_BEGIN = ("seed", "epochs", "samples", "dataset")  #: options of a beginning


def numbers(option: str, text: str | None, between: str) -> tuple[int, ...]:
    """Whole numbers of an option; none if it was not given."""
    if text is None:
        return ()
    parts = text.split(between)
    if not all(part.strip().isdecimal() and len(part) < 10 for part in parts):
        example = between.join(("28", "28"))
        raise ValidationError(f"{option} {text} must be whole numbers, such as {example}")
    return tuple(map(int, parts))


def own_source(
    data: Path | None,
    labels: str | None,
    test: tuple[Path | None, str | None, float],
    shape: str | None,
    levels: int | None,
    time: tuple[int | None, float | None, int],
) -> pffspike.DataSource | None:
    """Samples of the user's own, if the options name any.

    Parameters
    ----------
    data, labels, shape, levels
        As the options of these names.
    test : tuple
        File of the test part, its labels, and the share that becomes it otherwise.
    time : tuple
        Steps, the duration of one, and how many pixels become one.
    """
    if data is None or not pffspike.is_own(data):
        if labels:
            raise ValidationError("--labels goes with --data FILE, the samples of your own")
        return None
    images, judged, share = test
    steps, duration, downsample = time
    return pffspike.DataSource(
        str(data),
        labels or "",
        str(images or ""),
        judged or "",
        share,
        numbers("--shape", shape, "x"),
        levels,
        steps or 0,
        duration or 0.0,
        downsample,
    )


@dataclass(frozen=True)
class Place:
    """Options that say what is learned.

    Parameters
    ----------
    source : DataSource or None
        Samples of the user's own.
    dataset : str or None
        Name of a data set.
    folder : Path or None
        Where its files are.
    download : bool
        Whether to fetch them.
    samples : int or None
        Only the first so many of the training part.
    """

    source: pffspike.DataSource | None
    dataset: str | None
    folder: Path | None
    download: bool
    samples: int | None


def begin(
    card: str, place: Place, hidden: tuple[int, ...]
) -> tuple[pffspike.Network, pffspike.Dataset]:
    """Network of a card, sized to data of one's own, and the data."""
    if place.source:
        images = pffspike.load_own(place.source, place.dataset)
        network = pffspike.network_for(images, card, hidden=hidden or None)
    else:
        network = pffspike.load_network(card)
        images = options.load_dataset(
            network, place.dataset, place.folder, place.download, judged=False
        )
        if hidden:
            network = pffspike.network_for(images, card, hidden=hidden)
    return network, pffspike.first_samples(images, train=place.samples)


def go_on(
    context: typer.Context, beginning: Path | None, place: Place
) -> tuple[pffspike.TrainedNetwork, pffspike.Dataset]:
    """Training that goes on, and the data."""
    state = pffspike.load(str(beginning))
    resumed = context.params["resume"] is not None
    _refuse(context, "--resume" if resumed else "--from", beginning, "hidden", "validation")
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
    samples = place.samples
    if samples is None and place.dataset is None and (resumed or place.source is None):
        samples = state.samples_per_epoch or None
    if place.source:
        images = pffspike.own_training(state, place.source)
    else:
        images = options.load_dataset(
            state, place.dataset, place.folder, place.download, judged=False
        )
    images = pffspike.first_samples(images, train=samples)
    if not resumed and state.data and pffspike.is_same(state.data, images):
        _refuse(context, "--from on the same data", beginning, "seed")
    return state, images


def _refuse(context: typer.Context, way: str, path: Path | None, *names: str) -> None:
    """Refuse options of a beginning where a training goes on."""
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise ValidationError(f"--{name} does not go with {way}; {path} says what it was")
