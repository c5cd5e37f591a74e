"""Runs side by side on this machine: a process each, which tells of itself through a pipe.

Nothing listens on the network, so nobody else on the machine can give these processes work.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from pffspike.studies.runs import Run, execute

_INTERVAL = 1.0  #: seconds between two reports of a run


def execute_in_processes(
    runs: Sequence[Run], output: Path, jobs: int, listen: Callable[[str, float], None]
) -> Iterator[tuple[Run, str | None]]:
    """Do runs in processes of their own; those that share a training, one after the other.

    Parameters
    ----------
    runs : sequence of Run
        What to do.
    output : Path
        Folder of the results.
    jobs : int
        Processes at the same time.
    listen : callable
        Called with the label of a run and the fraction of it that is done.

    Yields
    ------
    run : Run
    problem : str or None
        What went wrong, in one sentence.
    """
    context = multiprocessing.get_context("spawn")
    waiting = list(runs)
    active: dict[connection.Connection, tuple[SpawnProcess, Run]] = {}
    try:
        while waiting or active:
            busy = {run.training_hash for _, run in active.values()}
            ready = (run for run in waiting if run.training_hash not in busy)
            run = next(ready, None) if len(active) < jobs else None
            if run is not None:
                waiting.remove(run)
                here, there = context.Pipe(duplex=False)
                process = context.Process(target=_work, args=(run, output.resolve(), there))
                with _ignored_interrupts():
                    process.start()
                there.close()
                active[here] = process, run
                continue
            for pipe in connection.wait(list(active)):
                assert isinstance(pipe, connection.Connection)
                process, run = active[pipe]
                ended, problem = _hear(pipe, process, run, listen)
                if ended:
                    del active[pipe]
                    yield run, problem
    finally:  # Ctrl-C among others
        for process, _ in active.values():
            process.kill()
            process.join()


def _hear(
    pipe: connection.Connection,
    process: SpawnProcess,
    run: Run,
    listen: Callable[[str, float], None],
) -> tuple[bool, str | None]:
    """Take a message of a process: whether it has ended, and its problem."""
    try:
        done, problem, share = json.loads(pipe.recv_bytes())
    except (EOFError, OSError):
        process.join()
        return True, (
            f"its process ended with code {process.exitcode}, perhaps for want of memory; give "
            f"fewer --jobs"
        )
    if done:
        process.join()
        pipe.close()
        return True, problem
    listen(run.label, share)
    return False, None


def _work(run: Run, output: Path, pipe: connection.Connection) -> None:
    """Do a run in a process of its own, which ends when nobody listens any more."""
    last = 0.0

    def tell(done: bool, problem: str | None, share: float) -> None:
        try:
            pipe.send_bytes(json.dumps([done, problem, share]).encode())
        except OSError:
            os._exit(1)

    def report(share: float) -> None:
        nonlocal last
        if time.monotonic() - last > _INTERVAL:
            last = time.monotonic()
            tell(False, None, float(share))

    tell(True, execute(run, output, report), 1.0)


@contextmanager
def _ignored_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C for a moment, and in the processes started meanwhile for good.

    A terminal sends it to all of them; it is for this one to end the others.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
