"""Equilibrium propagation: its fixed point, and the cost's gradient as nudging gets weak."""

import dataclasses

import numpy as np
import pytest

from pffspike.arithmetic import counter
from pffspike.baselines import descent
from pffspike.baselines import equilibrium_propagation as ep
from pffspike.data import load
from pffspike.errors import ValidationError

CONFIG = ep.EquilibriumPropagation((5, 4), free_steps=100, nudged_steps=100)
LABELS = np.eye(3)[[0, 2, 1, 1]]


@pytest.fixture
def net():
    """Weights of both signs, biases that keep most values between their limits, and images."""
    w = {name: v.astype(float) for name, v in descent.dense(1, (6, 5, 4, 3), 0.3).items()}
    for k in (1, 2, 3):
        w[f"b{k}"] += 0.4
    return w, counter.uniform(np.arange(4)[:, None], np.arange(6))


def cost(w, images):
    return 0.5 * np.sum((ep.settle(CONFIG, w, images)[-1] - LABELS) ** 2)


def slope(w, images, name):
    """Derivative of the settled cost by an array of weights, from differences."""
    found, step = np.zeros_like(w[name]), 1e-5
    for place in np.ndindex(found.shape):
        before = w[name][place]
        w[name][place] = before + step
        above = cost(w, images)
        w[name][place] = before - step
        found[place] = (above - cost(w, images)) / (2 * step)
        w[name][place] = before
    return found


def test_the_free_phase_ends_where_no_value_is_driven(net):
    w, images = net
    s = ep.settle(CONFIG, w, images)
    driven = [
        s[0] @ w["w1"] + w["b1"] + s[2] @ w["w2"].T,
        s[1] @ w["w2"] + w["b2"] + s[3] @ w["w3"].T,
        s[2] @ w["w3"] + w["b3"],
    ]
    for value, drive in zip(s[1:], driven, strict=True):
        np.testing.assert_allclose(value, np.clip(drive, 0, 1), atol=1e-9)
        assert np.mean((value > 0) & (value < 1)) > 0.5


@pytest.mark.parametrize("beta", [1e-2, -1e-2, 1e-3])
def test_weak_nudging_gives_the_gradient_of_the_cost(net, beta):
    """What differs is of the order of beta."""
    w, images = net
    free = ep.settle(CONFIG, w, images)
    found = ep.gradients(free, ep.nudge(CONFIG, w, free, LABELS, beta), beta)
    for name in w:
        expected = slope(w, images, name)
        limit = 10 * abs(beta) * np.abs(expected).max() + 1e-6
        assert np.abs(found[name] - expected).max() < limit, name


def test_it_learns_the_digits_and_goes_on(tmp_path):
    config, data = ep.EquilibriumPropagation((60,), epochs=4), load("digits")
    result = ep.run(config, data, 0, tmp_path / "run", lambda _: None)
    assert result.modes["one_pass"].accuracy > 0.85
    assert ep.run(config, data, 0, tmp_path / "run", lambda _: None) == result  # its checkpoint


@pytest.mark.parametrize("name", ["rate", "beta"])
def test_settings_that_make_no_sense_are_refused(name):
    with pytest.raises(ValidationError, match=rf"{name} = 0.0 must be above 0"):
        dataclasses.replace(CONFIG, **{name: 0.0})
