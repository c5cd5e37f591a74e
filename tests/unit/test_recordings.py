"""Recordings: readers of the formats, and bins of time and space."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pffspike import Binning, Recordings, UserError, read_recordings
from pffspike.data import DataSource, binning_of, is_own, load_own
from pffspike.data.aedat import read_aedat


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_bins_are_what_a_loop_over_events_finds(data):
    """Time and space, event by event, against plain arithmetic."""
    channels, rows, columns = data.draw(st.tuples(*[st.integers(1, 5)] * 3))
    factor, steps = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 6))
    duration = data.draw(st.sampled_from([0.5, 1.0, 3.0]))
    event = st.tuples(
        st.floats(0, steps * duration, exclude_max=True),
        st.integers(0, channels - 1),
        st.integers(0, rows - 1),
        st.integers(0, columns - 1),
    )
    events = data.draw(st.lists(event, max_size=12))
    indices = [(c * rows + y) * columns + x for _, c, y, x in events]
    held = Recordings.of_arrays(
        np.array([t for t, *_ in events], float),
        np.array(indices, int),
        [len(events)],
        (channels, rows, columns),
    )
    binning = Binning(steps, duration, (channels, rows, columns), factor)
    expected = np.zeros((steps, channels, -(-rows // factor), -(-columns // factor)), bool)
    for t, c, y, x in events:
        expected[int(t // duration), c, y // factor, x // factor] = True
    found = binning.events(held).raster()[0]
    assert np.array_equal(found, expected.reshape(steps, -1))
    assert binning.shape == (expected.shape[1] * expected.shape[2], expected.shape[3])


@pytest.mark.parametrize("last", [0, 7, 99, 299_999, 0.7, 1.2345678])
@pytest.mark.parametrize("steps", [1, 3, 18])
def test_the_longest_recording_fits(last, steps):
    held = Recordings.of_arrays(np.array([last, 0]), [0, 1], [2])
    binning = binning_of([held], steps=steps)
    assert binning.events(held).steps == steps
    assert binning.duration <= (last + 1) / steps * (1 + 1e-15)


def test_a_raster_is_taken_as_it_is_or_in_fewer_steps():
    raster = np.random.default_rng(3).random((4, 12, 2, 3, 3)) < 0.2
    held = Recordings.of_raster(raster)
    assert held.sensor == (2, 3, 3)
    same = binning_of([held]).events(held).raster()
    assert np.array_equal(same, raster.reshape(4, 12, 18))
    fewer = binning_of([held], steps=4).events(held).raster()
    assert np.array_equal(fewer, raster.reshape(4, 4, 3, 18).any(axis=2))


def nmnist(folder, events):
    """Write events (column, row, polarity, microseconds) of some recordings as N-MNIST has them."""
    for name, found in events.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        words = [x << 32 | y << 24 | p << 23 | t for x, y, p, t in found]
        path.write_bytes(b"".join(word.to_bytes(5, "big") for word in words))


def test_n_mnist(tmp_path):
    """The 40-bit format, parts and classes by their folders, half the resolution."""
    events = {
        "Train/3/00001.bin": [(0, 0, 0, 10), (33, 33, 1, 299_999), (1, 1, 0, 20)],
        "Train/7/00002.bin": [(5, 9, 1, 150_000)],
        "Test/7/00001.bin": [(2, 4, 1, 70_000)],
    }
    nmnist(tmp_path, events)
    assert is_own(tmp_path)
    train, _ = read_recordings(tmp_path)
    times, indices = train.read(0)
    assert times.tolist() == [10, 299_999, 20]
    assert indices.tolist() == [0, 2 * 34 * 34 - 1, 35]
    data = load_own(DataSource(str(tmp_path), steps=10, downsample=2))
    assert data.class_names == ("3", "7")
    assert data.shape == (34, 17)
    assert data.binning == Binning(10, 30_000.0, (2, 34, 34), 2)
    one = data.train_images[data.train_labels == 1]
    assert one.times.tolist() == [5]
    assert one.indices.tolist() == [17 * 17 + 4 * 17 + 2]
    assert data.train_images.counts.sum() == 3  # two events fall into one bin
    assert data.test_images.times.tolist() == [2]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"1234567", "has 7 bytes, which are not events of 5 bytes"),
        (bytes([34, 0, 0, 0, 0]), "event at column 34, row 0, polarity 0, outside of 34 x 34"),
    ],
)
def test_foreign_files_of_n_mnist_are_refused(tmp_path, content, sentence):
    nmnist(tmp_path, {"Train/0/1.bin": [(1, 1, 1, 1)], "Test/0/1.bin": []})
    (tmp_path / "Train/0/1.bin").write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        load_own(DataSource(str(tmp_path)))


def test_gestures(tmp_path):
    """Files as Tonic keeps them: a person a folder, a class a file; times begin with the first."""
    for part, people in (("ibmGestureTrain", 2), ("ibmGestureTest", 1)):
        for person in range(people):
            folder = tmp_path / part / f"user{person:02}_led"
            folder.mkdir(parents=True)
            for label in (0, 1):
                events = np.array([[3, 4, 1, 900.5], [127, 127, 0, 1000.5 + label]])
                np.save(folder / f"{label}.npy", events)
    data = load_own(DataSource(str(tmp_path), steps=4, step_duration=50.0, downsample=4))
    assert data.class_names == ("0", "1")
    assert data.shape == (64, 32)
    assert (len(data.train_images), len(data.test_images)) == (4, 2)
    assert data.test_images[:1].times.tolist() == [0, 2]
    np.save(folder / "1.npy", np.ones((3, 5)))
    with pytest.raises(UserError, match=r"give \(events, 4\): column, row, polarity and time"):
        load_own(DataSource(str(tmp_path)))


def aedat_2(*events):
    """Column, row from the upper one, polarity and time of events, as a DVS128 records them."""
    words = [(127 - y) << 8 | x << 1 | p for x, y, p, _ in events]
    pairs = np.array([(w, e[3]) for w, e in zip(words, events, strict=True)], ">i4")
    return b"#!AER-DAT2.0\r\n# AEChip: ch.unizh.ini.jaer.chip.retina.DVS128\r\n" + pairs.tobytes()


def aedat_3(*events, overflow=0, valid=1):
    """The same as a packet of version 3.1, behind one of another type."""
    words = [x << 17 | y << 2 | p << 1 | valid for x, y, p, _ in events]
    pairs = np.array([(w, e[3]) for w, e in zip(words, events, strict=True)], "<u4")
    special = struct.pack("<hh6i", 0, 0, 8, 4, 0, 1, 1, 1) + bytes(8)
    head = struct.pack("<hh6i", 1, 0, 8, 4, overflow, *[len(events)] * 3)
    return b"#!AER-DAT3.1\r\n#!END-HEADER\r\n" + special + head + pairs.tobytes()


EVENTS = [(3, 4, 1, 50), (127, 0, 0, 60), (0, 127, 1, 69)]


def test_both_versions_of_aedat_hold_the_same_events(tmp_path):
    (tmp_path / "2.aedat").write_bytes(aedat_2(*EVENTS))
    (tmp_path / "3.aedat").write_bytes(aedat_3(*EVENTS, overflow=1))
    (tmp_path / "none.aedat").write_bytes(aedat_3(*EVENTS, valid=0))
    indices = [128 * 128 + 4 * 128 + 3, 127, 128 * 128 + 127 * 128]
    for name, offset in (("2", 0), ("3", 2**31)):
        times, found = read_aedat(tmp_path / f"{name}.aedat")
        assert times.tolist() == [t + offset for *_, t in EVENTS]
        assert found.tolist() == indices
    assert len(read_aedat(tmp_path / "none.aedat")[0]) == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"#!AER-DAT4.0\r\n", "is no AEDAT file of version 2.0 or 3.1"),
        (aedat_2(*EVENTS)[:-1], "is truncated within an event"),
        (aedat_3(*EVENTS)[:-1], "is truncated within a packet"),
        (aedat_3(*EVENTS)[:60], "is truncated within a packet"),
        (b"#!AER-DAT3.1\r\n", "has no end of its header"),
        (aedat_2().replace(b"DVS128", b"DAVIS240C"), "is of another camera"),
        (aedat_3((128, 0, 0, 1)), "event at column 128, row 0, polarity 0, outside of 128 x 128"),
    ],
)
def test_foreign_files_of_aedat_are_refused(tmp_path, content, sentence):
    (tmp_path / "x.aedat").write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        read_aedat(tmp_path / "x.aedat")


def test_gestures_as_published(tmp_path):
    """Several gestures a file, by a table; lists name the parts; or a folder for each class."""
    for name in ("user01_led", "user02_led"):
        (tmp_path / f"{name}.aedat").write_bytes(aedat_3(*EVENTS))
        (tmp_path / f"{name}_labels.csv").write_text(
            "class,startTime_usec,endTime_usec\n2,45,60\n11,60,70\n"
        )
    for part, name in (("train", "user01_led"), ("test", "user02_led")):
        (tmp_path / f"trials_to_{part}.txt").write_text(f"{name}.aedat\n")
    assert is_own(tmp_path)
    data = load_own(DataSource(str(tmp_path), steps=5, step_duration=5.0, downsample=4))
    assert data.class_names == ("2", "11")
    assert data.train_images.counts.sum() == 3
    assert data.test_images[:1].times.tolist() == [1]  # 5 microseconds after the beginning
    assert data.test_images[1:].times.tolist() == [0, 1]
    one, none = read_recordings(tmp_path / "user01_led.aedat")
    assert (len(one), one.labels, none) == (1, None, None)
    assert one.read(0)[0].tolist() == [0, 10, 19]
    with pytest.raises(UserError, match="holds no labels"):
        load_own(DataSource(str(tmp_path / "user01_led.aedat")))
    (tmp_path / "user02_led_labels.csv").write_text("class\n2,a,60\n")
    with pytest.raises(UserError, match="lines of a class, the first and the last time"):
        load_own(DataSource(str(tmp_path)))
    for kind in "ab":
        (tmp_path / "folders" / kind).mkdir(parents=True)
        (tmp_path / "folders" / kind / "1.aedat").write_bytes(aedat_2(*EVENTS))
    data = load_own(DataSource(str(tmp_path / "folders"), test_share=0, step_duration=10.0))
    assert data.class_names == ("a", "b")
    assert data.train_images[:1].times.tolist() == [0, 1, 1]


def test_a_folder_without_recordings_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="holds no recordings; give a folder"):
        load_own(DataSource(str(tmp_path), steps=4))


def test_our_reader_and_tonics_agree(tmp_path):
    """N-MNIST as Tonic reads it, and any data set of Tonic without a file of ours."""
    pytest.importorskip("tonic")
    from tonic.datasets import NMNIST

    rng = np.random.default_rng(5)
    events = {
        f"{part}/{k % 3}/{k:05}.bin": [
            (int(x), int(y), int(p), int(t))
            for x, y, p, t in zip(
                *rng.integers(0, 34, (2, 40)),
                rng.integers(0, 2, 40),
                np.sort(rng.integers(0, 300_000, 40)),
                strict=True,
            )
        ]
        for part in ("Train", "Test")
        for k in range(6)
    }
    nmnist(tmp_path / "Held", events)

    class Held(NMNIST):
        """Looks in a folder of its own name, and does not ask for 60,000 files."""

        def _check_exists(self):
            return True

    theirs = Recordings.of_tonic(Held(str(tmp_path), train=True))
    ours, _ = read_recordings(tmp_path / "Held")
    assert len(ours) == len(theirs) == 6
    assert ours.sensor == theirs.sensor
    binning = Binning(10, 30_000.0, (2, 34, 34))
    found = [
        sorted(
            zip(
                np.asarray(held.labels, int), map(bytes, binning.events(held).raster()), strict=True
            )
        )
        for held in (ours, theirs)
    ]
    assert found[0] == found[1]
