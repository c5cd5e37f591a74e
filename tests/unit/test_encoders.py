"""Encoders: latency, evenly spaced spikes, changes, and an eye that moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pffspike import Coding, UserError, load_data, load_network
from pffspike.data import coding_of, delta, even, latency, saccades
from pffspike.data.encoders import saccade_path

ONE = 2**24
VALUES = arrays(
    np.int64, st.tuples(st.integers(1, 3), st.integers(1, 6)), elements=st.integers(0, ONE)
)
STEPS = st.integers(1, 70)


@settings(deadline=None)
@given(VALUES, STEPS)
def test_latency_is_earlier_for_what_is_larger(whole, steps):
    """One spike for each value above 0, none for 0; order is kept."""
    raster = latency(whole / ONE, steps).raster()
    assert np.array_equal(raster.sum(axis=1), whole > 0)
    first = np.where(whole > 0, raster.argmax(axis=1), steps)
    order = np.argsort(-whole, axis=1, kind="stable")
    assert np.all(np.diff(np.take_along_axis(first, order, 1), axis=1) >= 0)
    assert np.all(raster[:, 0][whole == ONE])


@settings(deadline=None)
@given(VALUES, STEPS)
def test_evenly_spaced_spikes_are_never_half_a_spike_off(whole, steps):
    """After every step; and the gaps between spikes differ by one step at most."""
    values = whole / ONE
    raster = even(values, steps).raster()
    ideal = values[:, None] * np.arange(1, steps + 1)[:, None]
    assert np.all(np.abs(raster.cumsum(axis=1) - ideal) <= 0.5)
    for sample in range(len(values)):
        for unit in range(values.shape[1]):
            gaps = np.diff(np.flatnonzero(raster[sample, :, unit]))
            assert not len(gaps) or gaps.max() - gaps.min() <= 1


@settings(deadline=None)
@given(arrays(np.int64, (2, 9, 3), elements=st.integers(0, 16)), st.integers(1, 16))
def test_changes_can_be_followed(whole, least):
    """What spikes is the reference from then on; nothing is ever a threshold away from it."""
    raster, reference = delta(whole / 16, least / 16).raster(), whole[:, 0].copy()
    for step in range(8):
        on, off = raster[:, step, :3], raster[:, step, 3:]
        now = whole[:, step + 1]
        assert np.array_equal(on, now - reference >= least)
        assert np.array_equal(off, reference - now >= least)
        reference = np.where(on | off, now, reference)
        assert np.all(np.abs(now - reference) < least)


@pytest.mark.parametrize("steps", [3, 4, 16, 18, 66])
def test_the_eye_comes_back(steps):
    """In place before and after, at both corners between, along straight lines."""
    path = np.array(saccade_path(steps, 3))
    assert len(path) == steps + 1
    assert path[0].tolist() == path[-1].tolist() == [0, 0]
    assert np.abs(path).max() == 3
    if steps % 3 == 0:
        assert path[steps // 3].tolist() == [3, 3]
        assert path[2 * steps // 3].tolist() == [-3, 3]


def test_what_does_not_differ_is_not_seen():
    """A grey image gives events at its border only, a black one none."""
    flat = np.full((2, 64), 8)
    flat[1] = 0
    raster = saccades(flat, (8, 8), 16, 18).raster().reshape(2, 18, 2, 8, 8)
    assert raster[0].any()
    assert not raster[0, :, :, 2:-2, 2:-2].any()
    assert not raster[1].any()


def test_codings_of_cards():
    """By the card's words; what does not go together is refused by one sentence."""
    images, levels = load_data("digits").test_images[:3], 16
    alike = {"window": 16, "latent_window": 16}
    moving = load_network(
        "digits", {"pff": {"image": 128, **alike}, "training": {"coding": "saccades"}}
    )
    coding = coding_of(moving, None, (8, 8))
    assert coding.encode(images, levels).shape == (3, 18, 128)
    assert coding.pixels(128) == 64
    assert coding.decode(np.ones((1, 128))).shape == (1, 64)
    assert coding.fields(np.ones((128, 2))).shape == (64, 2)
    for encoding in ("latency", "even"):
        network = load_network("digits", {"pff": alike, "training": {"encoding": encoding}})
        events = coding_of(network, None, (8, 8)).encode(images, levels)
        assert events.shape == (3, 18, 64)
    assert Coding().encode(images, levels).ndim == 2
    with pytest.raises(UserError, match="has nothing to encode"):
        load_network("digits", {"training": {"coding": "saccades", "encoding": "even"}})
    unlike = load_network("digits", {"training": {"encoding": "even"}})
    with pytest.raises(UserError, match="need the same in all programs"):
        coding_of(unlike, None, (8, 8))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: latency([[1.5]], 4), "must lie in"),
        (lambda: even([[0.5]], 0), "steps = 0 must be at least 1"),
        (lambda: even([0.5], 4), "give \\(samples, units\\)"),
        (lambda: delta([[0.5]]), "give \\(samples, steps \\+ 1, units\\)"),
        (lambda: delta(np.zeros((1, 3, 1)), 0.0), "threshold = 0.0 must be above 0"),
        (lambda: saccades(np.zeros((1, 64), int), (8, 8), 16, 2), "at least 3"),
    ],
)
def test_wrong_values_are_refused(call, sentence):
    with pytest.raises(UserError, match=sentence):
        call()
