"""Networks, inputs and comparisons that several tests of the Brian2 engine share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from pffspike.circuits import PFF, pff
from pffspike.engines.base import Session
from pffspike.engines.brian2 import Brian2Engine
from pffspike.engines.reference import ReferenceEngine
from pffspike.network import Network, Training, initial
from pffspike.recording import Probes, Recording

#: Compiled soonest; that no flag changes a number has a test of its own.
SOON = ("-w", "-O0")
EVERYTHING = Probes(
    counts=("readout", "hidden_1"), rasters=("image", "hidden_1", "hidden_2", "readout")
)


def digits_network() -> Network:
    """Two hidden populations of 30 on 8 x 8 digits."""
    return pff(PFF(64, 10, (30, 30), threshold=(4.0,)), "digits", Training("digits", 1))


def digits_signals(samples: int, start: int = 0) -> dict[str, Any]:
    """Handwritten digits as spike probabilities; every fifth negative label is given."""
    digits = load_digits()
    part = slice(start, start + samples)
    labels = digits.target[part]
    given = np.where(np.arange(start, start + samples) % 5 == 0, (labels + 1) % 10, -1)
    return {"image": digits.data[part] / 16, "label": labels, "negative": given}


def assert_same(mine: Recording, its: Recording, one: Session, other: Session) -> None:
    """Compare all that two sessions have recorded and learned."""
    for name in ("spikes", "goodness", "counts", "rasters"):
        a, b = getattr(mine, name), getattr(its, name)
        assert a.keys() == b.keys(), name
        for key in a:
            assert a[key].shape == b[key].shape
            assert np.array_equal(a[key], b[key]), f"{name} of {key}"
    assert np.array_equal(mine.hard_negatives, its.hard_negatives)
    assert np.array_equal(mine.samples, its.samples)
    for kind in ("weights", "biases"):
        a, b = getattr(one.parameters, kind), getattr(other.parameters, kind)
        for key in a:
            assert np.array_equal(a[key], b[key]), f"{kind} of {key}"


def compare(engine: Brian2Engine, network: Network, signals: dict[str, Any], runs: int = 1) -> None:
    """Train with both engines, in one or several calls, and compare everything."""
    start, samples = initial(network, 1), np.arange(len(signals["image"]))
    reference = ReferenceEngine().compile(network, "train", start, seed=3, probes=EVERYTHING)
    expected = reference.run(signals, samples, learning_scale=0.5)
    with engine.compile(network, "train", start, seed=3, probes=EVERYTHING) as session:
        recordings = []
        for part in np.array_split(samples, runs):
            some = {name: values[part] for name, values in signals.items()}
            recordings.append(session.run(some, part, learning_scale=0.5))
        assert_same(expected, Recording.join(recordings), reference, session)
    changed = [k for k, w in start.weights.items() if (w != reference.parameters.weights[k]).any()]
    assert len(changed) == 13  # all that this program can teach


#: Before Brian2 has stored the compiled modules, a training program takes Cython a minute or two.
CYTHON = pytest.param("cython", marks=[pytest.mark.slow, pytest.mark.timeout(900)])
