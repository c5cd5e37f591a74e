"""Tables of evaluations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pffspike
from pffspike import text
from pffspike.cli import output
from pffspike.cli.output import Printed

_MOST_CLASSES = 20  #: whose accuracies are shown one by one; --json has all of them

Found = Mapping[str, Sequence["pffspike.Evaluation"]]  #: by file


def show(title: str, results: Sequence[pffspike.Evaluation]) -> None:
    """Print evaluations of one network as one table."""
    output.table(*main_table(title, {"": results}))
    show_notes(results[0])


def main_table(title: str, found: Found) -> Printed:
    """Every evaluation; the files where there are several."""
    several = len(found) > 1
    rows = [
        (
            *([file] if several else []),
            r.engine,
            r.mode,
            text.percent_within(r.accuracy, *r.accuracy_interval),
            f"{r.energy.counts.steps:.0f}",
            f"{r.energy.counts.spikes:,.0f}",
            f"{r.energy.counts.synaptic_operations:,.0f}",
            text.three_energies(r.energy.events, r.energy.total, r.energy.whole_chip),
            f"{r.seconds:.1f} s",
        )
        for file, results in found.items()
        for r in results
    ]
    device = next(iter(found.values()))[0].energy.device
    columns = ("engine", "mode", "accuracy (95 %)", "steps", "spikes", "operations")
    energy = f"energy on {device} (events; chip)"
    return Printed(title, (*(["file"] if several else []), *columns, energy, "time"), rows)


def seeds_table(rows: Sequence[Mapping[str, Any]]) -> Printed:
    """Means over networks that differ in the seed of their training."""
    shown = [
        (
            row["network"],
            row["engine"],
            row["mode"],
            str(row["seeds"]),
            text.percent_within(row["accuracy"], row["accuracy_low"], row["accuracy_high"]),
            *(f"{row[name]:,.0f}" for name in ("steps", "spikes", "synaptic_operations")),
            text.joule_within(row["energy_j"], row["energy_low_j"], row["energy_high_j"]),
        )
        for row in rows
    ]
    columns = ("network", "engine", "mode", "seeds", "accuracy (95 %)", "steps", "spikes")
    energy = f"energy on {rows[0]['device']} (95 %)"
    title = "means over seeds of training, with Student's interval over them"
    return Printed(title, (*columns, "operations", energy), shown)


def differences_table(rows: Sequence[Mapping[str, Any]]) -> Printed:
    """Ways to answer against the first, pair by pair."""
    first = rows[0]
    several = len({row["network"] for row in rows} | {first["than_network"]}) > 1
    shown = [
        (
            _way(row["network"], row["mode"], row["candidates"], several),
            f"{_points(row['accuracy_difference'])} ({_points(row['accuracy_difference_low'])} to "
            f"{_points(row['accuracy_difference_high'])})",
            _ratio(row),
            f"{row['pairs']} {row['paired_by']}",
        )
        for row in rows
    ]
    than = _way(first["than_network"], first["than_mode"], first["than_candidates"], several)
    columns = ("", "accuracy, points (95 %)", "energy, ratio (95 %)", "pairs")
    return Printed(f"compared with {than}", columns, shown)


def _way(network: str, mode: str, candidates: int, several: bool) -> str:
    among = f" among {candidates}" if mode in ("proposal", "early", "late") else ""
    return f"{network}, {mode}{among}" if several else f"{mode}{among}"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"


def _ratio(row: Mapping[str, Any]) -> str:
    low, high = row["energy_ratio_low"], row["energy_ratio_high"]
    return f"{row['energy_ratio']:.3g} ({low:.3g} to {high:.3g})" if low == low else "no value"


def show_notes(result: pffspike.Evaluation) -> None:
    """Say what the columns mean and what they leave out."""
    output.remark(
        "Accuracy with Wilson's interval over the images. Steps, spikes, synaptic operations and "
        "energy are per inference, over all its presentations; "
        "energy is that of the events and of the static power of the cores in use; in brackets of "
        "the events alone and with the static power of the whole chip (see `pffspike energy`); "
        f"without an energy: {', '.join(result.energy.unpriced) or 'nothing'}; "
        "not counted: " + "; ".join(result.energy.not_counted)
    )


def show_classes(results: Sequence[pffspike.Evaluation], names: tuple[str, ...]) -> None:
    """Show the accuracy of each class, and their mean."""
    counts = results[0].confusion.sum(axis=1)
    if len(counts) > _MOST_CLASSES:
        return
    called = names or tuple(map(str, range(len(counts))))
    output.table(
        "accuracy by class (number of images), and their mean",
        ("engine", "mode", *(f"{c} ({n})" for c, n in zip(called, counts, strict=True)), "mean"),
        [
            (
                r.engine,
                r.mode,
                *(
                    "" if n == 0 else text.percent(a)
                    for a, n in zip(r.class_accuracy, counts, strict=True)
                ),
                text.percent(r.balanced_accuracy),
            )
            for r in results
        ],
    )


def show_coverage(results: Sequence[pffspike.Evaluation]) -> None:
    """Show how accurate the surest answers are."""
    shares = sorted(results[0].coverage, reverse=True)
    output.table(
        "accuracy of the surest answers, by the share of images that are answered",
        ("engine", "mode", *(f"{100 * share:g} %" for share in shares)),
        [(r.engine, r.mode, *(text.percent(r.coverage[s]) for s in shares)) for r in results],
    )


def show_rule(rule: pffspike.Stopping) -> None:
    """Say when a mode eliminates a label."""
    margins = ", ".join(f"{m:.3g} after {steps}" for steps, m in rule.thresholds.items())
    output.remark(
        f"{rule.mode}: a label is eliminated that trails the best one by a goodness of more than "
        f"{margins} steps of windows of {rule.window}; {100 * rule.tolerance:g} % of answers may "
        f"change ({100 * rule.confidence:g} % confidence, {rule.calibration_samples} calibration "
        f"samples)"
    )
