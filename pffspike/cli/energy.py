"""``pffspike energy``."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import pffspike
from pffspike import text
from pffspike.choices import MODES, OBJECTIVES
from pffspike.cli import options, output, priced, written
from pffspike.errors import ValidationError

_MODES = ("goodness", "one_pass")
_IMAGES = 100  #: test images, by default


def energy(
    trained: options.SeveralTrained = None,  # type: ignore[assignment]
    device: Annotated[
        list[str] | None,
        typer.Option("--device", help="Device card, by name or path; may be given repeatedly."),
    ] = None,
    mode: Annotated[
        list[str] | None,
        typer.Option(
            "--mode",
            help=f"One of {', '.join(MODES)}; may be given repeatedly "
            f"(default: {' and '.join(_MODES)}).",
        ),
    ] = None,
    images: Annotated[
        int, typer.Option("--samples", "-n", "--images", help="The first so many samples.", min=1)
    ] = _IMAGES,
    candidates: options.Candidates = None,
    tolerance: options.Tolerance = 0.001,
    budget: options.Budget = None,
    calibration_samples: options.CalibrationSamples = None,
    calibration: options.Calibration = None,
    step_time: Annotated[
        float | None,
        typer.Option(help="Seconds that a step lasts, instead of the card's.", min=0),
    ] = None,
    placement: Annotated[
        str,
        typer.Option(help=f"Objective of the placement on cores: one of {', '.join(OBJECTIVES)}."),
    ] = "cores",
    measure: Annotated[
        bool,
        typer.Option("--measure", help="Measure this machine too, where it has counters (RAPL)."),
    ] = False,
    ann: Annotated[
        str | None,
        typer.Option(
            help="Sizes of the layers of a network without spikes, such as 784,500,500,10, whose "
            "energy stands beside; it needs no trained network."
        ),
    ] = None,
    engine: options.EngineName = "fastest",
    jobs: options.Jobs = None,
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataPlace = None,
    labels: options.Labels = None,
    download: options.Download = False,
    json: options.JsonFile = None,
    csv: options.CsvFile = None,
    latex: options.LatexFile = None,
    plot: options.PlotFile = None,
) -> None:
    """Count the events of an inference and compute its energy on devices.

    Every line of the third table is a count times a value; --json has them by population,
    projection and phase, with the source of each value, and of every profile of a card. --plot
    draws the energies from that of the events alone to that of the whole chip.

    Example: pffspike energy digits.h5 --device loihi1 --device cortex-m4f --mode one_pass
    """
    if step_time is not None and not math.isfinite(step_time):
        raise ValidationError(f"--step-time {step_time} must be a number of seconds")
    layers = _layers(ann)
    if not trained and not layers:
        raise ValidationError("give a trained network, or --ann 784,500,500,10 for one of layers")
    states = options.load_several(trained or [])
    cards = tuple(pffspike.load_device(name) for name in device or ["loihi1"])
    pricing = pffspike.Pricing(cards, placement, step_time, measure)
    modes = [
        pffspike.Mode(
            name,
            candidates,
            tolerance=tolerance if budget is None else budget,
            calibration_samples=calibration_samples or calibration,
        )
        for name in dict.fromkeys(mode or _MODES)
    ]
    for state in states.values():
        for way in modes:
            pffspike.check_mode(state.network, way)
    data_of = {
        file: options.load_dataset(
            state, dataset, data, download, labels=labels, test_samples=images
        )
        for file, state in states.items()
    }
    found: dict[str, list[pffspike.InferenceEnergy]] = {}
    with output.progress() as progress:
        execution = options.execution(pffspike.make_engine(engine), seed, jobs, progress)
        for file, state in states.items():
            found[file] = [
                pffspike.energy(state, data_of[file], way, pricing=pricing, execution=execution)
                for way in modes
            ]
    prices = _prices(layers, cards) if layers else []
    printed, shared = _show(found, data_of)
    content = _contents(found, states, data_of, execution, pricing) | shared
    if layers:
        compared = priced.ann_table(layers, prices, found)
        output.table(*compared)
        printed = printed or compared
        priced.show_notes([] if found else prices)
        content["ann"] = {"layers": layers, "terms": [t for e in prices for t in e.tidy_rows()]}
    output.write_json(json, content)
    rows = [{"file": f} | row for f, rs in found.items() for r in rs for row in r.tidy_rows()]
    written.write_csv(csv, rows or [t for e in prices for t in e.tidy_rows()])
    if printed:
        written.write_latex(latex, printed)
    if plot is not None:
        _draw(plot, found, prices)


def _layers(ann: str | None) -> list[int]:
    """Sizes of layers; of nothing, none."""
    if ann is None:
        return []
    sizes = [int(size) if size.strip().isdecimal() else 0 for size in ann.split(",")]
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValidationError(
            f"--ann {ann!r} must be sizes of two layers or more, such as 784,500,500,10"
        )
    return sizes


def _prices(layers: Sequence[int], cards: Sequence[pffspike.Device]) -> list[pffspike.Energy]:
    """Energies of a perceptron on devices."""
    products = sum(a * b for a, b in itertools.pairwise(layers))
    neurons = sum(layers[1:])
    return [pffspike.price_ann(products, products, card, neurons=neurons) for card in cards]


def _show(
    found: dict[str, list[pffspike.InferenceEnergy]], data_of: dict[str, pffspike.Dataset]
) -> tuple[output.Printed | None, dict[str, Any]]:
    """Print all tables; give the one for print, and what is of all networks."""
    if not found:
        return None, {}
    file, data = next(iter(data_of.items()))
    several = f"{len(found)} networks" if len(found) > 1 else file
    title = f"{several}, {len(data.test_images)} test images of {data.name}"
    printed = priced.main_table(title, found)
    output.table(*printed)
    content: dict[str, Any] = {}
    if len(found) > 1:
        content["over_seeds"] = rows = pffspike.over_seeds([r for rs in found.values() for r in rs])
        if any(row["seeds"] > 1 for row in rows):
            printed = priced.seeds_table(rows)
            output.table(*printed)
    else:
        for result in found[file]:
            priced.show(result.classification.mode, result.metrics, result.energies)
    priced.show_notes(found[file][0].energies)
    return printed, content


def _contents(
    found: dict[str, list[pffspike.InferenceEnergy]],
    states: dict[str, pffspike.TrainedNetwork],
    data_of: dict[str, pffspike.Dataset],
    execution: pffspike.Execution,
    pricing: pffspike.Pricing,
) -> dict[str, Any]:
    """Content of JSON: of one network, or of each by its file."""
    shared = {
        "engine": execution.engine_name,
        "seed": execution.seed,
        "placement": pricing.placement,
        "versions": pffspike.versions(),
    }
    files = {}
    for file, results in found.items():
        files[file] = {
            "network": states[file].network.name,
            "network_hash": pffspike.network_hash(states[file].network),
            "dataset": data_of[file].name,
            "images": len(data_of[file].test_images),
            "modes": {
                r.classification.mode: r.plain()
                | {"candidates": r.classification.candidates}
                | ({"host": _show_host(r.host)} if pricing.host else {})
                for r in results
            },
        }
    return shared | (next(iter(files.values())) if len(files) == 1 else {"files": files})


def _draw(
    path: Path, found: dict[str, list[pffspike.InferenceEnergy]], prices: Sequence[pffspike.Energy]
) -> None:
    """Energies by device, from that of the events alone to that of the whole chip."""
    from pffspike import plots

    several = len(found) > 1
    named = [
        (f"{Path(file).stem}, {r.classification.mode}" if several else r.classification.mode, e)
        for file, results in found.items()
        for r in results
        for e in r.energies
    ]
    named += [("perceptron", price) for price in prices]
    devices: dict[str, dict[str, tuple[float, float, float]]] = {}
    for name, e in named:
        if e.events is not None and e.total is not None and e.whole_chip is not None:
            devices.setdefault(e.device, {})[name] = (e.events, e.total, e.whole_chip)
    plots.save(plots.ranges(devices), path)
    output.console.print(f"wrote {path}")


def _show_host(result: pffspike.HostEnergy | None) -> dict[str, Any]:
    """Say what was measured on this machine."""
    if result is None:
        output.console.print("this machine: not available (it shows no energy counters)")
        return {"available": False}
    spread = f"{text.joule(min(result.joule))} to {text.joule(max(result.joule))}"
    output.console.print(
        f"this machine, measured: {text.joule(result.median)} an inference ({spread}, "
        f"{len(result.joule)} repetitions), {result.idle_watt:.1f} W idle subtracted"
    )
    return {"available": True, **dataclasses.asdict(result), "median": result.median}
