"""AEDAT files of event cameras, versions 2.0 and 3.1, and the DVS128 gestures as published."""

from __future__ import annotations

import csv
import struct
from functools import lru_cache
from pathlib import Path

import numpy as np

from pffspike.data.recordings import Sensor
from pffspike.errors import ValidationError
from pffspike.files import read_regular
from pffspike.typing import Array

DVS128: Sensor = (2, 128, 128)  #: channels (OFF, ON), rows and columns
_VERSION = b"#!AER-DAT"
_END = b"#!END-HEADER\r\n"  #: of the header of version 3.1
_PACKET = struct.Struct("<hh6i")  #: type, source, size, place of times, overflow, three numbers
_POLARITY = 1  #: type of a packet
_LISTS = ("trials_to_train.txt", "trials_to_test.txt")
_LABELS = "_labels.csv"  #: ending of the file beside a recording of several gestures


def read_aedat(path: str | Path) -> tuple[Array, Array]:
    r"""Times and neurons of a recording in AEDAT 2.0 of a DVS128, or in AEDAT 3.1.

    Parameters
    ----------
    path : str or Path
        Of the file.

    Returns
    -------
    times : (events,) ndarray of int64
        In microseconds.
    indices : (events,) ndarray of int64
        Pixels, row by row from the upper left one, of the OFF channel, then of the ON channel, of
        128 x 128 pixels each. Events that are marked as invalid are left out.

    Raises
    ------
    FileError, ValidationError
        If the file can't be read, is truncated, of another version or camera, or an event lies
        outside of 128 x 128 pixels.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "one.aedat"
    >>> event = struct.pack(">II", (127 - 3) << 8 | 5 << 1 | 1, 900)  # row 3, column 5, ON
    >>> _ = path.write_bytes(b"#!AER-DAT2.0\r\n" + event)
    >>> read_aedat(path)
    (array([900]), array([16773]))
    """
    content = read_regular(path)
    version = content[len(_VERSION) :][:3] if content.startswith(_VERSION) else b""
    if version not in (b"2.0", b"3.1"):
        raise ValidationError(
            f"{path} is no AEDAT file of version 2.0 or 3.1; convert it to one, or to .npz"
        )
    read = _version_2 if version == b"2.0" else _version_3
    times, columns, rows, polarity = read(content, path)
    return times, addresses(columns, rows, polarity, DVS128, path)


def read_from_first(path: str | Path) -> tuple[Array, Array]:
    r"""Times from the first event on, and neurons of a recording, see `read_aedat`.

    Parameters
    ----------
    path : str or Path
        Of the file.

    Returns
    -------
    times, indices : (events,) ndarray of int64

    Raises
    ------
    FileError, ValidationError
        As `read_aedat` does.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "one.aedat"
    >>> _ = path.write_bytes(b"#!AER-DAT2.0\r\n" + struct.pack(">4I", 0, 900, 1, 950))
    >>> read_from_first(path)[0]
    array([ 0, 50])
    """
    times, indices = read_aedat(path)
    return times - times.min(initial=np.iinfo(np.int64).max), indices


def _version_2(content: bytes, path: str | Path) -> tuple[Array, Array, Array, Array]:
    """Events of 8 bytes behind a header, signed and big-endian; the origin is the lower left."""
    place = 0
    while content[place : place + 1] == b"#":
        end = content.find(b"\n", place)
        line = content[place : end if end >= 0 else len(content)]
        if b"AEChip" in line and b"DVS128" not in line:
            raise ValidationError(
                f"{path} is of another camera ({line[1:].decode('latin-1').strip()}); give AEDAT "
                f"2.0 of a DVS128, or AEDAT 3.1"
            )
        place = end + 1 if end >= 0 else len(content)
    body = content[place:]
    if len(body) % 8:
        raise ValidationError(f"{path} is truncated within an event; take another copy")
    address, times = np.frombuffer(body, ">i4").reshape(-1, 2).T.astype(np.int64)
    seen = (address >> 15) & 1 == 0  # not of the input pin
    address, times = address[seen], times[seen]
    return times, (address >> 1) & 127, 127 - ((address >> 8) & 127), address & 1


def _version_3(content: bytes, path: str | Path) -> tuple[Array, Array, Array, Array]:
    """Packets of events behind a header, signed and little-endian."""
    place, found = content.find(_END) + len(_END), []
    if place < len(_END):
        raise ValidationError(f"{path} has no end of its header; take another copy")
    while place < len(content):
        body = place + _PACKET.size
        kind, _, size, _, overflow, _, number, _ = (
            _PACKET.unpack_from(content, place) if body <= len(content) else (0,) * 8
        )
        place = body + size * number
        if size < 1 or number < 0 or place > len(content):
            raise ValidationError(f"{path} is truncated within a packet; take another copy")
        if kind == _POLARITY and size == 8:
            words = np.frombuffer(content[body:place], "<u4").reshape(-1, 2).astype(np.int64)
            found.append(words + np.array([0, overflow << 31]))
    data, times = np.concatenate([np.zeros((0, 2), np.int64), *found]).T
    valid = data & 1 == 1
    data, times = data[valid], times[valid]
    return times, (data >> 17) & 0x7FFF, (data >> 2) & 0x7FFF, (data >> 1) & 1


def addresses(columns: Array, rows: Array, polarity: Array, sensor: Sensor, path: object) -> Array:
    """Neurons of events, which must lie on the sensor.

    Parameters
    ----------
    columns, rows, polarity : (events,) ndarray
        From 0.
    sensor : tuple of int
        Channels, rows and columns.
    path : object
        What an error calls the recording.

    Returns
    -------
    (events,) ndarray of int64

    Raises
    ------
    ValidationError
        If an event lies outside.

    Examples
    --------
    >>> addresses(np.array([5]), np.array([3]), np.array([1]), (2, 4, 8), "it")
    array([61])
    """
    inside = [
        (values >= 0) & (values < size)
        for values, size in zip((polarity, rows, columns), sensor, strict=True)
    ]
    outside = np.flatnonzero(~np.all(inside, axis=0))
    if len(outside):
        k = outside[0]
        raise ValidationError(
            f"{path} has an event at column {columns[k]:g}, row {rows[k]:g}, polarity "
            f"{polarity[k]:g}, outside of {sensor[1]} x {sensor[2]} pixels; it is foreign"
        )
    found = (polarity * sensor[1] + rows) * sensor[2] + columns
    return np.asarray(found).astype(np.int64)


class Gestures:
    """Gestures of a folder of AEDAT files, each with a table of what it holds when.

    Parameters
    ----------
    paths : list of Path
        Recordings ``NAME.aedat``; ``NAME_labels.csv`` beside each has a line of names and lines of
        a class and of the first and the last time in microseconds.

    Raises
    ------
    FileError, ValidationError
        If a table can't be read.

    Examples
    --------
    >>> len(Gestures([]))
    0
    """

    def __init__(self, paths: list[Path]) -> None:
        self._parts = [(path, *row) for path in paths for row in _table(path)]
        self._events = lru_cache(maxsize=1)(read_aedat)  # gestures of a file follow each other

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def labels(self) -> list[int]:
        """Classes, as the tables number them."""
        return [label for _, label, _, _ in self._parts]

    def read(self, sample: int) -> tuple[Array, Array]:
        """Times, from the beginning of a gesture, and neurons.

        Parameters
        ----------
        sample : int
            Its number.
        """
        path, _, first, last = self._parts[sample]
        times, indices = self._events(path)
        within = (times >= first) & (times < last)
        return times[within] - first, indices[within]


def _table(path: Path) -> list[tuple[int, int, int]]:
    table = path.with_name(path.stem + _LABELS)
    rows = [row for row in csv.reader(_lines(table)[1:]) if row]
    try:
        return [(int(label), int(first), int(last)) for label, first, last in rows]
    except ValueError:
        raise ValidationError(
            f"{table} must have a line of names, and lines of a class, the first and the last time "
            f"in microseconds, whole numbers all"
        ) from None


def _lines(path: Path) -> list[str]:
    try:
        return read_regular(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValidationError(f"{path} is no text; give the table of the recordings") from None


def gestures_of(folder: Path) -> tuple[Gestures, Gestures | None] | None:
    """Gestures of a folder as published, if it is one: training and test part.

    Parameters
    ----------
    folder : Path
        With files ``NAME.aedat`` and ``NAME_labels.csv``, and, if it has two parts, their names in
        ``trials_to_train.txt`` and ``trials_to_test.txt``.

    Returns
    -------
    tuple or None

    Raises
    ------
    FileError, ValidationError
        If a file that is named is missing, or a table can't be read.

    Examples
    --------
    >>> import tempfile
    >>> gestures_of(Path(tempfile.mkdtemp())) is None
    True
    """
    paths = sorted(folder.glob("*.aedat"))
    if not paths:
        return None
    if not all((folder / name).is_file() for name in _LISTS):
        return Gestures(paths), None
    train, test = (
        Gestures([folder / name for name in map(str.strip, _lines(folder / part)) if name])
        for part in _LISTS
    )
    return train, test
