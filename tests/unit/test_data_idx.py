"""IDX files: what is read, and how every kind of damage is reported."""

import contextlib
import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pffspike.data import read_idx
from pffspike.errors import UserError


def idx_bytes(array):
    array = np.asarray(array, dtype=np.uint8)
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_images_are_read_plain_or_compressed_whatever_the_name(tmp_path, pack):
    path = tmp_path / "file.any"
    path.write_bytes(pack(idx_bytes(IMAGES)))
    read = read_idx(path, 3)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, IMAGES)


def test_big_endian_lengths(tmp_path):
    path = tmp_path / "labels"
    path.write_bytes(idx_bytes(np.arange(300) % 10))
    assert read_idx(path, 1).shape == (300,)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "begins with nothing"),
        (b"\x00\x00", "begins with 00 00"),
        (b"PNG, say", "begins with 50 4e 47"),
        (bytes([0, 0, 13, 3]) + bytes(12), "no IDX file of unsigned bytes"),
        (idx_bytes(IMAGES[0, 0]), "1 axes, but images need 3"),
        (idx_bytes(IMAGES)[:9], "ends within its header"),
        (idx_bytes(IMAGES)[:-1], "holds 23 values, but its header promises 24"),
        (idx_bytes(IMAGES) + b"x", "holds 25 values, but its header promises 24"),
        (bytes([0, 0, 8, 3]) + b"\xff" * 12, "promises 79228162458924105385300197375"),
        (gzip.compress(idx_bytes(IMAGES), mtime=0)[:-9], "damaged gzip file"),
        (gzip.compress(idx_bytes(IMAGES), mtime=0)[:5], "damaged gzip file"),
        (b"\x1f\x8b nonsense after it", "damaged gzip file"),
        (gzip.compress(idx_bytes(IMAGES), mtime=0)[:-6] + b"\0" * 6, "damaged gzip file"),
    ],
)
def test_damage_is_one_sentence_that_names_the_file(tmp_path, content, says):
    path = tmp_path / "train-images"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_idx(path, 3)
    text = str(caught.value)
    assert says in text
    assert str(path) in text
    assert "\n" not in text


@pytest.mark.parametrize("name", ["absent", "."])
def test_unreadable_path(tmp_path, name):
    with pytest.raises(UserError, match=r"can't be read: .*; check the path"):
        read_idx(tmp_path / name, 3)


@settings(max_examples=200)
@given(content=st.one_of(st.binary(max_size=40), st.binary(max_size=20).map(gzip.compress)))
def test_arbitrary_bytes_are_an_array_or_a_user_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(content)
    with contextlib.suppress(UserError):
        assert read_idx(path, 1).ndim == 1


def bomb(shape, zeros: int) -> bytes:
    """A gzip file of an IDX header and many zeros, a thousandth of their size."""
    head = b"\x00\x00\x08\x03" + np.array(shape, ">u4").tobytes()
    return gzip.compress(head + bytes(zeros), 1)


def test_a_gzip_bomb_is_not_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "images.gz"
    path.write_bytes(bomb((1, 2, 3), 50_000_000))
    with pytest.raises(UserError, match="holds 65543 or more values, but its header promises 6"):
        read_idx(path, 3)
    path.write_bytes(bomb((50, 1000, 1000), 50_000_000))
    monkeypatch.setenv("PFFSPIKE_MEMORY_LIMIT", "10M")
    with pytest.raises(UserError, match=r"needs about 47\.7 MiB of memory, but the limit is 10"):
        read_idx(path, 3)


@pytest.mark.parametrize("shape", [(0, 2**32 - 1, 2**32 - 1), (2**32 - 1, 0, 1)])
def test_lengths_that_no_array_has_are_refused(tmp_path, shape):
    path = tmp_path / "images"
    path.write_bytes(b"\x00\x00\x08\x03" + np.array(shape, ">u4").tobytes())
    with pytest.raises(UserError, match="states the lengths"):
        read_idx(path, 3)


def test_a_pipe_and_a_device_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="it is a pipe; check the path"):
        read_idx(tmp_path / "pipe", 3)
    with pytest.raises(UserError, match="it is a device; check the path"):
        read_idx(Path("/dev/zero"), 3)
