"""``pffspike energy``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from pffspike import evaluation, inference, mapping
from pffspike.cards.networks import network_hash
from pffspike.cli import options, output
from pffspike.data import Dataset
from pffspike.devices import load_device
from pffspike.energy import Energy, Metrics, Term, metrics, plain
from pffspike.energy import energy as energy_of
from pffspike.engines import make_engine
from pffspike.errors import ValidationError
from pffspike.network import structure
from pffspike.recording import Probes
from pffspike.trained import TrainedNetwork, versions

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
            help=f"One of {', '.join(inference.MODES)}; may be given repeatedly "
            f"(default: {' and '.join(_MODES)}).",
        ),
    ] = None,
    images: Annotated[int, typer.Option(help="The first so many test images.", min=1)] = _IMAGES,
    candidates: options.Candidates = None,
    budget: options.Budget = 0.001,
    calibration: options.Calibration = None,
    step_time: Annotated[
        float | None,
        typer.Option(help="Seconds that a step lasts, instead of the card's.", min=0),
    ] = None,
    placement: Annotated[
        str,
        typer.Option(
            help=f"Objective of the placement on cores: one of {', '.join(mapping.OBJECTIVES)}."
        ),
    ] = "cores",
    measure: Annotated[
        bool,
        typer.Option("--measure", help="Measure this machine too, where it has counters (RAPL)."),
    ] = False,
    engine: options.EngineName = "fastest",
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataFolder = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Count the events of an inference and compute its energy on devices.

    Every line of the second table is a count times a value; --json has them by population,
    projection and phase, with the source of each value, and of every profile of a card.

    Example: pffspike energy digits.h5 --device loihi1 --device cortex-m4f --mode one_pass
    """
    mapping.check_objective(placement)
    if step_time is not None and not math.isfinite(step_time):
        raise ValidationError(f"--step-time {step_time} must be a number of seconds")
    state = options.load_trained(trained)
    cards = [load_device(name) for name in device or ["loihi1"]]
    modes = [evaluation.check_mode(state.network, name, candidates) for name in mode or _MODES]
    chosen = options.load_dataset(
        state, dataset, data, download, test_samples=images, option="--images"
    )
    runner = make_engine(engine)
    shown = state.coding.encode(chosen.test_images, chosen.levels)
    results: dict[str, Any] = {
        "network": state.network.name,
        "network_hash": network_hash(state.network),
        "dataset": chosen.name,
        "images": len(shown),
        "engine": runner.name,
        "seed": seed,
        "placement": placement,
        "versions": versions(),
        "modes": {},
    }
    for way in modes:
        stopping = None
        if way in inference.CALIBRATED:
            stopping = options.stopping_rule(
                state,
                chosen,
                runner,
                budget=budget,
                candidates=candidates,
                draws=calibration,
                mode=way,
                trials=None,
                seed=seed,
            )

        def classify(way: str = way, stopping: Any = stopping) -> inference.Classification:
            return inference.classify(
                state.network,
                state.parameters,
                runner,
                shown,
                way,
                seed=seed,
                candidates=None if stopping else candidates,
                stopping=stopping,
                samples=range(len(shown)),
                views=inference.views_of(
                    state.network,
                    state.coding,
                    chosen.test_images,
                    chosen.shape,
                    chosen.levels,
                ),
                probes=Probes(rasters=senders(state)),
            )

        answer = classify()
        counted = metrics(answer.recordings, len(shown), state.parameters)
        found = [
            energy_of(
                answer.recordings,
                card,
                traffic=mapping.traffic(answer.recordings, card, placement=placement),
                step=step_time,
            )
            for card in cards
        ]
        content = {
            "accuracy": answer.accuracy(chosen.test_labels),
            "candidates": candidates,
            "stopping": evaluation.stopping_rule(stopping) if stopping else None,
            "metrics": dataclasses.asdict(counted),
            "counts": dataclasses.asdict(found[0].counts),
            "devices": {card.name: plain(e) for card, e in zip(cards, found, strict=True)},
        }
        show(f"{trained}, {way}, {len(shown)} test images", chosen, counted, found)
        if measure:
            content["host"] = host(classify, len(shown))
        results["modes"][way] = content
    output.write_json(json, results)


def senders(state: TrainedNetwork) -> tuple[str, ...]:
    """Populations that send by weights of which some are 0: NeuroBench asks who spiked."""
    network = state.network
    found = {
        p.pre: None
        for p in network.projections
        if not state.parameters.weights[structure.weights_of(p)].all()
    }
    used = structure.extent(network, network.program("one_pass")).populations
    used += structure.extent(network, network.program("goodness")).populations
    return tuple(name for name in found if name in {p.name for p in used})


def show(title: str, data: Dataset, counted: Metrics, energies: Sequence[Energy]) -> None:
    """Print the energy of an inference, device by device and event by event.

    Parameters
    ----------
    title : str
        What was run.
    data : Dataset
        Its name is shown.
    counted : Metrics
        NeuroBench's metrics of the run.
    energies : sequence of Energy
        Of each device, per inference.
    """
    output.table(
        f"{title} of {data.name}: energy per inference",
        ("device", "events", "cores used", "± over images", "95 % of images", "whole chip"),
        [
            (
                e.device,
                output.joule(e.events),
                output.joule(e.total),
                f"± {output.joule(e.spread.deviation)}" if e.spread else "",
                f"{output.joule(e.spread.low)} to {output.joule(e.spread.high)}"
                if e.spread
                else "",
                output.joule(e.whole_chip),
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
    interval = f"{output.joule(spread.low)} to {output.joule(spread.high)}"
    return f"± {output.joule(spread.deviation)}", interval


def _profiles(result: Energy) -> str:
    shown = [
        f"{name} {output.joule(found.total)}" + ("" if name in result.comparable else " (in part)")
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
                output.joule(sum(term.energy for term in terms)) if value else "not counted",
            )
        )
    return lines


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.4g}"


def host(classify: Any, images: int) -> dict[str, Any]:
    """Measure this machine while it classifies, and say what came out."""
    from pffspike.energy.host import measure

    result = measure(classify, images)
    if result is None:
        output.console.print("this machine: not available (it shows no energy counters)")
        return {"available": False}
    spread = f"{output.joule(min(result.joule))} to {output.joule(max(result.joule))}"
    output.console.print(
        f"this machine, measured: {output.joule(result.median)} an inference ({spread}, "
        f"{len(result.joule)} repetitions), {result.idle_watt:.1f} W idle subtracted"
    )
    return {"available": True, **dataclasses.asdict(result), "median": result.median}
