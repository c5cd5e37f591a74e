"""The results of a study as nested figures and as Markdown tables."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pffspike.cards import toml
from pffspike.intervals import of_mean
from pffspike.studies.config import Study, System
from pffspike.studies.runs import Run

Stored = Mapping[str, Any]  #: what `pffspike.studies.runs.read_result` gives
Found = Sequence[tuple[Run, Stored]]

_COUNTS = ("Effective_MACs", "Effective_ACs", "Dense")


def summarize(study: Study, found: Found, missing: int) -> dict[str, Any]:
    """Means over seeds, nested as ``<dataset>.<system>.<figure>.<mode>``.

    Parameters
    ----------
    study : Study
        What `read_study` found.
    found : sequence of (Run, mapping)
        Runs with their stored results.
    missing : int
        Runs without a result.

    Returns
    -------
    dict
        Beside the data sets, ``study`` tells the title, versions and machines.
    """
    content: dict[str, Any] = {
        "study": {
            "title": study.title,
            "missing_runs": missing,
            "versions": _distinct([stored["versions"] for _, stored in found]),
            "machines": _distinct([stored["machine"] for _, stored in found]),
        }
    }
    for dataset in study.datasets:
        systems = content.setdefault(dataset, {})
        for system in study.systems:
            rows = [
                (run.seed, stored["result"])
                for run, stored in found
                if run.system.name == system.name and run.data.name == dataset
            ]
            if rows:
                systems[system.name] = _system(system, rows)
    return content


def _distinct(values: Sequence[Any]) -> list[Any]:
    return [value for index, value in enumerate(values) if value not in values[:index]]


def _system(system: System, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> dict[str, Any]:
    seeds = [seed for seed, _ in rows]
    results = [result for _, result in rows]
    modes = list(results[0]["modes"])

    def by_mode(get: Any) -> dict[str, Any]:
        values = {mode: [get(result["modes"][mode]) for result in results] for mode in modes}
        return {mode: v for mode, v in values.items() if v[0] is not None}

    content: dict[str, Any] = {
        "title": system.title,
        "kind": system.kind,
        "settings": _settings(system),
        "accuracy": {
            mode: spread(seeds, values)
            for mode, values in by_mode(lambda mode: mode["accuracy"]).items()
        },
        "parameters": results[0]["parameters"],
        "training_seconds": spread(seeds, [result["training_seconds"] for result in results]),
        "operations_per_inference": {
            mode: {
                count: statistics.fmean(
                    result["modes"][mode]["operations"][count] for result in results
                )
                for count in _COUNTS
            }
            for mode in modes
        },
    }
    for key in ("spikes", "steps"):
        means = by_mode(lambda mode, key=key: mode.get(key))
        content[f"{key}_per_inference"] = {mode: statistics.fmean(v) for mode, v in means.items()}
    if system.base:
        content["base"] = system.base
    if system.tried:
        content["settings_tried"] = system.tried
    return content


def _settings(system: System) -> dict[str, Any]:
    settings: dict[str, Any] = toml.plain(system.settings)
    if "card" in settings:
        settings["card"] = Path(settings["card"]).name  # not where it lies on this machine
    return settings


def spread(seeds: Sequence[int], values: Sequence[float]) -> dict[str, Any]:
    """Mean and standard deviation over seeds (the latter of a sample; None of one value)."""
    return {
        "mean": statistics.fmean(values),
        "standard_deviation": statistics.stdev(values) if len(values) > 1 else None,
        "seeds": list(seeds),
        "values": list(values),
    }


def tidy_rows(dataset: str, system: str, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of a system by mode, see `pffspike.StudyResult.tidy_rows`."""
    rows = []
    for mode, accuracy in found["accuracy"].items():
        low, high = of_mean(accuracy["values"])
        deviation = accuracy["standard_deviation"]
        counts = found["operations_per_inference"][mode]
        rows.append(
            {
                "dataset": dataset,
                "system": system,
                "title": found["title"],
                "base": found.get("base"),
                "mode": mode,
                "seeds": len(accuracy["seeds"]),
                "accuracy": accuracy["mean"],
                "accuracy_low": low,
                "accuracy_high": high,
                "accuracy_sd": math.nan if deviation is None else deviation,
                "settings_tried": found.get("settings_tried"),
                "parameters": found["parameters"],
                "training_time_s": found["training_seconds"]["mean"],
                **{count.lower(): counts[count] for count in _COUNTS},
                "spikes": found["spikes_per_inference"].get(mode),
                "steps": found["steps_per_inference"].get(mode),
            }
        )
    return rows


def markdown(study: Study, content: Mapping[str, Any], command: str) -> str:
    """Tables of a study: systems as rows, then ablations against their bases.

    Parameters
    ----------
    study : Study
        What `read_study` found.
    content : mapping
        Of `summarize`.
    command : str
        What made them.

    Returns
    -------
    str
    """
    about = content["study"]
    parts = [f"# {study.title}", f"Written by `{command}`."]
    if about["missing_runs"]:
        parts.append(f"**Incomplete: {about['missing_runs']} runs are missing.**")
    for dataset in study.datasets:
        systems = content[dataset]
        parts.append(f"## {dataset}")
        columns = len(_HEAD) if any(s.tried for s in study.systems) else len(_HEAD) - 1
        head, *rows = (row[:columns] for row in (_HEAD, *main_rows(study, systems)))
        parts.append(_grid(head, rows))
        rows = ablation_rows(study, systems)
        if rows:
            parts += [f"### {dataset}: ablations", _grid(_ABLATION_HEAD, rows)]
    parts.append(
        "Accuracy on the test images, mean and standard deviation over seeds. Operations, spikes "
        "and steps are per inference and named as NeuroBench does: multiply-accumulates "
        "(`Effective_MACs`) and accumulates (`Effective_ACs`, synaptic operations of spikes) of "
        "values other than zero, `Dense` if nothing were zero. Training is in processor time, on "
        "one core."
        + (
            " Settings tried are those that were tried on validation images before a system's own "
            "were chosen, where they were counted."
            if any(system.tried for system in study.systems)
            else ""
        )
    )
    for machine in about["machines"]:
        parts.append(
            f"Machine: {machine['processor']}, {machine['cores']} cores, {machine['system']}."
        )
    for versions in about["versions"]:
        parts.append("Versions: " + ", ".join(f"{k} {v}" for k, v in versions.items()) + ".")
    return "\n\n".join(parts) + "\n"


_HEAD = (
    *("system", "mode", "accuracy", "seeds", "parameters", "training", *_COUNTS),
    *("spikes", "steps", "settings tried"),
)


def main_rows(study: Study, systems: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Rows of the main table, one a system and mode: texts."""
    rows: list[tuple[str, ...]] = []
    for system in study.systems:
        if system.base or system.name not in systems:
            continue
        figures = systems[system.name]
        for index, (mode, accuracy) in enumerate(figures["accuracy"].items()):
            first = index == 0
            counts = figures["operations_per_inference"][mode]
            rows.append(
                (
                    system.title if first else "",
                    mode,
                    _percent(accuracy),
                    str(len(accuracy["seeds"])),
                    f"{figures['parameters']:,}" if first else "",
                    _seconds(figures["training_seconds"]["mean"]) if first else "",
                    *(_number(counts[count]) for count in _COUNTS),
                    _number(figures["spikes_per_inference"].get(mode)),
                    _number(figures["steps_per_inference"].get(mode)),
                    _number(figures.get("settings_tried")) if first else "",
                )
            )
    return rows


_ABLATION_HEAD = ("change", "of", "mode", "accuracy", "difference", "seeds", "Effective_ACs")


def ablation_rows(study: Study, systems: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Rows of the table of ablations; differences over the seeds that both have, in points.

    A difference is the mean over these seeds, with the standard error of the paired differences.
    """
    rows: list[tuple[str, ...]] = []
    for system in study.systems:
        if not system.base or system.name not in systems:
            continue
        figures, base = systems[system.name], systems.get(system.base, {"accuracy": {}})
        for index, (mode, accuracy) in enumerate(figures["accuracy"].items()):
            rows.append(
                (
                    system.title if index == 0 else "",
                    system.base if index == 0 else "",
                    mode,
                    _percent(accuracy),
                    _difference(accuracy, base["accuracy"].get(mode)),
                    str(len(accuracy["seeds"])),
                    _number(figures["operations_per_inference"][mode]["Effective_ACs"]),
                )
            )
    return rows


def _difference(mine: Mapping[str, Any], other: Mapping[str, Any] | None) -> str:
    theirs = dict(zip(other["seeds"], other["values"], strict=True)) if other else {}
    pairs = [
        value - theirs[seed]
        for seed, value in zip(mine["seeds"], mine["values"], strict=True)
        if seed in theirs
    ]
    if not pairs:
        return ""
    error = statistics.stdev(pairs) / math.sqrt(len(pairs)) if len(pairs) > 1 else None
    return f"{100 * statistics.fmean(pairs):+.2f}" + (f" ± {100 * error:.2f}" if error else "")


def _percent(accuracy: Mapping[str, Any]) -> str:
    deviation = accuracy["standard_deviation"]
    error = "" if deviation is None else f" ± {100 * deviation:.2f}"
    return f"{100 * accuracy['mean']:.2f}{error} %"


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 100 else f"{value / 60:.0f} min"


def _number(value: float | None) -> str:
    if not value:
        return ""
    return f"{value:,.0f}" if value < 1e6 else f"{value / 1e6:,.2f} M"


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
