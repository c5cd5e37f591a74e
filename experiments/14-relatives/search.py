"""Learning rates of each system on validation images: three or four each.

python experiments/14-relatives/search.py [--controls]

trains every system of `config.toml` on the first 1,150 training images, seed 0, with each of its
rates, and judges it on the other 287. The best stands in the config. Some ten minutes of processor
time. With ``--controls`` it trains what the page says of other settings instead.
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

KEPT = 1150  #: images to learn from; the others judge
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


def main() -> None:
    """Print a line for each system."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--controls", action="store_true", help="other settings, see the page")
    controls = parser.parse_args().controls
    whole = pffspike.load_data("digits")
    parts = dataclasses.replace(
        whole,
        train_images=whole.train_images[:KEPT],
        train_labels=whole.train_labels[:KEPT],
        test_images=whole.train_images[KEPT:],
        test_labels=whole.train_labels[KEPT:],
    )
    for system in read_study(Path(__file__).parent).systems:
        tried = CONTROLS.get(system.name, ()) if controls else RATES.get(system.name, ())
        found = []
        for each in tried:
            settings = (given if controls else changed)(system.settings, each)
            with tempfile.TemporaryDirectory() as folder:
                store = Path(folder) / "run"
                result = KINDS[system.kind].run(settings, parts, 0, store, lambda _: None)
            best = max(mode.accuracy for mode in result.modes.values())
            found.append(f"{each}: {best:.1%}")
        if found:
            print(f"{system.name}: {'; '.join(found)}", flush=True)


def changed(settings: Any, rate: Any) -> Any:
    """Settings of a system with another learning rate."""
    if not isinstance(settings, Spiking):
        return dataclasses.replace(settings, learning_rate=rate)
    random = settings.changes.get("pff", {}).get("learning_rate") == [0, 0]
    return given(settings, {"readout_rate" if random else "learning_rate": rate})


def given(settings: Spiking, parameters: dict[str, Any]) -> Spiking:
    """Settings of a spiking system with other parameters of its circuit."""
    table = TABLES.get(settings.card, "pff")
    own = {**settings.changes.get(table, {}), **parameters}
    return dataclasses.replace(settings, changes={**settings.changes, table: own})


if __name__ == "__main__":
    run_script(main)
