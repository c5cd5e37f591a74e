"""``pffspike evaluate``."""

from __future__ import annotations

from typing import Annotated

import typer

from pffspike import evaluation
from pffspike.cli import options, output
from pffspike.devices import load_device
from pffspike.engines import make_engine, resolve
from pffspike.inference import CALIBRATED, MODES, Stopping, views_of
from pffspike.text import three_energies

_DEFAULT_MODES = ("goodness", "one_pass")


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
    budget: options.Budget = 0.001,
    calibration: options.Calibration = None,
    trials: options.Trials = None,
    samples: options.Samples = None,
    seed: options.Seed = 0,
    device: Annotated[str, typer.Option(help="Device card that prices the events.")] = "loihi1",
    dataset: options.DatasetName = None,
    data: options.DataFolder = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Classify the test images and report accuracy, operations and energy per inference.

    Example: pffspike evaluate digits.h5 --engine brian2 --engine lava --mode one_pass
    """
    state = options.load_trained(trained)
    card = load_device(device)
    modes = [
        evaluation.check_mode(state.network, name, candidates) for name in mode or _DEFAULT_MODES
    ]
    images = options.load_dataset(state, dataset, data, download, test_samples=samples)
    engines = {name: make_engine(name) for name in map(resolve, engine or ["fastest"])}
    rules: dict[str, Stopping] = {
        way: options.stopping_rule(
            state,
            images,
            next(iter(engines.values())),
            budget=budget,
            candidates=candidates,
            draws=calibration,
            mode=way,
            trials=trials,
            seed=seed,
        )
        for way in CALIBRATED
        if way in modes
    }
    views = views_of(state.network, state.coding, images.test_images, images.shape, images.levels)
    results = []
    for name, chosen in engines.items():
        for way in modes:
            with output.progress(f"{name} {way}", len(images.test_images)) as report:
                results.append(
                    evaluation.evaluate(
                        state.network,
                        state.parameters,
                        chosen,
                        state.coding.encode(images.test_images, images.levels),
                        images.test_labels,
                        way,
                        seed=seed,
                        device=card,
                        candidates=candidates,
                        stopping=rules.get(way),
                        trials=1 if way in rules else trials or 1,
                        views=views,
                        progress=report,
                        engine_name=name,
                    )
                )
    show(f"{trained}: {len(images.test_images)} test images of {images.name}", results)
    show_coverage(results)
    for rule in rules.values():
        show_rule(rule)
    output.write_json(json, evaluation.summary(results))


def show(title: str, results: list[evaluation.Evaluation]) -> None:
    """Print evaluations as one table."""
    rows = [
        (
            r.engine,
            r.mode,
            output.percent(r.accuracy),
            f"{r.energy.counts.steps:.0f}",
            f"{r.energy.counts.spikes:,.0f}",
            f"{r.energy.counts.synaptic_operations:,.0f}",
            three_energies(r.energy.events, r.energy.total, r.energy.whole_chip),
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


def show_coverage(results: list[evaluation.Evaluation]) -> None:
    """Show how accurate the surest answers are."""
    shares = sorted(results[0].coverage, reverse=True)
    output.table(
        "accuracy of the surest answers, by the share of images that are answered",
        ("engine", "mode", *(f"{100 * share:g} %" for share in shares)),
        [(r.engine, r.mode, *(output.percent(r.coverage[s]) for s in shares)) for r in results],
    )


def show_rule(rule: Stopping) -> None:
    """Say when mode early or late drops a label."""
    leads = ", ".join(f"{lead:.3g} after {steps}" for steps, lead in rule.thresholds.items())
    output.console.print(
        f"{rule.mode}: a label drops out that trails the best one by a goodness of more than "
        f"{leads} steps, of {rule.trials} x {rule.window} at most; budget {100 * rule.budget:g} % "
        f"of answers changed ({100 * rule.confidence:g} % confidence, {rule.draws} draws)",
        style="dim",
    )
