"""How a network is run: on which engine, with which noise, what is recorded, who is told."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.engines.base import Engine, Session
from pffspike.engines.registry import make_engine, resolve
from pffspike.errors import ValidationError
from pffspike.network.events import Stimulus
from pffspike.progress import Bars
from pffspike.recording import NOTHING, Probes, Recording
from pffspike.trained import TrainedNetwork
from pffspike.typing import Progress, ProgressCallback


@dataclass(frozen=True)
class Execution:
    """Everything about a run that is not the network or its inputs.

    Parameters
    ----------
    engine : str or Engine
        A name, see `pffspike.engines.engine_names`, or an object. All exact engines give the same.
    seed : int
        Of everything random: spikes, rounding, initial weights, the order of samples.
    probes : Probes
        What recordings hold beside goodness and spike totals.
    progress : callable, bool or None
        ``progress(stage, done, total)`` is called as work goes on; True: a bar for each stage, in
        a terminal or a notebook.
    jobs : int or None
        Cores for what does not learn, see `pffspike.engines.Engine.cores`; None: all that the
        engine can use. No effect on results.

    Raises
    ------
    ValidationError
        If the seed is no integer of 64 bits, or ``progress`` can't be called.

    Examples
    --------
    >>> Execution("numpy", seed=1)
    Execution(engine='numpy', seed=1)
    """

    engine: str | Engine = "fastest"
    seed: int = 0
    probes: Probes = NOTHING
    progress: ProgressCallback | bool | None = None
    jobs: int | None = None

    def __post_init__(self) -> None:
        counter.check_seed(self.seed)
        if isinstance(self.progress, bool):
            object.__setattr__(self, "progress", Bars() if self.progress else None)
        elif self.progress is not None and not callable(self.progress):
            raise ValidationError(
                f"progress={self.progress!r} is neither True, False, None nor a function of "
                "(stage, done, total)"
            )

    @property
    def engine_name(self) -> str:
        """Name of the engine; what ``fastest`` stands for on this machine."""
        return resolve(self.engine) if isinstance(self.engine, str) else self.engine.name

    @property
    def cores(self) -> int:
        """Cores that a program which does not learn uses; see `pffspike.engines.Engine.cores`."""
        return made(self.engine).cores(self.jobs)

    def replace(self, **changes: object) -> Execution:
        """Give a copy with some fields changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        probes = "" if self.probes == NOTHING else f", {self.probes!r}"
        jobs = "" if self.jobs is None else f", jobs={self.jobs}"
        return f"Execution(engine={self.engine_name!r}, seed={self.seed}{probes}{jobs})"


def made(engine: str | Engine) -> Engine:
    """Engine of an execution as an object."""
    return make_engine(engine) if isinstance(engine, str) else engine


def counting(execution: Execution, stage: str, total: int, done: int = 0) -> Progress | None:
    """Callback for an engine, which counts finished samples, that tells of a stage's progress.

    Parameters
    ----------
    execution : Execution
        Engine, seed, probes, progress.
    stage : str
        What is going on.
    total : int
        Samples of the stage.
    done : int
        Of which so many are done already.

    Returns
    -------
    callable or None
        None if nobody is to be told.
    """
    tell = execution.progress
    if tell is None or isinstance(tell, bool):
        return None

    def advance(finished: int) -> None:
        nonlocal done
        done += finished
        tell(stage, done, total)

    tell(stage, done, total)
    return advance


def open_session(trained: TrainedNetwork, program: str, execution: Execution) -> Session:
    """Compile a program of a trained network; close the session, or use it in ``with``.

    Parameters
    ----------
    trained : TrainedNetwork
        A trained network, whole.
    program : str
        Name of one of the network's programs.
    execution : Execution
        Engine, seed, probes, progress.

    Returns
    -------
    Session

    Examples
    --------
    >>> import pffspike
    >>> network = pffspike.load_network("digits")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    >>> with open_session(trained, "one_pass", Execution("numpy")) as session:
    ...     recording = session.run({"image": np.zeros((2, 64))}, [0, 1])
    """
    return made(execution.engine).compile(
        trained.network,
        program,
        trained.parameters,
        seed=execution.seed,
        probes=execution.probes,
        tell=None if isinstance(execution.progress, bool) else execution.progress,
        jobs=execution.jobs,
    )


def run(
    trained: TrainedNetwork,
    program: str,
    signals: Mapping[str, Stimulus],
    samples: npt.ArrayLike | None = None,
    *,
    execution: Execution = Execution(),
) -> Recording:
    """Run any program of a network on any inputs.

    Parameters
    ----------
    trained : TrainedNetwork
        Its weights stay as they are, even if the program learns.
    program : str
        Name of one of the network's programs.
    signals : mapping of str to ndarray or Events
        See `pffspike.Session.run`.
    samples : (samples,) array_like of int or None
        Numbers of the samples, which key their random numbers; from 0 on by default.
    execution : Execution
        Engine, seed, probes, progress.

    Returns
    -------
    Recording

    Raises
    ------
    ValidationError
        If there is no such program, or an input does not fit it.

    Examples
    --------
    >>> import pffspike
    >>> network = pffspike.load_network("digits")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    >>> images = pffspike.probabilities(pffspike.load_data("digits").test_images[:3], 16)
    >>> run(trained, "one_pass", {"image": images}, execution=Execution("numpy")).presentations
    3
    """
    if samples is None:
        samples = np.arange(len(next(iter(signals.values()), ())))
    report = counting(execution, program, len(np.asarray(samples)))
    with open_session(trained, program, execution) as session:
        return session.run(signals, samples, progress=report)
