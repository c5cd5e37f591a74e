"""Learning rates of each system on validation images: three or four each.

python experiments/14-relatives/search.py [mnist] [--only SYSTEM]

trains every system of `config.toml`, or of `mnist/config.toml`, on the first four fifths of the
study's training images (1,150 digits, 4,000 of MNIST), seed 0, with each of its rates, and judges
it on the others. The best stands in the config. Some ten minutes of processor time.
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
    "chl": ([0.5], [1], [2]),
    "spiking_ff": ([0.0625], [0.125], [0.25]),
    "spiking_pff": ([0.125, 0.0625], [0.25, 0.125], [0.5, 0.25]),
}  #: of all layers, or of hidden populations, the lowest first; chl: of the image's synapses;
#: cascaded: of the read-out


def arguments() -> argparse.Namespace:
    """Which study, and which of its systems."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset", nargs="?", choices=tuple(KEPT), default="digits")
    parser.add_argument("--only", action="append", metavar="SYSTEM", help="may be repeated")
    return parser.parse_args()


def main() -> None:
    """Print a line for each system."""
    options, here = arguments(), Path(__file__).parent
    folder = here if options.dataset == "digits" else here / options.dataset
    study = read_study(folder, only=tuple(options.only or ()))
    whole, kept = pffspike.load_data(options.dataset), KEPT[options.dataset]
    parts = dataclasses.replace(
        whole,
        train_images=whole.train_images[:kept],
        train_labels=whole.train_labels[:kept],
        test_images=whole.train_images[kept : study.samples],
        test_labels=whole.train_labels[kept : study.samples],
    )
    for system in study.systems:
        found = []
        for rate in RATES.get(system.name, ()):
            settings = changed(system.settings, rate)
            with tempfile.TemporaryDirectory() as store:
                path = Path(store) / "run"
                result = KINDS[system.kind].run(settings, parts, 0, path, lambda _: None)
            best = max(mode.accuracy for mode in result.modes.values())
            found.append(f"{rate}: {best:.1%}")
        print(f"{system.name}: {'; '.join(found)}", flush=True)


def changed(settings: Any, rate: Any) -> Any:
    """Settings of a system with another learning rate."""
    if not isinstance(settings, Spiking):
        return dataclasses.replace(settings, learning_rate=rate)
    table = {"mnist-ff": "ff", "digits-chl": "chl"}.get(settings.card, "pff")
    before = settings.changes.get(table, {})
    random = before.get("learning_rate") == [0, 0]  # only its read-out learns
    own = {**before, "readout_rate" if random else "learning_rate": rate}
    return dataclasses.replace(settings, changes={**settings.changes, table: own})


if __name__ == "__main__":
    run_script(main)
