"""The sections of the report, one function each."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pffspike import plots
from pffspike.cards.networks import network_hash
from pffspike.data import Dataset
from pffspike.devices import Device
from pffspike.energies import Energy, Term
from pffspike.energies.events import synapses
from pffspike.evaluation import Evaluation
from pffspike.execution import Execution
from pffspike.inference import Reconstruction
from pffspike.network import rules, structure
from pffspike.network.spec import Network
from pffspike.reporting.answered import Answered
from pffspike.reporting.page import Markup, details, heading, paragraph, picture, section, table
from pffspike.text import joule, percent, three_energies
from pffspike.trained import TrainedNetwork, versions

_SHOWN = 15  #: images in a row


def summary(trained: TrainedNetwork, dataset: Dataset, answered: Sequence[Answered]) -> Markup:
    """The first lines: what it is and how it does."""
    n = len(dataset.test_images)
    lines = [
        f"{a.mode.replace('_', ' ')}: {percent(a.evaluation.accuracy)} of {n} test images of "
        f"{dataset.name} at {_three(a.energies[0])} an inference on {a.energies[0].device}"
        for a in answered
    ]
    return Markup(
        paragraph(trained.network.description)
        + paragraph("; ".join(lines) + ".")
        + paragraph(
            "An energy is counted events times the values of a device card, and the static power "
            "of the cores in use; in brackets of the events alone and with the static power of the "
            "whole chip. No silicon was reached. Each value stands below with its source.",
            note=True,
        )
    )


def network(spec: Network) -> Markup:
    """Populations, projections, schedule."""
    roles = {name: role for role, name in structure.roles(spec).items()}
    populations = [
        (
            p.name,
            p.size,
            "input" if p.input else rules.name(p.rule),
            p.normalization,
            roles.get(p.name, ""),
        )
        for p in spec.populations
    ]
    projections = [
        (
            p.name,
            f"{p.pre} → {p.post}",
            p.connectivity,
            f"{synapses(spec, p):,}",
            f"{p.learning_rate:g}" if p.learning_rate else "fixed" if not p.tied else p.tied,
            f"{p.low:g} to {p.high:g} by 2^{p.grid}",
        )
        for p in spec.projections
    ]
    programs = [
        (p.name, p.burn_in, p.window, ", ".join(phase.name for phase in p.phases))
        for p in spec.programs
    ]
    schedule = ", ".join(f"{k} {v}" for k, v in dataclasses.asdict(spec.training).items())
    return section(
        "Network",
        table(("population", "neurons", "rule", "normalization", "role"), populations),
        table(
            ("projection", "from, to", "kind", "synapses", "learning rate", "weights"), projections
        ),
        table(("program", "burn-in", "window", "phases"), programs),
        paragraph(f"Training: {schedule}."),
    )


def accuracy(answered: Sequence[Answered], images: int) -> Markup:
    """Modes, and the confusion of the first."""
    rows = [
        (
            a.mode.replace("_", " "),
            f"{percent(a.evaluation.accuracy)} ± {100 * _error(a.evaluation.accuracy, images):.1f}",
            f"{a.evaluation.energy.counts.steps:,.1f}",
            f"{a.evaluation.energy.counts.spikes:,.0f}",
            f"{a.evaluation.energy.counts.synaptic_operations:,.0f}",
            *(_three(e) for e in a.energies),
        )
        for a in answered
    ]
    devices = [e.device for e in answered[0].energies]
    head = ["mode", "accuracy", "steps", "spikes", "synaptic operations", *devices]
    best = answered[0]
    return section(
        "Accuracy",
        table(head, rows),
        paragraph(
            "± is two standard errors of the sample of test images. Steps, spikes, operations and "
            "energy are per inference, over all its presentations. Energies are those of the "
            "events and of the static power of the cores in use; in brackets of the events alone "
            "and with the static power of the whole chip."
            + "".join(
                f" Mode {a.mode} may change {percent(rule.tolerance)} of the answers of goodness."
                for a in answered
                if (rule := a.evaluation.classification.stopping)
            ),
            note=True,
        ),
        picture(
            plots.confusion(best.evaluation.confusion, best.mode.replace("_", " ")),
            "Test images by true class (row) and answer (column).",
        ),
    )


def _three(e: Energy) -> str:
    return three_energies(e.events, e.total, e.whole_chip)


def _error(share: float, images: int) -> float:
    return 2 * math.sqrt(max(share * (1 - share), 1 / images) / images)


def activity(trained: TrainedNetwork, dataset: Dataset, result: Evaluation) -> Markup:
    """Rasters of the first test image, and the course of training."""
    label = int(dataset.test_labels[0])
    ranking = result.classification.scores[0].argsort()[::-1]
    wrong = int(next(k for k in ranking if k != label))
    shown = {f"a {label}, labelled {label}": label, f"the same, labelled {wrong}": wrong}
    raster = plots.raster(result.classification.recordings[0], shown)
    parts = [
        picture(
            raster,
            "Every spike of the first test image, labelled truly and falsely.",
        )
    ]
    if len(trained.history.get("sample", ())):
        thresholds = structure.goodness_thresholds(trained.network)
        history = plots.goodness_history(trained.history, trained.samples_per_epoch, thresholds)
        parts.append(picture(history, "Goodness under true, false and no label over training."))
    return section("Activity", *parts)


def reconstruction(
    result: Reconstruction, images: npt.NDArray[np.float64], shape: tuple[int, int]
) -> Markup:
    """Originals beside what the generative circuit makes of the spikes above them."""
    lowest = next(iter(result.hidden), "the lowest population").replace("_", " ")
    names = {"below": f"from {lowest}", "chain": "from the top"}
    shown = {"original": images[:_SHOWN]}
    shown |= {names.get(phase, phase): x[:_SHOWN] for phase, x in result.images.items()}
    errors = [(names.get(k, k), f"{v:.3f}") for k, v in result.error(images).items()]
    return section(
        "Reconstruction",
        picture(plots.image_rows(shown, shape), "Test images and their reconstructions."),
        table(("predicted from", "summed squared error an image"), errors),
    )


def samples(
    images: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], shape: tuple[int, int]
) -> Markup:
    """Synthesized images."""
    classes = len(np.unique(labels))
    sheet = plots.image_sheet(images, shape, max(1, len(images) // classes))
    return section(
        "Samples",
        picture(sheet, "Synthesized from a label and a draw of the prior; a row a label, from 0."),
    )


def energies(devices: Sequence[Device], answered: Sequence[Answered]) -> Markup:
    """Show every energy: count, value, source; of other profiles and other windows too."""
    parts = []
    for index, device in enumerate(devices):
        shown = [a for a in answered if not a.setting]
        bars = {
            a.mode.replace("_", " "): a.energies[index].by(lambda term: term.event) for a in shown
        }
        parts.append(heading(device.name))
        parts.append(paragraph(device.description))
        parts.append(picture(plots.shares(bars), "Energy of an inference by event."))
        for a in answered:
            result = a.energies[index]
            name = ", ".join(filter(None, (a.mode.replace("_", " "), a.setting)))
            whole = _breakdown(result)
            if a.setting:
                parts.append(details(f"{name}: {joule(result.total)} an inference", whole))
            else:
                parts += [paragraph(f"{name}, an inference: {_interval(result)}"), whole]
        notes = "; ".join(answered[0].energies[index].not_counted)
        parts.append(paragraph(f"Not counted, and to beware of: {notes}.", note=True))
    return section("Energy", *parts)


def _interval(result: Energy) -> str:
    """Give the three values and how the leading one differs between images."""
    spread = result.spread
    if spread is None:
        return f"{_three(result)}."
    return (
        f"{_three(result)}; over images ± {joule(spread.deviation)}, 95 % of them from "
        f"{joule(spread.low)} to {joule(spread.high)}."
    )


def _breakdown(result: Energy) -> Markup:
    """Terms of the default profile, and of the others to unfold."""
    whole = f"profile {result.default}; with the whole chip {joule(result.whole_chip)}"
    parts = [_terms(result.terms, joule(result.total), whole)]
    for name, found in result.profiles.items():
        if name != result.default:
            title = f"profile {name}: {three_energies(found.events, found.total, found.whole_chip)}"
            parts.append(details(title, _terms(found.terms, joule(found.total), f"profile {name}")))
    return Markup("".join(parts))


def _terms(found: Sequence[Term], total: str, note: str) -> Markup:
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
                f"{value.value:.4g} {value.unit}" if value else "no value",
                joule(sum(term.energy for term in same)) if value else "not counted",
                f"{value.source} ({value.kind})" if value else "",
            )
        )
    rows.append(("sum", "", "", "", "", total, note))
    return table(("event", "part", "of", "count", "energy per event", "energy", "source"), rows)


def _count(number: float) -> str:
    return f"{number:,.0f}" if number >= 1000 else f"{number:,.4g}"


def curve(device: Device, answered: Sequence[Answered]) -> Markup:
    """Accuracy against energy, by mode and number of steps."""

    def points(value: str) -> list[plots.Point]:
        return [
            plots.Point(
                f"{a.mode.replace('_', ' ')}{', other windows' if a.setting else ''}",
                a.setting,
                getattr(a.energies[0], value),
                a.evaluation.accuracy,
            )
            for a in answered
            if a.energies[0].total is not None
        ]

    panels = {f"{device.name}, events alone": points("events")}
    if device.static:
        panels[f"{device.name}, with the cores in use"] = points("total")
    rows = [
        (
            a.mode.replace("_", " "),
            a.setting or "the card's",
            percent(a.evaluation.accuracy),
            _three(a.energies[0]),
        )
        for a in sorted(answered, key=lambda a: a.energies[0].total or 0.0)
    ]
    return section(
        "Accuracy against energy",
        picture(
            plots.accuracy_against_energy(panels),
            "Each point is a mode and a number of steps; the line is the Pareto front.",
        ),
        table(("mode", "window", "accuracy", "energy (events; whole chip)"), rows),
    )


def provenance(trained: TrainedNetwork, dataset: Dataset, execution: Execution) -> Markup:
    """Where the weights come from and what made this page."""
    rows = [
        ("network", network_hash(trained.network)),
        ("seed of training", trained.seed),
        ("trained by engine", trained.engine),
        ("samples", f"{trained.samples_done:,} of {trained.samples_total:,}"),
        ("trained with", ", ".join(f"{k} {v}" for k, v in trained.versions.items())),
        ("this page: data set", f"{dataset.name}, {len(dataset.test_images):,} test images"),
        ("this page: made with", ", ".join(f"{k} {v}" for k, v in versions().items())),
        ("this page: engine", execution.engine_name),
        ("this page: seed", execution.seed),
        ("synapses", f"{sum(synapses(trained.network, p) for p in trained.network.projections):,}"),
        (
            "weights of their own",
            ", ".join(structure.trainable(trained.network)),
        ),
    ]
    return section("Provenance", table(("", ""), rows))
