"""Networks of spiking neurons, from a card."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pffspike import evaluation, inference, storage, training
from pffspike.baselines.result import Operations, Outcome, Report, SystemResult, cpu_seconds
from pffspike.cards import load_network, network_hash
from pffspike.cards.networks import changed
from pffspike.choices import CALIBRATED, MODES
from pffspike.data import Dataset
from pffspike.errors import ValidationError
from pffspike.execution import Execution, made
from pffspike.files import write_whole
from pffspike.inference import AnyMode, Mode
from pffspike.inputs import first_samples
from pffspike.network import structure
from pffspike.network.spec import Network
from pffspike.recording import Recording
from pffspike.trained import TrainedNetwork

_CHECKPOINT_EVERY = 10_000  #: samples between checkpoints
_CALIBRATION = 10_000  #: training images that calibrate the modes ``early`` and ``late``
_TRAINING_SHARE = 0.9  #: of the progress of a run


@dataclass(frozen=True)
class Spiking:
    """A network card, and how its network shall answer.

    Parameters
    ----------
    card : str
        Name of a card or path of a TOML file.
    changes : mapping
        Keys, and tables of keys, that replace those of the card.
    modes : tuple of str
        See `pffspike.inference.classify`.
    candidates : int or None
        Of mode ``proposal``.
    budget : float
        Of modes ``early`` and ``late``: greatest share of answers that may differ from mode
        ``goodness``, of one and of several trials.
    engine : str
        All exact engines give the same result.
    samples : int or None
        Training images, the first so many; all by default.
    """

    card: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    modes: tuple[str, ...] = ("goodness", "one_pass")
    candidates: int | None = None
    budget: float = 0.002
    engine: str = "fastest"
    samples: int | None = None

    def __post_init__(self) -> None:
        if self.samples is not None and self.samples < 1:
            raise ValidationError(f"samples = {self.samples} must be at least 1")
        for mode in self.modes:
            if mode not in MODES:
                raise ValidationError(f"modes has {mode!r}; it must be some of: {', '.join(MODES)}")


def network_of(config: Spiking, dataset: str) -> Network:
    """The network that a run trains (`ValidationError` if the card or a change is wrong)."""
    return load_network(config.card, changed(config.changes, {"training": {"dataset": dataset}}))


def inputs(config: Spiking, dataset: str) -> dict[str, Any]:
    """What the result depends on, beside data and seed."""
    network = network_of(config, dataset)
    for mode in config.modes:
        candidates = config.candidates if mode == "proposal" else None
        inference.check_mode(network, Mode(mode, candidates=candidates))
    content: dict[str, Any] = {"network": network_hash(network), "modes": config.modes}
    if "proposal" in config.modes:
        content["candidates"] = config.candidates
    if set(CALIBRATED) & set(config.modes):
        content["budget"] = config.budget
    return {**content, **_arithmetic(config), **_part(config)}


def training_inputs(config: Spiking, dataset: str) -> dict[str, Any]:
    """What the weights depend on, beside data and seed: not the programs of inference."""
    network = network_of(config, dataset)
    trained = network.replace(programs=(network.program("train"),))
    return {"network": network_hash(trained), **_arithmetic(config), **_part(config)}


def _part(config: Spiking) -> dict[str, int]:
    return {} if config.samples is None else {"samples": config.samples}


def _arithmetic(config: Spiking) -> dict[str, str]:
    return {"engine": config.engine} if config.engine == "numpy:rates" else {}


def run(config: Spiking, dataset: Dataset, seed: int, store: Path, report: Report) -> SystemResult:
    """Train, or go on with a training of the same weights, and judge in every mode."""
    execution = Execution(made(config.engine), seed)
    network = network_of(config, dataset.name)
    if config.samples is not None:
        dataset = first_samples(dataset, train=min(config.samples, len(dataset.train_images)))
    trained, seconds = _train(network, dataset, execution, store, report)
    trained = trained.replace(network=network)  # a shared training may have other programs
    modes = {}
    for index, mode in enumerate(config.modes):
        modes[mode] = _judge(config, trained, dataset, mode, execution)
        share = (index + 1) / len(config.modes)
        report(_TRAINING_SHARE + (1 - _TRAINING_SHARE) * share)
    return SystemResult(modes, parameter_count(trained.network), seconds)


def _train(
    network: Network, dataset: Dataset, execution: Execution, store: Path, report: Report
) -> tuple[TrainedNetwork, float]:
    path, clock = store.with_suffix(".h5"), store.with_suffix(".seconds")
    before = 0.0
    begun: Network | TrainedNetwork = network
    if path.exists():
        begun = storage.load(path)
        before = float(json.loads(clock.read_text())) if clock.exists() else 0.0
        if begun.finished:
            return begun, before
    start, seconds = cpu_seconds(), before

    def checkpoint(reached: TrainedNetwork) -> None:
        nonlocal seconds
        storage.save(path, reached)
        seconds = before + cpu_seconds() - start
        write_whole(clock, json.dumps(seconds))

    trained = training.train(
        begun,
        dataset,
        checkpoint=checkpoint,
        checkpoint_every=_CHECKPOINT_EVERY,
        execution=execution.replace(
            progress=lambda _, done, total: report(_TRAINING_SHARE * done / total)
        ),
    )
    return trained, seconds


def _judge(
    config: Spiking, trained: TrainedNetwork, dataset: Dataset, mode: str, execution: Execution
) -> Outcome:
    settings = Mode(
        mode,
        candidates=config.candidates if mode == "proposal" else None,
        tolerance=config.budget,
    )
    chosen: AnyMode = settings
    if mode in CALIBRATED:
        most = min(_CALIBRATION, len(dataset.train_images))
        some = first_samples(dataset, train=most)
        chosen = inference.calibrate(trained, some, settings, execution=execution)
    result = evaluation.evaluate(trained, dataset, chosen, execution=execution)
    counts = result.energy.counts
    dense = dense_operations(result.classification.recordings) / len(dataset.test_images)
    spent = counts.synaptic_operations
    operations = (
        Operations(spent, 0.0, dense) if _arithmetic(config) else Operations(0.0, spent, dense)
    )
    return Outcome(result.accuracy, operations, counts.spikes, counts.steps)


def parameter_count(network: Network) -> int:
    """Synapses and biases that learning sets."""
    weights = sum(
        int(np.count_nonzero(structure.mask(network, p)))
        for p in network.projections
        if p.learning_rate > 0
    )
    biases = sum(
        p.size
        for p in network.populations
        if not p.input and (p.bias.learning_rate > 0 or p.bias.homeostasis > 0)
    )
    return weights + biases


def dense_operations(recordings: Sequence[Recording]) -> float:
    """Synaptic operations of all presentations, had every neuron fired in every step."""
    total = 0.0
    for recording in recordings:
        program = recording.program
        for phase in program.phases:
            synapses = sum(
                structure.fan_out(recording.network, projection)
                * recording.network.population(projection.pre).size
                for projection in map(recording.network.projection, phase.projections)
            )
            total += synapses * program.steps * len(recording.samples)
    return total
