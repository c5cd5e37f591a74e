"""Networks of spiking neurons, from a card."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike import evaluation, inference, storage, training
from pffspike.baselines.result import Mode, Operations, Report, Result, cpu_seconds
from pffspike.cards import load_network, network_hash
from pffspike.cards.networks import changed
from pffspike.data import Dataset
from pffspike.devices import load_device
from pffspike.engines import make_engine
from pffspike.engines.base import Engine
from pffspike.errors import ValidationError
from pffspike.files import write_whole
from pffspike.network import structure
from pffspike.network.spec import Network
from pffspike.recording import Recording
from pffspike.trained import TrainedNetwork

_STRETCH = 10_000  #: samples between checkpoints
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
    """

    card: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    modes: tuple[str, ...] = ("goodness", "one_pass")
    candidates: int | None = None
    budget: float = 0.002
    engine: str = "fastest"

    def __post_init__(self) -> None:
        for mode in self.modes:
            if mode not in inference.MODES:
                raise ValidationError(
                    f"modes has {mode!r}; it must be some of: {', '.join(inference.MODES)}"
                )


def network_of(config: Spiking, dataset: str) -> Network:
    """The network that a run trains (`ValidationError` if the card or a change is wrong)."""
    return load_network(config.card, changed(config.changes, {"training": {"dataset": dataset}}))


def inputs(config: Spiking, dataset: str) -> dict[str, Any]:
    """What the result depends on, beside data and seed."""
    network = network_of(config, dataset)
    for mode in config.modes:
        evaluation.check_mode(network, mode, config.candidates if mode == "proposal" else None)
    content: dict[str, Any] = {"network": network_hash(network), "modes": config.modes}
    if "proposal" in config.modes:
        content["candidates"] = config.candidates
    if set(inference.CALIBRATED) & set(config.modes):
        content["budget"] = config.budget
    return {**content, **_arithmetic(config)}


def training_inputs(config: Spiking, dataset: str) -> dict[str, Any]:
    """What the weights depend on, beside data and seed: not the programs of inference."""
    network = network_of(config, dataset)
    trained = network.replace(programs=(network.program("train"),))
    return {"network": network_hash(trained), **_arithmetic(config)}


def _arithmetic(config: Spiking) -> dict[str, str]:
    return {"engine": config.engine} if config.engine == "numpy:rates" else {}


def run(config: Spiking, dataset: Dataset, seed: int, store: Path, report: Report) -> Result:
    """Train, or go on with a training of the same weights, and judge in every mode."""
    network = network_of(config, dataset.name)
    engine = make_engine(config.engine)
    state, seconds = _train(network, dataset, seed, engine, store, report)
    modes = {}
    for index, mode in enumerate(config.modes):
        modes[mode] = _judge(config, state, dataset, seed, engine, mode, network)
        share = (index + 1) / len(config.modes)
        report(_TRAINING_SHARE + (1 - _TRAINING_SHARE) * share)
    return Result(modes, parameter_count(network), seconds)


def _train(
    network: Network, dataset: Dataset, seed: int, engine: Engine, store: Path, report: Report
) -> tuple[TrainedNetwork, float]:
    path, clock = store.with_suffix(".h5"), store.with_suffix(".seconds")
    if path.exists():
        state = storage.load(path)
        before = float(json.loads(clock.read_text())) if clock.exists() else 0.0
    else:
        state, before = training.begin(network, dataset, seed=seed), 0.0
    if state.finished:
        return state, before
    start, done, seconds = cpu_seconds(), state.samples_done, before

    def checkpoint(reached: TrainedNetwork) -> None:
        nonlocal seconds
        storage.save(path, reached)
        seconds = before + cpu_seconds() - start
        write_whole(clock, json.dumps(seconds))

    def advance(samples: int) -> None:
        nonlocal done
        done += samples
        report(_TRAINING_SHARE * done / state.samples_total)

    trained = training.train(
        state, dataset, engine, stretch=_STRETCH, checkpoint=checkpoint, progress=advance
    )
    return trained, seconds


def _judge(
    config: Spiking,
    trained: TrainedNetwork,
    dataset: Dataset,
    seed: int,
    engine: Engine,
    mode: str,
    network: Network,
) -> Mode:
    parameters, stopping = trained.parameters, None
    if mode in inference.CALIBRATED:
        images = trained.coding.encode(dataset.train_images[:_CALIBRATION], dataset.levels)
        stopping = inference.calibrate(
            network,
            parameters,
            engine,
            images,
            budget=config.budget,
            mode=mode,
            views=_views(trained, dataset.train_images[:_CALIBRATION], dataset),
            seed=seed,
        )
    result = evaluation.evaluate(
        network,
        parameters,
        engine,
        trained.coding.encode(dataset.test_images, dataset.levels),
        dataset.test_labels,
        mode,
        seed=seed,
        device=load_device("loihi1"),
        candidates=config.candidates if mode == "proposal" else None,
        stopping=stopping,
        views=_views(trained, dataset.test_images, dataset),
    )
    counts = result.energy.counts
    dense = dense_operations(result.classification.recordings) / len(dataset.test_images)
    spent = counts.synaptic_operations
    operations = (
        Operations(spent, 0.0, dense) if _arithmetic(config) else Operations(0.0, spent, dense)
    )
    return Mode(result.accuracy, operations, counts.spikes, counts.steps)


def _views(
    trained: TrainedNetwork, images: npt.NDArray[np.uint8], dataset: Dataset
) -> inference.Views | None:
    return inference.views_of(
        trained.network, trained.coding, images, dataset.shape, dataset.levels
    )


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
