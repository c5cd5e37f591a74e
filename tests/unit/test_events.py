"""Events: rasters of which only the spikes are kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pffspike import Events, UserError, events_of, read_events
from pffspike.network.events import frames

RASTERS = st.tuples(st.integers(0, 4), st.integers(1, 5), st.integers(1, 6)).flatmap(
    lambda shape: arrays(np.bool_, shape)
)


@settings(deadline=None)
@given(RASTERS, st.data())
def test_events_are_what_their_raster_is(raster, data):
    """Cut by slices, by numbers and in time; joined; as times and indices."""
    events = Events.from_raster(raster)
    assert events.shape == raster.shape
    assert len(events) == len(raster)
    assert np.array_equal(events.raster(), raster)
    assert np.array_equal(events.counts, raster.sum(axis=(1, 2)))
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(raster))] * 2)))
    assert np.array_equal(events[first:last].raster(), raster[first:last])
    rows = data.draw(st.lists(st.integers(0, max(0, len(raster) - 1)), max_size=5))
    rows = np.array(rows if len(raster) else [], np.int64)
    assert np.array_equal(events[rows].raster(), raster[rows])
    mask = data.draw(arrays(np.bool_, len(raster)))
    assert np.array_equal(events[mask].raster(), raster[mask])
    steps = data.draw(st.integers(1, raster.shape[1]))
    assert np.array_equal(events.first(steps).raster(), raster[:, :steps])
    assert np.array_equal(frames(events, steps), frames(raster, steps))
    both = Events.join([events[first:last], events])
    assert np.array_equal(both.raster(), np.concatenate([raster[first:last], raster]))
    where = [np.nonzero(sample) for sample in raster]
    shuffled = [(t[::-1], i[::-1]) for t, i in where]
    again = events_of(shuffled, steps=raster.shape[1], units=raster.shape[2])
    assert np.array_equal(again.raster(), raster)
    assert np.array_equal(events.times, np.concatenate([[], *(t for t, _ in where)]))
    assert np.array_equal(events.indices, np.concatenate([[], *(i for _, i in where)]))


def test_events_that_are_given_twice_are_one_spike():
    events = events_of([([1, 1, 0], [2, 2, 0])], steps=2, units=3)
    assert events.raster().astype(int).tolist() == [[[1, 0, 0], [0, 0, 1]]]


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        ([([3], [0])], "sample 0 has an event at step 3; give numbers from 0 to 2"),
        ([([], []), ([0], [4])], "sample 1 has an event at neuron 4; give numbers from 0 to 3"),
        ([([0, 1], [0])], "sample 0 has 2 times and 1 indices"),
        ([([0.5], [0])], "give whole numbers"),
    ],
)
def test_wrong_events_are_refused(samples, sentence):
    with pytest.raises(UserError, match=sentence):
        events_of(samples, steps=3, units=4)


def test_what_is_no_raster_is_refused():
    with pytest.raises(UserError, match="1 for a spike and 0 for none"):
        Events.from_raster(np.full((1, 2, 3), 0.5))
    with pytest.raises(UserError, match="must be at least 1 each"):
        events_of([], steps=0, units=3)
    ones = [Events.from_raster(np.ones((1, 2, n), bool)) for n in (3, 4)]
    with pytest.raises(UserError, match="can't be joined"):
        Events.join(ones)


def test_events_come_from_files(tmp_path):
    """Times are steps, or any that are divided into steps; empty samples count."""
    path, raster = tmp_path / "events.npz", np.zeros((3, 4, 5), bool)
    raster[0, 3, 4] = raster[0, 0, 1] = raster[2, 2, 0] = True
    events = Events.from_raster(raster)
    np.savez(path, times=events.times, indices=events.indices, ends=events.ends)
    assert np.array_equal(read_events(path, steps=4, units=5).raster(), raster)
    late = events.times * 0.25 + 0.1
    np.savez(path, times=late, indices=events.indices, ends=events.ends)
    assert np.array_equal(read_events(path, steps=4, units=5, duration=0.25).raster(), raster)
    for wrong, sentence in (
        ({"ends": [9]}, "ends that ascend to their number"),
        ({"indices": [5, 0, 0]}, "sample 0 has an event at neuron 5"),
        ({"times": [[0.0]]}, "one row of numbers"),
    ):
        held = {"times": late, "indices": events.indices, "ends": events.ends, **wrong}
        np.savez(path, **held)
        with pytest.raises(UserError, match=sentence):
            read_events(path, steps=4, units=5, duration=0.25)
    np.savez(path, times=late, indices=events.indices, ends=events.ends)
    with pytest.raises(UserError, match="give whole numbers"):
        read_events(path, steps=4, units=5)
    with pytest.raises(UserError, match=r"duration = 0\.0 of a step must be above 0"):
        read_events(path, steps=4, units=5, duration=0.0)
    path.write_bytes(b"no archive")
    with pytest.raises(UserError, match=r"is no \.npz file"):
        read_events(path, steps=4, units=5)
    with pytest.raises(UserError, match="nowhere"):
        read_events(tmp_path / "nowhere.npz", steps=4, units=5)
