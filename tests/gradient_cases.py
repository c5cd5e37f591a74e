"""Rules of baselines against numerical derivatives of their losses."""

import numpy as np

from pffspike.arithmetic import counter

EPSILON = 1e-5  #: step of the numerical derivative
TOLERANCE = 1e-6  #: of rule against numerical derivative, relative to the largest entry


def numbers(key: int, *shape: int) -> np.ndarray:
    return counter.normal(key, int(np.prod(shape))).reshape(shape)


def numerical_gradient(loss, w: dict, name: str) -> np.ndarray:
    found = np.zeros_like(w[name])
    for index in np.ndindex(found.shape):
        values = []
        for sign in (1, -1):
            moved = {**w, name: w[name].copy()}
            moved[name][index] += sign * EPSILON
            values.append(loss(moved))
        found[index] = (values[0] - values[1]) / (2 * EPSILON)
    return found


def assert_gradient(rule: np.ndarray, loss, w: dict, name: str) -> None:
    expected = numerical_gradient(loss, w, name)
    assert np.abs(expected).max() > 1e-4, "the check needs a slope"
    assert np.abs(rule - expected).max() <= TOLERANCE * max(1.0, np.abs(expected).max()), name
