"""The page ``model.md`` keeps its promise: who follows it gets the spikes, weights and answers.

`from_the_page` reads nothing but the page and an export folder.
"""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings

import pffspike
from from_the_page import Simulator, coefficients
from pffspike.cards import load_network
from pffspike.circuits import CHL, FF, PFF, WakeSleep, chl, ff, pff, wake_sleep
from pffspike.data import from_arrays, load
from pffspike.engines import make_engine
from pffspike.exchange import write_export
from pffspike.inference import Stopping, views_of
from pffspike.network import Network, Training, initial, structure
from pffspike.network.events import Events
from pffspike.network.parameters import Parameters
from pffspike.recording import Probes
from pffspike.testing import cases
from pffspike.trained import TrainedNetwork
from renamed import CROSSED, renamed

LEARNS = {"threshold": (1.0,), "learning_rate": (0.3,), "window": 4, "bias": 0.2}


def digits(classes: int, training: int, test: int):
    """The first digits of each part, and only those of the first classes."""
    data, parts = load("digits"), []
    for part, size in (("train", training), ("test", test)):
        images, labels = getattr(data, f"{part}_images"), getattr(data, f"{part}_labels")
        chosen = np.flatnonzero(labels < classes)[:size]
        parts += [images[chosen], labels[chosen]]
    return from_arrays(
        "digits",
        tuple(parts[:2]),
        tuple(parts[2:]),
        levels=data.levels,
        shape=data.shape,
        classes=classes,
    )


def rotated(network: Network) -> Network:
    """Let the positive phase come before the one that decides the hard negative."""
    train, *others = network.programs
    free, positive, negative = train.phases
    train = dataclasses.replace(train, phases=(positive, free, negative))
    return network.replace(programs=(train, *others))


TRAINED = {
    "digits": load_network("digits", {"training": {"epochs": 1}}),
    "lateral": pff(
        PFF(64, 3, (20, 20), lateral=5, generative_bias_rate=0.1, **LEARNS),
        "lateral",
        Training("digits", 2, decay=0.9, hard_negatives=0.7),
    ),
    "shift": pff(
        PFF(64, 3, (20, 10), normalization="shift", homeostasis_free=(False, True), **LEARNS),
        "shift",
        Training("digits", 2, decay=0.9, hard_negatives=1.0, shift=2),
    ),
    "on_off": pff(
        PFF(128, 3, (20,), normalization="none", latent=4, common_noise=True, **LEARNS),
        "on_off",
        Training("digits", 2, shift=1, flip=True, coding="on_off"),
    ),
    "latent": pff(
        PFF(
            64,
            3,
            (20, 10),
            latent=4,
            latent_to="all",
            latent_free=True,
            latent_window=16,
            own_predictions=True,
            **LEARNS,
        ),
        "latent",
        Training("digits", 2, decay=0.8, latent_images=9, latent_decay=0.7),
    ),
    "saccades": pff(
        PFF(128, 3, (20,), **LEARNS), "saccades", Training("digits", 1, shift=1, coding="saccades")
    ),
    "latency": pff(
        PFF(64, 3, (20,), **LEARNS), "latency", Training("digits", 1, encoding="latency")
    ),
    "even": pff(
        PFF(128, 3, (20,), **LEARNS),
        "even",
        Training("digits", 1, coding="on_off", encoding="even"),
    ),
    "names": renamed(
        pff(PFF(64, 3, (20, 10), latent=4, **LEARNS), "names", Training("digits", 1, shift=1)),
        CROSSED,
    ),
    "high": rotated(
        ff(
            FF(64, 3, (20, 20), readout_bias_rate=0.1, first_decides=False, **LEARNS),
            "high",
            Training("digits", 2, decay=0.8, hard_negatives=0.5),
        )
    ),
}


@pytest.fixture(scope="module", params=TRAINED)
def case(request, tmp_path_factory):
    """A network trained by the library, its export folder and its data."""
    data = digits(10, 60, 3) if request.param == "digits" else digits(3, 15, 12)
    folder = tmp_path_factory.mktemp("page") / "export"
    trained = pffspike.train(
        TRAINED[request.param], data, execution=pffspike.Execution("numpy", 2**63 + 5)
    )
    pffspike.export(trained, folder)
    return trained, folder, data


def full(images):
    """Spike probabilities as an array, also those that are given as events."""
    return images.raster().astype(float) if isinstance(images, Events) else images


def equal(simulator: Simulator, parameters: Parameters) -> None:
    """Compare all weights and biases, bit for bit."""
    assert simulator.weights.keys() == parameters.weights.keys()
    assert simulator.biases.keys() == parameters.biases.keys()
    for mine, its in (
        (simulator.weights, parameters.weights),
        (simulator.biases, parameters.biases),
    ):
        for name, values in mine.items():
            np.testing.assert_array_equal(values, its[name], name)


def test_initial_weights(case):
    trained, folder, _ = case
    simulator = Simulator(folder)
    equal(simulator, trained.parameters)
    simulator.start(7)
    equal(simulator, initial(trained.network, 7))


def test_training_gives_the_same_weights(case):
    trained, folder, data = case
    simulator = Simulator(folder)
    simulator.start(simulator.seed)
    assert not Parameters(simulator.weights, simulator.biases).equal(trained.parameters)
    simulator.train(data.train_images, data.train_labels, trained.samples_done, simulator.seed)
    equal(simulator, trained.parameters)


def spikes_agree(network, program, rasters, place, found) -> None:
    """Compare every spike of a presentation; who is not active is silent."""
    for name, raster in rasters.items():
        silent = np.zeros((program.steps, network.population(name).size), bool)
        np.testing.assert_array_equal(raster[:, place], found.get(name, silent), name)


def compare_run(folder, trained, program, signals, samples, seed) -> None:
    """Compare spikes, hard negatives and what was learned of a run."""
    network, chosen = trained.network, trained.network.program(program)
    names = tuple(p.name for p in structure.extent(network, chosen).populations)
    with make_engine("numpy").compile(
        network, program, trained.parameters, seed=seed, probes=Probes(rasters=names)
    ) as session:
        recording = session.run(signals, samples)
        learned = session.parameters
    simulator = Simulator(folder)
    for k, sample in enumerate(samples.tolist()):
        given = {name: values[k] for name, values in signals.items()}
        found, used = simulator.run(program, sample, seed, given)
        if chosen.hard_negative:
            assert used[chosen.hard_negative.signal] == recording.hard_negatives[k]
        for phase, (rasters, _) in enumerate(found):
            place = k * len(chosen.phases) + phase
            spikes_agree(network, chosen, recording.rasters, place, rasters)
    equal(simulator, learned)


def test_programs_give_the_same_spikes(case):
    trained, folder, data = case
    images = full(trained.coding.encode(data.test_images[:3], data.levels))
    signals = {"image": images, "label": data.test_labels[:3], "negative": np.array([-1, -1, 0])}
    if "latent" in structure.roles(trained.network):
        signals["latent"] = np.full((3, trained.network.role("latent").size), 0.25)
    for program in trained.network.programs:
        needed = structure.extent(trained.network, program).signals
        given = {name: signals[name] for name in needed}
        compare_run(folder, trained, program.name, given, np.array([3, 2**40, 8]), 11)


MODES = {
    "goodness": {},
    "one_pass": {},
    "proposal": {"candidates": 2},
    "proposal in trials": {"candidates": 2, "trials": 2},
    "one_pass in trials": {"trials": 3},
    "early": {"limit": 0.5},
    "late": {"limit": 2.0, "candidates": 2, "trials": 3},
}


@pytest.mark.parametrize("mode", MODES)
def test_answers_are_the_same(case, mode):
    trained, folder, data = case
    simulator, rule, name = Simulator(folder), MODES[mode], mode.partition(" ")[0]
    images = trained.coding.encode(data.test_images, data.levels)
    for image, grey in zip(full(images), data.test_images, strict=True):
        np.testing.assert_array_equal(simulator.images.encode(grey), image)
    way = pffspike.Mode(name, rule.get("candidates"), rule.get("trials"))
    if "limit" in rule:
        labels, window = (
            rule.get("candidates", data.classes),
            trained.network.program("goodness").window,
        )
        way = Stopping(rule["limit"], 0, 0, 1, labels, window, rule.get("trials", 1), name)
        rule = {**rule, "early": name == "early"}
    data_of = (data.test_images, data.shape, data.levels)
    views = views_of(trained.network, trained.coding, *data_of)
    answer = simulator.one_pass if name == "one_pass" else simulator.goodness
    for samples in (None, np.arange(len(images))):
        run = pffspike.Execution("numpy", 5)
        theirs = pffspike.classify(
            trained, images, way, samples=samples, views=views, execution=run
        )
        for k, grey in enumerate(data.test_images):
            sample = simulator.number(grey) if samples is None else k
            assert answer(grey, sample, 5, **rule) == theirs.predicted[k]


UNLABELLED = {
    "transposed pairs": chl(
        CHL(64, 3, (20, 10), window=4, learning_rate=(0.3,), pair_rate=0.1, bias=0.2),
        "pairs",
        Training("digits", 1),
    ),
    "tied to dreams": wake_sleep(
        WakeSleep(64, 3, (20, 10), window=4, learning_rate=(0.3,), scale=(8.0,), bias=0.2),
        "dreams",
        Training("digits", 1),
    ),
    "hybrids": ff(
        FF(128, 3, (20, 10), negatives="hybrids", **LEARNS),
        "hybrids",
        Training("digits", 1, shift=1, flip=True, coding="on_off"),
    ),
}  #: circuits that have no program ``goodness``


@pytest.mark.parametrize("name", UNLABELLED)
def test_other_circuits_learn_the_same(name, tmp_path):
    network, data = UNLABELLED[name], digits(3, 15, 3)
    trained = pffspike.train(network, data, execution=pffspike.Execution("numpy", 5))
    write_export(tmp_path / "export", trained)
    simulator = Simulator(tmp_path / "export")
    simulator.start(5)
    equal(simulator, initial(network, 5))
    simulator.train(data.train_images, data.train_labels, 15, 5)
    equal(simulator, trained.parameters)


@given(cases())
@settings(max_examples=30, deadline=None)
def test_random_networks(tmp_path_factory, case):
    """Every rule, normalization and connectivity, names that are shared, and what is fixed."""
    trained = TrainedNetwork(case.network, case.start, case.seed)
    folder = tmp_path_factory.mktemp("random") / "export"
    write_export(folder, trained)
    compare_run(folder, trained, "main", case.signals, case.samples, case.seed)
    simulator = Simulator(folder)
    for rule in (p["rule"] for p in simulator.populations.values() if p["rule"]):
        for sign, values in rule["coefficients"].items():
            mine = coefficients(rule, int(sign))
            assert mine == tuple(values[key] for key in ("offset", "gain", "slope", "theta"))
    simulator.start(case.seed)
    equal(simulator, trained.parameters)
