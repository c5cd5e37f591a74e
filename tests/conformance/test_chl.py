"""Contrastive Hebbian learning on Bernoulli neurons: what its circuit promises."""

import dataclasses

import numpy as np
import pytest

import pffspike
from pffspike.arithmetic import counter
from pffspike.circuits import CHL, chl
from pffspike.engines import make_engine
from pffspike.errors import ValidationError
from pffspike.network import Training, initial, structure
from pffspike.recording import Probes
from pffspike.testing import Oracle

CIRCUIT = CHL(9, 3, (10, 8), window=4, learning_rate=(0.3,), pair_rate=0.2, readout_rate=0.2)
NETWORK = chl(CIRCUIT, "small", Training("digits", 1))
PAIRS = {"hidden_1": "hidden_2", "hidden_2": "readout"}
ENGINES = [
    pytest.param("numba", marks=pytest.mark.numba),
    pytest.param("brian2:numpy", marks=pytest.mark.brian2),
    pytest.param("lava", marks=pytest.mark.lava),
]


def signals(samples: int) -> dict:
    keys = np.arange(samples)[:, None]
    return {
        "image": counter.uniform(keys, np.arange(9)),
        "label": counter.integers(np.arange(samples), 99, 3),
    }


def ran(engine, program: str, samples: int):
    """Recording of all spikes, and what was learned."""
    active = structure.extent(NETWORK, NETWORK.program(program)).populations
    names = tuple(p.name for p in active)
    with make_engine(engine).compile(
        NETWORK, program, initial(NETWORK, 5), seed=11, probes=Probes(rasters=names)
    ) as session:
        given = signals(samples)
        needed = structure.extent(NETWORK, NETWORK.program(program)).signals
        recording = session.run({name: given[name] for name in needed}, np.arange(samples) + 40)
        return recording, session.parameters


def test_the_reference_learns_as_exact_fractions_do():
    recording, learned = ran("numpy", "train", 8)
    oracle = Oracle(NETWORK, "train", initial(NETWORK, 5), 11)
    oracle.run(signals(8), np.arange(8) + 40)
    for name, w in learned.weights.items():
        assert np.array_equal(w, np.array(oracle.weights[name], float)), name
    for name, raster in recording.rasters.items():
        for presentation, history in enumerate(oracle.rasters):
            silent = np.zeros_like(raster[:, presentation])
            assert np.array_equal(raster[:, presentation], np.array(history.get(name, silent)))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("program", ["train", "one_pass"])
@pytest.mark.parametrize("engine", ENGINES)
def test_engines_agree(engine, program):
    pytest.importorskip(engine.partition(":")[0])
    mine, its = ran("numpy", program, 6), ran(engine, program, 6)
    assert mine[0].same_spikes(its[0])
    assert mine[1].equal(its[1])
    assert mine[1].equal(initial(NETWORK, 5)) == (program == "one_pass")


def test_the_label_clamps_the_readout():
    recording, _ = ran("numpy", "train", 6)
    clamped = recording.rasters["readout"][1:, 1::2]  # the label arrives one step later
    shown = np.eye(3, dtype=bool)[signals(6)["label"]]
    assert np.array_equal(clamped, np.broadcast_to(shown, clamped.shape))


def test_pairs_begin_as_transposes_and_stay_so_but_for_rounding():
    start, (_, learned) = initial(NETWORK, 5), ran("numpy", "train", 40)
    for below, above in PAIRS.items():
        up, down = f"{below}_to_{above}", f"{above}_to_{below}"
        assert np.array_equal(start.weights[up], start.weights[down].T)
        assert np.any(start.weights[up])
        change = learned.weights[up] - start.weights[up]
        difference = learned.weights[up] - learned.weights[down].T
        assert np.abs(change).max() > 0.05
        # Each of 80 changes is rounded to the grid 2^-16, up or down, in both directions.
        assert np.abs(difference).max() <= 2 * 80 * 2.0**-16
        assert np.any(difference)


def test_a_transposed_projection_has_one_that_leads_back():
    down = NETWORK.projection("hidden_2_to_hidden_1")
    up = NETWORK.projection("hidden_1_to_hidden_2")
    others = tuple(p for p in NETWORK.projections if p not in (up, down))
    both = dataclasses.replace(up, initial="transposed"), down
    twice = up, dataclasses.replace(up, name="again"), down
    for wrong in (both, twice):
        with pytest.raises(ValidationError, match="'transposed' needs exactly one untied"):
            NETWORK.replace(projections=(*others, *wrong))


def test_the_label_needs_a_step_to_clamp():
    with pytest.raises(ValidationError, match="burn_in = 0 must be at least 1"):
        CHL(9, 3, (10,), burn_in=0)


def test_it_learns_the_digits_and_answers_in_one_pass_only():
    network = pffspike.load_network(
        "digits-chl", {"chl": {"hidden": [100, 100]}, "training": {"epochs": 3}}
    )
    data = pffspike.load_data("digits")
    trained = pffspike.train(network, data, execution=pffspike.Execution("fastest", 0))
    assert pffspike.evaluate(trained, data, "one_pass").accuracy > 0.6
    with pytest.raises(ValidationError, match="can't classify in mode 'goodness'"):
        pffspike.check_mode(network, "goodness")
