"""Predictive coding: its energy, its relaxation, and backpropagation as the top weighs less."""

import dataclasses

import numpy as np
import pytest

from pffspike.arithmetic import counter
from pffspike.baselines import descent
from pffspike.baselines import predictive_coding as pc
from pffspike.data import load
from pffspike.errors import ValidationError

CONFIG = pc.PredictiveCoding((6, 5), precision=0.5)
LABELS = np.eye(3)[[0, 2, 1, 1]]


@pytest.fixture
def net():
    """Weights, values of a clamped network, and what the top was predicted to be."""
    w = {name: v.astype(float) for name, v in descent.dense(1, (7, 6, 5, 3)).items()}
    for k in (1, 2, 3):
        w[f"b{k}"] = 0.3 * counter.normal(k, w[f"b{k}"].size).reshape(1, -1)
    values = pc.predict(w, counter.uniform(np.arange(4)[:, None], np.arange(7)))
    return w, values


def energy(w, values):
    """The equation, once more: half of the squared errors, those of the top times 1/2."""
    total, sent = 0.0, values[0]
    for k in range(1, len(values)):
        precision = 0.5 if k == 3 else 1.0
        total += 0.5 * precision * np.sum((values[k] - sent @ w[f"w{k}"] - w[f"b{k}"]) ** 2)
        sent = np.tanh(values[k])
    return total


def settings(steps, rate):
    return dataclasses.replace(CONFIG, steps=steps, rate=rate)


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


def test_values_and_weights_descend_on_the_energy(net):
    w, values = net
    values[-1] = LABELS
    errors = pc.relax(settings(3, 0.1), w, values)
    found = pc.gradients(values, errors)
    for name in w:
        np.testing.assert_allclose(
            found[name], slope(lambda: energy(w, values), w[name]), atol=1e-7
        )
    before = [v.copy() for v in values]
    descent = [slope(lambda: energy(w, values), v) for v in values]
    pc.relax(settings(1, 1e-3), w, values)
    for k in (1, 2):
        np.testing.assert_allclose(values[k] - before[k], -1e-3 * descent[k], atol=1e-9)
    assert np.array_equal(values[0], before[0])
    assert np.array_equal(values[-1], LABELS)


def test_relaxing_lowers_the_energy_until_nothing_changes(net):
    w, values = net
    values[-1] = LABELS
    energies = [energy(w, values)]
    for _ in range(4):
        pc.relax(settings(100, 0.1), w, values)
        energies.append(energy(w, values))
    assert energies[1] < 0.9 * energies[0]
    assert sorted(energies, reverse=True) == energies
    for k in (1, 2):
        np.testing.assert_allclose(slope(lambda: energy(w, values), values[k]), 0, atol=1e-5)


@pytest.mark.parametrize("precision", [1e-2, 1e-4])
def test_a_top_of_small_precision_gives_the_gradient_of_backpropagation(net, precision):
    """Times the precision; what differs is of the order of the precision."""
    w, values = net
    images = values[0]
    values[-1] = LABELS

    def loss():
        return 0.5 * np.sum((LABELS - pc.predict(w, images)[-1]) ** 2)

    config = pc.PredictiveCoding((6, 5), steps=400, precision=precision)
    found = pc.gradients(values, pc.relax(config, w, values))
    for name in w:
        expected = slope(loss, w[name])
        difference = np.abs(found[name] / precision - expected).max()
        assert difference < 20 * precision * np.abs(expected).max() + 1e-7, name


def test_it_learns_the_digits_and_goes_on(tmp_path):
    config = pc.PredictiveCoding((60, 60), epochs=4)
    data, told = load("digits"), []
    result = pc.run(config, data, 0, tmp_path / "run", told.append)
    assert result.modes["one_pass"].accuracy > 0.85
    assert told == [0.25, 0.5, 0.75, 1.0]
    assert pc.run(config, data, 0, tmp_path / "run", told.append) == result  # from its checkpoint


def test_settings_that_make_no_sense_are_refused():
    for name in ("rate", "precision"):
        with pytest.raises(ValidationError, match=f"{name} = 0.0 must be above 0"):
            pc.PredictiveCoding((5,), **{name: 0.0})
