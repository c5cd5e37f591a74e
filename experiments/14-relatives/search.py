"""Learning rates of each system on validation images: three or four each.

python experiments/14-relatives/search.py [mnist] [--only SYSTEM] [--controls]

trains every system of `config.toml`, or of `mnist/config.toml`, on the first four fifths of the
study's training images (1,150 digits, 4,000 of MNIST), seed 0, with each of its rates, and judges
it on the others. The best stands in the config. Some ten minutes of processor time, of MNIST
twenty. With ``--controls`` it trains what the page says of other settings of the digits instead.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import pffspike
from pffspike.baselines import KINDS
from pffspike.baselines.spiking import Spiking
from pffspike.data import Dataset
from pffspike.errors import ValidationError
from pffspike.studies.config import read_study
from pffspike.studies.script import run_script

KEPT = {"digits": 1150, "mnist": 4000}  #: images to learn from; the rest of the study's judge
RATES: dict[str, tuple[Any, ...]] = {
    "backpropagation": (0.0005, 0.001, 0.002),
    "straight_through": (0.005, 0.01, 0.02),
    "feedback_alignment": (0.005, 0.01, 0.02),
    "rate_ff": (0.0015, 0.003, 0.006),
    "unsupervised_ff": (0.0005, 0.001, 0.002),
    "rate_pff": (0.000125, 0.00025, 0.0005),
    "predictive_coding": (0.0005, 0.001, 0.002),
    "activation_relaxation": (0.0005, 0.001, 0.002),
    "equilibrium_propagation": (0.00025, 0.0005, 0.001),
    "contrastive_divergence": (0.01, 0.02, 0.04),
    "wake_sleep": (0.004, 0.008, 0.016),
    "cascaded_forward": (0.0005, 0.001, 0.002),
    "cascaded_forward_random": (0.004, 0.016, 0.064),
    "cascaded": (0.015625, 0.0625, 0.25, 1),
    "csdp": (0.001, 0.002, 0.004),
    "spiking_wake_sleep": ([0.01], [0.02], [0.05]),
    "chl": ([0.5], [1], [2]),
    "spiking_ff": ([0.0625], [0.125], [0.25]),
    "spiking_unsupervised_ff": ([0.125], [0.25], [0.5]),
    "spiking_pff": ([0.125, 0.0625], [0.25, 0.125], [0.5, 0.25]),
}  #: of all layers, or of hidden populations, the lowest first; chl: of the image's synapses;
#: cascaded: of the read-out

#: Of MNIST, instead: a fourth, higher or lower, where the best of three was at an end. Of systems
#: with random hidden neurons, of the read-out.
MNIST_RATES: dict[str, tuple[Any, ...]] = {
    "backpropagation": (0.001, 0.002, 0.004),
    "straight_through": (0.01, 0.02, 0.04),
    "feedback_alignment": (0.01, 0.02, 0.04, 0.08),
    "straight_through_random": (0.005, 0.01, 0.02, 0.04),
    "rate_ff": (0.00075, 0.0015, 0.003, 0.006),
    "cascaded_forward": (0.0005, 0.001, 0.002, 0.004),
    "cascaded": (0.25, 0.5, 1, 2),
    "chl": ([0.5], [1], [2], [4]),
    "spiking_ff": ([0.0625], [0.125], [0.25], [0.5]),
    "spiking_pff": ([0.125, 0.03125], [0.25, 0.0625], [0.5, 0.125], [1, 0.25]),
    "spiking_unsupervised_ff": ([0.0625], [0.125], [0.25], [0.5]),
    "spiking_unsupervised_ff_random": (0.25, 0.5, 1),
    "spiking_wake_sleep": ([0.005], [0.01], [0.02], [0.04]),
    "spiking_wake_sleep_random": (0.125, 0.25, 0.5),
}

#: Parameters of a circuit that the page speaks of, by system.
CONTROLS: dict[str, tuple[dict[str, Any], ...]] = {
    "spiking_wake_sleep": (
        {"learning_rate": [0.02]},
        {"learning_rate": [0.02], "held": False},
        {"learning_rate": [0], "scale": [32]},
        {"learning_rate": [0.01], "scale": [32]},
        {"learning_rate": [0.02], "scale": [32]},
    )
}

TABLES = {
    "mnist-ff": "ff",
    "digits-ff-hybrids": "ff",
    "digits-chl": "chl",
    "digits-wake-sleep": "wake_sleep",
}  #: of cards, their parameters; others have those of pff


def arguments() -> argparse.Namespace:
    """Which study, which of its systems, and what is tried."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset", nargs="?", choices=tuple(KEPT), default="digits")
    parser.add_argument("--only", action="append", metavar="SYSTEM", help="may be repeated")
    parser.add_argument("--controls", action="store_true", help="other settings, see the page")
    return parser.parse_args()


def main() -> None:
    """Print a line for each system."""
    options, here = arguments(), Path(__file__).parent
    digits = options.dataset == "digits"
    if options.controls and not digits:
        raise ValidationError("--controls are settings of the digits; leave mnist out")
    study = read_study(here if digits else here / options.dataset, only=tuple(options.only or ()))
    parts = halves(options.dataset, study.samples)
    rates = RATES if digits else {**RATES, **MNIST_RATES}
    for system in study.systems:
        tried = (CONTROLS if options.controls else rates).get(system.name, ())
        found = []
        for each in tried:
            settings = (given if options.controls else changed)(system.settings, each)
            with tempfile.TemporaryDirectory() as folder:
                store = Path(folder) / "run"
                result = KINDS[system.kind].run(settings, parts, 0, store, lambda _: None)
            best = max(mode.accuracy for mode in result.modes.values())
            found.append(f"{each}: {best:.1%}")
        if found:
            print(f"{system.name}: {'; '.join(found)}", flush=True)


def halves(dataset: str, samples: int | None) -> Dataset:
    """Training images of a study, the last fifth in place of the test images."""
    whole, kept = pffspike.load_data(dataset), KEPT[dataset]
    return dataclasses.replace(
        whole,
        train_images=whole.train_images[:kept],
        train_labels=whole.train_labels[:kept],
        test_images=whole.train_images[kept:samples],
        test_labels=whole.train_labels[kept:samples],
    )


def changed(settings: Any, rate: Any) -> Any:
    """Settings of a system with another learning rate."""
    if not isinstance(settings, Spiking):
        return dataclasses.replace(settings, learning_rate=rate)
    before = settings.changes.get(TABLES.get(settings.card, "pff"), {})
    random = not any(before.get("learning_rate", [1]))
    return given(settings, {"readout_rate" if random else "learning_rate": rate})


def given(settings: Spiking, parameters: dict[str, Any]) -> Spiking:
    """Settings of a spiking system with other parameters of its circuit."""
    table = TABLES.get(settings.card, "pff")
    own = {**settings.changes.get(table, {}), **parameters}
    return dataclasses.replace(settings, changes={**settings.changes, table: own})


if __name__ == "__main__":
    run_script(main)
