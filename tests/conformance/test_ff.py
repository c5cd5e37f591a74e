"""The forward-forward circuit on the engines, and the engine of rates."""

import numpy as np
import pytest

from pffspike.arithmetic import counter
from pffspike.cards import load_network
from pffspike.circuits import FF, PFF, ff, pff
from pffspike.engines import make_engine
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import UserError
from pffspike.network import Training, initial, structure
from pffspike.network.parameters import Parameters
from pffspike.recording import Probes
from pffspike.testing import Oracle

CIRCUIT = FF(9, 3, (10, 8), burn_in=1, window=4, threshold=(1.0, 2.0), learning_rate=(0.3,))
NETWORK = ff(CIRCUIT, "small", Training("digits", 1))


def signals(samples: int, pixels: int = 9, classes: int = 3) -> dict:
    keys = np.arange(samples)[:, None]
    labels = counter.integers(np.arange(samples), 99, classes)
    return {
        "image": counter.uniform(keys, np.arange(pixels)),
        "label": labels,
        "negative": np.where(np.arange(samples) % 3 == 0, (labels + 1) % classes, -1),
    }


def everything(network, program: str) -> Probes:
    names = tuple(p.name for p in structure.extent(network, network.program(program)).populations)
    return Probes(counts=names, rasters=names)


@pytest.mark.parametrize("program", ["train", "one_pass", "goodness"])
def test_the_reference_runs_ff_as_exact_fractions_do(program):
    samples, start = 8, initial(NETWORK, 5)
    given, numbers = signals(samples), np.arange(samples) + 40
    with ReferenceEngine().compile(
        NETWORK, program, start, seed=11, probes=everything(NETWORK, program)
    ) as session:
        recording = session.run(given, numbers)
        learned = session.parameters
    oracle = Oracle(NETWORK, program, start, 11)
    oracle.run(given, numbers)
    for name, raster in recording.rasters.items():
        for presentation, history in enumerate(oracle.rasters):
            silent = np.zeros_like(raster[:, presentation])
            assert np.array_equal(raster[:, presentation], np.array(history.get(name, silent)))
    for name, w in learned.weights.items():
        assert np.array_equal(w, np.array(oracle.weights[name], float)), name
    assert learned.equal(start) == (program != "train")


@pytest.mark.numba
@pytest.mark.timeout(300)
@pytest.mark.parametrize("program", ["train", "goodness"])
def test_the_compiled_engine_agrees_on_ff(program):
    pytest.importorskip("numba")
    start, found = initial(NETWORK, 5), []
    for engine in (ReferenceEngine(), make_engine("numba")):
        with engine.compile(
            NETWORK, program, start, seed=1, probes=everything(NETWORK, program)
        ) as session:
            found.append((session.run(signals(20), np.arange(20)), session.parameters))
    assert found[0][0].same_spikes(found[1][0])
    assert found[0][1].equal(found[1][1])


def test_the_label_is_an_input_and_nothing_comes_back():
    edges = {(p.pre, p.post) for p in NETWORK.projections}
    assert edges == {
        ("image", "hidden_1"),
        ("label", "hidden_1"),
        ("hidden_1", "hidden_2"),
        ("hidden_1", "readout"),
        ("hidden_2", "readout"),
    }
    assert all(p.rule.positive == "high" for p in NETWORK.populations if p.name[:3] == "hid")
    later = ff(FF(9, 3, (10, 8), first_decides=False), "later", Training("digits", 1))
    assert [p.rule.decides for p in later.populations if p.name[:3] == "hid"] == [False, True]


def test_a_card_may_name_the_circuit_and_wrong_sizes_are_refused(tmp_path):
    card = tmp_path / "a.toml"
    card.write_text(
        'name = "a"\ncircuit = "ff"\n[training]\ndataset = "digits"\nepochs = 1\n'
        "[ff]\nimage = 64\nclasses = 10\nhidden = [10]\nthreshold = [1, 2]\n"
    )
    with pytest.raises(UserError, match=r"threshold = \(1.0, 2.0\) must have one value, or one"):
        load_network(card)
    network = load_network(card, {"ff": {"threshold": [3]}, "training": {"epochs": 4}})
    assert network.population("hidden_1").rule.threshold == 3
    assert network.training.epochs == 4


ABLATED = {
    "top_down": {"top_down": False},
    "generative": {"generative": False},
    "weights": {"weight_grid": -5, "weight_limit": 4.0},
}


@pytest.mark.parametrize("option", ABLATED)
def test_parts_of_pff_can_be_left_out(option):
    whole = pff(PFF(9, 3, (10, 10), latent=4), "n", Training("digits", 1))
    network = pff(PFF(9, 3, (10, 10), latent=4, **ABLATED[option]), "n", Training("digits", 1))
    gone = {p.name for p in whole.projections} - {p.name for p in network.projections}
    if option == "top_down":
        assert gone == {"hidden_2_to_hidden_1"}
    elif option == "generative":
        assert all("prediction" in name for name in gone)
        assert [p.name for p in network.populations][-1] == "readout"
        assert [p.name for p in network.programs] == ["train", "one_pass", "goodness"]
    else:
        assert {p.grid for p in network.projections} == {-5}
        assert all(-4 <= p.low <= p.high <= 4 for p in network.projections)
        assert network.projection("hidden_1_lateral").high == 0


def test_without_the_generative_circuit_the_rest_learns_the_same():
    """It does not act back; the random numbers are keyed by what comes before it."""
    learned = []
    for generative in (True, False):
        circuit = PFF(9, 3, (10, 10), window=4, threshold=(1.0,), generative=generative)
        network = pff(circuit, "n", Training("digits", 1))
        with ReferenceEngine().compile(network, "train", initial(network, 1), seed=2) as session:
            session.run(signals(20), np.arange(20))
            learned.append(session.parameters)
    assert len(learned[1].weights) < len(learned[0].weights)
    for name, w in learned[1].weights.items():
        assert np.array_equal(w, learned[0].weights[name]), name


def certain() -> tuple:
    """A network whose neurons fire for certain or not at all, and bits to show it.

    Each neuron hears one population through weights of 8 or -8, so its drive is 0 or far outside
    (0, 1).
    """
    network = pff(PFF(9, 3, (10,), lateral=0), "n", Training("digits", 1))
    start = initial(network, 3)
    weights = {
        name: np.where(counter.normal(index, w.size).reshape(w.shape) > 0, 8.0, -8.0)
        for index, (name, w) in enumerate(start.weights.items())
    }
    images = np.round(counter.uniform(np.arange(6)[:, None], np.arange(9)))
    return network, Parameters(weights, start.biases), {"image": images}


def test_rates_that_are_0_or_1_are_spikes():
    program = "one_pass"
    network, parameters, given = certain()
    recordings = []
    for name in ("numpy", "numpy:rates"):
        with make_engine(name).compile(
            network, program, parameters, seed=0, probes=everything(network, program)
        ) as session:
            recordings.append(session.run(given, np.arange(6)))
    assert recordings[0].counts["hidden_1"].any()
    assert not recordings[0].counts["hidden_1"].all()
    for name, counts in recordings[0].counts.items():
        assert np.array_equal(recordings[1].counts[name], counts), name
        assert np.array_equal(recordings[1].spikes[name], recordings[0].spikes[name]), name


def test_rates_have_no_noise_and_learn():
    network = pff(PFF(9, 3, (10, 10)), "n", Training("digits", 1))
    start = initial(network, 1)
    goodness = []
    for seed in (1, 2):
        with make_engine("numpy:rates").compile(network, "goodness", start, seed=seed) as session:
            goodness.append(session.run(signals(5), np.arange(5)).goodness["hidden_2"])
    assert np.array_equal(*goodness)
    assert np.any(goodness[0] != np.round(goodness[0] * 64) / 64), "sums of bits, not of rates"
    with make_engine("numpy:rates").compile(network, "train", start, seed=1) as session:
        session.run(signals(5), np.arange(5))
        assert not session.parameters.equal(start)
