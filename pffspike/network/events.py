"""Spikes of an input population as events: when, and which neuron, sample by sample."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike.errors import ValidationError
from pffspike.typing import Array, Bools, Floats, Integers

_MOST = 2**32  #: places of a sample, which take 32 bits


@dataclass(frozen=True, eq=False)
class Events:
    """Rasters of many samples, of which only the spikes are kept: four bytes each.

    It can be used wherever a signal ``(samples, steps, units)`` can: it has its ``shape``, and is
    cut into samples by slices and by arrays of numbers. `events_of` and `Events.from_raster` make
    one.

    Parameters
    ----------
    places : (events,) ndarray of uint32
        ``step * units + neuron`` of each spike, ascending within a sample.
    ends : (samples,) ndarray of int64
        Place in ``places`` behind the last spike of each sample.
    steps : int
        Of a sample.
    units : int
        Neurons of the population.

    Raises
    ------
    ValidationError
        If there are no steps or units, or too many for 32 bits.

    Examples
    --------
    >>> raster = np.array([[[1, 0], [0, 0], [1, 1]], [[0, 0], [0, 1], [0, 0]]])
    >>> events = Events.from_raster(raster)
    >>> events
    Events(2 samples of 3 steps and 2 units, 4 events)
    >>> events[1:].raster().astype(int).tolist()
    [[[0, 0], [0, 1], [0, 0]]]
    """

    places: npt.NDArray[np.uint32]
    ends: Integers
    steps: int
    units: int

    def __post_init__(self) -> None:
        if self.steps < 1 or self.units < 1 or self.steps * self.units > _MOST:
            raise ValidationError(
                f"{self.steps} steps of {self.units} units must be at least 1 each, and not more "
                f"than 2^32 in all"
            )

    @staticmethod
    def from_raster(raster: npt.ArrayLike) -> Events:
        """Keep the spikes of rasters.

        Parameters
        ----------
        raster : (samples, steps, units) array_like of bool or of 0 and 1
            1 for every spike.

        Returns
        -------
        Events

        Raises
        ------
        ValidationError
            If it has not three dimensions, or holds anything else.

        Examples
        --------
        >>> len(Events.from_raster(np.zeros((5, 4, 3), bool)))
        5
        """
        values = np.asarray(raster)
        if values.ndim != 3 or not np.all((values == 0) | (values == 1)):
            raise ValidationError(
                f"a raster of shape {values.shape} and type {values.dtype} must be (samples, "
                f"steps, units), 1 for a spike and 0 for none"
            )
        samples, steps, units = values.shape
        flat = values.reshape(samples, steps * units)
        rows, places = np.nonzero(flat)
        counts = np.bincount(rows, minlength=samples)
        return Events(places.astype(np.uint32), np.cumsum(counts), steps, units)

    @staticmethod
    def join(parts: Sequence[Events]) -> Events:
        """Put events of the same steps and units one behind the other.

        Parameters
        ----------
        parts : sequence of Events
            At least one.

        Returns
        -------
        Events

        Raises
        ------
        ValidationError
            If their steps or units differ.

        Examples
        --------
        >>> one = Events.from_raster(np.ones((1, 2, 3), bool))
        >>> len(Events.join([one, one]))
        2
        """
        shapes = {part.shape[1:] for part in parts}
        if len(shapes) != 1:
            raise ValidationError(
                f"events of {sorted(shapes)} (steps, units) can't be joined; give the same of each"
            )
        (steps, units) = shapes.pop()
        counts = np.concatenate([part.counts for part in parts])
        places = np.concatenate([part.places for part in parts])
        return Events(places, np.cumsum(counts), steps, units)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Samples, steps and units."""
        return len(self.ends), self.steps, self.units

    @property
    def ndim(self) -> int:
        """3, as an array of that shape has."""
        return 3

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a raster's entries: bool."""
        return np.dtype(np.bool_)

    @property
    def counts(self) -> Integers:
        """``(samples,)`` events of each sample."""
        return np.diff(self.ends, prepend=0)

    @property
    def times(self) -> Integers:
        """``(events,)`` step of each event, sample after sample."""
        return (self.places // self.units).astype(np.int64)

    @property
    def indices(self) -> Integers:
        """``(events,)`` neuron of each event, sample after sample."""
        return (self.places % self.units).astype(np.int64)

    def __len__(self) -> int:
        return len(self.ends)

    def __repr__(self) -> str:
        samples, steps, units = self.shape
        return (
            f"Events({samples:,} samples of {steps} steps and {units} units, "
            f"{len(self.places):,} events)"
        )

    def __getitem__(self, rows: slice | npt.ArrayLike) -> Events:
        if isinstance(rows, tuple) and rows[1:] == (Ellipsis,):  # as scikit-learn takes rows
            rows = rows[0]
        chosen = np.arange(len(self))[rows if isinstance(rows, slice) else np.asarray(rows)]
        chosen = np.atleast_1d(chosen)
        counts = self.counts[chosen]
        begins = self.ends[chosen] - counts
        ends = np.cumsum(counts)
        # Place of each event that is kept: those of a sample follow each other.
        kept = np.arange(ends[-1] if len(ends) else 0) + np.repeat(begins - ends + counts, counts)
        return Events(self.places[kept], ends, self.steps, self.units)

    def first(self, steps: int) -> Events:
        """Events of the first steps only.

        Parameters
        ----------
        steps : int
            At most as many as there are.

        Returns
        -------
        Events

        Examples
        --------
        >>> Events.from_raster(np.ones((1, 4, 2), bool)).first(3)
        Events(1 samples of 3 steps and 2 units, 6 events)
        """
        inside = self.places < steps * self.units
        kept = np.concatenate([[0], np.cumsum(inside)])
        return Events(self.places[inside], kept[self.ends], min(steps, self.steps), self.units)

    def totals(self) -> Integers:
        """Spikes of each neuron, over all steps.

        Returns
        -------
        (samples, units) ndarray of int64

        Examples
        --------
        >>> Events.from_raster(np.ones((1, 4, 2), bool)).totals().tolist()
        [[4, 4]]
        """
        rows = np.repeat(np.arange(len(self)), self.counts)
        found = np.bincount(rows * self.units + self.indices, minlength=len(self) * self.units)
        return found.reshape(len(self), self.units)

    def raster(self) -> Bools:
        """Rasters of all samples, in full.

        Returns
        -------
        (samples, steps, units) ndarray of bool
            1 for every spike.
        """
        found = np.zeros((len(self), self.steps * self.units), np.bool_)
        found[np.repeat(np.arange(len(self)), self.counts), self.places] = True
        return found.reshape(self.shape)


Stimulus = Array | Events  #: what a signal is: an array, or events


def events_of(
    samples: Iterable[tuple[npt.ArrayLike, npt.ArrayLike]], *, steps: int, units: int
) -> Events:
    """Events of samples that are given as times and indices.

    Parameters
    ----------
    samples : iterable of pair of (events,) array_like of int
        By sample: the step of each event, from 0, and its neuron, from 0; in any order. Events that
        are given twice are one spike.
    steps : int
        Of a sample.
    units : int
        Neurons of the population.

    Returns
    -------
    Events

    Raises
    ------
    ValidationError
        If a step or a neuron lies outside, or a sample has not as many of both.

    Examples
    --------
    >>> events_of([([2, 0], [1, 3]), ([], [])], steps=4, units=5)
    Events(2 samples of 4 steps and 5 units, 2 events)
    """
    parts, counts = [np.zeros(0, np.uint32)], []
    for sample, pair in enumerate(samples):
        times, indices = (_whole(sample, values) for values in pair)
        if len(times) != len(indices):
            raise ValidationError(
                f"sample {sample} has {len(times)} times and {len(indices)} indices; give one each"
            )
        for what, values, size in (("step", times, steps), ("neuron", indices, units)):
            wrong = values[(values < 0) | (values >= size)]
            if len(wrong):
                raise ValidationError(
                    f"sample {sample} has an event at {what} {wrong[0]}; give numbers from 0 to "
                    f"{size - 1}"
                )
        places = np.unique(times * units + indices)
        parts.append(places.astype(np.uint32))
        counts.append(len(places))
    ends = np.cumsum(np.array(counts, np.int64))
    return Events(np.concatenate(parts), ends, operator.index(steps), operator.index(units))


def _whole(sample: int, values: npt.ArrayLike) -> Integers:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "bui"):
        raise ValidationError(
            f"sample {sample} has times or indices of shape {array.shape} and type {array.dtype}; "
            f"give whole numbers, one an event"
        )
    return array.astype(np.int64)


def in_time(values: Stimulus) -> bool:
    """Whether a signal gives something else in each step."""
    return values.ndim == 3


def frames(values: Stimulus, steps: int) -> Floats:
    """First steps of a signal in time, as spike probabilities.

    Parameters
    ----------
    values : (samples, at least steps, units) ndarray or Events
        A signal in time.
    steps : int
        Of a presentation.

    Returns
    -------
    (samples, steps, units) ndarray of float64

    Examples
    --------
    >>> frames(np.ones((1, 3, 2), bool), 2).shape
    (1, 2, 2)
    """
    if isinstance(values, Events):
        return values.first(steps).raster().astype(np.float64)
    return np.asarray(values[:, :steps], np.float64)
