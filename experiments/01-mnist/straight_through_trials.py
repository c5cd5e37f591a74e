"""Settings of the system `straight_through` on validation images: a random search.

python experiments/01-mnist/straight_through_trials.py [--data FOLDER] [--trials 24] [--seed 0]

draws settings, trains each for six epochs on the first 20,000 training images, and judges it on
the last 10,000. Some 20 seconds of processor time a setting. The best one stands in `config.toml`.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import pffspike
from pffspike import Dataset
from pffspike.arithmetic import counter
from pffspike.baselines import straight_through
from pffspike.studies.script import run_script

TRAINED, JUDGED = 20_000, 50_000  #: the first so many learn; those from this one on validate
CHOICES: dict[str, tuple[float, ...]] = {
    "learning_rate": (0.0003, 0.001, 0.003, 0.01, 0.03),
    "scale": (1.0, 2.0, 4.0, 8.0, 16.0),
    "bias": (0.0, 0.15625, 0.3, 0.5),
    "batch": (32, 128),
    "steps": (1, 4),
}


def main() -> None:
    """Print one line for each setting, the best one last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with the data set's files")
    parser.add_argument("--trials", type=int, default=24, help="settings to draw")
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    arguments = parser.parse_args()
    parts = validation(pffspike.load_data("mnist", arguments.data))
    found = []
    for trial in range(arguments.trials):
        key = counter.derive_key(arguments.seed, trial)
        settings = {
            name: values[int(counter.integers(key, place, len(values))[0])]
            for place, (name, values) in enumerate(CHOICES.items())
        }
        accuracy = judge(settings, parts)
        found.append((accuracy, settings))
        print(f"{accuracy:.2%}", settings, flush=True)
    print("best:", *max(found, key=lambda row: row[0]))


def validation(whole: Dataset) -> Dataset:
    """The training part, split: no test image is seen."""
    return dataclasses.replace(
        whole,
        train_images=whole.train_images[:TRAINED],
        train_labels=whole.train_labels[:TRAINED],
        test_images=whole.train_images[JUDGED:],
        test_labels=whole.train_labels[JUDGED:],
    )


def judge(settings: dict[str, Any], parts: Dataset) -> float:
    """Accuracy on the validation images after a short training."""
    config = straight_through.StraightThrough((500, 500), epochs=6, decay=0.65, shift=1, **settings)
    with tempfile.TemporaryDirectory() as folder:
        result = straight_through.run(config, parts, 0, Path(folder) / "run", lambda _: None)
    return result.modes["one_pass"].accuracy


if __name__ == "__main__":
    run_script(main)
