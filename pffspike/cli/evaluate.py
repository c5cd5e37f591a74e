"""``pffspike evaluate``."""

from __future__ import annotations

from typing import Annotated

import typer

import pffspike
from pffspike import MODES, AnyMode, Evaluation, Execution, Mode, Stopping, text
from pffspike.cli import options, output

_MOST_CLASSES = 20  #: whose accuracies are shown one by one; --json has all of them
_DEFAULT_MODES = ["goodness", "one_pass"]


def evaluate(
    trained: options.Trained,
    engine: Annotated[
        list[str] | None, typer.Option("--engine", "-e", help="Engine; may be given repeatedly.")
    ] = None,
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
) -> None:
    """Classify the test images and report accuracy, operations and energy per inference.

    Example: pffspike evaluate digits.h5 --engine brian2 --engine lava --mode one_pass
    """
    state = options.load_trained(trained)
    card = pffspike.load_device(device)
    chosen = [
        Mode(
            name,
            candidates,
            trials,
            tolerance if budget is None else budget,
            calibration_samples or calibration,
        )
        for name in mode or _DEFAULT_MODES
    ]
    for way in chosen:
        pffspike.check_mode(state.network, way)
    images = options.load_dataset(
        state, dataset, data, download, labels=labels, test_samples=samples
    )
    engines = {
        name: pffspike.make_engine(name)
        for name in map(pffspike.resolve_engine, engine or ["fastest"])
    }
    results: list[Evaluation] = []
    with output.progress() as progress:
        first = Execution(next(iter(engines.values())), seed, progress=progress)
        modes = [_calibrated(state, images, way, first) for way in chosen]
        for name in engines:
            own = Execution(name, seed, progress=progress)
            results += [
                pffspike.evaluate(state, images, way, device=card, execution=own) for way in modes
            ]
    show(f"{trained}: {len(images.test_images)} test images of {images.name}", results)
    show_classes(results, images.class_names)
    show_coverage(results)
    for rule in (way for way in modes if isinstance(way, Stopping)):
        show_rule(rule)
    output.write_json(json, pffspike.summary(results))


def _calibrated(
    state: pffspike.TrainedNetwork, images: pffspike.Dataset, mode: Mode, execution: Execution
) -> AnyMode:
    """Rule of a mode that needs one, found once for all engines; other modes stay."""
    if mode.name in pffspike.CALIBRATED:
        return pffspike.calibrate(state, images, mode, execution=execution)
    return mode


def show(title: str, results: list[Evaluation]) -> None:
    """Print evaluations as one table."""
    rows = [
        (
            r.engine,
            r.mode,
            text.percent(r.accuracy),
            f"{r.energy.counts.steps:.0f}",
            f"{r.energy.counts.spikes:,.0f}",
            f"{r.energy.counts.synaptic_operations:,.0f}",
            text.three_energies(r.energy.events, r.energy.total, r.energy.whole_chip),
            f"{r.seconds:.1f} s",
        )
        for r in results
    ]
    device = results[0].energy.device
    columns = ("engine", "mode", "accuracy", "steps", "spikes", "synaptic operations")
    output.table(title, (*columns, f"energy on {device} (events; chip)", "time"), rows)
    output.console.print(
        "Steps, spikes, operations and energy are per inference, over all its presentations; "
        "energy is that of the events and of the static power of the cores in use; in brackets of "
        "the events alone and with the static power of the whole chip (see `pffspike energy`); "
        f"without an energy: {', '.join(results[0].energy.unpriced) or 'nothing'}; "
        "not counted: " + "; ".join(results[0].energy.not_counted),
        style="dim",
    )


def show_classes(results: list[Evaluation], names: tuple[str, ...]) -> None:
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


def show_coverage(results: list[Evaluation]) -> None:
    """Show how accurate the surest answers are."""
    shares = sorted(results[0].coverage, reverse=True)
    output.table(
        "accuracy of the surest answers, by the share of images that are answered",
        ("engine", "mode", *(f"{100 * share:g} %" for share in shares)),
        [(r.engine, r.mode, *(text.percent(r.coverage[s]) for s in shares)) for r in results],
    )


def show_rule(rule: Stopping) -> None:
    """Say when a mode eliminates a label."""
    margins = ", ".join(f"{m:.3g} after {steps}" for steps, m in rule.thresholds.items())
    output.console.print(
        f"{rule.mode}: a label is eliminated that trails the best one by a goodness of more than "
        f"{margins} steps of windows of {rule.window}; {100 * rule.tolerance:g} % of answers may "
        f"change ({100 * rule.confidence:g} % confidence, {rule.calibration_samples} calibration "
        f"samples)",
        style="dim",
    )
