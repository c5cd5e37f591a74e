"""Tables of energies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pffspike
from pffspike import text
from pffspike.cli import output
from pffspike.cli.output import Printed

Found = Mapping[str, Sequence["pffspike.InferenceEnergy"]]  #: by file


def main_table(title: str, found: Found) -> Printed:
    """Every mode on every device; the files where there are several."""
    several = len(found) > 1
    rows = [
        (
            *([file] if several else []),
            result.classification.mode,
            e.device,
            text.joule(e.events),
            text.joule_within(e.total, *e.interval),
            f"± {text.joule(e.spread.deviation)}" if e.spread else "",
            f"{text.joule(e.spread.low)} to {text.joule(e.spread.high)}" if e.spread else "",
            text.joule(e.whole_chip),
        )
        for file, results in found.items()
        for result in results
        for e in result.energies
    ]
    columns = ("mode", "device", "events", "cores used (95 %)", "± over images", "95 % of images")
    return Printed(
        f"{title}: energy per inference",
        (*(["file"] if several else []), *columns, "whole chip"),
        rows,
    )


def seeds_table(rows: Sequence[Mapping[str, Any]]) -> Printed:
    """Means over networks that differ in the seed of their training."""
    kinds = ("energy_events", "energy", "energy_whole_chip")
    return Printed(
        "means over seeds of training, with Student's interval over them",
        ("network", "mode", "device", "seeds", "events", "cores used", "whole chip"),
        [
            (
                *(row[name] for name in ("network", "mode", "device")),
                str(row["seeds"]),
                *(
                    text.joule_within(row[f"{k}_j"], row[f"{k}_low_j"], row[f"{k}_high_j"])
                    for k in kinds
                ),
            )
            for row in rows
        ],
    )


def ann_table(layers: Sequence[int], prices: Sequence[pffspike.Energy], found: Found) -> Printed:
    """A network without spikes, and how many times its energy the others take."""
    others = {
        f"{result.classification.mode} on {e.device}": e.total
        for result in (next(iter(found.values())) if found else ())
        for e in result.energies
        if e.total is not None
    }
    rows = []
    for price in prices:
        value = price.terms[0].value
        each = f"{value.value:.4g} {text.unit(value.unit)} ({value.kind})" if value else "no value"
        times = [
            f"{energy / price.total:.3g} times" if price.total else "" for energy in others.values()
        ]
        rows.append((price.device, text.joule(price.total), each, *times))
    return Printed(
        f"a network without spikes, layers of {', '.join(map(str, layers))}: energy per inference",
        ("device", "energy", "a multiply-accumulate", *others),
        rows,
    )


def show(title: str, counted: pffspike.Metrics, energies: Sequence[pffspike.Energy]) -> None:
    """Print what the energy of an inference is made of, device by device and event by event."""
    output.table(
        f"{title}: with the cores used, by profile and part",
        ("device", "by profile", "by part (default profile)"),
        [(e.device, _profiles(e), _shares(e)) for e in energies],
    )
    output.table(
        f"{title}: event counts and energies per event, per inference",
        ("device", "event", "count", "energy per event", "kind", "energy"),
        [line for e in energies for line in _lines(e)],
    )
    spread = energies[0].counts.spread.get("synaptic_operations")
    if spread:
        mean = energies[0].counts.synaptic_operations
        output.remark(
            f"synaptic operations over images: {mean:,.0f} ± {spread.deviation:,.0f}, 95 % from "
            f"{spread.low:,.0f} to {spread.high:,.0f}"
        )
    totals = {k: v for k, v in vars(counted).items() if k != "by_projection"}
    values = ", ".join(f"{k} {_number(v)}" for k, v in totals.items())
    output.remark(f"NeuroBench's metrics: {values}")


def show_notes(energies: Sequence[pffspike.Energy]) -> None:
    """Say where values come from and what they leave out, device by device."""
    for e in energies:
        sources = dict.fromkeys(term.value.source for term in e.terms if term.value)
        output.remark(f"{e.device}, sources: {'; '.join(sources)}")
        output.remark(f"{e.device}, not counted: {'; '.join(e.not_counted)}")


def _profiles(result: pffspike.Energy) -> str:
    shown = [
        f"{name} {text.joule(found.total)}" + ("" if name in result.comparable else " (in part)")
        for name, found in result.profiles.items()
    ]
    return " | ".join(shown)


def _shares(result: pffspike.Energy) -> str:
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


def _lines(result: pffspike.Energy) -> list[tuple[object, ...]]:
    """Terms by event: counts summed, for the energy per event is the same."""
    events: dict[str, list[pffspike.Term]] = {}
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
                f"{value.value:.4g} {text.unit(value.unit)}" if value else "no value",
                value.kind if value else "",
                text.joule(sum(term.energy for term in terms)) if value else "not counted",
            )
        )
    return lines


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.4g}"
