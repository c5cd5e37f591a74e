"""``pffspike evaluate``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import pffspike
from pffspike.choices import MODES
from pffspike.cli import evaluated, options, output, written

_DEFAULT_MODES = ["goodness", "one_pass"]
_Found = dict[str, list["pffspike.Evaluation"]]  # by file


def evaluate(
    trained: options.SeveralTrained,
    engine: Annotated[
        list[str] | None, typer.Option("--engine", "-e", help="Engine; may be given repeatedly.")
    ] = None,
    jobs: options.Jobs = None,
    mode: Annotated[
        list[str] | None,
        typer.Option(
            "--mode",
            help=f"One of {', '.join(MODES)}; may be given repeatedly "
            f"(default: {' and '.join(_DEFAULT_MODES)}).",
        ),
    ] = None,
    candidates: options.Candidates = None,
    tolerance: options.Tolerance = 0.001,
    budget: options.Budget = None,
    calibration_samples: options.CalibrationSamples = None,
    calibration: options.Calibration = None,
    trials: options.Trials = None,
    samples: options.Samples = None,
    seed: options.Seed = 0,
    device: Annotated[
        str, typer.Option(help="Device card with the energies of events.")
    ] = "loihi1",
    dataset: options.DatasetName = None,
    data: options.DataPlace = None,
    labels: options.Labels = None,
    download: options.Download = False,
    json: options.JsonFile = None,
    csv: options.CsvFile = None,
    latex: options.LatexFile = None,
    plot: options.PlotFile = None,
) -> None:
    """Classify the test images and report accuracy, operations and energy per inference.

    Several networks are compared image by image, or, where they differ in the seed of their
    training, seed by seed. --plot draws accuracy against energy.

    Example: pffspike evaluate digits.h5 --engine brian2 --engine lava --mode one_pass
    """
    states = options.load_several(trained)
    card = pffspike.load_device(device)
    chosen = [
        pffspike.Mode(
            name,
            candidates,
            trials,
            tolerance if budget is None else budget,
            calibration_samples or calibration,
        )
        for name in dict.fromkeys(mode or _DEFAULT_MODES)
    ]
    for state in states.values():
        for way in chosen:
            pffspike.check_mode(state.network, way)
    images = {
        file: options.load_dataset(
            state, dataset, data, download, labels=labels, test_samples=samples
        )
        for file, state in states.items()
    }
    engines = dict.fromkeys(map(pffspike.resolve_engine, engine or ["fastest"]))
    found: _Found = {}
    with output.progress() as progress:
        executions = [options.execution(name, seed, jobs, progress) for name in engines]
        for file, state in states.items():
            modes = [_calibrated(state, images[file], way, executions[0]) for way in chosen]
            found[file] = [
                pffspike.evaluate(
                    state,
                    images[file],
                    way,
                    device=card,
                    execution=execution,
                )
                for execution in executions
                for way in modes
            ]
    file, shown = next(iter(images.items()))
    several = f"{len(found)} networks" if len(found) > 1 else file
    title = f"{several}: {len(shown.test_images)} test images of {shown.name}"
    printed, content = _show(title, found)
    if len(found) == 1:
        evaluated.show_classes(found[file], shown.class_names)
        evaluated.show_coverage(found[file])
        for rule in (way for way in modes if isinstance(way, pffspike.Stopping)):
            evaluated.show_rule(rule)
    output.write_json(json, content)
    written.write_csv(
        csv,
        [{"file": file} | row for file, rs in found.items() for r in rs for row in r.tidy_rows()],
    )
    written.write_latex(latex, printed)
    if plot is not None:
        _draw(plot, [r for results in found.values() for r in results])


def _show(title: str, found: _Found) -> tuple[output.Printed, dict[str, Any]]:
    """Print all tables; give the one for print, and the content of JSON."""
    results = [r for rs in found.values() for r in rs]
    printed = evaluated.main_table(title, found)
    output.table(*printed)
    content: dict[str, Any] = pffspike.summary(results)
    if len(found) > 1:
        content = {"files": {file: pffspike.summary(rs) for file, rs in found.items()}}
        content["over_seeds"] = rows = pffspike.over_seeds(results)
        if any(row["seeds"] > 1 for row in rows):
            printed = evaluated.seeds_table(rows)
            output.table(*printed)
    content["compared"] = compared = pffspike.compare(_alike(results))
    if compared:
        output.table(*evaluated.differences_table(compared))
    evaluated.show_notes(results[0])
    return printed, content


def _alike(results: Sequence[pffspike.Evaluation]) -> list[pffspike.Evaluation]:
    """Those on the images of the first."""

    def images(found: pffspike.Evaluation) -> tuple[str, int]:
        return (found.subject.dataset, found.subject.images)

    return [found for found in results if images(found) == images(results[0])]


def _draw(path: Path, results: Sequence[pffspike.Evaluation]) -> None:
    """Accuracy against energy, with intervals over images, or over seeds where there are any."""
    from pffspike import plots

    first = [r for r in results if r.subject.engine == results[0].subject.engine]
    rows = pffspike.over_seeds(first)
    if all(row["seeds"] == 1 for row in rows):
        rows = [row for r in first for row in r.tidy_rows()]
    several = len({row["network"] for row in rows}) > 1
    points = [
        plots.Point(
            f"{row['network']}, {row['mode']}" if several else row["mode"],
            row["mode"],
            row["energy_j"],
            row["accuracy"],
            (row["accuracy_low"], row["accuracy_high"]),
        )
        for row in rows
        if row["energy_j"] is not None
    ]
    plots.save(plots.accuracy_against_energy({rows[0]["device"]: points}), path)
    output.console.print(f"wrote {path}")


def _calibrated(
    state: pffspike.TrainedNetwork,
    images: pffspike.Dataset,
    mode: pffspike.Mode,
    execution: pffspike.Execution,
) -> pffspike.AnyMode:
    """Rule of a mode that needs one, found once for all engines; other modes stay."""
    if mode.name in pffspike.CALIBRATED:
        return pffspike.calibrate(state, images, mode, execution=execution)
    return mode
