"""``pffspike search``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import pffspike
from pffspike import text
from pffspike.cli import beginnings, options, output
from pffspike.errors import ValidationError

_KEPT = 10_000  #: training images that judge, at most, if nothing else is asked for


def search(
    space: Annotated[
        Path,
        typer.Option(
            help="TOML file of settings, such as `[pff]` with `homeostasis = {low = 0.001, high = "
            "0.01, log = true}` or `threshold = {choices = [[14, 10], [12, 10]]}`."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--output", "-o", help="Journal of the trials; an old one goes on.")
    ],
    card: Annotated[
        str | None,
        typer.Argument(
            help="Network: name of a card or path of a TOML file (default: `own`, for samples of "
            "your own)."
        ),
    ] = None,
    trials: Annotated[int, typer.Option(help="Settings to try in all.", min=1)] = 20,
    epochs: Annotated[int, typer.Option(help="Of a trial.", min=1)] = 4,
    samples: options.Samples = None,
    validation: Annotated[
        int | None,
        typer.Option(
            help="Training images, the last ones, kept back to judge (default: a fifth, 10,000 at "
            "most).",
            min=1,
        ),
    ] = None,
    mode: Annotated[str, typer.Option(help="How they are classified.")] = "goodness",
    engine: options.EngineName = "fastest",
    seed: options.Seed = 0,
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
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Search for better settings of a card on images kept back from training.

    Needs Optuna (`pip install '.[search]'`). Ctrl-C loses the trial that runs, no other. Samples of
    your own are named as for `pffspike train`; their test part is not looked at.

    Example: pffspike search digits --space space.toml --validation 300 -o search.log
    """
    table = pffspike.read_toml(space)
    source = beginnings.own_source(
        data,
        labels,
        (test_images, test_labels, test_share),
        shape,
        levels,
        (steps, step_duration, downsample),
    )
    if card is None and source is None:
        raise ValidationError("give a card, for example `digits`, or --data FILE, your own samples")
    card = card or "own"
    if source:
        dataset = pffspike.load_own(source)
    else:
        dataset = pffspike.load_data(pffspike.load_network(card).training.dataset, data, download)
    if validation is None:
        validation = max(1, min(_KEPT, len(dataset.train_images) // 5))
    config = pffspike.Search(card, table, epochs, samples, validation, mode, seed)
    with output.progress() as progress:
        execution = pffspike.Execution(engine, seed, progress=progress)
        study = pffspike.search(config, out, trials, dataset=dataset, execution=execution)
    found: list[dict[str, Any]] = [
        {
            "trial": trial.number,
            "state": trial.state.name.lower(),
            "accuracy": trial.value,
            "epochs": max(trial.intermediate_values, default=0),
            "changes": pffspike.settings_of(config, trial.params),
        }
        for trial in study.trials
        if trial.value is not None
    ]
    found.sort(key=lambda row: -row["accuracy"])
    output.table(
        f"{card}: {len(study.trials)} settings tried, {validation} images kept back",
        ("trial", "", "epochs", "accuracy", "settings"),
        [
            (
                row["trial"],
                row["state"],
                row["epochs"],
                text.percent(row["accuracy"]),
                ", ".join(f"{k} = {v}" for t in row["changes"].values() for k, v in t.items()),
            )
            for row in found[:10]
        ],
    )
    output.write_json(json, {"tried": len(study.trials), "trials": found})
