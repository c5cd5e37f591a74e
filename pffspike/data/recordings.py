"""Recordings: events at times of their own, sample by sample."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike.errors import ValidationError
from pffspike.typing import Array

Sensor = tuple[int, int, int]  #: channels, rows and columns


@dataclass(frozen=True, eq=False)
class Recordings:
    """Events of many samples, read sample by sample.

    Parameters
    ----------
    read : callable
        Gives the times and the neurons of the events of a sample, by its number:
        ``(events,)`` arrays, the times not negative, in any unit and order; the neurons from 0.
    count : int
        Samples.
    sensor : tuple of int or None
        Channels, rows and columns of the neurons; None: a row, how many is not said.
    labels : (count,) ndarray or None
        Whole numbers or texts.
    steps : int
        Of rasters, whose times are steps; 0 if times are no steps.
    name : str
        What errors call them.
    """

    read: Callable[[int], tuple[Array, Array]]
    count: int
    sensor: Sensor | None = None
    labels: Array | None = None
    steps: int = 0
    name: str = "the recordings"

    def __len__(self) -> int:
        return self.count

    def end(self) -> float:
        """End of the longest recording: behind its last event, at 1 at least."""
        if self.steps:
            return float(self.steps)
        last, whole = 0.0, True
        for times, _ in map(self.read, range(self.count)):
            if len(times):
                last, whole = max(last, float(times.max())), times.dtype.kind in "ui"
        return last + 1 if whole or not last else math.nextafter(last, math.inf)

    def largest(self) -> int:
        """Largest number of a neuron that has an event."""
        return max((int(i.max(initial=0)) for _, i in map(self.read, range(self.count))), default=0)

    @staticmethod
    def of_arrays(
        times: npt.ArrayLike,
        indices: npt.ArrayLike,
        ends: npt.ArrayLike,
        sensor: Sensor | None = None,
        labels: Array | None = None,
        name: str = "the recordings",
    ) -> Recordings:
        """Recordings that stand one behind the other in two arrays.

        Parameters
        ----------
        times : (events,) array_like
            Not negative.
        indices : (events,) array_like of int
            Neurons, from 0.
        ends : (samples,) array_like of int
            Place behind the last event of each sample.
        sensor : tuple of int or None
            Channels, rows and columns; None: a row, how many is not said.
        labels : (samples,) ndarray or None
            Whole numbers or texts.
        name : str
            What errors call them.

        Returns
        -------
        Recordings

        Raises
        ------
        ValidationError
            If the arrays do not fit each other, or a value is out of range.

        Examples
        --------
        >>> len(Recordings.of_arrays([0.5, 2.0], [0, 3], [1, 1, 2]))
        3
        """
        t, units, stops = np.asarray(times), np.asarray(indices), np.asarray(ends)
        if any(array.ndim != 1 or array.dtype.kind not in "buif" for array in (t, units, stops)):
            raise ValidationError(
                f"{name} must hold one row of numbers in each of times, indices and ends"
            )
        if stops.dtype.kind not in "ui":
            raise ValidationError(f"{name} holds ends of type {stops.dtype}; give whole numbers")
        stops = stops.astype(np.int64)
        last = int(stops[-1]) if len(stops) else 0
        if len(t) != len(units) or np.any(np.diff(stops, prepend=0) < 0) or last != len(t):
            raise ValidationError(
                f"{name} holds {len(t)} times, {len(units)} indices and ends to {last}; give one "
                f"of both for each event, and ends that ascend to their number"
            )
        checked_events(t, units, sensor, name)
        begins = np.concatenate([[0], stops[:-1]])

        def read(sample: int) -> tuple[Array, Array]:
            part = slice(begins[sample], stops[sample])
            return t[part], units[part]

        return Recordings(read, len(stops), sensor, labels, name=name)

    @staticmethod
    def of_raster(
        raster: npt.ArrayLike, labels: Array | None = None, name: str = "the raster"
    ) -> Recordings:
        """Rasters, whose times are steps.

        Parameters
        ----------
        raster : (n, steps, units), (n, steps, rows, columns) or with channels before rows
            Spikes, 1, and none, 0; or numbers of events, which are whole.
        labels : (n,) ndarray or None
            Whole numbers or texts.
        name : str
            What errors call them.

        Returns
        -------
        Recordings

        Raises
        ------
        ValidationError
            If it has other dimensions or values.

        Examples
        --------
        >>> Recordings.of_raster(np.ones((4, 10, 8, 6))).sensor
        (1, 8, 6)
        """
        values = np.asarray(raster)
        if values.ndim not in (3, 4, 5) or 0 in values.shape[1:]:
            raise ValidationError(
                f"{name} has shape {values.shape}; give (samples, steps, units), or rows and "
                f"columns, or channels, rows and columns instead of units"
            )
        if values.dtype.kind not in "buif" or np.any((values < 0) | (values != np.floor(values))):
            raise ValidationError(
                f"{name} of type {values.dtype} must hold 1 for a spike and 0 for none, or numbers "
                f"of events"
            )
        channels, rows, columns = (1, 1, *values.shape[2:])[-3:]

        def read(sample: int) -> tuple[Array, Array]:
            return np.nonzero(values[sample].reshape(values.shape[1], -1))

        return Recordings(
            read, len(values), (channels, rows, columns), labels, values.shape[1], name
        )

    @staticmethod
    def of_tonic(dataset: Any, name: str = "the recordings") -> Recordings:
        """Recordings of a data set of Tonic (extra ``events``), read sample by sample.

        Parameters
        ----------
        dataset : tonic.Dataset
            Without a transformation: it has a ``sensor_size``, columns, rows and polarities, and
            gives pairs of a structured array with ``t``, ``x`` and, if there are, ``y`` and ``p``,
            and a label. Times are in microseconds; channels are polarities.
        name : str
            What errors call them.

        Returns
        -------
        Recordings

        Raises
        ------
        ValidationError
            If samples are something else.

        Examples
        --------
        >>> class Held:
        ...     sensor_size, held = (4, 4, 2), np.array([(9, 1, 2, 1)], "i8,i8,i8,i8")
        ...     held.dtype.names = ("t", "x", "y", "p")
        ...     def __len__(self):
        ...         return 1
        ...     def __getitem__(self, sample):
        ...         return self.held, 7
        >>> found = Recordings.of_tonic(Held())
        >>> found.sensor, found.read(0)[1].tolist(), found.labels.tolist()
        ((2, 4, 4), [25], [7])
        """
        columns, rows, channels = dataset.sensor_size

        def read(sample: int) -> tuple[Array, Array]:
            events, _ = dataset[sample]
            names = getattr(getattr(events, "dtype", None), "names", None) or ()
            if not {"t", "x"} <= set(names):
                raise ValidationError(
                    f"sample {sample} of {name} is no structured array with t and x; give a data "
                    f"set of Tonic without a transformation"
                )
            y = events["y"] if "y" in names and rows > 1 else 0
            p = events["p"] if "p" in names and channels > 1 else 0
            x, y, p = (np.asarray(part).astype(np.int64) for part in (events["x"], y, p))
            return np.asarray(events["t"]), (p * rows + y) * columns + x

        count = len(dataset)
        targets = getattr(dataset, "targets", None)
        if targets is None or len(targets) != count:
            targets = [dataset[sample][1] for sample in range(count)]
        return Recordings(read, count, (channels, rows, columns), np.array(targets), name=name)


def checked_events(times: Array, indices: Array, sensor: Sensor | None, name: str) -> None:
    """Raise `ValidationError` unless times are not negative, and neurons are those of a sensor."""
    wrong = times[~np.isfinite(times) | (times < 0)]
    if len(wrong):
        raise ValidationError(
            f"{name} has an event at time {wrong[0]:g}; give times that begin at 0"
        )
    units = math.prod(sensor) if sensor else 2**31
    if indices.dtype.kind not in "ui" and np.any(indices != np.floor(indices)):
        raise ValidationError(f"{name} holds indices of type {indices.dtype}; give whole numbers")
    outside = indices[(indices < 0) | (indices >= units)]
    if len(outside):
        raise ValidationError(
            f"{name} has an event of neuron {int(outside[0])}; give numbers from 0 to {units - 1}"
        )
