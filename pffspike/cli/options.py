"""Arguments that several commands share, and what they load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

import pffspike
from pffspike.choices import PROPOSED, STATES, TRIALS
from pffspike.cli import output
from pffspike.errors import ValidationError

T = TypeVar("T")


def _engine(name: str) -> str:
    return pffspike.resolve_engine(name)


def _former(present: str) -> Callable[[T], T]:
    """Callback of an option's former name, which warns."""

    def warn(value: T) -> T:
        if value is not None:
            output.note(
                f"this option is now called {present}; its former name goes with the next version"
            )
        return value

    return warn


Trained = Annotated[
    Path,
    typer.Argument(
        help="File of a trained network (of `pffspike train`) or folder of `pffspike export`."
    ),
]
SeveralTrained = Annotated[
    list[Path],
    typer.Argument(
        help="Files of trained networks or folders of `pffspike export`; of several that differ "
        "in the seed of their training, means and intervals over seeds are shown too."
    ),
]
EngineName = Annotated[
    str,
    typer.Option("--engine", "-e", callback=_engine, help="Engine; `pffspike info` lists them."),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        help="Cores to use (default: all, if the engine runs samples side by side); the same "
        "results with any number.",
        min=1,
    ),
]
Seed = Annotated[int, typer.Option(help="Seed of everything random.", min=0)]
DatasetName = Annotated[
    str | None, typer.Option("--dataset", help="Data set, if not the one of the network's card.")
]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder with the data set's files.")
]
DataPlace = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Folder with the data set's files; or samples of your own: .npy, .npz, .csv, .h5, or "
        "a folder of pictures or recordings by class.",
    ),
]
OwnData = Annotated[
    Path | None,
    typer.Option(
        "--data",
        "--images",
        help="Folder with the data set's files; or samples of your own: .npy, .npz, .csv, .h5, "
        "or a folder of pictures or recordings by class.",
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        help="Labels of your own samples: .npy, or text with one a line; or a column of .csv."
    ),
]
TestImages = Annotated[
    Path | None, typer.Option(help="Test part of your own samples, in a file of its own.")
]
TestLabels = Annotated[str | None, typer.Option(help="Its labels.")]
TestShare = Annotated[
    float, typer.Option(help="Share of your own samples that becomes the test part otherwise.")
]
Shape = Annotated[
    str | None,
    typer.Option(help="Rows and columns, such as 28x28, of pictures that are rows of an array."),
]
Levels = Annotated[
    int | None,
    typer.Option(
        help="Grey value of your own pictures that stands for white (default: the largest).",
        min=1,
        max=255,
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        help="Steps that your own samples in time are binned into; .npy and x of .npz are then "
        "rasters (samples, steps, units).",
        min=1,
    ),
]
StepDuration = Annotated[
    float | None,
    typer.Option(
        help="Duration of a step, in the unit of the recorded times (default: the longest "
        "recording fits)."
    ),
]
Downsample = Annotated[
    int,
    typer.Option(
        help="Neighbouring pixels of recorded events, in a row and in a column, that become "
        "one neuron.",
        min=1,
    ),
]
Download = Annotated[bool, typer.Option("--download", help="Fetch missing data files.")]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Also write what is printed to this file.")
]
CsvFile = Annotated[
    Path | None,
    typer.Option("--csv", help="Also write tidy rows to this file, units in the columns' names."),
]
LatexFile = Annotated[
    Path | None,
    typer.Option(
        "--latex",
        help="Also write the table (that of means over seeds, if there are several) to this file, "
        "as LaTeX with booktabs.",
    ),
]
PlotFile = Annotated[
    Path | None,
    typer.Option("--plot", help="Also draw it: .pdf, .svg or .png, by the file's ending."),
]
Samples = Annotated[
    int | None, typer.Option("--samples", "-n", help="Only the first so many samples.", min=1)
]
Candidates = Annotated[
    int | None,
    typer.Option(
        help=f"Labels that the read-out proposes in mode proposal (default {PROPOSED}) "
        "and in modes early and late (default: all labels, without a proposal).",
        min=1,
    ),
]
Tolerance = Annotated[
    float,
    typer.Option(
        help="Probability with which modes early and late may change an answer against all trials "
        "in full.",
        min=0,
    ),
]
Budget = Annotated[
    float | None, typer.Option("--budget", hidden=True, callback=_former("--tolerance"), min=0)
]
Stretch = Annotated[
    int | None,
    typer.Option("--stretch", hidden=True, callback=_former("--checkpoint-every"), min=1),
]
Workers = Annotated[
    int | None, typer.Option("--workers", hidden=True, callback=_former("--jobs"), min=1)
]
CalibrationSamples = Annotated[
    int | None,
    typer.Option(
        help="Presentations of training images that calibrate modes early and late (default: "
        "5 / tolerance, 2000 at least).",
        min=1,
        max=10**9,
    ),
]
Calibration = Annotated[
    int | None,
    typer.Option("--calibration", hidden=True, callback=_former("--calibration-samples"), min=1),
]
Trials = Annotated[
    int | None,
    typer.Option(
        help="Presentations of an image, each with fresh noise and, if the network has learned "
        "from shifted images, all but the first shifted too, whose scores are averaged "
        f"(default: 1; in mode late at most so many, {TRIALS}).",
        min=1,
    ),
]
States = Annotated[
    list[str] | None,
    typer.Option(
        "--state",
        help=f"State of the label, one of {', '.join(STATES)}; may be given repeatedly "
        "(default: all).",
    ),
]
Window = Annotated[
    int | None,
    typer.Option(
        help="Steps over which spikes are averaged, a power of two (default: the program's).", min=1
    ),
]


def execution(
    engine: str | pffspike.Engine, seed: int, jobs: int | None, progress: output.Shown
) -> pffspike.Execution:
    """Give an execution that says on how many cores it runs, as soon as anything is done."""
    made = pffspike.Execution(engine, seed, jobs=jobs)
    cores, said = made.cores, False

    def tell(stage: str, done: int, total: int) -> None:
        nonlocal said
        if done and not said:
            said = True
            output.errors.print(f"{made.engine_name}: {cores} core{'s' if cores > 1 else ''}")
        progress(stage, done, total)

    return made.replace(progress=tell)


def load_trained(path: Path) -> pffspike.TrainedNetwork:
    """Load a trained network from a file or an export folder; say so if its training goes on."""
    trained = pffspike.load(path)
    if not trained.finished:
        output.note(
            f"{path} holds a checkpoint after {trained.samples_done:,} of "
            f"{trained.samples_total:,} samples; pffspike train --resume {path} finishes it"
        )
    return trained


def load_several(paths: list[Path]) -> dict[str, pffspike.TrainedNetwork]:
    """Load trained networks by their paths; the same one twice is refused."""
    found: dict[str, pffspike.TrainedNetwork] = {}
    seen: dict[object, str] = {}
    for path in map(str, paths):
        state = load_trained(Path(path))
        key = (pffspike.network_hash(state.network), state.seed, state.samples_done)
        if key in seen:
            raise ValidationError(
                f"{seen[key]} and {path} both hold {state.network.name!r} trained from seed "
                f"{state.seed}; give networks of different seeds, or each once"
            )
        found[path] = state
        seen[key] = path
    return found


def load_dataset(
    target: pffspike.Network | pffspike.TrainedNetwork,
    name: str | None,
    place: Path | None,
    download: bool,
    *,
    labels: str | None = None,
    train_samples: int | None = None,
    test_samples: int | None = None,
    judged: bool = True,
) -> pffspike.Dataset:
    """Load the data set of a network, or the one asked for, cut to the first samples.

    Data meet a trained network only if they are of the kind that it was trained on; if they are
    others, that is said. Samples of a user's own become the test part, which must not be empty
    where it is ``judged``.
    """
    trained = target if isinstance(target, pffspike.TrainedNetwork) else None
    network = target.network if isinstance(target, pffspike.TrainedNetwork) else target
    data = trained.data if trained else None
    own = place is not None and pffspike.is_own(place)
    if labels and not own:
        raise ValidationError("--labels goes with --data FILE, the samples of your own")
    if trained and (own or (place is None and name is None and data and data.source)):
        dataset = pffspike.own_data(trained, place, labels)
    else:
        dataset = pffspike.load_data(name or network.training.dataset, place, download)
    pffspike.dataset_of(target, dataset)
    if judged and not len(dataset.test_images):
        raise ValidationError(
            f"data set {dataset.name!r} has no test part; give --data FILE, and --labels if it has "
            f"none"
        )
    if data and not pffspike.is_same(data, dataset):
        output.note(
            f"the training images of {dataset.name!r} are not those of {data.name!r} that the "
            f"network was trained on"
        )
    return pffspike.first_samples(dataset, train=train_samples, test=test_samples)
