"""The protocol that every engine keeps, and the checks that they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import grids
from pffspike.errors import ValidationError
from pffspike.network import rules, structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Program
from pffspike.recording import NOTHING, Probes, Recording

if TYPE_CHECKING:
    from typing_extensions import Self

Signals = Mapping[str, npt.NDArray]  # type: ignore[type-arg]
Progress = Callable[[int], None]  #: called with the number of samples finished since the last call


class Session(Protocol):
    """A compiled network, ready to run; a context manager that always releases its resources."""

    def run(
        self,
        signals: Signals,
        samples: npt.ArrayLike,
        *,
        learning_scale: float = 1.0,
        progress: Progress | None = None,
    ) -> Recording:
        """Run the program on samples, one after the other; learn if the program learns.

        Parameters
        ----------
        signals : mapping of str to ndarray
            By signal: ``(samples,)`` integers, the neuron that fires in every step (for the
            hard negative's signal, -1: choose), or ``(samples, units)`` float64, spike
            probabilities on the grid 2^-24.
        samples : (samples,) array_like of int
            Numbers of the samples, which key their random numbers.
        learning_scale : float
            Factor of all learning rates.
        progress : callable or None

        Returns
        -------
        Recording
        """
        ...

    @property
    def parameters(self) -> Parameters:
        """Copy of the weights and biases as they are now."""
        ...

    def close(self) -> None:
        """Release what the session holds; idempotent."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Engine(Protocol):
    """Something that runs networks."""

    name: str

    def compile(
        self,
        network: Network,
        program: str,
        parameters: Parameters,
        *,
        seed: int,
        probes: Probes = NOTHING,
    ) -> Session:
        """Prepare a program of a network with the given weights.

        Parameters
        ----------
        network : Network
        program : str
            Name of one of its programs.
        parameters : Parameters
        seed : int
            Of the spikes and of stochastic rounding.
        probes : Probes

        Returns
        -------
        Session
        """
        ...


def check_signals(
    network: Network, program: Program, signals: Signals, samples: npt.ArrayLike
) -> tuple[dict[str, npt.NDArray], npt.NDArray[np.int64]]:  # type: ignore[type-arg]
    """Check and convert the arguments of `Session.run`.

    Returns
    -------
    signals : dict of str to ndarray
        int64 classes or float64 probabilities, only those that the program uses.
    samples : (samples,) ndarray of int64

    Raises
    ------
    ValidationError
        One sentence that names the signal and what would be right.
    """
    numbers = np.asarray(samples, np.int64)
    if numbers.ndim != 1:
        raise ValidationError(f"samples have shape {numbers.shape}; give one number a sample")
    if np.any(numbers < 0):
        raise ValidationError(f"sample number {numbers.min()} is negative; numbers start at 0")
    checked: dict[str, npt.NDArray] = {}  # type: ignore[type-arg]
    for name in structure.extent(network, program).signals:
        if name not in signals:
            raise ValidationError(f"signal {name!r} is missing; program {program.name!r} needs it")
        values = np.asarray(signals[name])
        if len(values) != len(numbers):
            raise ValidationError(
                f"signal {name!r} has {len(values)} rows for {len(numbers)} samples"
            )
        size = signal_size(network, program, name)
        if values.ndim == 1 and np.issubdtype(values.dtype, np.integer):
            lowest = -1 if program.hard_negative and program.hard_negative.signal == name else 0
            checked[name] = _check_classes(name, values.astype(np.int64), lowest, size)
        elif name in _class_signals(network, program):
            raise ValidationError(
                f"signal {name!r} has shape {values.shape} and type {values.dtype}; give "
                f"({len(numbers)},) integers, the classes"
            )
        elif values.shape == (len(numbers), size):
            checked[name] = values.astype(np.float64)
            _check_probabilities(name, checked[name])
        else:
            raise ValidationError(
                f"signal {name!r} has shape {values.shape} and type {values.dtype}; give "
                f"({len(numbers)},) integers or ({len(numbers)}, {size}) probabilities"
            )
    return checked, numbers


def _class_signals(network: Network, program: Program) -> set[str | None]:
    targets = {rules.targets(p.rule)[1] for p in network.populations}
    return targets | (
        {program.hard_negative.truth, program.hard_negative.signal}
        if program.hard_negative
        else set()
    )


def _check_classes(
    name: str, values: npt.NDArray[np.int64], lowest: int, size: int
) -> npt.NDArray[np.int64]:
    wrong = values[(values < lowest) | (values >= size)]
    if len(wrong):
        raise ValidationError(
            f"signal {name!r} holds class {wrong[0]}; classes must be from {lowest} to {size - 1}"
        )
    return values


def _check_probabilities(name: str, values: npt.NDArray[np.float64]) -> None:
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
    """Units of a signal: the size of the populations that it drives or teaches."""
    for phase in program.phases:
        for driven, source in phase.inputs.items():
            if source == name:
                return network.population(driven).size
    for population in network.populations:
        if rules.targets(population.rule)[1] == name:
            return population.size
    if program.hard_negative and program.hard_negative.truth == name:
        return network.population(program.hard_negative.population).size
    raise ValidationError(f"signal {name!r} is not used by program {program.name!r}")
