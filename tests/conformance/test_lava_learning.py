"""Lava learns the weights of the reference engine, in fixed and floating point, bit for bit."""

import dataclasses

import numpy as np
import pytest
from sklearn.datasets import load_digits

from pffspike import schedules, training
from pffspike.circuits import PFF, ff, pff
from pffspike.circuits.ff import FF
from pffspike.data import load
from pffspike.engines import make_engine
from pffspike.engines.reference import ReferenceEngine
from pffspike.execution import Execution
from pffspike.network import (
    Network,
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

pytestmark = pytest.mark.lava

FORMATS = ("fixed", "floating")


def network(**options):
    circuit = PFF(64, 10, (30, 30), threshold=(4.0,), burn_in=2, window=4, **options)
    return pff(circuit, "digits", Training("digits", 1))


def signals(samples):
    digits = load_digits()
    labels = digits.target[:samples].astype(np.int64)
    given = np.where(np.arange(samples) % 5 == 0, (labels + 1) % 10, -1)
    latent = np.full((samples, 5), 0.25)
    return {
        "image": digits.data[:samples] / 16,
        "label": labels,
        "negative": given,
        "latent": latent,
    }


def everything(net, program):
    names = tuple(p.name for p in structure.extent(net, net.program(program)).populations)
    return Probes(counts=names, rasters=names)


def assert_learn_alike(net, program, given, samples, engine, seed=7):
    """Train with both, the second in two calls with another learning rate; compare it all."""
    start, options = initial(net, 2), {"seed": seed, "probes": everything(net, program)}
    with (
        ReferenceEngine().compile(net, program, start, **options) as reference,
        engine.compile(net, program, start, **options) as session,
    ):
        for part, scale in zip(np.array_split(np.arange(len(samples)), 2), (1.0, 0.5), strict=True):
            some = {name: values[part] for name, values in given.items()}
            expected = reference.run(some, samples[part], learning_scale=scale)
            found = session.run(some, samples[part], learning_scale=scale)
            assert expected.same_spikes(found)
            np.testing.assert_array_equal(found.hard_negatives, expected.hard_negatives)
        learned = session.parameters
        assert learned.equal(reference.parameters)
    return start, learned


@pytest.mark.parametrize("arithmetic", FORMATS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"normalization": "shift", "positive": "high", "homeostasis_free": (True,), "slope": 0.3},
        {"homeostasis_free": (False, True)},
    ],
    ids=["plain", "shift", "free_homeostasis_of_the_top"],
)
def test_learning_on_digits(arithmetic, options):
    start, learned = assert_learn_alike(
        network(**options), "train", signals(24), np.arange(24) * 7, LavaEngine(arithmetic)
    )
    for name, w in start.weights.items():
        assert not np.array_equal(learned.weights[name], w), name  # every projection has learned


@pytest.mark.parametrize("arithmetic", FORMATS)
def test_learning_of_a_latent_state(arithmetic):
    net = network(latent=5)
    for program in ("train", "learn_latent"):
        assert_learn_alike(net, program, signals(4), np.arange(4), LavaEngine(arithmetic))


def test_weights_that_need_31_bits():
    net = network()
    fine = tuple(dataclasses.replace(p, grid=-24) for p in net.projections)
    assert_learn_alike(
        net.replace(projections=fine), "train", signals(6), np.arange(6), LavaEngine()
    )


def test_forward_forward_learns_too():
    net = ff(FF(64, 10, (20, 20), burn_in=2, window=4), "ff", Training("digits", 1))
    assert_learn_alike(net, "train", signals(6), np.arange(6), LavaEngine())


def test_learning_in_processes_of_the_operating_system():
    assert_learn_alike(
        network(), "train", signals(3), np.arange(3), LavaEngine(processes=True, timeout=30)
    )


def test_training_stops_and_goes_on_to_the_same_weights():
    """By the trainer, as the command line does: on Lava, then on NumPy, then on Lava."""
    net, full = network(), load("digits")
    data = dataclasses.replace(
        full, train_images=full.train_images[:9], train_labels=full.train_labels[:9]
    )
    start = schedules.begin(net, data, seed=3, epochs=2)
    expected = training.train(start, data, execution=Execution(ReferenceEngine()))

    class StopError(Exception):
        pass

    states = []

    def stop_at(samples):
        def checkpoint(state):
            states.append(state)
            if state.samples_done >= samples:
                raise StopError

        return checkpoint

    for engine, samples in (("lava:floating", 4), ("numpy", 8), ("lava", 13)):
        with pytest.raises(StopError):
            training.train(
                states[-1] if states else start,
                data,
                checkpoint=stop_at(samples),
                checkpoint_every=4,
                execution=Execution(engine),
            )
    assert states[-1].samples_done == 13
    found = training.train(states[-1], data, execution=Execution("lava"))
    assert found.parameters.equal(expected.parameters)


def test_logistic_neurons_are_the_same_in_both_formats_and_near_the_function():
    net, probes = network(), everything(network(), "train")
    sessions = [
        engine.compile(net, "train", initial(net, 2), seed=1, probes=probes)
        for engine in (make_engine("lava:logistic"), LavaEngine("floating", activation="logistic"))
    ]
    with sessions[0] as one, sessions[1] as two:
        assert one.run(signals(6), np.arange(6)).same_spikes(two.run(signals(6), np.arange(6)))
        assert one.parameters.equal(two.parameters)
    # A single population with a bias and no input: its rate is the function's value.
    biases = np.array([-2.0, -0.5, 0.25, 0.5, 0.75, 1.5, 3.0])
    alone = Network(
        "alone",
        (Population("on", 1, "none", input=True), Population("cells", len(biases))),
        (Projection("silent", "on", "cells", initial="constant", scale=0.0),),
        (Program("main", 0, 4096, (Phase("only", {"on": 0}, ("silent",)),)),),
        Training("digits", 1),
    )
    start = initial(alone, 1)
    start.biases["cells"][:] = biases
    with make_engine("lava:logistic").compile(
        alone, "main", start, seed=1, probes=Probes(counts=("cells",))
    ) as session:
        rates = session.run({}, [0]).counts["cells"][0] / 4096
    expected = 1 / (1 + np.exp(-4 * (biases - 0.5)))
    np.testing.assert_allclose(rates, expected, atol=4 * 0.5 / 64 + 0.01)
