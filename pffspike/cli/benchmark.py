"""``pffspike benchmark``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

import pffspike
from pffspike.cli import options, output


def benchmark(
    engine: Annotated[
        list[str] | None,
        typer.Option(
            "--engine",
            "-e",
            help="Only this engine; may be given repeatedly (default: the fastest of each family "
            "that is installed).",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Seconds: small sizes, digits, few samples.")
    ] = False,
    minutes: Annotated[
        float | None,
        typer.Option(
            help="Minutes of one core that spiking PFF, rate-coded PFF and backpropagation learn "
            "for, at most, to tell when they reach 95, 97 and 98 % (default: 1.5)."
        ),
    ] = None,
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataFolder = None,
    download: options.Download = False,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the growth curves into this file.")
    ] = None,
    json: options.JsonFile = None,
) -> None:
    """Time training against a hand-written C++ kernel, a naive Brian2 script and dense products.

    The kernel is compiled on the spot. Sizes of 784 pixels train on MNIST, or the data
    set that --dataset names.

    Example: pffspike benchmark --json benchmark.json
    """
    if plot is not None:
        from pffspike import plots  # a package that is missing is missed at once
    given: str | pffspike.Dataset | None = dataset
    if not quick:
        given = pffspike.load_data(dataset or "mnist", data, download)
    start = time.perf_counter()

    def progress(stage: str) -> None:
        seconds = time.perf_counter() - start
        output.errors.print(f"[{seconds:5.1f} s] {stage}", markup=False, highlight=False)

    results = pffspike.benchmark(
        engine or [], quick=quick, dataset=given, seed=seed, minutes=minutes, progress=progress
    )
    _print(results)
    output.write_json(json, results)
    if plot is not None:
        plots.save(plots.growth(results["growth"]), plot)


def _print(results: Mapping[str, Any]) -> None:
    tables = {f"training step, {size}": rows for size, rows in results["train_step"].items()}
    tables["inference step"] = results["inference_step"]
    for title, rows in tables.items():
        if rows:
            output.table(title, _COLUMNS, [_row(name, row) for name, row in rows.items()])
    for kind, points in results["growth"].items():
        names = [name for name in points[0] if name != "value"]
        output.table(
            f"growth with {kind}: µs a step (over the kernel)",
            (kind, *map(_name, names)),
            [(float(point["value"]), *(_cell(point[name]) for name in names)) for point in points],
        )
    output.table(
        f"{results['plan']['samples']} images, all costs but compilation",
        ("", "µs a step", "over the kernel", "spikes a step", "60,000 images, s", "compilation, s"),
        [
            (_name(name), _number(row["microseconds_per_step"]), _ratio(row["over_limit"]),
             _number(row["spikes_per_step"]), _number(results["epoch_seconds"][name]),
             _number(row["compile_seconds"]))
            for name, row in results["whole_training"].items()
        ],
    )  # fmt: skip
    _print_learning(results)
    for name, row in results["memory"].items():
        memory, disk = row["megabytes_after_chunk"], row["disk_megabytes_after_chunk"]
        output.console.print(
            f"memory of {name}: {row['bytes_per_synapse']:.1f} bytes a synapse; after chunk 1 "
            f"{memory[0]:.1f} MB and {disk[0]:.1f} MB on disk, after chunk {len(memory)} "
            f"{memory[-1]:.1f} MB and {disk[-1]:.1f} MB",
            highlight=False,
        )
    _print_figures(results)


_COLUMNS = ("", "µs a step", "over the kernel", "ns an event", "spikes a step", "compilation, s")


def _name(name: str) -> str:
    """Name of a row; results call the hand-written kernel ``limit``."""
    return "hand-written kernel" if name == "limit" else name


def _row(name: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        _name(name),
        _number(row["microseconds_per_step"]),
        _ratio(row["over_limit"]),
        _number(row["nanoseconds_per_event"]),
        _number(row["spikes_per_step"] or None),
        _number(row["compile_seconds"] or None),
    )


def _cell(row: Mapping[str, Any]) -> str:
    return f"{_number(row['microseconds_per_step'])} ({_ratio(row['over_limit'])})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{_number(value)} x"


def _print_learning(results: Mapping[str, Any]) -> None:
    """When each learner reached an accuracy, or how far it came."""
    goals = list(results["minutes_to"])
    output.table(
        f"learning on one core, {results['plan']['minutes']:g} minutes each at most",
        ("", "images a second", *(f"minutes to {goal} %" for goal in goals), "at best"),
        [
            (
                name,
                _number(row["images_per_second"]),
                *(_number(row["minutes_to"][goal]) or "not reached" for goal in goals),
                f"{100 * max(accuracy for _, _, accuracy in row['curve']):.1f} %",
            )
            for name, row in results["learning"].items()
        ],
    )


def _print_figures(results: Mapping[str, Any]) -> None:
    ratios = results["train_step_over_limit"]
    rows = [
        ("train_step_over_limit.brian2", _number(ratios["brian2"])),
        ("train_step_over_limit.fastest", _number(ratios["fastest"])),
        ("fastest engine", ratios["fastest_engine"] or ""),
        ("first_use_s", _number(results["first_use_s"])),
        ("speedup_over_recipe", _number(results["speedup_over_recipe"])),
        ("bytes_per_synapse", _number(results["bytes_per_synapse"])),
    ]
    where = results["machine"]
    output.table(
        f"{where['processor']}, {where['cores']} cores, seed {results['seed']}, "
        f"{results['seconds']:.0f} s",
        ("figure", "value"),
        rows,
    )
