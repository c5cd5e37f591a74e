"""The sections of the report, one function each."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pffspike import plots
from pffspike.cards.networks import network_hash
from pffspike.data import Dataset
from pffspike.devices import Device
from pffspike.energies import Energy
from pffspike.energies.events import synapses
from pffspike.evaluation import Evaluation
from pffspike.execution import Execution
from pffspike.inference import Reconstruction
from pffspike.network import rules, structure
from pffspike.network.spec import Network
from pffspike.reporting.answered import Answered
from pffspike.reporting.page import Block, Grid, Paragraph, Section, picture
from pffspike.text import joule, percent, percent_within, three_energies
from pffspike.trained import TrainedNetwork, versions

_SHOWN = 15  #: images in a row


def lead(trained: TrainedNetwork, dataset: Dataset, answered: Sequence[Answered]) -> list[Block]:
    """The first lines: what it is and how it does."""
    known = [a for a in answered if a.energies[0].total is not None]
    best = max(answered, key=lambda a: a.evaluation.accuracy)
    least = min(known, key=lambda a: a.energies[0].total or 0.0, default=best)
    said = [
        f"{percent(a.evaluation.accuracy)} in mode {a.title}, for {joule(a.energies[0].total)} an "
        f"inference on {a.energies[0].device}"
        for a in dict.fromkeys((best, least))
    ]
    n = len(dataset.test_images)
    return [
        Paragraph(f"Of {n:,} test images of {dataset.name} it answers {'; '.join(said)}."),
        Paragraph(trained.network.description, note=True),
    ]


def network(spec: Network) -> Section:
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
    return Section(
        "Network",
        [
            Grid(("population", "neurons", "rule", "normalization", "role"), populations),
            Grid(
                ("projection", "from, to", "kind", "synapses", "learning rate", "weights"),
                projections,
            ),
            Grid(("program", "burn-in", "window", "phases"), programs),
            Paragraph(f"Training: {schedule}."),
        ],
    )


def result(answered: Sequence[Answered]) -> Section:
    """Every mode: how often it is right, and what it takes."""
    rows = [
        (
            a.title,
            percent_within(a.evaluation.accuracy, *a.evaluation.accuracy_interval),
            f"{a.evaluation.energy.counts.steps:,.1f}",
            f"{a.evaluation.energy.counts.spikes:,.0f}",
            f"{a.evaluation.energy.counts.synaptic_operations:,.0f}",
            *(_three(e) for e in a.energies),
        )
        for a in answered
    ]
    devices = [f"energy on {e.device}" for e in answered[0].energies]
    columns = ["mode", "accuracy (95 %)", "steps", "spikes", "synaptic operations", *devices]
    changes = "".join(
        f" Mode {a.title} may change {percent(rule.tolerance)} of the answers of goodness."
        for a in answered
        if (rule := a.evaluation.classification.stopping)
    )
    return Section(
        "Result",
        [
            Grid(columns, rows),
            Paragraph(
                "Accuracy with Wilson's interval over the test images. Steps, spikes, operations "
                "and energy are per inference, over all its presentations. An energy is that of "
                "counted events, by the values of a device card, and of the static power of the "
                "cores in use; in brackets of the events alone and with the static power of the "
                "whole chip. No silicon was reached. Each value stands below with its source."
                + changes,
                note=True,
            ),
        ],
    )


def mistakes(best: Answered) -> Section:
    """Which class was taken for which."""
    drawn = plots.confusion(best.evaluation.confusion, best.title)
    caption = f"Test images by true class (row) and answer (column), mode {best.title}."
    return Section("Mistakes", [picture(drawn, caption)])


def _three(e: Energy) -> str:
    return three_energies(e.events, e.total, e.whole_chip)


def activity(trained: TrainedNetwork, dataset: Dataset, result: Evaluation) -> Section:
    """Rasters of the first test image, and the course of training."""
    label = int(dataset.test_labels[0])
    ranking = result.classification.scores[0].argsort()[::-1]
    wrong = int(next(k for k in ranking if k != label))
    shown = {f"a {label}, labelled {label}": label, f"the same, labelled {wrong}": wrong}
    raster = plots.raster(result.classification.recordings[0], shown)
    caption = "Every spike of the first test image, labelled truly and falsely."
    parts: list[Block] = [picture(raster, caption)]
    if len(trained.history.get("sample", ())):
        thresholds = structure.goodness_thresholds(trained.network)
        history = plots.goodness_history(trained.history, trained.samples_per_epoch, thresholds)
        parts.append(picture(history, "Goodness under true, false and no label over training."))
    return Section("Activity", parts)


def reconstruction(
    result: Reconstruction, images: npt.NDArray[np.float64], shape: tuple[int, int]
) -> Section:
    """Originals beside what the generative circuit makes of the spikes above them."""
    lowest = next(iter(result.hidden), "the lowest population").replace("_", " ")
    names = {"below": f"from {lowest}", "chain": "from the top"}
    shown = {"original": images[:_SHOWN]}
    shown |= {names.get(phase, phase): x[:_SHOWN] for phase, x in result.images.items()}
    errors = [(names.get(k, k), f"{v:.3f}") for k, v in result.error(images).items()]
    drawn = picture(plots.image_rows(shown, shape), "Test images and their reconstructions.")
    return Section(
        "Reconstruction", [drawn, Grid(("predicted from", "summed squared error an image"), errors)]
    )


def samples(
    images: npt.NDArray[np.float64], labels: npt.NDArray[np.int64], shape: tuple[int, int]
) -> Section:
    """Synthesized images."""
    classes = len(np.unique(labels))
    sheet = plots.image_sheet(images, shape, max(1, len(images) // classes))
    caption = "Synthesized from a label and a draw of the prior; a row a label, from 0."
    return Section("Samples", [picture(sheet, caption)])


def curve(device: Device, answered: Sequence[Answered]) -> Section:
    """Accuracy against energy, by mode and number of steps."""

    def points(value: str) -> list[plots.Point]:
        return [
            plots.Point(
                f"{a.title}{', other windows' if a.setting else ''}",
                a.setting,
                getattr(a.energies[0], value),
                a.evaluation.accuracy,
                a.evaluation.accuracy_interval,
            )
            for a in answered
            if a.energies[0].total is not None
        ]

    panels = {f"{device.name}, events alone": points("events")}
    if device.static:
        panels[f"{device.name}, with the cores in use"] = points("total")
    rows = [
        (
            a.title,
            str(a.evaluation.classification.recordings[-1].program.window),
            percent_within(a.evaluation.accuracy, *a.evaluation.accuracy_interval),
            _three(a.energies[0]),
        )
        for a in sorted(answered, key=lambda a: a.energies[0].total or 0.0)
    ]
    caption = "Each point is a mode and a number of steps; the line is the Pareto front."
    energy = f"energy on {device.name} (events; whole chip)"
    return Section(
        "Accuracy against energy",
        [
            picture(plots.accuracy_against_energy(panels), caption),
            Grid(("mode", "window, steps", "accuracy (95 %)", energy), rows),
        ],
    )


def provenance(trained: TrainedNetwork, dataset: Dataset, execution: Execution) -> Section:
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
    return Section("Provenance", [Grid(("", ""), rows)])
