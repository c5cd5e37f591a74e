"""Contrastive divergence: free energies and gradients beside a machine that is enumerated."""

import itertools

import numpy as np
import pytest

from pffspike.arithmetic import counter
from pffspike.baselines import contrastive_divergence as cd
from pffspike.data import load

PIXELS, CLASSES, HIDDEN = 3, 2, 2
IMAGES = np.array([[1.0, 0, 0], [1, 1, 0], [0, 0, 1]])
LABELS = np.eye(CLASSES)[[0, 0, 1]]


@pytest.fixture
def machine():
    """Weights and biases of a machine so small that its states can be counted."""
    p = cd.initial(cd.ContrastiveDivergence(HIDDEN), PIXELS, CLASSES, 1)
    return {
        name: counter.normal(k, values.size).reshape(values.shape)
        for k, (name, values) in enumerate(p.items())
    }


def states():
    """Every image, label and hidden state."""
    for x in itertools.product((0, 1), repeat=PIXELS):
        for y in np.eye(CLASSES):
            for h in itertools.product((0, 1), repeat=HIDDEN):
                yield np.array(x, float), y, np.array(h, float)


def logarithm(p, x, y, h):
    """Logarithm of a state's probability, but for the constant: the energy of the equation."""
    fields = x @ p["a"][0] + y @ p["d"][0] + h @ p["c"][0]
    return fields + x @ p["w"] @ h + y @ p["u"] @ h


def mean_products(p, fixed=None):
    """Expected products and values, of the whole machine or of an image and its label."""
    total, sums = 0.0, dict.fromkeys(p, 0.0)
    for x, y, h in states():
        if fixed is not None and not (np.array_equal(x, fixed[0]) and np.array_equal(y, fixed[1])):
            continue
        weight = np.exp(logarithm(p, x, y, h))
        total += weight
        products = {"w": np.outer(x, h), "u": np.outer(y, h), "a": x, "d": y, "c": h}
        sums = {name: sums[name] + weight * products[name] for name in p}
    return {name: value / total for name, value in sums.items()}


def test_free_energies_are_those_of_the_enumerated_machine(machine):
    found = -cd.free_energies(machine, IMAGES)
    for row, x in enumerate(IMAGES):
        for label, y in enumerate(np.eye(CLASSES)):
            expected = np.logaddexp.reduce(
                [logarithm(machine, x, y, np.array(h)) for h in itertools.product((0, 1), repeat=2)]
            )
            assert found[row, label] == pytest.approx(expected)


def test_many_steps_give_the_gradient_of_the_likelihood(machine):
    """Within five standard errors of 60,000 chains; one step does not."""
    chains = 20000
    x, y = np.repeat(IMAGES, chains, axis=0), np.repeat(LABELS, chains, axis=0)
    free = mean_products(machine)
    driven = [mean_products(machine, pair) for pair in zip(IMAGES, LABELS, strict=True)]
    away = {}
    for steps in (1, 30):
        found = cd.gradients(machine, x, y, steps, key=7)
        distances = [
            np.abs(found[n] / len(x) - (free[n] - np.mean([d[n] for d in driven], axis=0))).max()
            for n in machine
        ]
        away[steps] = max(distances)
    tolerance = 5 * 0.5 / np.sqrt(len(x))  # a product in [0, 1] deviates by at most 1/2
    assert away[30] < tolerance < away[1] / 3


def test_it_learns_the_digits_and_goes_on(tmp_path):
    config, data = cd.ContrastiveDivergence(100, epochs=5), load("digits")
    result = cd.run(config, data, 0, tmp_path / "run", lambda _: None)
    assert result.modes["goodness"].accuracy > 0.85
    assert cd.run(config, data, 0, tmp_path / "run", lambda _: None) == result  # its checkpoint
