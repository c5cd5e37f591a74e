"""Runs side by side: one process each, by dask.distributed."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pffspike.errors import MissingPackageError, ValidationError
from pffspike.study.runs import Run, execute

if TYPE_CHECKING:
    from distributed import Client

Listen = Callable[[str, float], None]  #: called with the label of a run and its fraction done

_TOPIC = "pffspike-study"
_INTERVAL = 1.0  #: seconds between two reports of a run
_TIMEOUT = 10  #: seconds to wait for a scheduler


def execute_all(
    runs: Sequence[Run],
    output: Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    listen: Listen,
) -> Iterator[tuple[Run, str | None]]:
    """Do runs and give each, as it ends, with what went wrong.

    Parameters
    ----------
    runs : sequence of Run
        What to do.
    output : Path
        A folder that all workers see.
    workers : int or None
        Processes; as many as cores by default, 0 for this process.
    scheduler : str or None
        Address of a Dask scheduler, instead of processes on this machine.
    listen : callable
        Called with the news of a run: its label and what it says.

    Yields
    ------
    run : Run
    problem : str or None
    """
    if not runs:
        return
    if workers == 0 and scheduler is None:
        for run in runs:
            yield run, execute(run, output, functools.partial(listen, run.label))
        return
    with _client(min(workers or _cores(), len(runs)), scheduler) as client:
        yield from _distribute(client, runs, output, listen)


def _cores() -> int:
    return len(os.sched_getaffinity(0))


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Client]:
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise MissingPackageError(
            f"a study needs dask.distributed ({error}); run: pip install 'pffspike[study]', or "
            f"give --workers 0"
        ) from None
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=_TIMEOUT)
        except (OSError, ValueError, asyncio.TimeoutError) as error:
            raise ValidationError(
                f"no scheduler answers at {scheduler!r} ({error}); give the address that it prints "
                f"when it starts, or leave --scheduler out"
            ) from None
        with client:
            yield client
        return
    with _ignored_interrupts():
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address=":0",
            silence_logs=logging.CRITICAL,
        )
    with cluster, Client(cluster) as client:
        yield client


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


def _distribute(
    client: Client, runs: Sequence[Run], output: Path, listen: Listen
) -> Iterator[tuple[Run, str | None]]:
    from distributed import as_completed

    client.subscribe_topic(_TOPIC, lambda event: listen(*event[1]))
    first: dict[str, Any] = {}  # of the runs that share a training, the one that does it
    submitted = {}
    for order, run in enumerate(runs):
        future = client.submit(
            _work,
            run,
            output.resolve(),
            first.get(run.training_hash),
            key=f"{run.label} {run.hash}",
            priority=-order,
            pure=False,
        )
        first.setdefault(run.training_hash, future)
        submitted[future] = run
    for future in as_completed(submitted):
        error = future.exception()
        yield submitted[future], str(error) if error else future.result()


def _work(run: Run, output: Path, _after: str | None) -> str | None:
    """Do a run in a worker; ``_after`` makes it wait for another one."""
    from distributed import get_worker

    worker, last = get_worker(), 0.0

    def report(share: float) -> None:
        nonlocal last
        if time.monotonic() - last > _INTERVAL:
            last = time.monotonic()
            worker.log_event(_TOPIC, (run.label, float(share)))

    return execute(run, output, report)
