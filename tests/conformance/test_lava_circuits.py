"""Lava runs both circuits of a trained network: it classifies, reconstructs and synthesizes."""

import dataclasses

import numpy as np
import pytest

from pffspike import inference, training
from pffspike.circuits import PFF, pff
from pffspike.data import load, probabilities
from pffspike.engines import make_engine
from pffspike.engines.reference import ReferenceEngine
from pffspike.generation.latent import infer_latents, learn_latents
from pffspike.generation.synthesis import synthesize
from pffspike.network import Training

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
    start = training.begin(network, few, seed=1, epochs=1)
    state = training.train(start, few, ReferenceEngine())
    images = probabilities(data.test_images[:SAMPLES], data.levels)
    return network, state.parameters, images, data.test_labels[:SAMPLES]


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("mode", ["goodness", "one_pass", "proposal", "early"])
def test_classification(trained, mode, name):
    network, parameters, images, _ = trained
    options = {"seed": 2, "candidates": 3 if mode in ("proposal", "early") else None}
    if mode == "early":
        options["stopping"] = inference.calibrate(
            network,
            parameters,
            ReferenceEngine(),
            images,
            budget=0.1,
            draws=60,
            seed=1,
            candidates=3,
        )
    expected, found = (
        inference.classify(network, parameters, engine, images, mode, **options)
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
        inference.reconstruct(network, parameters, engine, images, seed=2, labels=shown)
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
        learned, _ = learn_latents(
            network, parameters, engine, images[:6], labels[:6], seed=3, passes=1, rounds=2
        )
        states = infer_latents(network, learned, engine, images, labels, seed=3, rounds=3)
        pictures = synthesize(network, learned, engine, labels, states.values, seed=4, window=16)
        results.append((learned, states, pictures))
    (expected, states, pictures), (learned, found, drawn) = results
    assert learned.equal(expected)
    assert not learned.equal(parameters)
    np.testing.assert_array_equal(found.values, states.values)
    np.testing.assert_array_equal(found.errors, states.errors)
    np.testing.assert_array_equal(drawn, pictures)
    assert pictures.any()
