"""What narrows the gap between the images that it learned and others: leads, on validation images.

python experiments/02-fashion-mnist/gap_trials.py [--data FOLDER] [--seeds 1] [--only LEAD]

trains the card fashion-mnist, without its generative circuit and with one thing changed, for six
epochs on the first 10,000 training images, where the gap is wide, and judges it label by label on
5,000 of the last 10,000 and on 2,000 of those that it learned. Some two minutes of processor time
a training.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import pffspike
from pffspike import Dataset, Execution, TrainedNetwork
from pffspike.studies.script import run_script

TRAINED, JUDGED = 10_000, slice(50_000, 55_000)  #: the first so many learn; these validate
LEARNED = 2000  #: of those that it learned, to tell the gap
SCHEDULE = {"epochs": 6, "decay": 0.65}
THREE = {
    "hidden": [500, 500, 500],
    "threshold": [14, 10, 10],
    "scale": [2, 4, 4],
    "learning_rate": [0.25, 0.125, 0.125],
}
#: What each lead changes in the tables `pff` and `training` of the card.
LEADS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "base": ({}, {}),
    "shifted": ({}, {"shift": 1}),
    "mirrored": ({}, {"flip": True}),
    "three": (THREE, {}),
    "free": ({"homeostasis_free": [False]}, {}),
}


def main() -> None:
    """Print one line for each training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with the data set's files")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds, from 0 on")
    parser.add_argument("--only", action="append", choices=LEADS, help="may be repeated")
    arguments = parser.parse_args()
    whole = pffspike.load_data("fashion-mnist", arguments.data)
    parts = dataclasses.replace(
        whole,
        train_images=whole.train_images[:TRAINED],
        train_labels=whole.train_labels[:TRAINED],
        test_images=whole.train_images[JUDGED],
        test_labels=whole.train_labels[JUDGED],
    )
    seen = dataclasses.replace(
        parts,
        test_images=parts.train_images[:LEARNED],
        test_labels=parts.train_labels[:LEARNED],
    )
    for seed in range(arguments.seeds):
        for lead in arguments.only or LEADS:
            trained = learned(lead, parts, seed)
            others, own = (judge(trained, part, seed) for part in (parts, seen))
            print(f"seed {seed}, {lead}: {others:.2%}, learned images {own:.2%}", flush=True)


def learned(lead: str, parts: Dataset, seed: int) -> TrainedNetwork:
    """Train the card with what a lead changes."""
    circuit, schedule = LEADS[lead]
    changes = {
        "pff": {"latent": 0, "generative": False, **circuit},
        "training": {**SCHEDULE, **schedule},
    }
    network = pffspike.load_network("fashion-mnist", changes)
    return pffspike.train(network, parts, execution=Execution(seed=seed))


def judge(trained: TrainedNetwork, part: Dataset, seed: int) -> float:
    """Accuracy label by label on the test part."""
    found = pffspike.evaluate(trained, part, "goodness", execution=Execution(seed=seed))
    return float(found.accuracy)


if __name__ == "__main__":
    run_script(main)
