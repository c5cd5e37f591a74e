"""Lava runs both circuits of a trained network: it classifies, reconstructs and synthesizes."""

import dataclasses

import numpy as np
import pytest

from pffspike import inference, schedules, training
from pffspike.circuits import PFF, pff
from pffspike.data import load, probabilities
from pffspike.engines import make_engine
from pffspike.engines.reference import ReferenceEngine
from pffspike.execution import Execution
from pffspike.generation.latent import infer_latents, learn_latents
from pffspike.generation.synthesis import synthesize
from pffspike.inference import Mode
from pffspike.network import Training
from pffspike.trained import TrainedNetwork

pytest.importorskip("lava", reason="needs lava-nc")

pytestmark = pytest.mark.lava

ENGINES = ("lava:checked", "lava:floating")
SAMPLES = 24


@pytest.fixture(scope="module")
def trained():
    """A network that has learned a little, so that no population is silent."""
    circuit = PFF(64, 10, (40, 40), latent=4, threshold=(4.0,), burn_in=2, window=4)
    network = pff(circuit, "digits", Training("digits", 1, hard_negatives=0.5))
    data = load("digits")
    few = dataclasses.replace(
        data, train_images=data.train_images[:200], train_labels=data.train_labels[:200]
    )
    start = schedules.begin(network, few, seed=1, epochs=1)
    state = training.train(start, few, execution=Execution(ReferenceEngine()))
    images = probabilities(data.test_images[:SAMPLES], data.levels)
    return network, state.parameters, images, data.test_labels[:SAMPLES]


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("mode", ["goodness", "one_pass", "proposal", "early"])
def test_classification(trained, mode, name):
    network, parameters, images, _ = trained
    state = TrainedNetwork(network, parameters, 1)
    way = Mode(mode, 3 if mode in ("proposal", "early") else None)
    if mode == "early":
        settings = Mode(mode, 3, tolerance=0.1, calibration_samples=60)
        way = inference.calibrate(
            state, images, settings, execution=Execution(ReferenceEngine(), 1)
        )
    expected, found = (
        inference.classify(state, images, way, execution=Execution(engine, 2))
        for engine in (ReferenceEngine(), make_engine(name))
    )
    np.testing.assert_array_equal(found.predicted, expected.predicted)
    np.testing.assert_array_equal(found.scores, expected.scores)
    assert len(set(found.predicted)) > 2  # or else agreement would prove little


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("state", ["free", "neutral", "true"])
def test_reconstruction(trained, name, state):
    network, parameters, images, labels = trained
    shown = inference.label_state(state, 10, labels)
    expected, found = (
        inference.reconstruct(
            TrainedNetwork(network, parameters, 1), images, shown, execution=Execution(engine, 2)
        )
        for engine in (ReferenceEngine(), make_engine(name))
    )
    assert expected.images.keys() == found.images.keys()
    for key, values in expected.images.items():
        np.testing.assert_array_equal(found.images[key], values)
        assert values.any()
    assert found.error(images) == expected.error(images)


@pytest.mark.parametrize("name", ENGINES)
def test_latent_states_and_synthesis(trained, name):
    network, parameters, images, labels = trained
    results = []
    for engine in (ReferenceEngine(), make_engine(name)):
        state, run = TrainedNetwork(network, parameters, 1), Execution(engine, 3)
        learned, _ = learn_latents(state, images[:6], labels[:6], passes=1, rounds=2, execution=run)
        states = infer_latents(learned, images, labels, rounds=3, execution=run)
        run = run.replace(seed=4)
        pictures = synthesize(learned, labels, states.values, window=16, execution=run)
        results.append((learned.parameters, states, pictures))
    (expected, states, pictures), (learned, found, drawn) = results
    assert learned.equal(expected)
    assert not learned.equal(parameters)
    np.testing.assert_array_equal(found.values, states.values)
    np.testing.assert_array_equal(found.errors, states.errors)
    np.testing.assert_array_equal(drawn, pictures)
    assert pictures.any()
