"""A Lava runtime that cannot hang: every fault becomes an error, and it always stops."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable
from multiprocessing import connection
from typing import Any

from lava.magma.runtime.mgmt_token_enums import MGMT_COMMAND, MGMT_RESPONSE, enum_equal

from pffspike.engines.lava.compat import forking, interrupts_held
from pffspike.engines.lava.errors import DeadProcessError, ModelError, StalledError
from pffspike.engines.lava.infrastructure import Infrastructure
from pffspike.engines.lava.watched import WatchedRuntime

_START_SECONDS = 30.0  #: for the next process to be ready, on a machine busy with others
_LOOK_SECONDS = 0.25  #: between two looks at the progress
_STOP_SECONDS = 1.0  #: for all processes to end by themselves
_ANSWER_SECONDS = 0.5  #: for a process to say what it waits for
_ENDED = "ended"  #: in place of a report: the process is gone
_IDLE = ("service", "be told")  #: what a process waits for that has finished its step


class GuardedRuntime(WatchedRuntime):
    """Lava's runtime under a guard.

    Stock Lava waits for ever after an exception in a model, for a process that has died, and
    in a deadlock. This one waits for the end of a run, for reports of its processes and for
    their ends at once, and looks from time to time whether steps are still being finished.

    Parameters are those of `WatchedRuntime`.
    """

    def _prepare(self) -> None:
        self._owner = os.getpid()
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_writer, False)
        self.infrastructure = Infrastructure()

    def initialize(self, node_cfg_idx: int = 0) -> None:  # noqa: ARG002
        """Fork the processes and wait until each has built its model."""
        with forking():
            self._build_watchdog_manager()
            self._messaging_infrastructure = self.infrastructure
            self.infrastructure.start()
            self._build_channels()
            self._build_sync_channels()
            self._build_processes()
            self._build_runtime_services()
        self.exception_q: list[Any] = []  # Lava's way to report; ours is a pipe an actor
        self._start_ports()
        for port in self.service_to_runtime:
            port.observer = self._notify
        unready = {actor.name for actor in self.infrastructure.actors}

        def ready(reports: list[tuple[str, str]]) -> bool:
            unready.difference_update(name for name, what in reports if what == "ready")
            return not unready

        self._guard(ready, "while the network started", max(_START_SECONDS, self._timeout))
        self._is_initialized = True

    def run_steps(self, steps: int) -> None:
        """Run time steps and return when all processes have finished them.

        Raises
        ------
        ModelError, DeadProcessError, StalledError
            Afterwards the runtime is stopped.
        """
        finished: list[Any] = []

        def done(_: list[tuple[str, str]]) -> bool:
            finished.extend(port.recv() for port in self.service_to_runtime if port.probe())
            if any(not enum_equal(answer, MGMT_RESPONSE.DONE) for answer in finished):
                finished.clear()  # an error: the report of the process that failed follows
            return len(finished) == len(self.service_to_runtime)

        try:
            self._begin_steps(steps)
            self._guard(done, f"in a run of {steps} steps", self._timeout)
        except BaseException:
            self.stop()
            raise
        self._is_running = False

    def stop(self) -> None:
        """End all processes and threads and free all memory; idempotent.

        Copies of this object in forked processes, its own actors among them, do nothing.
        """
        if self._stopped or os.getpid() != self._owner:
            return
        with interrupts_held():
            self._stopped = True
            if self._is_started and not self._is_running:
                self._ask_to_stop()
            self._is_started = self._is_running = False
            self.infrastructure.stop()
            self._close_ports()
            os.close(self._wake_reader)
            os.close(self._wake_writer)

    def _ask_to_stop(self) -> None:
        for port in self.runtime_to_service:
            port.send(MGMT_COMMAND.STOP)
        limit = time.monotonic() + _STOP_SECONDS
        for actor in self.infrastructure.actors:
            actor.join(max(0.0, limit - time.monotonic()))

    def _close_ports(self) -> None:
        ports = [*self.runtime_to_service, *self.service_to_runtime]
        for port in ports:
            port.observer = None
        self.join()
        for port in ports:
            if port.thread is not None:
                port.thread.join(_STOP_SECONDS)
        for builders in (
            self._executable.channel_builders,
            self._executable.sync_channel_builders,
            self._executable.proc_builders,
        ):
            builders.clear()

    def _notify(self) -> None:
        """Make `_guard` look; called by a thread of Lava's when an answer has arrived."""
        with contextlib.suppress(BlockingIOError):  # full: it will look anyway
            os.write(self._wake_writer, b"!")

    def _guard(
        self, done: Callable[[list[tuple[str, str]]], bool], when: str, timeout: float
    ) -> None:
        """Wait until ``done``, which is told of reports as (name, report)."""
        pipes = {actor.pipe: actor for actor in self.infrastructure.actors}
        progress = self._progress or (lambda: 0)
        timeout = timeout if self._progress else math.inf
        steps, since = progress(), time.monotonic()
        while True:
            ready = set(
                connection.wait([self._wake_reader, *pipes], min(_LOOK_SECONDS, timeout / 4))
            )
            if self._wake_reader in ready:
                os.read(self._wake_reader, 4096)
            reports = [(actor.name, *_read(pipe)) for pipe, actor in pipes.items() if pipe in ready]
            for name, what, text in reports:
                if what == "failed":
                    raise ModelError(f"Lava process {name!r} failed {when}:\n{text}")
            if done([(name, what) for name, what, _ in reports]):
                return
            # The end of a pipe comes behind the last report, so a failure is told before a death.
            for name, what, _ in reports:
                if what == _ENDED:
                    raise self._death(name, when)
            now = progress()
            if reports or now != steps:
                steps, since = now, time.monotonic()
            elif time.monotonic() - since > timeout:
                raise self._stall(when, timeout)

    def _death(self, name: str, when: str) -> DeadProcessError:
        actor = next(each for each in self.infrastructure.actors if each.name == name)
        actor.join(_ANSWER_SECONDS)
        code = actor.exitcode or 0
        reason = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return DeadProcessError(
            f"Lava process {name!r} {reason} {when}; if the machine ran out of memory, use "
            f"fewer lanes"
        )

    def _stall(self, when: str, timeout: float) -> StalledError:
        living = [actor for actor in self.infrastructure.actors if actor.is_alive()]
        for actor in living:
            actor.pipe.send("?")
        limit, states = time.monotonic() + _ANSWER_SECONDS, []
        for actor in living:
            if not actor.pipe.poll(max(0.0, limit - time.monotonic())):
                states.append(f"{actor.name} does not answer")
                continue
            what = _read(actor.pipe)[1]
            if not what:
                states.append(f"{actor.name} is at work")
            elif not any(word in what for word in _IDLE):
                states.append(f"{actor.name} waits to {what}")
        return StalledError(
            f"no Lava process finished a step for {timeout:g} s {when} "
            f"({'; '.join(states)}); if the machine is only slow, use LavaEngine(timeout=...) with "
            f"more seconds"
        )


def _read(pipe: Any) -> tuple[str, str]:
    try:
        what, text = pipe.recv()
    except (EOFError, OSError):
        return _ENDED, ""
    return str(what), str(text)
