"""Folders of recordings: N-MNIST's files, and the gestures of a DVS128."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from pffspike.data.aedat import DVS128, Gestures, addresses, gestures_of, read_from_first
from pffspike.data.arrays import read_npy
from pffspike.data.recordings import Recordings, Sensor
from pffspike.errors import ValidationError
from pffspike.files import read_regular
from pffspike.typing import Array

_ATIS: Sensor = (2, 34, 34)  #: of N-MNIST
_BYTES = 5  #: of an event of N-MNIST
_PARTS = ("train", "test")  #: what names of folders of the two parts end in
_FORMS = {".bin": "*/*.bin", ".npy": "*/*.npy", ".aedat": "*/*.aedat"}
_GESTURES = "*.aedat"  #: of gestures as published, with tables beside them


def is_folder(path: str | Path) -> bool:
    """Whether a folder holds recordings that `read_folder` reads.

    Parameters
    ----------
    path : str or Path
        A folder.

    Returns
    -------
    bool

    Examples
    --------
    >>> import tempfile
    >>> is_folder(tempfile.mkdtemp())
    False
    """
    path = Path(path)
    return any(
        next(folder.glob(form), None) is not None
        for folder in _parts(path) or [path]
        for form in (*_FORMS.values(), _GESTURES)
    )


def read_folder(path: str | Path) -> tuple[Recordings, Recordings | None]:
    """Recordings of a folder, and a test part if it has one.

    N-MNIST (Orchard, Jayawant, Cohen and Thakor, 2015): a folder for each class with a file
    ``.bin`` a recording; an event is 40 bits: 8 of the column, 8 of the row, 1 of the polarity, 23
    of the time in microseconds. DVS128 gestures (Amir et al., 2017) as Tonic keeps them: a folder
    for each person with files ``CLASS.npy``, ``(events, 4)``: column, row, polarity and time in
    milliseconds, which counts from the first event here; or as published, see
    `pffspike.data.aedat.gestures_of`. Or a folder for each class with a file ``.aedat`` a
    recording, see `pffspike.data.aedat.read_aedat`. Channels are OFF, then ON.

    Parameters
    ----------
    path : str or Path
        Of such a folder; or of one with two of them, whose names end in ``train`` and ``test``.

    Returns
    -------
    train : Recordings
    test : Recordings or None

    Raises
    ------
    FileError, ValidationError
        If there is no such file, or one is truncated or foreign.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for label in "34":
    ...     (folder / label).mkdir()
    ...     _ = (folder / label / "00001.bin").write_bytes(bytes([5, 7, 128, 1, 0]))
    >>> found, _ = read_folder(folder)
    >>> found.labels.tolist(), found.read(0)[0].tolist()
    (['3', '4'], [256])
    """
    path = Path(path)
    if gestures := gestures_of(path):
        train, test = gestures
        return _of_gestures(train, path), None if test is None else _of_gestures(test, path)
    parts = [_recordings(part) for part in _parts(path) or [path]]
    return parts[0], parts[1] if len(parts) > 1 else None


def _parts(path: Path) -> list[Path]:
    """Folders of the training and the test part; none if the folder has no such two."""
    folders = sorted(p for p in path.iterdir() if p.is_dir()) if path.is_dir() else []
    found = [[p for p in folders if p.name.lower().endswith(end)] for end in _PARTS]
    return [some[0] for some in found] if all(len(some) == 1 for some in found) else []


def _recordings(folder: Path) -> Recordings:
    for ending, form in _FORMS.items():
        paths = sorted(folder.glob(form))
        if paths and ending in (".bin", ".aedat"):
            labels = [path.parent.name for path in paths]
            read, sensor = (read_bin, _ATIS) if ending == ".bin" else (read_from_first, DVS128)
            return _files(folder, paths, read, sensor, labels)
        if paths:
            return _files(folder, paths, _read_gesture, DVS128, [path.stem for path in paths])
    raise ValidationError(
        f"{folder} holds no recordings; give a folder with a folder of .bin or .aedat files for "
        f"each class, or of CLASS.npy files for each person, as the DVS128 gestures"
    )


def _of_gestures(gestures: Gestures, folder: Path) -> Recordings:
    labels = np.array(gestures.labels)
    return Recordings(gestures.read, len(gestures), DVS128, labels, name=str(folder))


def _files(
    folder: Path,
    paths: list[Path],
    read: Callable[[Path], tuple[Array, Array]],
    sensor: Sensor,
    labels: Iterable[str],
) -> Recordings:
    return Recordings(
        lambda sample: read(paths[sample]),
        len(paths),
        sensor,
        np.array(list(labels)),
        name=str(folder),
    )


def read_bin(path: str | Path) -> tuple[Array, Array]:
    """Times and neurons of a recording in the 40-bit format of N-MNIST.

    Parameters
    ----------
    path : str or Path
        Of the file.

    Returns
    -------
    times : (events,) ndarray of int64
        In microseconds.
    indices : (events,) ndarray of int64
        Pixels, row by row, of the OFF channel, then of the ON channel, of 34 x 34 pixels each.

    Raises
    ------
    FileError, ValidationError
        If the file can't be read, is truncated, or an event lies outside of 34 x 34 pixels.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "00001.bin"
    >>> _ = path.write_bytes(bytes([5, 7, 128, 1, 0]))
    >>> read_bin(path)
    (array([256]), array([1399]))
    """
    content = read_regular(path)
    if len(content) % _BYTES:
        raise ValidationError(
            f"{path} has {len(content)} bytes, which are not events of {_BYTES} bytes; it is "
            f"truncated or foreign, take another copy"
        )
    columns, rows, high, middle, low = (
        np.frombuffer(content, np.uint8).reshape(-1, _BYTES).T.astype(np.int64)
    )
    times = (high & 127) << 16 | middle << 8 | low
    return times, addresses(columns, rows, high >> 7, _ATIS, path)


def _read_gesture(path: Path) -> tuple[Array, Array]:
    events = read_npy(path)
    if events.ndim != 2 or events.shape[1] != 4:
        raise ValidationError(
            f"{path} has shape {events.shape}; give (events, 4): column, row, polarity and time"
        )
    columns, rows, polarity, times = events.T.astype(np.float64)
    if not np.all(np.isfinite(times)):
        raise ValidationError(f"{path} has times that are no numbers; take another copy")
    return times - times.min(initial=np.inf), addresses(columns, rows, polarity, DVS128, path)
