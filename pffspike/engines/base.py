"""What every engine promises, and the checks that stand before all of them.

An engine fills in three parts: `Engine._compile`, `Session._run` and `Session._parameters`, and
may refuse more than the rest in `Engine._check`. All that is the same for every engine is done
once, here: opening and closing, and every check of what is given. `pffspike.testing` holds any
engine to the promise.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, final

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import grids
from pffspike.errors import SessionClosedError, ValidationError, unknown
from pffspike.network import exactness, rules, structure
from pffspike.network.parameters import Parameters
from pffspike.network.parameters import check as check_parameters
from pffspike.network.spec import Network, Program
from pffspike.recording import KINDS, NOTHING, Probes, Recording, check_memory
from pffspike.typing import Array, Floats, Integers, Progress, Signals

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass(frozen=True)
class Task:
    """What a session is to run; all of it has been checked.

    Parameters
    ----------
    network : Network
        The network.
    program : Program
        One of its programs.
    parameters : Parameters
        The weights and biases at the start. They belong to the caller: an engine copies them.
    seed : int
        Of the spikes and of stochastic rounding.
    probes : Probes
        What the recording holds beside goodness and spike totals.
    """

    network: Network
    program: Program
    parameters: Parameters
    seed: int
    probes: Probes


class Session(ABC):
    """A compiled network, ready to run; a context manager that always releases its resources.

    Parameters
    ----------
    engine : Engine
        Which has compiled it.
    task : Task
        What it runs.
    """

    def __init__(self, engine: Engine, task: Task) -> None:
        self._engine, self._task, self._closed = engine, task, False

    @abstractmethod
    def _run(
        self,
        signals: Signals,
        samples: Integers,
        learning_scale: float,
        progress: Progress,
    ) -> Recording:
        """Run checked inputs; the engine's part of `run`, which describes the arguments."""

    @abstractmethod
    def _parameters(self) -> Parameters:
        """Copy of the weights and biases as they are now; also after closing."""

    def _close(self) -> None:
        """Release what the session holds; called once at most."""
        return

    @final
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
            Factor of all learning rates, at least 0.
        progress : callable or None
            Called with the number of samples finished since the last call.

        Returns
        -------
        Recording

        Raises
        ------
        SessionClosedError
            If the session has been closed.
        ValidationError
            If a signal is missing or does not fit, or the learning scale is so large that a
            change of a weight would not be exact.
        """
        if self._closed:
            raise SessionClosedError(
                f"this session of engine {self._engine.name!r} is closed; compile the network again"
            )
        if not 0 <= learning_scale < math.inf:
            raise ValidationError(
                f"learning_scale = {learning_scale} must be finite and at least 0"
            )
        if learning_scale > 1 and self._task.program.learns:
            self._engine._check(self._task.network, self._task.program, learning_scale)
        checked, numbers = check_signals(self._task.network, self._task.program, signals, samples)
        check_memory(self._task.network, self._task.program, self._task.probes, len(numbers))
        return self._run(checked, numbers, learning_scale, progress or _tell_nobody)

    @final
    @property
    def parameters(self) -> Parameters:
        """Copy of the weights and biases as they are now, or were when the session was closed."""
        return self._parameters()

    @final
    def close(self) -> None:
        """Release what the session holds; idempotent."""
        if not self._closed:
            self._closed = True
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _tell_nobody(samples: int) -> None:
    """Progress that nobody asked for."""


class Engine(ABC):
    """Something that runs networks.

    Attributes
    ----------
    name : str
        For messages and tables.
    records : tuple of str
        Kinds of `pffspike.recording.Probes` that it keeps.
    """

    name: str
    records: tuple[str, ...] = ("counts", "rasters")

    @abstractmethod
    def _compile(self, task: Task) -> Session:
        """Prepare a task that has been checked; the engine's part of `compile`."""

    def _check(
        self,
        network: Network,
        program: Program,  # noqa: ARG002
        learning_scale: float = 1.0,
    ) -> None:
        """Raise `ValidationError` for what this engine can't compute exactly."""
        exactness.check(network, learning_scale=learning_scale)

    @final
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
            The network.
        program : str
            Name of one of its programs.
        parameters : Parameters
            Its weights and biases; they are copied.
        seed : int
            Of the spikes and of stochastic rounding.
        probes : Probes
            What the recording holds beside goodness and spike totals.

        Returns
        -------
        Session
            To be closed, or used in ``with``.

        Raises
        ------
        ValidationError
            If there is no such program, a probe or the parameters do not fit the network, a rule
            has not the form of all rules, or the engine can't compute the network exactly.

        Examples
        --------
        >>> from pffspike.cards import load_network
        >>> from pffspike.engines import make_engine
        >>> from pffspike.network import initial
        >>> network = load_network("digits")
        >>> start = initial(network, 0)
        >>> with make_engine("numpy").compile(network, "one_pass", start, seed=0) as session:
        ...     recording = session.run({"image": np.zeros((2, 64))}, [0, 1])
        >>> recording.presentations
        2
        """
        found = network.program(program)
        self._check_probes(network, probes)
        exactness.check_rules(network)
        self._check(network, found)
        check_parameters(network, parameters)
        return self._compile(Task(network, found, parameters, seed, probes))

    def _check_probes(self, network: Network, probes: Probes) -> None:
        for kind in KINDS:
            what = "projection" if kind == "weights" else "population"
            names = [part.name for part in getattr(network, f"{what}s")]
            for name in getattr(probes, kind):
                if kind not in self.records:
                    raise ValidationError(
                        f"engine {self.name!r} does not record {kind} (of {name!r}); take engine "
                        f"numpy or brian2:equations, which give the same spikes"
                    )
                if name not in names:
                    raise unknown(f"probes: {kind}: {what}", name, names)


def check_signals(
    network: Network, program: Program, signals: Signals, samples: npt.ArrayLike
) -> tuple[dict[str, Array], Integers]:
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
    given = np.asarray(samples)
    if given.ndim != 1:
        raise ValidationError(f"samples have shape {given.shape}; give one number a sample")
    if given.size and not np.issubdtype(given.dtype, np.integer):
        raise ValidationError(f"samples are of type {given.dtype}; give integers, their numbers")
    numbers = given.astype(np.int64)
    if np.any(numbers < 0):
        raise ValidationError(f"sample number {numbers.min()} is negative; numbers start at 0")
    checked: dict[str, Array] = {}
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


def _check_classes(name: str, values: Integers, lowest: int, size: int) -> Integers:
    wrong = values[(values < lowest) | (values >= size)]
    if len(wrong):
        raise ValidationError(
            f"signal {name!r} holds class {wrong[0]}; classes must be from {lowest} to {size - 1}"
        )
    return values


def _check_probabilities(name: str, values: Floats) -> None:
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
    """Units of a signal: the size of the populations that take it as input or as target."""
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
