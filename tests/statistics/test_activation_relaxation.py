"""Activation relaxation: its fixed point is what backpropagation computes, and it learns."""

import dataclasses

import numpy as np
import pytest

from pffspike.arithmetic import counter
from pffspike.baselines import activation_relaxation as ar
from pffspike.baselines import descent
from pffspike.data import load
from pffspike.errors import ValidationError

CONFIG = ar.ActivationRelaxation((6, 5, 4), steps=400)
LABELS = np.eye(3)[[0, 2, 1, 1]]


@pytest.fixture
def net():
    """Weights of three hidden layers, and four images."""
    w = {name: v.astype(float) for name, v in descent.dense(1, (7, 6, 5, 4, 3)).items()}
    for k in (1, 2, 3, 4):
        w[f"b{k}"] = 0.3 * counter.normal(k, w[f"b{k}"].size).reshape(1, -1)
    return w, counter.uniform(np.arange(4)[:, None], np.arange(7))


def loss_above(w, layer, activity):
    """Half of the squared error of the answer, from the activity of a layer on."""
    for k in range(layer + 1, 5):
        activity = activity @ w[f"w{k}"] + w[f"b{k}"]
        activity = np.tanh(activity) if k < 4 else activity
    return 0.5 * np.sum((activity - LABELS) ** 2)


def slope(function, array):
    """Derivative of a function by an array that it reads, from differences."""
    found, step = np.zeros_like(array), 1e-6
    for place in np.ndindex(array.shape):
        before = array[place]
        array[place] = before + step
        above = function()
        array[place] = before - step
        found[place] = (above - function()) / (2 * step)
        array[place] = before
    return found


def relaxed(config, w, images):
    activities = ar.forward(w, images)
    return activities, ar.relax(config, w, activities, activities[-1] - LABELS)


def test_relaxed_values_are_the_derivatives_by_the_activities(net):
    w, images = net
    activities, values = relaxed(CONFIG, w, images)
    for layer in (1, 2, 3, 4):
        a = activities[layer].copy()
        expected = slope(lambda a=a, layer=layer: loss_above(w, layer, a), a)
        np.testing.assert_allclose(values[layer - 1], expected, atol=1e-8)
        assert np.abs(expected).max() > 0.05


def test_weights_descend_on_the_loss(net):
    w, images = net
    found = ar.gradients(*relaxed(CONFIG, w, images))
    for name in w:
        expected = slope(lambda: loss_above(w, 0, images), w[name])
        np.testing.assert_allclose(found[name], expected, atol=1e-7)
        assert np.abs(expected).max() > 0.05


def test_the_steps_of_the_study_suffice(net):
    w, images = net
    config = ar.ActivationRelaxation(CONFIG.hidden)
    ends = [relaxed(c, w, images)[1] for c in (config, CONFIG)]
    for found, end in zip(*ends, strict=True):
        np.testing.assert_allclose(found, end, atol=1e-3 * np.abs(end).max())


def test_each_step_halves_the_rest_below_a_layer_that_rests(net):
    """The layer below the top reads a fixed value, so what is missing falls as (1 - rate)^steps."""
    w, images = net
    target = relaxed(CONFIG, w, images)[1][2]
    for steps in (1, 4):
        config = dataclasses.replace(CONFIG, steps=steps, rate=0.5)
        activities, values = relaxed(config, w, images)
        rest = (activities[3] - target) / 2**steps
        np.testing.assert_allclose(values[2] - target, rest, atol=1e-9)


def test_it_learns_the_digits_and_goes_on(tmp_path):
    config, data = ar.ActivationRelaxation((60, 60), epochs=4), load("digits")
    result = ar.run(config, data, 0, tmp_path / "run", lambda _: None)
    assert result.modes["one_pass"].accuracy > 0.85
    assert ar.run(config, data, 0, tmp_path / "run", lambda _: None) == result  # its checkpoint


@pytest.mark.parametrize("rate", [0.0, 1.5])
def test_a_rate_that_makes_no_sense_is_refused(rate):
    with pytest.raises(ValidationError, match=f"rate = {rate} must be above 0 and at most 1"):
        ar.ActivationRelaxation((5,), rate=rate)
