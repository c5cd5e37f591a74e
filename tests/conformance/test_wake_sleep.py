"""Wake-sleep on Bernoulli neurons: what its circuit promises."""

import dataclasses

import numpy as np
import pytest

import pffspike
from pffspike.arithmetic import counter
from pffspike.circuits import WakeSleep, wake_sleep
from pffspike.engines import make_engine
from pffspike.errors import ValidationError
from pffspike.network import Training, initial, structure
from pffspike.recording import Probes
from pffspike.testing import Oracle

CIRCUIT = WakeSleep(
    9,
    3,
    (10, 8),
    burn_in=4,
    window=4,
    scale=(8.0,),
    learning_rate=(0.3,),
    bias=0.25,
    bias_rate=0.125,
    generative_rate=0.25,
    readout_rate=0.25,
)
NETWORK = wake_sleep(CIRCUIT, "small", Training("digits", 1))
ENGINES = [
    pytest.param("numba", marks=pytest.mark.numba),
    pytest.param("brian2:numpy", marks=pytest.mark.brian2),
    pytest.param("lava", marks=pytest.mark.lava),
]
WAKE, SLEEP = 0, 1  #: phases


def signals(samples: int) -> dict:
    keys = np.arange(samples)[:, None]
    return {
        "image": counter.uniform(keys, np.arange(9)),
        "label": counter.integers(np.arange(samples), 99, 3),
    }


def ran(engine, program: str, samples: int, network=NETWORK):
    """Recording of all spikes, and what was learned."""
    names = structure.populations_of(network, program)
    with make_engine(engine).compile(
        network, program, initial(network, 5), seed=11, probes=Probes(rasters=names)
    ) as session:
        given = signals(samples)
        needed = structure.extent(network, network.program(program)).signals
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
@pytest.mark.parametrize("program", ["train", "one_pass", "synthesize"])
@pytest.mark.parametrize("engine", ENGINES)
def test_engines_agree(engine, program):
    pytest.importorskip(engine.partition(":")[0])
    mine, its = ran("numpy", program, 6), ran(engine, program, 6)
    assert mine[0].same_spikes(its[0])
    assert mine[1].equal(its[1])
    assert mine[1].equal(initial(NETWORK, 5)) == (program != "train")


@pytest.mark.parametrize(
    ("phase", "drawn"),
    [
        (WAKE, {"hidden_1": 1, "hidden_2": 2}),
        (SLEEP, {"hidden_2_prediction": 1, "hidden_1_prediction": 2}),
    ],
)
def test_causes_are_drawn_once_and_held(phase, drawn):
    recording, _ = ran("numpy", "train", 12)
    for name, step in drawn.items():
        raster = recording.rasters[name][:, phase::2]
        assert not raster[:step].any()
        assert np.array_equal(raster[step:], np.broadcast_to(raster[step], raster[step:].shape))
        assert 0 < raster[step].mean() < 1
        assert not np.array_equal(raster[step, 0], raster[step, 1])


def test_what_is_not_held_is_drawn_in_every_step():
    network = wake_sleep(dataclasses.replace(CIRCUIT, held=False), "free", NETWORK.training)
    recording, _ = ran("numpy", "train", 12, network)
    raster = recording.rasters["hidden_1"][1:, WAKE::2]
    assert np.any(raster[1:] != raster[:-1])


def test_each_phase_teaches_the_other_circuit_alone():
    train, (_, start) = NETWORK.program("train"), ran("numpy", "train", 20)
    changed = []
    for phase in train.phases:
        alone = NETWORK.replace(programs=(dataclasses.replace(train, phases=(phase,)),))
        with make_engine("numpy").compile(alone, "train", start, seed=12) as session:
            needed = structure.extent(alone, alone.program("train")).signals
            session.run({n: v for n, v in signals(20).items() if n in needed}, np.arange(20))
            found = session.parameters.weights
        changed.append({name for name, w in found.items() if np.any(w != start.weights[name])})
    assert changed == [
        {
            "hidden_1_to_image_prediction",
            "hidden_2_to_hidden_1_prediction",
            "label_to_hidden_2_prediction",
            "hidden_2_to_readout",
        },
        {"image_prediction_to_hidden_1", "hidden_1_to_hidden_2"},
    ]


def test_a_dream_needs_time_to_come_down_and_be_recognized():
    with pytest.raises(ValidationError, match="burn_in = 3 must be at least 4, the steps"):
        WakeSleep(9, 3, (10, 8), burn_in=3)
    with pytest.raises(ValidationError, match=r"bias = 4\.0 must lie between -4\.0 and"):
        WakeSleep(9, 3, (10, 8), bias=4.0)


def test_it_learns_the_digits_and_dreams_of_them():
    network = pffspike.load_network(
        "digits-wake-sleep", {"wake_sleep": {"hidden": [100, 100]}, "training": {"epochs": 6}}
    )
    data, run = pffspike.load_data("digits"), pffspike.Execution("fastest", 0)
    trained = pffspike.train(network, data, execution=run)
    assert pffspike.evaluate(trained, data, "one_pass", execution=run).accuracy > 0.6
    with pytest.raises(ValidationError, match="can't classify in mode 'goodness'"):
        pffspike.check_mode(network, "goodness")
    dreams = pffspike.sample(trained, 100, execution=run)
    means = np.array([data.train_images[data.train_labels == c].mean(axis=0) for c in range(10)])
    distances = ((dreams.images[:, None] - means / data.levels) ** 2).sum(axis=-1)
    assert (distances.argmin(axis=1) == dreams.labels).mean() > 0.3
