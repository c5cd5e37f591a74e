"""The part of the report on energy: every value with its source."""

from __future__ import annotations

from collections.abc import Sequence

from pffspike import plots
from pffspike.devices import Device
from pffspike.energies import Energy, Term
from pffspike.reporting.answered import Answered
from pffspike.reporting.page import (
    Block,
    Folded,
    Grid,
    Heading,
    Listing,
    Paragraph,
    Section,
    picture,
)
from pffspike.text import joule, three_energies, unit

_COLUMNS = ("event", "part", "of", "count", "energy per event", "energy", "source")


def energies(devices: Sequence[Device], answered: Sequence[Answered]) -> Section:
    """Show every energy of every mode: count, value, source, of all profiles.

    Parameters
    ----------
    devices : sequence of Device
        The cards.
    answered : sequence of Answered
        The modes, with their energies in the order of the devices.
    """
    blocks: list[Block] = []
    for index, device in enumerate(devices):
        sources: list[str] = []
        bars = {a.title: a.energies[index].by(lambda term: term.event) for a in answered}
        blocks += [Heading(device.name), Paragraph(device.description)]
        if any(any(bar.values()) for bar in bars.values()):
            blocks.append(picture(plots.shares(bars), "Energy of an inference by event."))
        for a in answered:
            result = a.energies[index]
            blocks.append(Folded(f"{a.title}: {_interval(result)}", _breakdown(result, sources)))
        notes = "; ".join(answered[0].energies[index].not_counted)
        blocks.append(Paragraph(f"Not counted, and to beware of: {notes}.", note=True))
        blocks.append(Listing(f"Sources of the values of {device.name}:", sources))
    return Section("Energy", blocks)


def _interval(result: Energy) -> str:
    """Give the three values and how the leading one differs between images."""
    values = three_energies(result.events, result.total, result.whole_chip)
    spread = result.spread
    if spread is None:
        return values
    return (
        f"{values}; over images ± {joule(spread.deviation)}, 95 % of them from "
        f"{joule(spread.low)} to {joule(spread.high)}"
    )


def _breakdown(result: Energy, sources: list[str]) -> list[Block]:
    """Terms of the default profile, and of the others to unfold; new sources are added."""
    blocks: list[Block] = [
        Paragraph(f"Profile {result.default}; with the whole chip {joule(result.whole_chip)}."),
        _terms(result.terms, joule(result.total), sources),
    ]
    for name, found in result.profiles.items():
        if name != result.default:
            values = three_energies(found.events, found.total, found.whole_chip)
            table = _terms(found.terms, joule(found.total), sources)
            blocks.append(Folded(f"profile {name}: {values}", [table]))
    return blocks


def _terms(found: Sequence[Term], total: str, sources: list[str]) -> Grid:
    groups: dict[tuple[str, str], list[Term]] = {}
    for term in found:
        groups.setdefault((term.event, term.part), []).append(term)
    rows: list[tuple[object, ...]] = []
    for (event, part), same in groups.items():
        value, places = same[0].value, list(dict.fromkeys(term.place for term in same))
        rows.append(
            (
                event.replace("_", " ") if event != "static" else "static power, a step",
                part,
                ", ".join(places),
                _count(sum(term.count for term in same)),
                f"{value.value:.4g} {unit(value.unit)}" if value else "no value",
                joule(sum(term.energy for term in same)) if value else "not counted",
                f"[{_number(value.source, sources)}] {value.kind}" if value else "",
            )
        )
    rows.append(("sum", "", "", "", "", total, ""))
    return Grid(_COLUMNS, rows)


def _number(source: str, sources: list[str]) -> int:
    """Place of a source in the list, at whose end it is put if it is new."""
    if source not in sources:
        sources.append(source)
    return sources.index(source) + 1


def _count(number: float) -> str:
    return f"{number:,.0f}" if number >= 1000 else f"{number:,.4g}"
