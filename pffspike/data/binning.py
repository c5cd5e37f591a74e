"""How events that were recorded in time become spikes of an input population, step by step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pffspike.data.recordings import Recordings, Sensor, checked_events
from pffspike.errors import ValidationError
from pffspike.network.events import Events
from pffspike.typing import Array, Integers

STEPS = 18  #: of recordings, if nothing else is asked for: 2 and a window of 16


@dataclass(frozen=True)
class Binning:
    """Bins of time and of neighbouring neurons: several events in a bin are one spike.

    An event at time ``t`` belongs to step ``floor(t / duration)``. Neurons of a sensor stand in
    channels of rows and columns, one after another; ``downsample`` neighbours in a row, and as many
    rows, become one neuron. A sensor of a single row and a single channel is a row of neurons.

    Parameters
    ----------
    steps : int
        Of a presentation.
    duration : float
        Of a step, in the unit of the recorded times.
    sensor : tuple of int
        Channels, rows and columns.
    downsample : int
        Neighbours that become one neuron, in a row and in a column.

    Raises
    ------
    ValidationError
        If one of them is not positive, or there are too many bins.

    Examples
    --------
    >>> camera = Binning(steps=10, duration=30000.0, sensor=(2, 34, 34), downsample=2)
    >>> camera.shape, camera.units
    ((34, 17), 578)
    """

    steps: int
    duration: float
    sensor: Sensor
    downsample: int = 1

    def __post_init__(self) -> None:
        if not (self.duration > 0 and math.isfinite(self.duration)):
            raise ValidationError(f"the duration of a step, {self.duration}, must be above 0")
        if len(self.sensor) != 3 or min(*self.sensor, self.downsample, self.steps) < 1:
            raise ValidationError(
                f"{self.steps} steps of a sensor of {self.sensor}, {self.downsample} neighbours "
                f"taken together, must all be at least 1"
            )
        if self.steps * self.units > 2**32:
            raise ValidationError(
                f"{self.steps} steps of {self.units} neurons are more than 2^32 bins; give fewer "
                f"steps, or take more neighbours together"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the neurons, the rows of a channel after those of the one before."""
        channels, rows, columns = self.sensor
        return channels * -(-rows // self.downsample), -(-columns // self.downsample)

    @property
    def units(self) -> int:
        """How many neurons there are."""
        return self.shape[0] * self.shape[1]

    def events(self, recordings: Recordings) -> Events:
        """Spikes of recordings.

        Parameters
        ----------
        recordings : Recordings
            Of the same sensor.

        Returns
        -------
        Events

        Raises
        ------
        ValidationError
            If they are of another sensor, or an event lies outside of it or of a presentation.

        Examples
        --------
        >>> held = Recordings.of_arrays([0.0, 2.5, 2.6], [3, 1, 0], [3], (1, 1, 4))
        >>> Binning(steps=2, duration=2.0, sensor=(1, 1, 4), downsample=2).events(held)
        Events(1 samples of 2 steps and 2 units, 2 events)
        """
        if recordings.sensor and recordings.sensor != self.sensor:
            raise ValidationError(
                f"{recordings.name} was recorded by a sensor of {_said(recordings.sensor)}, but "
                f"the network was trained on one of {_said(self.sensor)}; give such recordings"
            )
        parts, counts = [np.zeros(0, np.uint32)], []
        for sample in range(len(recordings)):
            times, indices = recordings.read(sample)
            name = f"{recordings.name}: sample {sample}"
            checked_events(times, indices, self.sensor, name)
            places = np.unique(self._steps(times, name) * self.units + self._neurons(indices))
            parts.append(places.astype(np.uint32))
            counts.append(len(places))
        ends = np.cumsum(np.array(counts, np.int64))
        return Events(np.concatenate(parts), ends, self.steps, self.units)

    def _steps(self, times: Array, name: str) -> Integers:
        steps = np.floor(times / self.duration).astype(np.int64)
        if len(steps) and steps.max() >= self.steps:
            raise ValidationError(
                f"{name} has an event at time {times.max():g}, but {self.steps} steps of "
                f"{self.duration:g} end at {self.steps * self.duration:g}; train with more --steps "
                f"or a longer --step-duration, or cut the recording"
            )
        return steps

    def _neurons(self, indices: Array) -> Integers:
        if self.downsample == 1:
            return indices.astype(np.int64)
        _, rows, columns = self.sensor
        channel, pixel = np.divmod(indices.astype(np.int64), rows * columns)
        row, column = (part // self.downsample for part in np.divmod(pixel, columns))
        return (channel * -(-rows // self.downsample) + row) * self.shape[1] + column


def binning_of(
    parts: Sequence[Recordings], *, steps: int = 0, duration: float = 0.0, downsample: int = 1
) -> Binning:
    """Binning that recordings fit into.

    Parameters
    ----------
    parts : sequence of Recordings
        Of one sensor: all that there are, the training part first.
    steps : int
        Of a presentation; 0: those of a raster, or as many as the duration asks for, or `STEPS`.
    duration : float
        Of a step, in the unit of the recorded times; 0: so that the longest recording fits.
    downsample : int
        Neighbours that become one neuron, in a row and in a column.

    Returns
    -------
    Binning

    Raises
    ------
    ValidationError
        If a value is not positive.

    Examples
    --------
    >>> held = Recordings.of_arrays([0, 99, 5], [3, 1, 0], [2, 3], (1, 1, 4))
    >>> binning_of([held], steps=10).duration
    10.0
    """
    if duration < 0 or steps < 0:
        raise ValidationError(
            f"steps = {steps} and the duration of a step, {duration}, must be above 0"
        )
    end = 0.0 if steps and duration else max(part.end() for part in parts)
    sensor = parts[0].sensor or (1, 1, max(part.largest() for part in parts) + 1)
    if not steps:
        steps = math.ceil(end / duration) if duration else parts[0].steps or STEPS
    if not duration:
        duration = end / steps
        while math.floor(math.nextafter(end, 0) / duration) >= steps:
            duration = math.nextafter(duration, math.inf)
    return Binning(max(1, steps), duration, sensor, downsample)


def _said(sensor: tuple[int, ...]) -> str:
    return " x ".join(map(str, sensor))
