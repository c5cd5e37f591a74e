"""Quantized networks: the same spikes on every engine, Lava in fixed point among them."""

import dataclasses
import importlib.util

import numpy as np
import pytest

from pffspike import quantization
from pffspike.cards import load_network
from pffspike.circuits import PFF, pff
from pffspike.data import load, probabilities
from pffspike.devices import load_device
from pffspike.engines import make_engine
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import UserError
from pffspike.execution import Execution
from pffspike.network import Training, initial
from pffspike.recording import NOTHING, Probes
from pffspike.trained import TrainedNetwork

PACKAGES = {"numba": "numba", "brian2": "brian2", "lava": "lava"}
FAST = (  # engine, program, images
    ("numba", "one_pass", 20),
    ("numba", "goodness", 20),
    ("brian2:numpy", "one_pass", 5),
    ("lava:fixed", "goodness", 20),
)
SLOW = ("numba", "brian2", "lava:fixed")
MODES = ("one_pass", "goodness")


def require(engine):
    family = engine.partition(":")[0]
    if importlib.util.find_spec(PACKAGES[family]) is None:
        pytest.skip(f"needs {family}")


def quantized(network, data, bits, *, engine, samples):
    """Train for a moment and quantize with activity measured on training images."""
    images = probabilities(data.train_images[:samples], data.levels)
    labels = data.train_labels[:samples]
    signals = {"image": images, "label": labels, "negative": np.full(samples, -1)}
    with engine.compile(network, "train", initial(network, 1), seed=1) as session:
        session.run(signals, np.arange(samples))
        parameters = session.parameters
    state = TrainedNetwork(network, parameters, 1)
    moments = quantization.activity(state, images[:32], labels[:32], execution=Execution(engine, 0))
    return quantization.quantize(state, bits, load_device("loihi1"), moments).trained


def spikes(engine, state, program, images, probes=NOTHING):
    with engine.compile(state.network, program, state.parameters, seed=7, probes=probes) as session:
        return session.run({"image": images}, np.arange(len(images)))


@pytest.fixture(scope="module", params=[8, 2], ids=["8 bits", "2 bits"])
def few(request):
    """Digits with lateral competition; at 2 bits some grids are above 1."""
    circuit = PFF(64, 10, (40, 40), burn_in=2, window=4)
    network = pff(circuit, "digits", Training("digits", 1))
    data = load("digits")
    state = quantized(network, data, request.param, engine=ReferenceEngine(), samples=30)
    images = probabilities(data.test_images[:20], data.levels)
    names = tuple(p.name for p in network.populations if "prediction" not in p.name)
    probes = Probes(rasters=names)
    return (
        state,
        images,
        probes,
        {mode: spikes(ReferenceEngine(), state, mode, images, probes) for mode in MODES},
    )


@pytest.mark.parametrize(("engine", "mode", "images"), FAST)
def test_engines_agree_on_quantized_digits(few, engine, mode, images):
    require(engine)
    state, some, probes, expected = few
    assert all(expected[mode].spikes[name].any() for name in ("hidden_1", "hidden_2"))
    found = spikes(make_engine(engine), state, mode, some[:images], probes)
    assert found.same_spikes(expected[mode].select(np.arange(images)))


@pytest.mark.parametrize("engine", ["numba", pytest.param("brian2", marks=pytest.mark.slow)])
def test_coarse_grids_learn_alike(engine):
    """A network goes on learning on grids above 1 too."""
    require(engine)
    network = pff(
        PFF(64, 10, (20, 20), burn_in=1, window=4, lateral=0), "digits", Training("digits", 1)
    )
    wide = network.replace(
        projections=tuple(dataclasses.replace(p, grid=2) for p in network.projections)
    )
    data = load("digits")
    signals = {
        "image": probabilities(data.train_images[:30], data.levels),
        "label": data.train_labels[:30],
        "negative": np.full(30, -1),
    }
    start, learned = initial(wide, 3), []
    for each in (ReferenceEngine(), make_engine(engine)):
        with each.compile(wide, "train", start, seed=1) as session:
            session.run(signals, np.arange(30))
            learned.append(session.parameters)
    assert learned[0].equal(learned[1])
    assert not learned[0].equal(start)


@pytest.fixture(scope="module")
def digits():
    require("numba")
    data = load("digits")
    network = load_network("digits")
    state = quantized(network, data, 8, engine=make_engine("numba"), samples=1400)
    images = probabilities(data.test_images, data.levels)
    return state, images, {m: spikes(ReferenceEngine(), state, m, images) for m in MODES}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", SLOW)
def test_engines_agree_on_all_test_digits(digits, engine):
    require(engine)
    state, images, expected = digits
    assert len(images) == 360
    for mode in MODES:
        assert spikes(make_engine(engine), state, mode, images).same_spikes(expected[mode])


@pytest.fixture(scope="module")
def mnist():
    """Two hidden populations of 500, and 200 test images."""
    require("numba")
    try:
        data = load("mnist")
    except UserError as error:
        pytest.skip(str(error))
    network = load_network("mnist-light")
    state = quantized(network, data, 8, engine=make_engine("numba"), samples=2000)
    images = probabilities(data.test_images[:200], data.levels)
    return state, images, {m: spikes(ReferenceEngine(), state, m, images) for m in MODES}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("engine", SLOW)
def test_engines_agree_on_mnist(mnist, engine):
    require(engine)
    state, images, expected = mnist
    for mode in MODES:
        assert spikes(make_engine(engine), state, mode, images).same_spikes(expected[mode])
