"""A Lava runtime that schedules processes cooperatively in one thread; it cannot hang either."""

from __future__ import annotations

import contextlib
import signal
import threading
import traceback
from collections.abc import Iterator
from typing import Any

from lava.magma.runtime.mgmt_token_enums import MGMT_RESPONSE, enum_equal

from pffspike import system
from pffspike.engines.lava.cooperative import Cooperative
from pffspike.engines.lava.errors import LavaError, ModelError, StalledError
from pffspike.engines.lava.watched import WatchedRuntime

_START_SECONDS = 30.0  #: to build all models


class CooperativeRuntime(WatchedRuntime):
    """Lava's runtime on `pffspike.engines.lava.cooperative`.

    Parameters are those of `WatchedRuntime`, with this difference: only computing counts as time
    without progress. A model that sleeps is not noticed, and outside of the main thread none is:
    Python interrupts that one only. `GuardedRuntime` has no such limit.
    """

    def _prepare(self) -> None:
        self.infrastructure = Cooperative()

    def initialize(self, node_cfg_idx: int = 0) -> None:  # noqa: ARG002
        """Build all models and let each run to its first wait."""
        self._build_watchdog_manager()
        self._messaging_infrastructure = self.infrastructure
        self._build_channels()
        self._build_sync_channels()
        timeout = max(_START_SECONDS, self._timeout)
        with self.infrastructure.selectors(), self._guarded("while the network started", timeout):
            for builder in self._executable.proc_builders.values():
                self.infrastructure.build_actor(None, builder)
            for builder in self._executable.runtime_service_builders.values():
                self.infrastructure.build_actor(None, builder)
            self.infrastructure.scheduler.run()
        self._is_initialized = True

    def run_steps(self, steps: int) -> None:
        """Run time steps and return when all processes have finished them.

        Raises
        ------
        ModelError, StalledError
            Afterwards the runtime is stopped.
        """
        when = f"in a run of {steps} steps"
        try:
            self._begin_steps(steps)
            with self._guarded(when, self._timeout):
                self.infrastructure.scheduler.run()
                self._check_answers(when)
        except BaseException:
            self.stop()
            raise
        self._is_running = False

    def _check_answers(self, when: str) -> None:
        answers = [port.recv() for port in self.service_to_runtime if port.probe()]
        if len(answers) < len(self.service_to_runtime):
            raise StalledError(f"the Lava processes wait for each other {when} ({self._states()})")
        if not all(enum_equal(answer, MGMT_RESPONSE.DONE) for answer in answers):
            raise LavaError(f"Lava's runtime service answered {answers} {when}")

    def _states(self) -> str:
        """What the processes that have not finished their step wait for."""
        waiting = [actor for actor in self.infrastructure.actors if actor.waits != "be told"]
        return "; ".join(
            f"{actor.name} waits to {actor.waits}"
            for actor in waiting
            if "service" not in actor.waits
        )

    @contextlib.contextmanager
    def _guarded(self, when: str, timeout: float) -> Iterator[None]:
        try:
            with self._alarm(when, timeout):
                yield
        except LavaError:
            raise
        except Exception as error:
            running = self.infrastructure.scheduler.running
            name = running.name if running is not None else self.infrastructure.building
            text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
            raise ModelError(f"Lava process {name!r} failed {when}:\n{text}") from None

    @contextlib.contextmanager
    def _alarm(self, when: str, timeout: float) -> Iterator[None]:
        """Look, as often as time for a step has been spent computing, whether there is progress."""
        progress = self._progress
        main = threading.current_thread() is threading.main_thread()
        if progress is None or not main or not system.has_timers():
            yield
            return
        steps = [progress()]

        def look(*_: Any) -> None:
            if progress() == steps[0]:
                running = self.infrastructure.scheduler.running
                name = running.name if running is not None else "the runtime"
                raise StalledError(
                    f"no Lava process finished a step for {timeout:g} s {when} ({name} is "
                    f"at work); if the machine is only slow, use LavaEngine(timeout=...) with "
                    f"more seconds"
                )
            steps[0] = progress()

        previous = signal.signal(signal.SIGVTALRM, look)
        signal.setitimer(signal.ITIMER_VIRTUAL, timeout, timeout)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, previous)

    def stop(self) -> None:
        """End all processes; idempotent."""
        if self._stopped:
            return
        self._stopped = True
        self._is_started = self._is_running = False
        self.infrastructure.stop()
        for builders in (
            self._executable.channel_builders,
            self._executable.sync_channel_builders,
            self._executable.proc_builders,
        ):
            builders.clear()
