"""Whatever a card says: if it trains, its file can be loaded and runs on every engine, alike."""

import contextlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pffspike
from pffspike import storage
from pffspike.cards import read_card
from pffspike.data import from_arrays
from pffspike.engines import make_engine
from pffspike.errors import PffspikeError
from pffspike.recording import Probes

ENGINES = ("numba", "brian2:numpy", "lava")


def dataset(classes: int):
    draw = np.random.default_rng(0)
    images, labels = draw.integers(0, 5, (classes + 2, 4)), np.arange(classes + 2) % classes
    parts = (images, labels)
    return from_arrays("own", parts, parts, levels=4, shape=(2, 2), classes=classes)


@st.composite
def cards(draw):
    """PFF cards with the values at the edges of what is allowed, each of them often."""
    circuit = {
        "image": 4,
        "classes": draw(st.sampled_from([2, 3, 5])),
        "hidden": draw(st.sampled_from([[4], [2], [2, 4], [4, 4]])),
        "lateral": draw(st.sampled_from([2, 1, 0])),
        "burn_in": draw(st.sampled_from([0, 1, 2])),
        "window": draw(st.sampled_from([1, 2, 8, 64])),
        "threshold": [draw(st.sampled_from([0.25, 0.3, 4.0]))],
        "slope": draw(st.sampled_from([0.25, 0.1, 16.0])),
        "learning_rate": [draw(st.sampled_from([0.0, 0.1, 0.0625]))],
        "bias": draw(st.sampled_from([0.0, 0.1, -0.5])),
        "bias_limit": draw(st.sampled_from([8.0, 0.5, 1.0, 64.0, 0.2])),
        "homeostasis": draw(st.sampled_from([0.0, 0.01, 1.0])),
        "latent": draw(st.sampled_from([0, 1, 3])),
        "normalization": draw(st.sampled_from(["sqrt", "shift", "none"])),
        "top_down": draw(st.booleans()),
        "generative": draw(st.booleans()),
        "weight_grid": draw(st.sampled_from([-16, -24, 0])),
        "weight_limit": draw(st.sampled_from([8.0, 1.0, 64.0])),
        "label_below_factor": draw(st.sampled_from([0.0, 0.5])),
    }
    shift, coding = draw(st.sampled_from([0, 1])), draw(st.sampled_from(["grey", "on_off"]))
    circuit["image"] *= 2 if coding == "on_off" else 1
    schedule = {"dataset": "own", "epochs": 1, "hard_negatives": draw(st.sampled_from([0.0, 1.0]))}
    return {
        "name": "own",
        "circuit": "pff",
        "pff": circuit,
        "training": {**schedule, "shift": shift, "coding": coding},
    }


def check(folder, card, engines) -> bool:
    """Train on the reference engine, load the file, run it everywhere; False if it is refused."""
    data = dataset(card["pff"]["classes"])
    with contextlib.suppress(PffspikeError):
        network = read_card(card)
        state = pffspike.train(network, data, execution=pffspike.Execution("numpy", 1))
        storage.save(folder / "net.h5", state)
        # From here on nothing may be refused.
        try:
            run_everywhere(storage.load(folder / "net.h5"), data, engines)
        except PffspikeError as error:
            raise AssertionError("what has trained is refused") from error
        return True
    return False


def run_everywhere(state, data, engines) -> None:
    images = state.coding.encode(data.test_images[:2], data.levels)
    signals, numbers = {"image": images, "label": data.test_labels[:2]}, np.arange(2)
    names = tuple(p.name for p in state.network.populations if p.name.startswith("hidden"))
    recordings = []
    for name in ("numpy", *engines):
        with make_engine(name).compile(
            state.network, "one_pass", state.parameters, seed=2, probes=Probes(rasters=names)
        ) as session:
            recordings.append(session.run(signals, numbers))
    assert all(recordings[0].same_spikes(other) for other in recordings[1:])


@pytest.mark.numba
@given(cards())
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_what_trains_is_loaded_and_runs(tmp_path, card):
    pytest.importorskip("numba")
    check(tmp_path, card, ["numba"])


EDGES = {
    "lateral": 1,
    "burn_in": 0,
    "window": 1,
    "hidden": [1],
    "bias_limit": 2.0**-24,
    "bias": 0.0,
}


@pytest.mark.brian2
@pytest.mark.lava
@pytest.mark.numba
def test_a_card_of_edges_runs_on_every_engine(tmp_path):
    """Blocks of one neuron, one hidden neuron, no burn-in, a window of one step."""
    for package in ("numba", "brian2", "lava"):
        pytest.importorskip(package)
    circuit = {"image": 4, "classes": 2, **EDGES}
    card = {"name": "own", "circuit": "pff", "pff": circuit}
    assert check(tmp_path, {**card, "training": {"dataset": "own", "epochs": 1}}, ENGINES)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.brian2
@pytest.mark.lava
@pytest.mark.numba
@given(cards())
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_what_trains_runs_on_every_engine(tmp_path, card):
    for package in ("numba", "brian2", "lava"):
        pytest.importorskip(package)
    check(tmp_path, card, ENGINES)
