"""What every engine promises, and the checks that stand before all of them.

An engine fills in three parts: `Engine._compile`, `Session._run` and `Session._parameters`, and
may refuse more than the rest in `Engine._check`. All that is the same for every engine is done
once, here: opening and closing, and every check of what is given. `pffspike.testing` holds any
engine to the promise.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, final

import numpy.typing as npt

from pffspike.choices import COMPILING
from pffspike.engines import given
from pffspike.errors import SessionClosedError, ValidationError, unknown
from pffspike.limits import cores
from pffspike.network import exactness
from pffspike.network.events import Stimulus
from pffspike.network.parameters import Parameters
from pffspike.network.parameters import check as check_parameters
from pffspike.network.spec import Network, Program
from pffspike.recording import KINDS, NOTHING, Probes, Recording, check_memory
from pffspike.typing import Integers, Progress, ProgressCallback, Signals

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
    tell : callable or None
        Told of what takes seconds before the first sample: a stage, how much is done, of how much.
    cores : int
        That may be used; more than 1 only if the program does not learn and the engine is parallel.
    """

    network: Network
    program: Program
    parameters: Parameters
    seed: int
    probes: Probes
    tell: ProgressCallback | None = None
    cores: int = 1


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
        """Run checked inputs; the engine's part of `run`, which describes the arguments.

        A signal in time is an array of float64 with exactly the steps of a presentation. A run may
        come in several parts.
        """

    @abstractmethod
    def _parameters(self) -> Parameters:
        """Copy of the weights and biases as they are now; also after closing."""

    def _close(self) -> None:
        """Release what the session holds; called once at most."""
        return

    @final
    @contextmanager
    def _compiling(self) -> Iterator[None]:
        """Tell that code is compiled meanwhile; for an engine where that takes seconds."""
        tell = self._task.tell or _tell_no_stage
        tell(COMPILING, 0, 1)
        yield
        tell(COMPILING, 1, 1)

    @final
    def run(
        self,
        signals: Mapping[str, Stimulus],
        samples: npt.ArrayLike,
        *,
        learning_scale: float = 1.0,
        progress: Progress | None = None,
    ) -> Recording:
        """Run the program on samples, one after the other; learn if the program learns.

        Parameters
        ----------
        signals : mapping of str to ndarray or Events
            By signal: ``(samples,)`` integers, the neuron that fires in every step (for the
            hard negative's signal, -1: choose), or the sign of a phase, -1, 0 or 1; or
            ``(samples, units)`` float64, spike probabilities on the grid 2^-24; or in time,
            ``(samples, steps, units)``, those of each step, or a raster of spikes (0 or 1), or
            `pffspike.Events`. Steps count from 0 at the begin of the presentation, burn-in
            included; each phase begins at 0 again, and steps beyond the presentation are not shown.
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
            If a signal is missing or does not fit (in time: has fewer steps than a presentation),
            or the learning scale is so large that a change of a weight would not be exact.
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
        network, program = self._task.network, self._task.program
        checked, numbers = given.check_signals(network, program, signals, samples)
        check_memory(network, program, self._task.probes, len(numbers))
        recordings = []
        for part in given.parts(checked, program, len(numbers), self._engine.batch):
            some = given.expanded({name: v[part] for name, v in checked.items()}, program)
            recordings.append(
                self._run(some, numbers[part], learning_scale, progress or _tell_nobody)
            )
        return recordings[0] if len(recordings) == 1 else Recording.join(recordings)

    @final
    @property
    def parameters(self) -> Parameters:
        """Copy of the weights and biases as they are now, or were when the session was closed."""
        return self._parameters().fixed_as(self._task.parameters)

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


def _tell_no_stage(stage: str, done: int, total: int) -> None:
    """Stages that nobody asked for."""


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
    parallel : bool
        Whether it runs samples side by side, on several cores, where nothing is learned.
    batch : int
        Samples whose changes are added before they are applied: 1, but in variants of learning.
    """

    name: str
    batch: int = 1
    records: tuple[str, ...] = ("counts", "rasters")
    parallel: bool = False

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
        tell: ProgressCallback | None = None,
        jobs: int | None = None,
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
        tell : callable or None
            Called with a stage, how much of it is done and of how much, for what takes seconds
            before the first sample: compilation, if nothing that was kept can be used.
        jobs : int or None
            Cores for a program that does not learn, see `cores`. No effect on results.

        Returns
        -------
        Session
            To be closed, or used in ``with``.

        Raises
        ------
        ValidationError
            If there is no such program, a probe or the parameters do not fit the network, a rule
            has not the form of all rules, the engine can't compute the network exactly, or can't
            use so many cores.

        Examples
        --------
        >>> import numpy as np
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
        found, usable = network.program(program), self.cores(jobs)
        self._check_probes(network, probes)
        exactness.check_rules(network)
        self._check(network, found)
        check_parameters(network, parameters)
        used = 1 if found.learns else usable
        return self._compile(Task(network, found, parameters, seed, probes, tell, used))

    @final
    def cores(self, jobs: int | None = None) -> int:
        """Cores that a program which does not learn uses; learning uses one.

        Parameters
        ----------
        jobs : int or None
            What was asked for; None: as many as this process has, if the engine can use them.

        Returns
        -------
        int

        Raises
        ------
        ValidationError
            If ``jobs`` is below 1, or above 1 for an engine that is not parallel.

        Examples
        --------
        >>> from pffspike.engines import make_engine
        >>> make_engine("numpy").cores(), make_engine("numba").cores(jobs=2)
        (1, 2)
        """
        if jobs is not None and jobs < 1:
            raise ValidationError(f"jobs = {jobs} must be at least 1")
        if not self.parallel and jobs is not None and jobs > 1:
            raise ValidationError(
                f"engine {self.name!r} runs on one core; give 1 job, or engine numba, which gives "
                f"the same spikes"
            )
        return (jobs or cores()) if self.parallel else 1

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
