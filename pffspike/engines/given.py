"""Checks of what a run is given: signals and numbers of samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import grids
from pffspike.errors import ValidationError
from pffspike.network import rules, signs, structure
from pffspike.network.events import Events, Stimulus, frames, in_time
from pffspike.network.spec import Network, Program
from pffspike.typing import Array, Floats, Integers

_BYTES = 2**26  #: of the signals in time that are expanded at once


def check_signals(
    network: Network, program: Program, signals: Mapping[str, Stimulus], samples: npt.ArrayLike
) -> tuple[dict[str, Stimulus], Integers]:
    """Check and convert the arguments of `pffspike.engines.base.Session.run`.

    Returns
    -------
    signals : dict of str to ndarray or Events
        int64 classes, float64 probabilities, or what was given of a signal in time; only those
        that the program uses.
    samples : (samples,) ndarray of int64

    Raises
    ------
    ValidationError
        One sentence that names the signal and what would be right.
    """
    given = np.asarray(samples)
    if given.ndim != 1:
        raise ValidationError(f"samples have shape {given.shape}; give one number a sample")
    if given.size and not np.issubdtype(given.dtype, np.integer):
        raise ValidationError(f"samples are of type {given.dtype}; give integers, their numbers")
    numbers = given.astype(np.int64)
    if np.any(numbers < 0):
        raise ValidationError(f"sample number {numbers.min()} is negative; numbers start at 0")
    checked: dict[str, Stimulus] = {}
    for name in structure.extent(network, program).signals:
        if name not in signals:
            raise ValidationError(f"signal {name!r} is missing; program {program.name!r} needs it")
        values = signals[name]
        values = values if isinstance(values, Events) else np.asarray(values)
        if len(values) != len(numbers):
            raise ValidationError(
                f"signal {name!r} has {len(values)} rows for {len(numbers)} samples"
            )
        checked[name] = _check_signal(network, program, name, values)
    return checked, numbers


def _check_signal(network: Network, program: Program, name: str, values: Stimulus) -> Stimulus:
    if name in signs.named(program):
        return _check_signs(name, values)
    size, count = signal_size(network, program, name), len(values)
    if values.ndim == 1 and np.issubdtype(values.dtype, np.integer):
        lowest = -1 if program.hard_negative and program.hard_negative.signal == name else 0
        return _check_classes(name, np.asarray(values).astype(np.int64), lowest, size)
    if name in _class_signals(network, program):
        raise ValidationError(
            f"signal {name!r} has shape {values.shape} and type {values.dtype}; give "
            f"({count},) integers, the classes"
        )
    if in_time(values) and values.shape[2] == size:
        _check_steps(program, name, values)
        return values
    if values.shape != (count, size):
        raise ValidationError(
            f"signal {name!r} has shape {values.shape} and type {values.dtype}; give "
            f"({count},) integers, ({count}, {size}) probabilities, or those of each step, "
            f"({count}, {program.steps}, {size})"
        )
    found = np.asarray(values).astype(np.float64)
    _check_probabilities(name, found)
    return found


def _check_signs(name: str, values: Stimulus) -> Integers:
    if values.ndim != 1 or not np.issubdtype(values.dtype, np.integer):
        raise ValidationError(
            f"signal {name!r} has shape {values.shape} and type {values.dtype}; give "
            f"({len(values)},) integers, the signs"
        )
    wrong = np.setdiff1d(np.asarray(values), rules.SIGNS)
    if len(wrong):
        raise ValidationError(f"signal {name!r} holds {wrong[0]}; a sign must be -1, 0 or 1")
    return np.asarray(values).astype(np.int64)


def _check_steps(program: Program, name: str, values: Stimulus) -> None:
    if values.shape[1] < program.steps:
        raise ValidationError(
            f"signal {name!r} has {values.shape[1]} steps, but a presentation of program "
            f"{program.name!r} has {program.steps}, burn-in included; give at least so many"
        )
    if isinstance(values, Events) or values.dtype == np.bool_:
        return
    for sample in values:
        _check_probabilities(name, sample)


def _class_signals(network: Network, program: Program) -> set[str | None]:
    targets = {rules.targets(p.rule)[1] for p in network.populations}
    return targets | (
        {program.hard_negative.truth, program.hard_negative.signal}
        if program.hard_negative
        else set()
    )


def _check_classes(name: str, values: Integers, lowest: int, size: int) -> Integers:
    wrong = values[(values < lowest) | (values >= size)]
    if len(wrong):
        raise ValidationError(
            f"signal {name!r} holds class {wrong[0]}; classes must be from {lowest} to {size - 1}"
        )
    return values


def _check_probabilities(name: str, values: Array) -> None:
    if not np.all((values >= 0) & (values <= 1)):
        raise ValidationError(
            f"signal {name!r} holds values outside [0, 1]; scale it to probabilities"
        )
    if not grids.on_grid(values, grids.DRIVE_GRID):
        raise ValidationError(
            f"signal {name!r} is not on the grid 2^{grids.DRIVE_GRID}; round it with "
            f"pffspike.arithmetic.grids.nearest(values, {grids.DRIVE_GRID})"
        )


def signal_size(network: Network, program: Program, name: str) -> int:
    """Units of a signal: the size of the populations that take it as input or target; 1: a sign."""
    if name in signs.named(program):
        return 1
    for phase in program.phases:
        for population_name, source in phase.inputs.items():
            if source == name:
                return network.population(population_name).size
    for population in network.populations:
        if rules.targets(population.rule)[1] == name:
            return population.size
    if program.hard_negative and program.hard_negative.truth == name:
        return network.population(program.hard_negative.population).size
    raise ValidationError(f"signal {name!r} is not used by program {program.name!r}")


def expanded(signals: Mapping[str, Stimulus], program: Program) -> dict[str, Array]:
    """Checked signals as arrays: those in time with exactly the steps of a presentation."""
    return {
        name: frames(values, program.steps) if in_time(values) else np.asarray(values)
        for name, values in signals.items()
    }


def parts(
    signals: Mapping[str, Stimulus], program: Program, samples: int, batch: int
) -> Iterator[slice]:
    """Samples that run at once, so that signals in time are never expanded all together.

    Parameters
    ----------
    signals : mapping of str to ndarray or Events
        Checked.
    program : Program
        That runs.
    samples : int
        How many there are.
    batch : int
        What a part is a multiple of: samples that the engine learns from together.

    Yields
    ------
    slice
    """
    units = sum(values.shape[2] for values in signals.values() if in_time(values))
    length = max(1, samples)
    if units:
        fitting = _BYTES // (units * program.steps * np.dtype(np.float64).itemsize)
        length = -(-max(1, fitting) // batch) * batch
    for start in range(0, max(1, samples), length):
        yield slice(start, min(start + length, samples))


def all_frames(values: Floats) -> Floats:
    """Give signals one more axis, for the steps: one step stands for all where nothing changes.

    Parameters
    ----------
    values : (samples, units) or (samples, steps, units) ndarray of float64
        Spike probabilities.

    Returns
    -------
    (samples, 1 or steps, units) ndarray of float64
    """
    return values if values.ndim == 3 else values[:, None]
