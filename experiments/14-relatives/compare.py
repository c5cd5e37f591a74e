"""Table of the page for MNIST, from `mnist/results.json`: intervals, and differences within a seed.

python experiments/14-relatives/compare.py
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pffspike import intervals
from pffspike.studies.script import run_script

RESULTS = Path(__file__).parent / "mnist" / "results.json"
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
HEAD = (
    "system",
    "label by label, %",
    "one pass, %",
    "best less backpropagation on Bernoulli neurons",
    "one pass less random hidden neurons",
    "operations, label by label; one pass",
)


def main() -> None:
    """Print the table."""
    print("\n".join(table(json.loads(RESULTS.read_text("utf-8"))["mnist"])))


def table(systems: Mapping[str, Any]) -> list[str]:
    """Lines of the table: a row for each system of ``results.json``."""
    reference = values(systems[REFERENCE])
    drawn = {kind: strongest(systems, names) for kind, names in RANDOM.items()}
    lines = ["| " + " | ".join(HEAD) + " |", "|" + " --- |" * len(HEAD)]
    for name, system in systems.items():
        by_mode = {mode: values(system, mode) for mode in MODES if mode in system["accuracy"]}
        best = max(by_mode.values(), key=statistics.fmean)
        control = drawn["rectified" if name in RECTIFIED else "bernoulli"]
        frozen = any(name in names for names in RANDOM.values())
        cells = [
            system["title"],
            *(mean(by_mode[mode]) if mode in by_mode else "" for mode in MODES),
            "" if name == REFERENCE else difference(best, reference),
            "" if frozen else difference(by_mode["one_pass"], values(systems[control])),
            operations(system, tuple(by_mode)),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


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
