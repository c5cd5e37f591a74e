"""The systems of the study: trained once, kept, and put through their modes of inference."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from pffspike import inference, mapping, storage, training
from pffspike.arithmetic import counter
from pffspike.baselines import KINDS
from pffspike.cards.networks import changed, load_network, network_hash
from pffspike.choices import CALIBRATED
from pffspike.data import Dataset
from pffspike.devices import Device, load_device
from pffspike.energies import (
    Energy,
    count_events,
    energy,
    energy_of_events,
    metrics,
    price_ann,
    totals,
)
from pffspike.engines import make_engine
from pffspike.execution import Execution
from pffspike.files import write_whole
from pffspike.inference import Mode
from pffspike.network import structure
from pffspike.network.spec import Network
from pffspike.quantization import activity, quantize
from pffspike.recording import Probes, Recording
from pffspike.trained import TrainedNetwork

ENGINE = make_engine("fastest")
QUANTIZING = 128  #: training images whose spikes weigh the errors of rounding
Point = dict[str, Any]  #: accuracy, counts and energies of one way to answer


def train(card: str, changes: dict[str, Any], data: Dataset, seed: int, store: Path):
    """A trained network, from the store if it is there."""
    network = load_network(card, changed(changes, {"training": {"dataset": data.name}}))
    path = store / f"{network_hash(network)[:16]}-{len(data.train_images)}-{seed}.h5"
    if path.exists():
        return storage.load(path)
    print(f"training {card} {json.dumps(changes)}", flush=True)
    state = training.train(network, data, execution=Execution(ENGINE, seed))
    storage.save(path, state)
    return state


def spiking(
    state: TrainedNetwork,
    data: Dataset,
    mode: str,
    devices: list[Device],
    seed: int,
    *,
    candidates: int | None = None,
    tolerance: float = 0.002,
    rasters: bool = False,
    placement: str = "cores",
) -> Point:
    """Answer the test images in a mode: accuracy, counts and energies."""
    network, parameters = state.network, state.parameters
    images = state.coding.encode(data.test_images, data.levels)
    probes = Probes(rasters=_senders(network, mode)) if rasters else Probes()
    execution = Execution(ENGINE, seed, probes)
    asked = Mode(mode, candidates, tolerance=tolerance)
    way: Mode | inference.Stopping = asked
    if mode in CALIBRATED:
        way = inference.calibrate(state, data, asked, execution=execution)
    answer = inference.classify(
        state, images, way, samples=np.arange(len(images)), execution=execution
    )
    found = on_devices(answer.recordings, devices, placement)
    point: Point = {
        "mode": mode if candidates is None else f"{mode} of {candidates}",
        "accuracy": answer.accuracy(data.test_labels),
        "counts": dataclasses.asdict(found[devices[0].name].counts),
        "energy": {name: plain(result) for name, result in found.items()},
    }
    if rasters:
        measured = metrics(answer.recordings, len(images), parameters)
        point["metrics"] = dataclasses.asdict(measured)
        share = measured.Effective_ACs / point["counts"]["synaptic_operations"]
        point["without_zeros"] = {
            d.name: plain(_without_zeros(answer.recordings, d, share)) for d in devices
        }
    return point


def _senders(network: Network, mode: str) -> tuple[str, ...]:
    program = network.program(mode)
    return tuple({p.pre: None for p in structure.extent(network, program).projections})


def on_devices(
    recordings: Sequence[Recording], devices: list[Device], placement: str = "cores"
) -> dict[str, Energy]:
    """Energies by device, messages between cores included where the card says what a core holds."""
    return {
        d.name: energy(recordings, d, traffic=mapping.traffic(recordings, d, placement=placement))
        for d in devices
    }


def _without_zeros(recordings: Sequence[Recording], device: Device, share: float) -> Energy:
    """The energy if no synapse were stored whose weight is 0."""
    counted = [
        dataclasses.replace(c, by_inference=c.by_inference * share)
        if c.event == "synaptic_operation"
        else c
        for c in count_events(recordings)
    ]
    sent = mapping.traffic(recordings, device)
    if sent:
        cores = [
            dataclasses.replace(core, synaptic_operation=core.synaptic_operation * share)
            for core in sent.cores
        ]
        sent = dataclasses.replace(sent, cores=tuple(cores))
    return energy_of_events(counted, device, traffic=sent)


def plain(result: Energy) -> dict[str, Any]:
    """The values of an energy, in joule, and its breakdown."""
    return {
        **totals(result),
        "by_event": result.by(lambda term: term.event),
        "by_part": result.by(lambda term: term.part),
        "unpriced": list(result.unpriced),
        "comparable": list(result.comparable),
        "cores": next((t.place for t in result.terms if t.event == "static"), None),
    }


def with_window(state: TrainedNetwork, window: int) -> TrainedNetwork:
    """The same weights, other programs of inference."""
    return state.replace(network=structure.with_window(state.network, window))


def with_bits(state: TrainedNetwork, bits: int, data: Dataset, seed: int) -> TrainedNetwork:
    """Weights of so many bits in the formats of Loihi 1, as `pffspike quantize` makes them."""
    some, labels = data.train_images[:QUANTIZING], data.train_labels[:QUANTIZING]
    images = state.coding.encode(some, data.levels)
    moments = activity(state, images, labels, execution=Execution(ENGINE, seed))
    return quantize(state, bits, load_device("loihi1"), moments).trained


def check_rules(state: TrainedNetwork) -> None:
    """Raise `AssertionError` if a network breaks a design rule of Loihi 1."""
    device = load_device("loihi1")
    broken = mapping.check(mapping.place(state.network, device), state.parameters, device)
    assert not broken, broken


def rate(kind: str, settings: dict[str, Any], data: Dataset, seed: int, store: Path) -> Any:
    """Result of a system without spikes, from the store if it is there."""
    config = KINDS[kind].settings(
        **{k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    )
    text = json.dumps([kind, data.name, len(data.test_images), settings, seed], sort_keys=True)
    path = store / f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    result_path = path.with_suffix(".json")
    if not result_path.exists():
        print(f"training {kind} {json.dumps(settings)}", flush=True)
        with threadpool_limits(1):
            result = KINDS[kind].run(config, data, seed, path, _ignore)
        write_whole(result_path, json.dumps(dataclasses.asdict(result)))
    return json.loads(result_path.read_text())


def _ignore(_share: float) -> None:
    """Progress of a run that takes seconds."""


def dense(operations: dict[str, float], neurons: float, devices: list[Device]) -> dict[str, Any]:
    """Energies of an inference without spikes: products of whole matrices, and neurons."""
    return _energies(operations["Dense"], neurons, 0.0, devices)


def _energies(
    products: float, neurons: float, updates: float, devices: list[Device]
) -> dict[str, Any]:
    """Energies by device: no device here skips the zeros of a matrix of numbers."""
    return {
        d.name: plain(price_ann(products, products, d, neurons=neurons, updates=updates))
        for d in devices
    }


def training_spiking(
    state: TrainedNetwork, data: Dataset, devices: list[Device], seed: int, images: int = 200
) -> Point:
    """Energy of learning one image on the device, in the middle of things: of a trained network.

    Early in training more neurons spike; see the history of the file.
    """
    network = state.network
    program = network.program("train")
    used = structure.extent(network, program)
    probes = Probes(counts=tuple(p.name for p in used.populations))
    labels = data.train_labels[:images]
    key = counter.derive_key(seed, counter.NEGATIVES, 0)
    wrong = (labels + 1 + counter.integers(key, np.arange(images), data.classes - 1)) % data.classes
    negative = np.full(images, -1) if network.training.hard_negatives else wrong
    signals = {
        "image": state.coding.encode(data.train_images[:images], data.levels),
        "label": labels,
        "negative": negative,
    }
    signals = {name: signals[name] for name in used.signals}
    with ENGINE.compile(network, "train", state.parameters, seed=seed, probes=probes) as session:
        recording = session.run(signals, np.arange(images))
    found = on_devices([recording], devices)
    return {
        "counts": dataclasses.asdict(found[devices[0].name].counts),
        "energy": {name: plain(result) for name, result in found.items()},
        "presentations": state.samples_total,
    }


def training_perceptron(
    settings: dict[str, Any], result: dict[str, Any], data: Dataset, devices: list[Device]
) -> Point:
    """Energy of learning one image by backpropagation, counted from the sizes of the layers.

    Forward one product a weight, backward two (but for the first layer, one), Adam one update a
    weight and batch.
    """
    sizes = [data.train_images.shape[1], *settings["hidden"], data.classes]
    layers = [a * b for a, b in itertools.pairwise(sizes)]
    products = 3 * sum(layers) - layers[0]
    updates = result["parameters"] / settings.get("batch", 128)
    return {
        "energy": _energies(products, 2.0 * sum(sizes[1:]), updates, devices),
        "operations": products,
        "presentations": settings["epochs"] * len(data.train_images),
    }
