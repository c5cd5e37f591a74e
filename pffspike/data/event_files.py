"""Events of a user: ``.npz`` files of times and indices."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np

from pffspike.errors import ValidationError
from pffspike.files import read_regular
from pffspike.network.events import Events, events_of
from pffspike.typing import Array, Integers

_NAMES = ("times", "indices", "ends")


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
    times, indices, ends = _arrays(path)
    if (
        len(times) != len(indices)
        or np.any(np.diff(ends, prepend=0) < 0)
        or _last(ends) != len(times)
    ):
        raise ValidationError(
            f"{path} holds {len(times)} times, {len(indices)} indices and ends to {_last(ends)}; "
            f"give one of both for each event, and ends that ascend to their number"
        )
    if duration is not None:
        if not duration > 0:
            raise ValidationError(f"duration = {duration} of a step must be above 0")
        times = np.floor(times / duration).astype(np.int64)
    cuts = ends[:-1]
    pairs = zip(np.split(times, cuts), np.split(indices, cuts), strict=True)
    try:
        return events_of(pairs if len(ends) else (), steps=steps, units=units)
    except ValidationError as error:
        raise ValidationError(f"{path}: {error}") from None


def _last(ends: Integers) -> int:
    return int(ends[-1]) if len(ends) else 0


def _arrays(path: str | Path) -> tuple[Array, Array, Integers]:
    content = read_regular(path)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            found = [file[name] for name in _NAMES]
    except (ValueError, KeyError, OSError, EOFError, TypeError, zipfile.BadZipFile, zlib.error):
        raise ValidationError(
            f"{path} is no .npz file with the arrays {', '.join(_NAMES)}; write it with numpy.savez"
        ) from None
    if any(array.ndim != 1 or array.dtype.kind not in "buif" for array in found):
        raise ValidationError(f"{path} must hold one row of numbers in each of {', '.join(_NAMES)}")
    if found[2].dtype.kind not in "ui":
        raise ValidationError(f"{path} holds ends of type {found[2].dtype}; give whole numbers")
    return found[0], found[1], found[2].astype(np.int64)
