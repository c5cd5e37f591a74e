"""Mode `late` on validation images: are its later trials better shown shifted, or as they are?

python experiments/01-mnist/later_trials.py [--data FOLDER]

trains the card mnist-light for five epochs on the first 50,000 training images, seeds 0 and 1, and
judges it on the other 10,000: label by label, with later trials that show the image shifted as in
training, and with later trials that show it as it is. Some ten minutes of processor time.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import pffspike
from pffspike import Dataset, Execution, Mode, TrainedNetwork
from pffspike.studies.script import run_script

KEPT = 50_000  #: images to train on; the others validate
SCHEDULE = {"training": {"epochs": 5, "decay": 0.6}}
BUDGET = 0.002  #: of mode late


def main() -> None:
    """Print one line for each seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with the data set's files")
    whole = pffspike.load_data("mnist", parser.parse_args().data)
    parts = dataclasses.replace(
        whole,
        train_images=whole.train_images[:KEPT],
        train_labels=whole.train_labels[:KEPT],
        test_images=whole.train_images[KEPT:],
        test_labels=whole.train_labels[KEPT:],
    )
    for seed in (0, 1):
        run = Execution(seed=seed)
        trained = pffspike.train(
            pffspike.load_network("mnist-light", SCHEDULE), parts, execution=run
        )
        once = pffspike.evaluate(trained, parts, Mode("goodness"), execution=run).accuracy
        shifted, same = (judge(trained, parts, shift, run) for shift in (1, 0))
        print(
            f"seed {seed}: label by label {once:.2%}, late with shifted later trials "
            f"{shifted:.2%}, with the same image again {same:.2%}",
            flush=True,
        )


def judge(trained: TrainedNetwork, parts: Dataset, shift: int, run: Execution) -> float:
    """Accuracy of mode late with later trials that are shifted by up to so many pixels."""
    schedule = dataclasses.replace(trained.network.training, shift=shift)
    trained = trained.replace(network=trained.network.replace(training=schedule))
    some = pffspike.first_samples(parts, train=10_000)
    mode = pffspike.calibrate(trained, some, Mode("late", tolerance=BUDGET), execution=run)
    return float(pffspike.evaluate(trained, parts, mode, execution=run).accuracy)


if __name__ == "__main__":
    run_script(main)
