"""Learning with Lava's LearningDense follows the exact rule as far as its recordings allow."""

import dataclasses

import numpy as np
import pytest
from sklearn.datasets import load_digits

from pffspike.circuits import PFF, pff
from pffspike.engines import make_engine
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import UserError
from pffspike.network import Training, initial, parameters

pytest.importorskip("lava", reason="needs lava-nc")
from pffspike.engines.lava import LavaEngine, loihi

pytestmark = pytest.mark.lava

NETWORK = pff(
    PFF(64, 10, (20, 20), threshold=(4.0,), burn_in=2, window=4), "digits", Training("digits", 1)
)
SAMPLES = 6


@pytest.fixture(scope="module")
def learned():
    """Weights before learning as a LearningDense holds them, and after."""
    digits = load_digits()
    signals = {
        "image": digits.data[:SAMPLES] / 16,
        "label": digits.target[:SAMPLES].astype(np.int64),
        "negative": np.full(SAMPLES, -1),
    }
    engine = make_engine("lava:loihi")
    with engine.compile(NETWORK, "train", initial(NETWORK, 0), seed=1) as session:
        start = session.parameters
        session.run(signals, np.arange(SAMPLES))
        found = session.parameters
        session.run(signals, np.arange(SAMPLES), learning_scale=0.0)  # built anew, changes nothing
        frozen = session.parameters
    with ReferenceEngine().compile(NETWORK, "train", start, seed=1) as session:
        session.run(signals, np.arange(SAMPLES))
        return start, found, frozen, session.parameters


def test_changes_are_those_of_the_exact_rule_but_for_noise(learned):
    start, found, _, expected = learned
    compared = 0
    for p in NETWORK.projections:
        if p.tied or p.connectivity != "dense":
            continue
        mine, its = (each.weights[p.name] - start.weights[p.name] for each in (found, expected))
        assert its.any(), p.name
        correlation = np.corrcoef(mine.ravel(), its.ravel())[0, 1]
        slope = (mine * its).sum() / (its * its).sum()
        assert correlation > 0.4, (p.name, correlation)
        assert 0.4 < slope < 2.0, (p.name, slope)
        compared += 1
    assert compared > 6


def test_weights_have_nine_bits_and_suit_the_network(learned):
    start, found, _, _ = learned
    parameters.check(NETWORK, start)
    parameters.check(NETWORK, found)
    for p in NETWORK.projections:
        if not p.tied and p.connectivity == "dense":
            integers = found.weights[p.name] * 2.0**-loihi.WEIGHT_GRID
            assert np.array_equal(integers, np.round(integers))
            assert np.abs(integers).max() <= 256


def test_a_rate_of_zero_changes_nothing(learned):
    _, found, frozen, _ = learned
    for p in NETWORK.projections:
        if not p.tied and p.connectivity == "dense":
            even = 2 * np.floor(found.weights[p.name] * 2.0**-loihi.WEIGHT_GRID / 2 + 0.5)
            held = np.clip(even, -254, 254) * 2.0**loihi.WEIGHT_GRID
            np.testing.assert_array_equal(frozen.weights[p.name], held)


@pytest.mark.parametrize("scale", [1.0, 0.3, 2.0**-12])
def test_constant_makes_good_what_fixed_point_loses(scale):
    projection = NETWORK.projection("image_to_hidden_1")
    mantissa, exponent = loihi.constant(projection.learning_rate, 6, scale)
    assert 0 <= mantissa <= 7
    assert -7 <= exponent <= 8
    # A trace a = 1 and a factor f = 1, by what Lava computes: x1 y1 m >> 3, in accumulator units.
    x = loihi.CARRY * 6 * 2 ** (loihi.MESSAGE_BITS - 1)
    change = x * 2**loihi.FACTOR_BITS * mantissa / 8 * 2.0**exponent * 2.0**loihi.WEIGHT_GRID
    expected = projection.learning_rate * scale
    if scale > 0.01:
        assert change == pytest.approx(expected, rel=0.5 / mantissa)
    assert loihi.constant(projection.learning_rate, 6, 0.0) == (0, 0)


def test_what_cannot_be_expressed_is_refused():
    with pytest.raises(UserError, match="fixed point"):
        LavaEngine("floating", learning="loihi")
    with pytest.raises(UserError, match="'exact' or 'loihi'"):
        LavaEngine(learning="stdp")
    long = pff(PFF(64, 10, (20, 20), burn_in=2, window=64), "long", Training("digits", 1))
    with pytest.raises(UserError, match="66 steps"):
        LavaEngine(learning="loihi").compile(long, "train", initial(long, 0), seed=1)
    start = initial(NETWORK, 0)
    name = "image_to_hidden_1"
    fixed = dataclasses.replace(start, fixed_weights={name: start.weights[name] > 0})
    with pytest.raises(UserError, match="LearningDense changes all of them; choose another engine"):
        LavaEngine(learning="loihi").compile(NETWORK, "train", fixed, seed=1)
