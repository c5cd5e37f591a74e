"""Settings of systems that are not cards, on validation images: a random search.

python experiments/01-mnist/baseline_trials.py SYSTEM [--dataset fashion-mnist] [--data FOLDER]
    [--trials 53 | --settings NAME=VALUE,...] [--finalists 0] [--seed 0]

draws different settings of `rate_ff`, `backpropagation` or `straight_through`, trains each for some
epochs on the first 20,000 training images, and judges it on the last 10,000. The best `--finalists`
of them are then trained four times as long, because a short training prefers large steps, and the
best of these wins. With `--settings`, once or more, it draws nothing and trains these. A setting
takes between ten seconds and a minute of processor time. Those that won stand in the `config.toml`
of the studies 01-mnist and 02-fashion-mnist. Settings of cards are searched by `pffspike search`.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
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
LONGER = 4  #: times as many epochs for the finalists


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
    only_with : mapping of str to (str, object)
        A setting that has no effect unless another one has this value, and is left out then.
    """

    kind: str
    shared: Mapping[str, Any]
    choices: Mapping[str, tuple[Any, ...]]
    only_with: Mapping[str, tuple[str, Any]] = dataclasses.field(default_factory=dict)


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
        {"weight_decay": ("optimizer", "momentum")},
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
    parser.add_argument(
        "--settings", action="append", metavar="NAME=VALUE,...", help="these, none drawn"
    )
    parser.add_argument("--finalists", type=int, default=0, help="how many of them train longer")
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    arguments = parser.parse_args()
    trials = SYSTEMS[arguments.system]
    possible = number_of_settings(trials)
    if not 1 <= arguments.trials <= possible:
        raise ValidationError(f"--trials {arguments.trials} must be from 1 to {possible}")
    if arguments.settings:
        candidates = [given(trials, text) for text in arguments.settings]
    else:
        candidates = drawn(trials, arguments.seed, arguments.trials)
    if not 0 <= arguments.finalists <= len(candidates):
        raise ValidationError(
            f"--finalists {arguments.finalists} must be from 0 to {len(candidates)}, "
            "the number of settings"
        )
    parts = validation(pffspike.load_data(arguments.dataset, arguments.data))
    found = judged(trials, candidates, parts)
    if arguments.finalists:
        print(f"the best {arguments.finalists} of them, {LONGER} times as long:")
        best = [settings for _, settings in found[: arguments.finalists]]
        found = judged(trials, best, parts, LONGER)
    accuracy, settings = found[0]
    print(f"best of {len(candidates)}: {accuracy:.2%}", settings)


def judged(
    trials: Trials, candidates: list[dict[str, Any]], parts: Dataset, longer: int = 1
) -> list[tuple[float, dict[str, Any]]]:
    """Accuracy and settings, the best first; label by label, if the system can."""
    found = []
    for trial, settings in enumerate(candidates):
        accuracies = judge(trials, settings, parts, longer)
        found.append((next(iter(accuracies.values())), settings))
        shown = ", ".join(f"{mode} {accuracy:.2%}" for mode, accuracy in accuracies.items())
        print(f"{trial}: {shown}", settings, flush=True)
    return sorted(found, key=lambda row: -row[0])


def validation(whole: Dataset) -> Dataset:
    """The training part, split: no test image is seen."""
    return dataclasses.replace(
        whole,
        train_images=whole.train_images[:TRAINED],
        train_labels=whole.train_labels[:TRAINED],
        test_images=whole.train_images[JUDGED:],
        test_labels=whole.train_labels[JUDGED:],
    )


def effective(trials: Trials, settings: dict[str, Any]) -> dict[str, Any]:
    """Those settings that have an effect beside the others."""
    return {
        name: value
        for name, value in settings.items()
        if name not in trials.only_with
        or settings[trials.only_with[name][0]] == trials.only_with[name][1]
    }


def number_of_settings(trials: Trials) -> int:
    """How many differ in something that has an effect."""
    rows = itertools.product(*trials.choices.values())
    settings = (effective(trials, dict(zip(trials.choices, row, strict=True))) for row in rows)
    return len({tuple(each.items()) for each in settings})


def drawn(trials: Trials, seed: int, count: int) -> list[dict[str, Any]]:
    """Different settings: each of its choices alone, all with the same chance; no repetition."""
    found: list[dict[str, Any]] = []
    for draw in itertools.count():
        key = counter.derive_key(seed, draw)
        settings = effective(
            trials,
            {
                name: values[int(counter.integers(key, place, len(values))[0])]
                for place, (name, values) in enumerate(trials.choices.items())
            },
        )
        if settings not in found:
            found.append(settings)
        if len(found) == count:
            break
    return found


def given(trials: Trials, text: str) -> dict[str, Any]:
    """Settings of the command line: values that could be drawn; the others are the defaults."""
    settings: dict[str, Any] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        if name not in trials.choices:
            raise ValidationError(
                f"--settings has {name!r}; it must be one of: {', '.join(trials.choices)}"
            )
        values = {str(each): each for each in trials.choices[name]}
        if value not in values:
            raise ValidationError(
                f"--settings has {name} = {value!r}; it must be one of: {', '.join(values)}"
            )
        settings[name] = values[value]
    return settings


def judge(
    trials: Trials, settings: dict[str, Any], parts: Dataset, longer: int
) -> dict[str, float]:
    """Accuracy on the validation images, by mode, after a training `longer` times as long."""
    kind = KINDS[trials.kind]
    shared = {**trials.shared, "epochs": trials.shared["epochs"] * longer}
    if "decay" in shared:  # to the same learning rate at the end
        shared["decay"] **= 1 / longer
    config = kind.settings(**shared, **settings)
    with tempfile.TemporaryDirectory() as folder:
        result = kind.run(config, parts, 0, Path(folder) / "run", lambda _: None)
    return {mode: outcome.accuracy for mode, outcome in result.modes.items()}


if __name__ == "__main__":
    run_script(main)
