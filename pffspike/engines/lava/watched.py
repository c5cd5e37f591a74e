"""What both runtimes of this project have in common: a fault is an error, and they always stop."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lava.magma.compiler.executable import Executable
from lava.magma.core.process.message_interface_enum import ActorType
from lava.magma.core.process.process import AbstractProcess, ProcessServer
from lava.magma.core.process.variable import VarServer
from lava.magma.core.run_conditions import AbstractRunCondition, RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg, RunConfig
from lava.magma.runtime.runtime import Runtime

from pffspike.engines.lava.compat import logging_untouched
from pffspike.errors import ValidationError

if TYPE_CHECKING:
    from typing_extensions import Self

TIMEOUT = 4.0  #: seconds without a finished step; a step takes milliseconds
_CHANNEL_SIZE = 4  #: messages that a channel holds; one or two would do


class WatchedRuntime(Runtime):
    """Lava's runtime, watched while it runs.

    Parameters
    ----------
    process : AbstractProcess
        Any process of a connected network. If it is a `pffspike.lava.PFF`, its progress is watched.
    configuration : RunConfig or None
        Which process models are selected; by default those of the process's arithmetic.
    timeout : float
        Seconds without progress until the run counts as stalled.

    Raises
    ------
    ValidationError
        If the configuration selects models of another arithmetic.
    """

    infrastructure: Any

    def __init__(
        self,
        process: AbstractProcess,
        configuration: RunConfig | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self._is_started = False  # what Lava's __del__ asks for, also after a failed compilation
        tag = getattr(process, "tag", "fixed_pt")
        configuration = configuration or select(tag)
        if hasattr(process, "tag") and configuration.select_tag != tag:
            raise ValidationError(
                f"the run configuration selects {configuration.select_tag!r}, and this process has "
                f"numbers for {tag!r}; select that tag, or make the process with the other "
                f"arithmetic"
            )
        with logging_untouched():
            executable = process.compile(configuration, {"pypy_channel_size": _CHANNEL_SIZE})
        super().__init__(executable, ActorType.MultiProcessing, logging.ERROR)
        #: a number that grows while processes finish steps; None: nobody knows
        self._progress: Callable[[], int] | None = getattr(process, "finished", None)
        self._timeout, self._stopped = timeout, False
        executable.assign_runtime_to_all_processes(self)
        process.runtime = self
        mine = _processes(process, executable)
        self._prepare()
        try:
            self.initialize()
        except BaseException:
            self.stop()
            raise
        finally:
            _forget(mine)

    @abstractmethod
    def _prepare(self) -> None:
        """Make the infrastructure, before anything else is built."""

    @abstractmethod
    def run_steps(self, steps: int) -> None:
        """Run time steps and return when all processes have finished them."""

    def start(self, run_condition: AbstractRunCondition) -> None:
        """Run; ``process.run`` calls this.

        Raises
        ------
        ValidationError
            If the condition is not a number of steps.
        """
        if not isinstance(run_condition, RunSteps):
            raise ValidationError(
                f"{type(run_condition).__name__} is no number of steps; run with RunSteps"
            )
        self.run_steps(run_condition.num_steps)

    def _begin_steps(self, steps: int) -> None:
        super().start(RunSteps(steps, blocking=False))

    def __enter__(self) -> Self:
        return self


def select(tag: str) -> Loihi2SimCfg:
    """Run configuration for the process models of a tag, hierarchical ones among them."""
    return Loihi2SimCfg(select_tag=tag, select_sub_proc_model=True, loglevel=logging.ERROR)


def _processes(process: AbstractProcess, executable: Executable) -> set[AbstractProcess]:
    """All processes of a network, hierarchical ones among them."""
    mine = {process, *executable.proc_builders}
    return mine | {each.parent_proc for each in mine if each.parent_proc is not None}


def _forget(mine: set[AbstractProcess]) -> None:
    """Take processes out of Lava's global lists, which would keep them and their weights."""
    server, variables = ProcessServer(), VarServer()
    server.processes = [each for each in server.processes if each not in mine]
    variables.vars = [var for var in variables.vars if var.process not in mine]
