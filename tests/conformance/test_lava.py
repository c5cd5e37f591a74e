"""Lava, in fixed and in floating point, gives the spikes of the reference engine, bit for bit."""

import subprocess
import sys

import numpy as np
import pytest

from pffspike.arithmetic import counter, grids
from pffspike.circuits import PFF, pff
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import MissingPackageError, UserError
from pffspike.network import (
    HardNegative,
    Network,
    Parameters,
    Phase,
    Population,
    Program,
    Projection,
    Training,
    initial,
    structure,
)
from pffspike.recording import Probes

pytest.importorskip("lava", reason="needs lava-nc")
from pffspike.engines.lava import LavaEngine
from pffspike.engines.lava.processes.arithmetic import Arithmetic
from pffspike.engines.lava.processes.events import deliver

pytestmark = pytest.mark.lava

FORMATS = ("fixed", "floating")
PROGRAMS = ("one_pass", "goodness", "reconstruct", "synthesize")


def digits(n):
    datasets = pytest.importorskip("sklearn.datasets")
    images, labels = datasets.load_digits(return_X_y=True)
    return images[-n:] / 16, labels[-n:].astype(np.int64)


def random_parameters(network, seed):
    """Give weights and biases on the whole of their grids, so that no projection is silent."""
    start = initial(network, seed)
    weights = {}
    for index, name in enumerate(start.weights):
        p = network.projection(name)
        key = counter.derive_key(seed, 77, index)
        w = counter.normal(key, start.weights[name].size).reshape(start.weights[name].shape)
        w = grids.saturate(grids.nearest(w / 2, p.grid), p.low, p.high)
        weights[name] = np.where(structure.mask(network, p), w, 0.0)
    biases = {
        name: grids.nearest(counter.normal(counter.derive_key(seed, 78, i), len(b)) / 8, -24)
        for i, (name, b) in enumerate(start.biases.items())
    }
    return Parameters(weights, biases)


def everything(network):
    names = tuple(p.name for p in network.populations)
    return Probes(counts=names, rasters=names)


def run(engine, network, program, parameters, signals, samples, seed=3, probes=None):
    probes = probes or everything(network)
    with engine.compile(network, program, parameters, seed=seed, probes=probes) as session:
        return session.run(signals, samples)


def assert_same(recording, expected):
    """Stricter than `Recording.same_spikes`: everything recorded, with types."""
    np.testing.assert_array_equal(recording.samples, expected.samples)
    np.testing.assert_array_equal(recording.hard_negatives, expected.hard_negatives)
    for field in ("spikes", "goodness", "counts", "rasters"):
        mine, its = getattr(recording, field), getattr(expected, field)
        assert list(mine) == list(its)
        for name in its:
            assert mine[name].dtype == its[name].dtype, (field, name)
            np.testing.assert_array_equal(mine[name], its[name], err_msg=f"{field} of {name}")


def compare(network, program, parameters, signals, samples, arithmetic, **options):
    expected = run(ReferenceEngine(), network, program, parameters, signals, samples)
    engine = LavaEngine(arithmetic, **options)
    recording = run(engine, network, program, parameters, signals, samples)
    assert_same(recording, expected)
    return recording


def pff_network(hidden, **options):
    circuit = PFF(64, 10, (hidden, hidden), burn_in=2, window=4, **options)
    return pff(circuit, "digits", Training("digits", 1))


@pytest.mark.parametrize("arithmetic", FORMATS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_pff_on_digits(program, arithmetic):
    network = pff_network(40)
    images, labels = digits(11)
    recording = compare(
        network,
        program,
        random_parameters(network, 5),
        {"image": images, "label": labels},
        np.arange(11) * 3 + 2,
        arithmetic,
        lanes=4,
    )
    busy = [name for name, spikes in recording.spikes.items() if spikes.any()]
    assert busy == list(recording.spikes)  # a silent population would prove nothing


@pytest.mark.parametrize("arithmetic", FORMATS)
def test_trained_pff_on_digits(arithmetic):
    network = pff_network(200)
    images, labels = digits(140)
    with ReferenceEngine().compile(network, "train", initial(network, 1), seed=1) as session:
        negative = np.full(100, -1)
        session.run(
            {"image": images[:100], "label": labels[:100], "negative": negative}, np.arange(100)
        )
        trained = session.parameters
    for program in ("one_pass", "reconstruct"):
        compare(network, program, trained, {"image": images[100:]}, np.arange(40), arithmetic)


@pytest.mark.slow
@pytest.mark.parametrize("arithmetic", FORMATS)
def test_goodness_of_all_test_digits(arithmetic):
    network = pff_network(200)
    images, _ = digits(360)
    parameters = random_parameters(network, 2)
    probes = Probes()
    for program in ("goodness", "one_pass"):
        arguments = (network, program, parameters, {"image": images}, np.arange(360), 9, probes)
        assert_same(run(LavaEngine(arithmetic), *arguments), run(ReferenceEngine(), *arguments))


def test_lanes_do_not_matter():
    network = pff_network(20)
    images, _ = digits(5)
    parameters = random_parameters(network, 4)
    samples = np.array([7, 7, 0, 2**40, 3])
    for lanes in (1, 5, 64):
        compare(network, "goodness", parameters, {"image": images}, samples, "fixed", lanes=lanes)


def awkward_network():
    """Every feature of the spec that inference has, with projections of very different grids."""
    populations = (
        Population("pixels", 12, "none", input=True),
        Population("class_a", 4, "sqrt", input=True),
        Population("lonely", 3, "shift", input=True),
        Population("left", 12, "shift"),
        Population("right", 12, "sqrt"),
        Population("out", 4, "none"),
        Population("unused", 5),
    )
    projections = (
        Projection("a", "pixels", "left", grid=0, scale=8.0, low=-64.0, high=64.0),
        Projection("b", "left", "left", connectivity="blocks", block=4, normalized=False),
        Projection("c", "left", "right", connectivity="one_to_one", grid=-24),
        Projection("d", "right", "left", connectivity="one_to_one", tied="c", grid=-24),
        Projection("e", "right", "right", connectivity="blocks", block=3, grid=-20),
        Projection("left", "class_a", "right", grid=-3),
        Projection("f", "right", "out", normalized=False, grid=-7),
        Projection("g", "left", "out", tied="f", normalized=True, grid=-7),
        Projection("h", "out", "unused"),
    )
    programs = (
        Program(
            "mixed",
            1,
            4,
            (
                Phase("first", {"pixels": "x"}, ("a", "b"), stream=5),
                Phase(
                    "second",
                    {"class_a": 2, "pixels": "x", "lonely": "alone"},
                    ("a", "c", "d", "e", "left", "f", "g"),
                ),
                Phase("third", {"class_a": "wrong"}, ("left", "c", "e", "d"), stream=5),
                Phase("fourth", {"pixels": "index"}, ("a", "c"), sign=1),
            ),
            HardNegative("wrong", "out", "second", truth="truth", noise=0.5),
        ),
        Program("once", 0, 1, (Phase("only", {"class_a": 1}, ("left",)),)),
    )
    return Network("awkward", populations, projections, programs, Training("digits", 1))


def awkward_signals(n):
    x = grids.nearest(counter.uniform(1, np.arange(12 * n)).reshape(n, 12), -24)
    x[0], x[1] = 0.0, 1.0  # never and always
    return {
        "x": x,
        "alone": x[:, :3],
        "index": counter.integers(2, np.arange(n), 12),
        "truth": counter.integers(3, np.arange(n), 4),
        "wrong": np.where(np.arange(n) % 3 == 0, 1, -1),
    }


@pytest.mark.parametrize("arithmetic", FORMATS)
@pytest.mark.parametrize("program", ["mixed", "once"])
def test_every_feature(program, arithmetic):
    network = awkward_network()
    parameters = random_parameters(network, 6)
    recording = compare(
        network, program, parameters, awkward_signals(9), np.arange(9), arithmetic, lanes=4
    )
    if program == "mixed":
        assert set(recording.hard_negatives.tolist()) > {1}  # both given and chosen
        phases = recording.by_phase(recording.spikes["out"])
        assert phases[:, 1].any()
        assert not phases[:, [0, 2, 3]].any()


def test_a_session_is_reused_and_keeps_its_parameters():
    network = pff_network(20)
    images, _ = digits(7)
    parameters = random_parameters(network, 8)
    finished = []
    engines = (ReferenceEngine(), LavaEngine(lanes=3))
    sessions = [e.compile(network, "one_pass", parameters, seed=1) for e in engines]
    with sessions[0] as reference, sessions[1] as lava:
        for some in (slice(0, 7), slice(2, 3), slice(0, 0), slice(1, 6)):
            signals, samples = {"image": images[some]}, np.arange(7)[some]
            recording = lava.run(signals, samples, progress=finished.append)
            assert_same(recording, reference.run(signals, samples))
        assert lava.parameters.equal(parameters)
    assert sum(finished) == 7 + 1 + 0 + 5
    with pytest.raises(RuntimeError, match="closed"):
        lava.run({"image": images}, np.arange(7))


@pytest.mark.parametrize("group", [1, 3, 12])
@pytest.mark.parametrize("name", FORMATS)
def test_deliver(name, group):
    arithmetic = Arithmetic(name)
    width = 5 if group == 12 else group
    weights = arithmetic.encode(counter.normal(1, 12 * width).reshape(12, width), -24)
    spikes = (counter.uniform(2, np.arange(60)).reshape(5, 12) < 0.4).astype(arithmetic.payload)
    spikes *= np.arange(5, dtype=arithmetic.payload)[:, None]  # payloads, and an idle lane
    full = np.zeros((12, 12 // group * width), weights.dtype)
    for i in range(12):
        full[i, i // group * width : (i // group + 1) * width] = weights[i]
    result = deliver(spikes, weights, group)
    assert result.dtype == weights.dtype
    np.testing.assert_array_equal(result, spikes.astype(weights.dtype) @ full)


def test_fixed_point_holds_integers_only():
    with pytest.raises(ValueError, match="multiple of 2"):
        Arithmetic("fixed").encode(0.3, -8)
    assert Arithmetic("fixed").encode([0.5, -0.25], -2).tolist() == [2, -1]


def test_arguments_are_checked():
    for options in ({"arithmetic": "double"}, {"lanes": 0}, {"timeout": 0}):
        with pytest.raises(UserError, match=next(iter(options))):
            LavaEngine(**options)


def test_missing_lava_is_one_sentence(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"pip install '\.\[lava\]'"):
        LavaEngine()


def test_lava_is_imported_late():
    code = (
        "import sys, multiprocessing, pffspike.engines.lava as e; e.LavaEngine(); "
        "assert 'lava' not in sys.modules; "
        "multiprocessing.set_start_method('spawn'); from pffspike.engines.lava import compat; "
        "compat.import_lava(); import lava.proc.dense.process, logging; "
        "assert multiprocessing.get_start_method() == 'spawn'"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
