"""Encoders: how values become spikes in time, instead of a probability that stays the same.

All of them are exact: whole numbers in, events out, no randomness. The encoding that draws spikes
is the input population itself, whose neurons are Bernoulli neurons: it takes the values of
`pffspike.probabilities` as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import grids
from pffspike.data.augmentation import displaced
from pffspike.data.dataset import probabilities
from pffspike.errors import ValidationError
from pffspike.network.events import Events
from pffspike.typing import Array, Bools, Integers

Encoding = Literal["rates", "latency", "even"]
THRESHOLD = 0.125  #: of changes of brightness: an eighth of the range from black to white
_ONE = 1 << -grids.DRIVE_GRID  #: probability 1 in units of the grid
_BLOCK = 256  #: samples whose rasters are in memory at once
_CORNERS = ((0, 0), (1, 1), (-1, 1), (0, 0))  #: of the saccades: down, right, in amplitudes
_PARTS = 8  #: an image moves by this part of its shorter side


def latency(values: npt.ArrayLike, steps: int) -> Events:
    """Time to the first spike: the larger a value, the earlier its only spike.

    A neuron with value ``x`` above 0 spikes once, in step ``floor((1 - x) steps)``, from 0; one
    with value 0 never does. (Thorpe, Delorme and Van Rullen, Neural Networks 14, 2001, on codes by
    the time of the first spike; the linear rule is a choice.)

    Parameters
    ----------
    values : (samples, units) array_like of float
        In [0, 1] on the grid 2^-24.
    steps : int
        Of a presentation.

    Returns
    -------
    Events

    Raises
    ------
    ValidationError
        If a value is out of range, or there are no steps.

    Examples
    --------
    >>> latency([[1.0, 0.5, 0.0]], steps=4).raster().astype(int).tolist()
    [[[1, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, 0]]]
    """

    def raster(whole: Integers) -> Bools:
        first = (_ONE - whole) * steps >> -grids.DRIVE_GRID
        return (first[:, None] == np.arange(steps)[:, None]) & (whole > 0)[:, None]

    return _encoded(_whole(values, steps), raster, steps)


def even(values: npt.ArrayLike, steps: int) -> Events:
    """Evenly spaced spikes, as many as the value asks for: error diffusion, without chance.

    A neuron adds its value ``x`` to what is left over, which begins with a half, and spikes and
    subtracts 1 where that reaches 1: so after ``t`` steps it has spiked ``floor(t x + 1/2)`` times.
    (A first-order sigma-delta modulator with one bit.)

    Parameters
    ----------
    values : (samples, units) array_like of float
        In [0, 1] on the grid 2^-24.
    steps : int
        Of a presentation.

    Returns
    -------
    Events

    Raises
    ------
    ValidationError
        If a value is out of range, or there are no steps.

    Examples
    --------
    >>> even([[1.0, 0.5, 0.25]], steps=4).raster().astype(int).tolist()
    [[[1, 1, 0], [1, 0, 1], [1, 1, 0], [1, 0, 0]]]
    """

    def raster(whole: Integers) -> Bools:
        steps_done = np.arange(steps + 1)[:, None]
        spiked = (whole[:, None] * steps_done + _ONE // 2) >> -grids.DRIVE_GRID
        return np.diff(spiked, axis=1) > 0

    return _encoded(_whole(values, steps), raster, steps)


def delta(values: npt.ArrayLike, threshold: float = THRESHOLD) -> Events:
    """Changes: a spike where a value has left its last reference by a threshold, up or down.

    The reference of each value is what it was in the first row, and becomes what it is wherever it
    spikes. So do the pixels of an event camera (Lichtsteiner, Posch and Delbruck, IEEE Journal of
    Solid-State Circuits 43, 2008), whose brightness is logarithmic; here it is linear.

    Parameters
    ----------
    values : (samples, steps + 1, units) array_like of float
        In [0, 1] on the grid 2^-24; the first row stands for the time before the first step.
    threshold : float
        Above 0 and at most 1; rounded to the grid 2^-24.

    Returns
    -------
    Events
        Of ``steps`` steps and twice as many units: all that spike for a rise (ON), then all that
        spike for a fall (OFF).

    Raises
    ------
    ValidationError
        If a value or the threshold is out of range, or there are no steps.

    Examples
    --------
    >>> delta([[[0.0], [0.5], [0.5], [0.25]]]).raster().astype(int).tolist()
    [[[1, 0], [0, 0], [0, 1]]]
    """
    least = round(threshold * _ONE)
    if not 1 <= least <= _ONE:
        raise ValidationError(f"threshold = {threshold} must be above 0 and at most 1")
    array = np.asarray(values, np.float64)
    if array.ndim != 3 or array.shape[1] < 2:
        raise ValidationError(
            f"values in time have shape {array.shape}; give (samples, steps + 1, units)"
        )
    parts = [
        Events.from_raster(_changes(_whole(part, 1), least)) for part in _blocks(array, _BLOCK)
    ]
    return Events.join(parts)


def saccades(
    images: npt.ArrayLike,
    shape: tuple[int, int],
    levels: int,
    steps: int,
    threshold: float = THRESHOLD,
) -> Events:
    """Events of an eye that looks at an image in three saccades, which trace a triangle.

    The image moves over the sensor and back, in whole pixels, within the steps of a presentation,
    and pixels spike for changes (`delta`). The three saccades, and that only changes are seen, are
    the method of N-MNIST (Orchard, Jayawant, Cohen and Thakor, Frontiers in Neuroscience 9, 2015),
    which moved a real event camera before a screen. Ours are: the path, the corners of which lie an
    eighth of the image's shorter side away; linear brightness without noise; one spike a pixel and
    step at most; a sensor that is as large as the image.

    Parameters
    ----------
    images : (samples, pixels) array_like of whole numbers in ``[0, levels]``
        Grey values.
    shape : tuple of int
        Rows and columns of an image.
    levels : int
        The grey value that stands for white.
    steps : int
        Of a presentation, at least 3.
    threshold : float
        Of a change, as a part of the range from black to white.

    Returns
    -------
    Events
        Of two units a pixel, all ON before all OFF.

    Raises
    ------
    ValidationError
        If an image does not fit, or there are fewer than 3 steps.

    Examples
    --------
    >>> image = np.zeros((1, 64), int)
    >>> image[0, 27] = 16
    >>> saccades(image, (8, 8), 16, steps=12).shape
    (1, 12, 128)
    """
    if steps < len(_CORNERS) - 1:
        raise ValidationError(f"steps = {steps} must be at least 3, one for each saccade")
    path = saccade_path(steps, max(1, min(shape) // _PARTS))
    parts = []
    for some in _blocks(np.asarray(images), _BLOCK):
        shown = [probabilities(displaced(some, shape, *place), levels) for place in path]
        parts.append(delta(np.stack(shown, axis=1), threshold))
    return Events.join(parts)


def saccade_path(steps: int, amplitude: int) -> list[tuple[int, int]]:
    """Where an image lies before the first step, and in each step of its three saccades.

    Parameters
    ----------
    steps : int
        Of a presentation.
    amplitude : int
        Pixels from the middle to a corner, in both directions.

    Returns
    -------
    list of tuple of int
        Pixels downwards and to the right; the first and the last are 0.

    Examples
    --------
    >>> saccade_path(6, 1)
    [(0, 0), (1, 1), (1, 1), (0, 1), (-1, 1), (0, 1), (0, 0)]
    """
    path = []
    for place in range(steps + 1):
        leg, part = divmod(3 * place, steps) if place < steps else (2, steps)
        ends = zip(_CORNERS[leg], _CORNERS[leg + 1], strict=True)
        down, right = (
            amplitude * begin + (2 * amplitude * (end - begin) * part + steps) // (2 * steps)
            for begin, end in ends
        )
        path.append((down, right))
    return path


def _blocks(array: Array, size: int) -> Iterator[Array]:
    """Cut an array into rows of so many; one without rows is one block."""
    for start in range(0, max(1, len(array)), size):
        yield array[start : start + size]


def _whole(values: npt.ArrayLike, steps: int) -> Integers:
    """Check values and give them in units of the grid."""
    if steps < 1:
        raise ValidationError(f"steps = {steps} must be at least 1")
    array = np.asarray(values, np.float64)
    if not np.all((array >= 0) & (array <= 1)):
        raise ValidationError("values to encode must lie in [0, 1]; scale them")
    return np.floor(array * _ONE + 0.5).astype(np.int64)


def _encoded(whole: Integers, raster: Callable[[Integers], Bools], steps: int) -> Events:
    if whole.ndim != 2:
        raise ValidationError(
            f"values to encode have shape {whole.shape}; give (samples, units), for {steps} steps"
        )
    return Events.join([Events.from_raster(raster(some)) for some in _blocks(whole, _BLOCK)])


def _changes(whole: Integers, least: int) -> Bools:
    """ON and OFF spikes of values by time, the first of which are references only."""
    reference = whole[:, 0].copy()
    samples, rows, units = whole.shape
    found = np.zeros((samples, rows - 1, 2 * units), np.bool_)
    for step, now in enumerate(np.moveaxis(whole[:, 1:], 1, 0)):
        rise, fall = now - reference >= least, reference - now >= least
        found[:, step, :units], found[:, step, units:] = rise, fall
        reference = np.where(rise | fall, now, reference)
    return found
