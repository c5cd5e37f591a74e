"""The NumPy reference engine against exact fractions, and against itself."""

import numpy as np
import pytest

from pffspike.arithmetic import counter
from pffspike.circuits import PFF, pff
from pffspike.engines.reference import ReferenceEngine
from pffspike.network import Training, initial, structure
from pffspike.recording import Probes, Recording
from pffspike.testing import Oracle

VARIANTS = {
    "plain": PFF(9, 3, (10, 10), window=4, burn_in=2, threshold=(1.0,), learning_rate=(0.3,)),
    "high": PFF(9, 3, (10,), window=4, positive="high", threshold=(1.0,), generative_rate=0.2),
    "shift": PFF(
        9, 3, (10, 20), window=2, normalization="shift", common_noise=True, hard_negative_noise=4
    ),
    "none": PFF(9, 3, (10, 10), window=1, normalization="none", lateral=5, homeostasis=0.1),
}


def build(variant: str):
    network = pff(VARIANTS[variant], variant, Training("digits", 1))
    return network, initial(network, 5)


def signals(samples: int, pixels: int = 9, classes: int = 3):
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


def assert_same(network, oracle: Oracle, recording: Recording) -> None:
    for name, raster in recording.rasters.items():
        for presentation, history in enumerate(oracle.rasters):
            silent = np.zeros_like(raster[:, presentation])
            expected = np.array(history.get(name, silent))
            assert np.array_equal(raster[:, presentation], expected), (name, presentation)
            goodness = float(oracle.goodness[presentation].get(name, 0))
            assert recording.goodness[name][presentation] == goodness
    assert recording.hard_negatives.tolist() == oracle.hard_negatives


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("program", ["train", "one_pass", "goodness", "reconstruct", "synthesize"])
def test_reference_equals_exact_fractions(variant, program):
    network, start = build(variant)
    samples = 12 if program == "train" else 3
    given, numbers = signals(samples), np.arange(samples) + 40
    with ReferenceEngine().compile(
        network, program, start, seed=11, probes=everything(network, program)
    ) as session:
        recording = session.run(given, numbers, learning_scale=0.7)
        learned = session.parameters
    oracle = Oracle(network, program, start, 11)
    oracle.run(given, numbers, 0.7)
    assert_same(network, oracle, recording)
    for name, w in learned.weights.items():
        assert np.array_equal(w, np.array(oracle.weights[name], float)), name
    for name, b in learned.biases.items():
        assert np.array_equal(b, np.array(oracle.biases[name], float)), name
    if program == "train":
        assert not learned.equal(start), "the comparison needs something that was learned"


def test_inference_does_not_depend_on_what_runs_beside_it():
    network, start = build("plain")
    given, numbers = signals(300), np.arange(300)
    probes = everything(network, "goodness")
    with ReferenceEngine().compile(network, "goodness", start, seed=1, probes=probes) as session:
        whole = session.run(given, numbers)
        alone = session.run({n: v[270:271] for n, v in given.items()}, numbers[270:271])
    phases = len(network.program("goodness").phases)
    chosen = slice(270 * phases, 271 * phases)
    for name, raster in alone.rasters.items():
        assert np.array_equal(raster, whole.rasters[name][:, chosen])


def test_labels_share_the_spikes_of_the_image():
    network, start = build("plain")
    probes = Probes(rasters=("image",))
    with ReferenceEngine().compile(network, "goodness", start, seed=1, probes=probes) as session:
        raster = session.run(signals(2), [0, 1]).rasters["image"]
    assert np.array_equal(raster[:, 0], raster[:, 1])
    assert not np.array_equal(raster[:, 0], raster[:, 3])


def test_mini_batches_of_one_are_online_learning_and_larger_ones_are_not():
    network, start = build("plain")
    given, numbers = signals(24), np.arange(24)
    learned = {}
    for batch in (1, 4):
        engine = ReferenceEngine(batch=batch)
        with engine.compile(network, "train", start, seed=1) as session:
            session.run(given, numbers)
            learned[batch] = session.parameters
    with ReferenceEngine().compile(network, "train", start, seed=1) as session:
        session.run(given, numbers)
        assert session.parameters.equal(learned[1])
    assert not learned[1].equal(learned[4])
    drift = [
        np.abs(learned[1].weights[n] - learned[4].weights[n]).mean() for n in learned[1].weights
    ]
    moved = [np.abs(learned[1].weights[n] - start.weights[n]).mean() for n in learned[1].weights]
    assert sum(drift) < sum(moved), "batches of four learn about the same"


def test_coarser_random_numbers_are_the_uppermost_bits():
    """A probability counts as rounded up to a multiple of 2^-bits; 24 bits are the default."""
    network, start = build("plain")
    image = np.full((400, 9), 5 / 16 + 2.0**-24)
    totals = {}
    for bits in (24, 8, 2):
        engine = ReferenceEngine(random_bits=bits)
        with engine.compile(network, "one_pass", start, seed=3) as session:
            totals[bits] = session.run({"image": image}, np.arange(400)).spikes["image"].sum()
    draws = 400 * 9 * network.program("one_pass").steps
    for bits, expected in ((24, 5 / 16), (8, 5 / 16 + 1 / 256), (2, 0.5)):
        assert abs(totals[bits] / draws - expected) < 4 * (0.25 / draws) ** 0.5
    with pytest.raises(ValueError, match="random_bits = 25"):
        ReferenceEngine(random_bits=25)
