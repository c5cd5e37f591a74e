"""Files of recorded events: ``.npz``, rasters, HDF5, folders."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pffspike.data.aedat import DVS128, read_from_first
from pffspike.data.arrays import read_npy
from pffspike.data.event_folders import is_folder, read_folder
from pffspike.data.readers import LABELS, VALUES, npz_arrays, read_labels
from pffspike.data.recordings import Recordings, Sensor
from pffspike.errors import ValidationError
from pffspike.files import read_regular
from pffspike.network.events import Events, events_of
from pffspike.typing import Array

EVENTS = ("times", "indices", "ends")  #: in ``.npz``
_HDF5 = (".h5", ".hdf5")
_HEIDELBERG = 700  #: channels of the cochlea of the Spiking Heidelberg Digits


def read_events(
    path: str | Path, *, steps: int, units: int, duration: float | None = None
) -> Events:
    """Read events from a ``.npz`` file.

    Parameters
    ----------
    path : str or Path
        Of a file with the arrays ``times`` (events,), ``indices`` (events,), whole numbers from 0,
        the neuron of each event, and ``ends`` (samples,), the place behind the last event of each
        sample; events of a sample are in any order.
    steps : int
        Of a sample.
    units : int
        Neurons of the population.
    duration : float or None
        Of a step, in the unit of the times: an event belongs to step ``floor(time / duration)``.
        None: times are steps.

    Returns
    -------
    Events
        Several events of a neuron in a step are one spike.

    Raises
    ------
    FileError
        If the file can't be read.
    ValidationError
        If it is no such file, or an event lies outside.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "events.npz"
    >>> np.savez(path, times=[0.0, 2.5, 9.0], indices=[3, 1, 0], ends=[2, 3])
    >>> read_events(path, steps=5, units=4, duration=2.0)
    Events(2 samples of 5 steps and 4 units, 3 events)
    """
    if duration is not None and not duration > 0:
        raise ValidationError(f"duration = {duration} of a step must be above 0")
    arrays = npz_arrays(Path(path))
    if any(name not in arrays for name in EVENTS):
        raise ValidationError(
            f"{path} is no .npz file with the arrays {', '.join(EVENTS)}; write it with numpy.savez"
        )
    times, indices, ends = (arrays[name] for name in EVENTS)
    held = Recordings.of_arrays(times, indices, ends, name=str(path))

    def sample(number: int) -> tuple[Array, Array]:
        times, indices = held.read(number)
        return (times if duration is None else np.floor(times / duration).astype(np.int64)), indices

    try:
        return events_of(map(sample, range(len(held))), steps=steps, units=units)
    except ValidationError as error:
        raise ValidationError(f"{path}: {error}") from None


def read_recordings(
    path: str | Path, labels: str | None = None
) -> tuple[Recordings, Recordings | None]:
    """Recordings of a file or folder, and a test part if it has one.

    Parameters
    ----------
    path : str or Path
        ``.npz`` with ``times``, ``indices`` and ``ends`` (see `Recordings.of_arrays`), labels ``y``
        and, if they are not a row of neurons, ``sensor``: channels, rows and columns; all but the
        sensor also with the endings ``_train`` and ``_test``. Or ``.npz`` with rasters ``x`` and
        labels ``y``, or ``.npy`` with rasters (see `Recordings.of_raster`). Or HDF5 in the layout
        of the Spiking Heidelberg Digits (Cramer, Stradmann, Schemmel and Zenke, 2020):
        ``spikes/times``, ``spikes/units``, ``labels`` and, if there are names, ``extra/keys``;
        its sensor is a row of 700, where no ``sensor`` says otherwise and no unit lies above. Or
        one recording in AEDAT, see `pffspike.data.aedat.read_aedat`. Or a
        folder, see `pffspike.data.event_folders.read_folder`.
    labels : str or None
        File of the labels: ``.npy``, or text with a label a line.

    Returns
    -------
    train : Recordings
    test : Recordings or None

    Raises
    ------
    FileError, ValidationError
        If the file can't be read, or is of another form.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "events.npz"
    >>> np.savez(path, times=[0, 7], indices=[3, 1], ends=[1, 2], y=[0, 1])
    >>> read_recordings(path)[0].largest()
    3
    """
    path = Path(path)
    if path.is_dir():
        return read_folder(path)
    known = read_labels(labels) if labels else None
    ending = path.suffix.lower()
    if ending == ".npy":
        return Recordings.of_raster(read_npy(path), known, str(path)), None
    if ending in _HDF5:
        return _hdf5(path, known), None
    if ending == ".aedat":
        return Recordings(lambda _: read_from_first(path), 1, DVS128, known, name=str(path)), None
    if ending != ".npz":
        raise ValidationError(
            f"{path} is neither a folder nor a file .npz, .npy, .h5, .hdf5 or .aedat; give the "
            f"events in one of these forms"
        )
    arrays = npz_arrays(path)
    train = _of_npz(arrays, ("", "_train"), known, path)
    if train is None:
        raise ValidationError(
            f"{path} holds {', '.join(sorted(arrays)) or 'nothing'}; give the arrays "
            f"{', '.join(EVENTS)}, or rasters x"
        )
    return train, _of_npz(arrays, ("_test",), None, path)


def holds_recordings(path: str | Path) -> bool:
    """Whether a file or folder holds events, not samples that may be rasters or pictures.

    Parameters
    ----------
    path : str or Path
        A file or folder.

    Returns
    -------
    bool

    Examples
    --------
    >>> holds_recordings("data.h5"), holds_recordings("x.npy")
    (True, False)
    """
    path = Path(path)
    if path.is_dir():
        return is_folder(path)
    if path.suffix.lower() in (*_HDF5, ".aedat"):
        return True
    if path.suffix.lower() != ".npz" or not path.is_file():
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.removesuffix(".npy").lower() for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        return False
    return bool(names & {"times", "times_train"})


def _of_npz(
    arrays: Mapping[str, Array], ends: tuple[str, ...], labels: Array | None, path: Path
) -> Recordings | None:
    name = str(path)
    for end in ends:
        known = next((arrays[n + end] for n in LABELS if n + end in arrays), None)
        known = known if labels is None else labels
        if all(key + end in arrays for key in EVENTS):
            times, indices, stops = (arrays[key + end] for key in EVENTS)
            sensor = _sensor(arrays.get("sensor"), name)
            return Recordings.of_arrays(times, indices, stops, sensor, known, name)
        raster = next((arrays[n + end] for n in VALUES if n + end in arrays), None)
        if raster is not None:
            return Recordings.of_raster(raster, known, name)
    return None


def _sensor(given: Array | None, name: str) -> Sensor | None:
    if given is None:
        return None
    if given.dtype.kind not in "ui" or given.shape not in ((1,), (2,), (3,)) or given.min() < 1:
        raise ValidationError(
            f"{name} holds a sensor of {given.tolist()}; give channels, rows and columns"
        )
    channels, rows, columns = (1, 1, *given.tolist())[-3:]
    return channels, rows, columns


def _hdf5(path: Path, labels: Array | None) -> Recordings:
    import h5py

    try:
        with h5py.File(io.BytesIO(read_regular(path)), "r") as file:
            times, units = file["spikes"]["times"], file["spikes"]["units"]
            held = [(np.asarray(t), np.asarray(u)) for t, u in zip(times, units, strict=True)]
            known = _hdf5_labels(file) if labels is None else labels
            sensor = _sensor(np.asarray(file["sensor"]) if "sensor" in file else None, str(path))
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        reason = str(error).strip("'\"").partition("\n")[0]
        raise ValidationError(
            f"{path} is no HDF5 file with spikes/times and spikes/units ({reason}); give one in "
            f"the layout of the Spiking Heidelberg Digits"
        ) from None
    for sample, (t, u) in enumerate(held):
        if t.shape != u.shape or t.ndim != 1 or t.dtype.kind not in "uif":
            raise ValidationError(
                f"{path}: sample {sample} has times of shape {t.shape} and units of shape "
                f"{u.shape}; give one of both for each event"
            )
    ends = np.cumsum([len(t) for t, _ in held], dtype=np.int64)
    all_times, all_units = (
        np.concatenate([pair[k] for pair in held]) if held else np.zeros(0) for k in (0, 1)
    )
    if sensor is None and all_units.max(initial=0) < _HEIDELBERG:
        sensor = (1, 1, _HEIDELBERG)
    times = all_times.astype(np.float64)
    return Recordings.of_arrays(times, all_units, ends, sensor, known, str(path))


def _hdf5_labels(file: Any) -> Array | None:
    if "labels" not in file:
        return None
    numbers = np.asarray(file["labels"])
    if "extra" not in file or "keys" not in file["extra"]:
        return numbers
    names = [key.decode() if isinstance(key, bytes) else str(key) for key in file["extra"]["keys"]]
    return np.array(names)[numbers]
