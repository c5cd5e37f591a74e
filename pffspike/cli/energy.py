"""``pffspike energy``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Annotated, Any

import typer

import pffspike
from pffspike import (
    MODES,
    OBJECTIVES,
    Energy,
    Execution,
    HostEnergy,
    Metrics,
    Mode,
    Pricing,
    Term,
    ValidationError,
    text,
)
from pffspike.cli import options, output

_MODES = ("goodness", "one_pass")
_IMAGES = 100  #: test images, by default


def energy(
    trained: options.Trained,
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
    images: Annotated[int, typer.Option(help="The first so many test images.", min=1)] = _IMAGES,
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
    engine: options.EngineName = "fastest",
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataPlace = None,
    labels: options.Labels = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Count the events of an inference and compute its energy on devices.

    Every line of the second table is a count times a value; --json has them by population,
    projection and phase, with the source of each value, and of every profile of a card.

    Example: pffspike energy digits.h5 --device loihi1 --device cortex-m4f --mode one_pass
    """
    if step_time is not None and not math.isfinite(step_time):
        raise ValidationError(f"--step-time {step_time} must be a number of seconds")
    state = options.load_trained(trained)
    cards = tuple(pffspike.load_device(name) for name in device or ["loihi1"])
    pricing = Pricing(cards, placement, step_time, measure)
    modes = [
        Mode(
            name,
            candidates,
            tolerance=tolerance if budget is None else budget,
            calibration_samples=calibration_samples or calibration,
        )
        for name in mode or _MODES
    ]
    for way in modes:
        pffspike.check_mode(state.network, way)
    chosen = options.load_dataset(
        state, dataset, data, download, labels=labels, test_samples=images
    )
    runner = pffspike.make_engine(engine)
    results: dict[str, Any] = {
        "network": state.network.name,
        "network_hash": pffspike.network_hash(state.network),
        "dataset": chosen.name,
        "images": len(chosen.test_images),
        "engine": runner.name,
        "seed": seed,
        "placement": placement,
        "versions": pffspike.versions(),
        "modes": {},
    }
    for way in modes:
        with output.progress() as progress:
            execution = Execution(runner, seed, progress=progress)
            found = pffspike.energy(state, chosen, way, pricing=pricing, execution=execution)
        title = f"{trained}, {way.name}, {images} test images of {chosen.name}"
        show(title, found.metrics, found.energies)
        content = {**found.plain(), "candidates": candidates}
        if measure:
            content["host"] = _show_host(found.host)
        results["modes"][way.name] = content
    output.write_json(json, results)


def show(title: str, counted: Metrics, energies: Sequence[Energy]) -> None:
    """Print the energy of an inference, device by device and event by event."""
    output.table(
        f"{title}: energy per inference",
        ("device", "events", "cores used", "± over images", "95 % of images", "whole chip"),
        [
            (
                e.device,
                text.joule(e.events),
                text.joule(e.total),
                f"± {text.joule(e.spread.deviation)}" if e.spread else "",
                f"{text.joule(e.spread.low)} to {text.joule(e.spread.high)}" if e.spread else "",
                text.joule(e.whole_chip),
            )
            for e in energies
        ],
    )
    output.table(
        "with the cores used, by profile and part",
        ("device", "by profile", "by part (default profile)"),
        [(e.device, _profiles(e), _shares(e)) for e in energies],
    )
    output.table(
        "event counts and energies per event, per inference",
        ("device", "event", "count", "energy per event", "kind", "energy"),
        [line for e in energies for line in _lines(e)],
    )
    for e in energies:
        sources = dict.fromkeys(term.value.source for term in e.terms if term.value)
        output.console.print(f"{e.device}, sources: {'; '.join(sources)}", style="dim")
        output.console.print(f"{e.device}, not counted: {'; '.join(e.not_counted)}", style="dim")
    spread = energies[0].counts.spread.get("synaptic_operations")
    if spread:
        mean = energies[0].counts.synaptic_operations
        output.console.print(
            f"synaptic operations over images: {mean:,.0f} ± {spread.deviation:,.0f}, 95 % from "
            f"{spread.low:,.0f} to {spread.high:,.0f}",
            style="dim",
        )
    totals = {k: v for k, v in vars(counted).items() if k != "by_projection"}
    values = ", ".join(f"{k} {_number(v)}" for k, v in totals.items())
    output.console.print(f"NeuroBench's metrics: {values}", style="dim")


def _spread(result: Energy) -> tuple[str, str]:
    spread = result.spread
    if spread is None:
        return "", ""
    interval = f"{text.joule(spread.low)} to {text.joule(spread.high)}"
    return f"± {text.joule(spread.deviation)}", interval


def _profiles(result: Energy) -> str:
    shown = [
        f"{name} {text.joule(found.total)}" + ("" if name in result.comparable else " (in part)")
        for name, found in result.profiles.items()
    ]
    return " | ".join(shown)


def _shares(result: Energy) -> str:
    if result.total is None:
        return ""
    parts = result.by(lambda term: term.part)
    total = sum(parts.values()) or 1.0
    named = sorted(parts.items(), key=lambda item: -item[1])
    return ", ".join(
        f"{part} {f'{100 * j / total:.0f}' if j > 0.005 * total else '< 1'} %"
        for part, j in named
        if j
    )


def _lines(result: Energy) -> list[tuple[object, ...]]:
    """Terms by event: counts summed, for the energy per event is the same."""
    events: dict[str, list[Term]] = {}
    for term in result.terms:
        events.setdefault(term.event, []).append(term)
    lines: list[tuple[object, ...]] = []
    for event, terms in events.items():
        value = terms[0].value
        name = event.replace("_", " ")
        lines.append(
            (
                result.device,
                name if event != "static" else f"static power of {terms[0].place}, a step",
                f"{sum(term.count for term in terms):,.0f}",
                f"{value.value:.4g} {value.unit}" if value else "no value",
                value.kind if value else "",
                text.joule(sum(term.energy for term in terms)) if value else "not counted",
            )
        )
    return lines


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.4g}"


def _show_host(result: HostEnergy | None) -> dict[str, Any]:
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
