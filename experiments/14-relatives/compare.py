"""Table of the page, from the stored results of MNIST: intervals, and differences within a seed.

python experiments/14-relatives/compare.py [digits]

With ``digits`` it prints the same of the digits, without the column of random hidden neurons.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pffspike import intervals
from pffspike.studies.script import run_script

FOLDERS = {"digits": Path(__file__).parent, "mnist": Path(__file__).parent / "mnist"}
MODES = ("goodness", "one_pass")  #: columns
#: Systems whose hidden neurons stay as they were drawn, by kind of neuron; their read-outs learn.
RANDOM = {
    "rectified": ("cascaded_forward_random",),
    "bernoulli": (
        "straight_through_random",
        "cascaded",
        "spiking_unsupervised_ff_random",
        "spiking_wake_sleep_random",
    ),
}
RECTIFIED = ("backpropagation", "rate_ff", "cascaded_forward")  #: others are of Bernoulli neurons
REFERENCE = "straight_through"
LEARNING = "one pass less random hidden neurons"  #: a column of MNIST alone
HEAD = (
    "system",
    "label by label, %",
    "one pass, %",
    "best less backpropagation on Bernoulli neurons",
    LEARNING,
    "operations, label by label; one pass",
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", nargs="?", default="mnist", choices=sorted(FOLDERS))
    dataset = parser.parse_args().dataset
    results = json.loads((FOLDERS[dataset] / "results.json").read_text("utf-8"))
    print("\n".join(table(results[dataset], dataset == "mnist")))


def table(systems: Mapping[str, Any], learning: bool) -> list[str]:
    """Lines of the table: a row for each system of ``results.json``."""
    reference = values(systems[REFERENCE])
    head = [column for column in HEAD if learning or column != LEARNING]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for name, system in systems.items():
        by_mode = {mode: values(system, mode) for mode in MODES if mode in system["accuracy"]}
        best = max(by_mode.values(), key=statistics.fmean)
        cells = [
            system["title"],
            *(mean(by_mode[mode]) if mode in by_mode else "" for mode in MODES),
            "" if name == REFERENCE else difference(best, reference),
            *([learned(systems, name)] if learning else []),
            operations(system, tuple(by_mode)),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def learned(systems: Mapping[str, Any], name: str) -> str:
    """What a system answers in one pass beyond the best random neurons of its kind, as text."""
    if any(name in names for names in RANDOM.values()):
        return ""
    control = strongest(systems, RANDOM["rectified" if name in RECTIFIED else "bernoulli"])
    return difference(values(systems[name]), values(systems[control]))


def strongest(systems: Mapping[str, Any], names: Sequence[str]) -> str:
    """The system that answers most in one pass."""
    return max(names, key=lambda name: statistics.fmean(values(systems[name])))


def values(system: Mapping[str, Any], mode: str = "one_pass") -> list[float]:
    """Accuracies by seed, in percent."""
    return [100 * value for value in system["accuracy"][mode]["values"]]


def mean(found: Sequence[float]) -> str:
    """Mean and half of its interval, as text."""
    half = intervals.of_mean(found).high - statistics.fmean(found)
    return f"{statistics.fmean(found):.1f} ± {half:.1f}"


def difference(mine: Sequence[float], other: Sequence[float]) -> str:
    """Mean of the differences within a seed and its interval, as text."""
    pairs = [a - b for a, b in zip(mine, other, strict=True)]
    low, high = intervals.of_mean(pairs)
    return f"{statistics.fmean(pairs):+.1f} ({low:+.1f} to {high:+.1f})"


def operations(system: Mapping[str, Any], modes: Sequence[str]) -> str:
    """Multiply-accumulates and accumulates of an inference by mode, as text."""
    counts = (system["operations_per_inference"][mode] for mode in modes)
    return "; ".join(f"{(c['Effective_MACs'] + c['Effective_ACs']) / 1e6:.2f} M" for c in counts)


if __name__ == "__main__":
    run_script(main)
