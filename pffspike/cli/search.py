"""``pffspike search``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pffspike import search as searching
from pffspike.cards import load_network, toml
from pffspike.cli import options, output
from pffspike.data import load
from pffspike.engines import make_engine

if TYPE_CHECKING:
    import optuna


def search(
    card: Annotated[str, typer.Argument(help="Network: name of a card or path of a TOML file.")],
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
    trials: Annotated[int, typer.Option(help="Settings to try in all.", min=1)] = 20,
    epochs: Annotated[int, typer.Option(help="Of a trial.", min=1)] = 4,
    samples: options.Samples = None,
    validation: Annotated[
        int, typer.Option(help="Training images, the last ones, kept back to judge.", min=1)
    ] = 10_000,
    mode: Annotated[str, typer.Option(help="How they are classified.")] = "goodness",
    engine: options.EngineName = "fastest",
    seed: options.Seed = 0,
    data: options.DataFolder = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Search for better settings of a card on images kept back from training.

    Needs Optuna (`pip install 'pffspike[search]'`). Ctrl-C loses the trial that runs, no other.

    Example: pffspike search digits --space space.toml --validation 300 -o search.log
    """
    config = searching.Search(card, toml.read(space), epochs, samples, validation, mode, seed)
    dataset = load(load_network(card).training.dataset, data, download)
    with output.progress("trials", trials) as report:

        def tell(_study: optuna.Study, _trial: optuna.trial.FrozenTrial) -> None:
            report(1)

        study = searching.search(config, dataset, make_engine(engine), out, trials, tell)
    found: list[dict[str, Any]] = [
        {
            "trial": trial.number,
            "state": trial.state.name.lower(),
            "accuracy": trial.value,
            "epochs": max(trial.intermediate_values, default=0),
            "changes": searching.changes(config, trial.params),
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
                output.percent(row["accuracy"]),
                ", ".join(f"{k} = {v}" for t in row["changes"].values() for k, v in t.items()),
            )
            for row in found[:10]
        ],
    )
    output.write_json(json, {"tried": len(study.trials), "trials": found})
