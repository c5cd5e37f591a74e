"""Wake-sleep: both gradients and the answer, beside a machine that is enumerated."""

import itertools

import numpy as np
import pytest

from pffspike.arithmetic import counter
from pffspike.baselines import wake_sleep
from pffspike.data import load

PIXELS, CLASSES, HIDDEN = 3, 2, (2, 3)
DRAWS = 40000
TOLERANCE = 5 * 0.5 / np.sqrt(DRAWS)  #: a product in [-1, 1] deviates by less than that of a mean
IMAGE, LABEL = np.array([0.9, 0.0, 0.4]), np.array([0.0, 1.0])


@pytest.fixture
def machine():
    """Weights and biases of a machine so small that its states can be counted."""
    p = wake_sleep.initial(wake_sleep.HelmholtzMachine(HIDDEN), PIXELS, CLASSES, 1)
    return {
        name: counter.normal(k, values.size).reshape(values.shape)
        for k, (name, values) in enumerate(p.items())
    }


def binary(size):
    return [np.array(bits, float) for bits in itertools.product((0, 1), repeat=size)]


def log_bernoulli(drives, values):
    """Of units that are on, or of grey values as probabilities, with these drives."""
    return float((values * drives - np.logaddexp(0, drives)).sum())


def upwards(p, x, h1, h2):
    """Logarithm of the probability that the recognition circuit draws these layers."""
    return log_bernoulli(p["b1"][0] + x @ p["w1"], h1) + log_bernoulli(
        p["b2"][0] + h1 @ p["w2"], h2
    )


def downwards(p, y, h2, h1, x):
    """Logarithm of the probability of the image and its layers under a label."""
    top = log_bernoulli(p["a3"][0] + y @ p["v3"], h2)
    return top + log_bernoulli(p["a2"][0] + h2 @ p["v2"], h1) + pixels(p, h1, x)


def pixels(p, h1, x):
    return log_bernoulli(p["a1"][0] + h1 @ p["v1"], x)


def awake(p, fixed):
    """What is lost, awake, with draws by ``fixed``: by the generative circuit and the read-out."""
    loss = 0.0
    for h1, h2 in itertools.product(binary(2), binary(3)):
        scores = p["b3"][0] + h2 @ p["w3"]
        read = LABEL @ scores - np.logaddexp.reduce(scores)
        loss -= np.exp(upwards(fixed, IMAGE, h1, h2)) * (downwards(p, LABEL, h2, h1, IMAGE) + read)
    return loss


def asleep(p, fixed):
    """What the recognition circuit loses, asleep, on dreams of ``fixed``."""
    loss = 0.0
    for y, h2, h1 in itertools.product(np.eye(CLASSES), binary(3), binary(2)):
        drawn = log_bernoulli(fixed["a3"][0] + y @ fixed["v3"], h2)
        drawn += log_bernoulli(fixed["a2"][0] + h2 @ fixed["v2"], h1)
        dreamt = 1 / (1 + np.exp(-(fixed["a1"][0] + h1 @ fixed["v1"])))
        loss -= np.exp(drawn) / CLASSES * upwards(p, dreamt, h1, h2)
    return loss


def slopes(loss, p, names):
    """Derivatives by finite differences, of the parameters of these names."""
    found = {}
    for name in names:
        found[name] = np.zeros_like(p[name])
        for place in np.ndindex(p[name].shape):
            sides = []
            for step in (1e-5, -1e-5):
                moved = {other: values.copy() for other, values in p.items()}
                moved[name][place] += step
                sides.append(loss(moved, p))
            found[name][place] = (sides[0] - sides[1]) / 2e-5
    return found


def test_awake_it_descends_on_what_the_generative_circuit_loses(machine):
    x, y = np.repeat(IMAGE[None], DRAWS, axis=0), np.repeat(LABEL[None], DRAWS, axis=0)
    found = wake_sleep.wake_gradients(machine, x, y, key=3)
    expected = slopes(awake, machine, found)
    assert found.keys() == {"v1", "a1", "v2", "a2", "v3", "a3", "w3", "b3"}
    for name in found:
        np.testing.assert_allclose(found[name] / DRAWS, expected[name], atol=TOLERANCE)
        assert np.abs(expected[name]).max() > 3 * TOLERANCE


def test_asleep_it_descends_on_what_the_recognition_circuit_loses(machine):
    found = wake_sleep.sleep_gradients(machine, DRAWS, key=3)
    expected = slopes(asleep, machine, found)
    assert found.keys() == {"w1", "b1", "w2", "b2"}
    for name in found:
        np.testing.assert_allclose(found[name] / DRAWS, expected[name], atol=TOLERANCE)
    assert max(np.abs(values).max() for values in expected.values()) > 3 * TOLERANCE


def test_label_by_label_it_asks_for_the_top_layer_that_was_drawn(machine):
    for h2 in binary(3):
        expected = [log_bernoulli(machine["a3"][0] + y @ machine["v3"], h2) for y in np.eye(2)]
        assert wake_sleep.likelihoods(machine, h2[None])[0] == pytest.approx(expected)


def test_it_goes_on_after_an_interruption_as_without_one(tmp_path):
    """Six epochs, begun with three, give what six in a row give."""
    data = load("digits")
    settings = [wake_sleep.HelmholtzMachine((50,), epochs=epochs, draws=2) for epochs in (6, 3, 6)]
    stores = [tmp_path / "whole", tmp_path / "parts", tmp_path / "parts"]
    whole, _, parts = (
        wake_sleep.run(config, data, 5, store, lambda _: None)
        for config, store in zip(settings, stores, strict=True)
    )
    assert whole.modes == parts.modes
    assert whole.modes["one_pass"].accuracy > 0.3
