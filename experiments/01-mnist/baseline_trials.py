"""Settings of systems that are not cards, on validation images: a random search.

python experiments/01-mnist/baseline_trials.py SYSTEM [--dataset fashion-mnist] [--data FOLDER]
    [--trials 53] [--seed 0]

draws settings of `rate_ff`, `backpropagation` or `straight_through`, trains each for some epochs on
the first 20,000 training images, and judges it on the last 10,000. A setting takes between ten
seconds and a minute of processor time. The best ones stand in the `config.toml` of the studies
01-mnist and 02-fashion-mnist. Settings of cards are searched by `pffspike search`.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pffspike
from pffspike import Dataset
from pffspike.arithmetic import counter
from pffspike.baselines import KINDS
from pffspike.errors import ValidationError
from pffspike.studies.script import run_script

TRAINED, JUDGED = 20_000, 50_000  #: the first so many learn; those from this one on validate


@dataclass(frozen=True)
class Trials:
    """What is drawn, and what all trials share.

    Parameters
    ----------
    kind : str
        Of `pffspike.baselines.KINDS`.
    shared : mapping of str to object
        Settings of every trial.
    choices : mapping of str to tuple
        Values of each setting that is drawn.
    """

    kind: str
    shared: Mapping[str, Any]
    choices: Mapping[str, tuple[Any, ...]]


SYSTEMS = {
    "rate_ff": Trials(
        "rate_ff",
        {"hidden": (500, 500), "epochs": 5},
        {
            "learning_rate": (0.0003, 0.001, 0.003, 0.01),
            "optimizer": ("momentum", "adam"),
            "weight_decay": (0.0, 0.0001, 0.0003, 0.001),
            "threshold": (0.5, 1.0, 2.0),
            "batch": (50, 100),
        },
    ),
    "backpropagation": Trials(
        "perceptron",
        {"hidden": (500, 500), "epochs": 10, "decay": 0.7},
        {
            "learning_rate": (0.0003, 0.0005, 0.001, 0.002, 0.004),
            "batch": (32, 64, 128, 256),
            "weight_decay": (0.0, 0.00001, 0.0001, 0.001, 0.01),
        },
    ),
    "straight_through": Trials(
        "straight_through",
        {"hidden": (500, 500), "epochs": 6, "decay": 0.65, "shift": 1},
        {
            "learning_rate": (0.0003, 0.001, 0.003, 0.01, 0.03),
            "scale": (1.0, 2.0, 4.0, 8.0, 16.0),
            "bias": (0.0, 0.15625, 0.3, 0.5),
            "batch": (32, 128),
            "steps": (1, 4),
        },
    ),
}


def main() -> None:
    """Print a line for each setting, the best one last."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("system", choices=tuple(SYSTEMS))
    parser.add_argument("--dataset", default="mnist", help="its name")
    parser.add_argument("--data", type=Path, help="folder with the data set's files")
    parser.add_argument("--trials", type=int, default=53, help="settings to draw")
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    arguments = parser.parse_args()
    if arguments.trials < 1:
        raise ValidationError(f"--trials {arguments.trials} must be at least 1")
    trials = SYSTEMS[arguments.system]
    parts = validation(pffspike.load_data(arguments.dataset, arguments.data))
    found = []
    for trial in range(arguments.trials):
        settings = drawn(trials, arguments.seed, trial)
        accuracies = judge(trials, settings, parts)
        found.append((next(iter(accuracies.values())), settings))  # label by label, if it can
        shown = ", ".join(f"{mode} {accuracy:.2%}" for mode, accuracy in accuracies.items())
        print(f"{trial}: {shown}", settings, flush=True)
    accuracy, settings = max(found, key=lambda row: row[0])
    print(f"best of {len(found)}: {accuracy:.2%}", settings)


def validation(whole: Dataset) -> Dataset:
    """The training part, split: no test image is seen."""
    return dataclasses.replace(
        whole,
        train_images=whole.train_images[:TRAINED],
        train_labels=whole.train_labels[:TRAINED],
        test_images=whole.train_images[JUDGED:],
        test_labels=whole.train_labels[JUDGED:],
    )


def drawn(trials: Trials, seed: int, trial: int) -> dict[str, Any]:
    """Settings of a trial: each of its choices alone, all with the same chance."""
    key = counter.derive_key(seed, trial)
    return {
        name: values[int(counter.integers(key, place, len(values))[0])]
        for place, (name, values) in enumerate(trials.choices.items())
    }


def judge(trials: Trials, settings: dict[str, Any], parts: Dataset) -> dict[str, float]:
    """Accuracy on the validation images, by mode, after a short training."""
    kind = KINDS[trials.kind]
    config = kind.settings(**trials.shared, **settings)
    with tempfile.TemporaryDirectory() as folder:
        result = kind.run(config, parts, 0, Path(folder) / "run", lambda _: None)
    return {mode: outcome.accuracy for mode, outcome in result.modes.items()}


if __name__ == "__main__":
    run_script(main)
