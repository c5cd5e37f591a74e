"""``pffspike energy``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from pffspike import evaluation, inference, mapping
from pffspike.cards.networks import network_hash
from pffspike.cli import options, output
from pffspike.data import Dataset
from pffspike.devices import Device, load_device
from pffspike.energy import Energy, Metrics, Row, metrics
from pffspike.energy import energy as account
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
        typer.Option(help="Seconds that a step lasts, instead of the card's assumption.", min=0),
    ] = None,
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
    """Count the events of an inference and price them with the figures of devices.

    Every line of the second table is a count times a figure; --json has them by population,
    projection and phase, with the source of each figure.

    Example: pffspike energy digits.h5 --device loihi1 --device cpu --mode one_pass
    """
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
                probes=Probes(rasters=senders(state)),
            )

        answer = classify()
        counted = metrics(answer.recordings, len(shown), state.parameters)
        priced = [
            account(
                answer.recordings,
                len(shown),
                card,
                traffic=mapping.traffic(state.network, card, answer.recordings, len(shown)),
                step_time=step_time,
            )
            for card in cards
        ]
        content = {
            "accuracy": answer.accuracy(chosen.test_labels),
            "candidates": candidates,
            "stopping": evaluation.stopping_rule(stopping) if stopping else None,
            "metrics": dataclasses.asdict(counted),
            "counts": dataclasses.asdict(priced[0].counts),
            "devices": {card.name: plain(e) for card, e in zip(cards, priced, strict=True)},
        }
        show(f"{trained}, {way}, {len(shown)} test images", chosen, counted, cards, priced)
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


def plain(result: Energy) -> dict[str, Any]:
    """Plain data of a result: totals, and rows with count, figure, source and joule."""
    return {
        "joule": result.joule,
        "low": result.low,
        "high": result.high,
        "static": result.static,
        "profiles": result.profiles,
        "by_event": result.parts,
        "by_part": result.by(lambda row: row.part),
        "unpriced": list(result.unpriced),
        "not_counted": list(result.not_counted),
        "rows": [_plain_row(row) for row in result.rows],
        "rows_of_other_profiles": {
            name: [_plain_row(row) for row in rows] for name, rows in result.others.items()
        },
    }


def _plain_row(row: Row) -> dict[str, Any]:
    figure = dataclasses.asdict(row.figure) if row.figure else {}
    return {
        "event": row.event,
        "part": row.part,
        "place": row.place,
        "phase": row.phase,
        "count": row.count,
        "figure": figure.get("value"),
        "unit": figure.get("unit"),
        "source": figure.get("source"),
        "kind": figure.get("kind"),
        "joule": row.joule,
    }


def show(
    title: str,
    data: Dataset,
    counted: Metrics,
    cards: Iterable[Device],
    priced: Iterable[Energy],
) -> None:
    """Print what an inference costs, device by device and event by event."""
    pairs = list(zip(cards, priced, strict=True))
    output.table(
        f"{title} of {data.name}: energy per inference",
        ("device", "energy", "range", "of it static", "by part"),
        [
            (
                card.name,
                output.joule(e.joule),
                f"{output.joule(e.low)} to {output.joule(e.high)}",
                output.joule(e.static),
                _shares(e),
            )
            for card, e in pairs
        ],
    )
    output.table(
        "counts and figures, per inference",
        ("device", "event", "count", "figure", "kind", "energy"),
        [line for card, e in pairs for line in _lines(card, e)],
    )
    for card, e in pairs:
        sources = dict.fromkeys(row.figure.source for row in e.rows if row.figure)
        output.console.print(f"{card.name}, sources: {'; '.join(sources)}", style="dim")
        output.console.print(f"{card.name}, not counted: {'; '.join(e.not_counted)}", style="dim")
    totals = {k: v for k, v in vars(counted).items() if k != "by_projection"}
    values = ", ".join(f"{k} {_number(v)}" for k, v in totals.items())
    output.console.print(f"NeuroBench's metrics: {values}", style="dim")


def _shares(result: Energy) -> str:
    parts = result.by(lambda row: row.part)
    total = sum(parts.values()) or 1.0
    named = sorted(parts.items(), key=lambda item: -item[1])
    return ", ".join(
        f"{part} {f'{100 * j / total:.0f}' if j > 0.005 * total else '< 1'} %"
        for part, j in named
        if j
    )


def _lines(card: Device, result: Energy) -> list[tuple[object, ...]]:
    """Rows by event: counts summed, for the figure is the same."""
    events: dict[str, list[Row]] = {}
    for row in result.rows:
        events.setdefault(row.event, []).append(row)
    lines: list[tuple[object, ...]] = []
    for event, rows in events.items():
        figure = rows[0].figure
        lines.append(
            (
                card.name,
                event.replace("_", " ") if event != "static" else "static, a step",
                f"{sum(row.count for row in rows):,.0f}",
                f"{figure.value:.4g} {figure.unit}" if figure else "no figure",
                figure.kind if figure else "",
                output.joule(sum(row.joule for row in rows)) if figure else "not priced",
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
