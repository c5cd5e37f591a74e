"""Runs side by side: processes on this machine, or the workers of a Dask scheduler."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pffspike.errors import MissingPackageError, PffspikeError, ValidationError, install_hint
from pffspike.limits import cores
from pffspike.studies.processes import execute_in_processes
from pffspike.studies.runs import Run, execute

if TYPE_CHECKING:
    from distributed import Client, Future

Listen = Callable[[str, float], None]  #: called with the label of a run and its fraction done

_TOPIC = "pffspike-study"
_INTERVAL = 1.0  #: seconds between two reports of a run
_WORD = 10.0  #: seconds to wait for a scheduler, and without workers before a word about it
TIMEOUT = 120.0  #: seconds without workers before a study ends, unless another number is given
_LOGGER = logging.getLogger("pffspike")


def execute_all(
    runs: Sequence[Run],
    output: Path,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    timeout: float = TIMEOUT,
    listen: Listen,
) -> Iterator[tuple[Run, str | None]]:
    """Do runs and give each, as it ends, with what went wrong.

    Parameters
    ----------
    runs : sequence of Run
        What to do.
    output : Path
        A folder that all workers see.
    jobs : int or None
        Runs at the same time, a process each; as many as cores by default, 1 for this process.
    scheduler : str or None
        Address of a Dask scheduler, instead of processes on this machine.
    timeout : float
        Seconds that a scheduler may be without workers, or without an answer.
    listen : callable
        Called with the news of a run: its label and what it says.

    Yields
    ------
    run : Run
    problem : str or None

    Raises
    ------
    ValidationError
        If no scheduler answers at the address.
    PffspikeError
        If the scheduler goes away, or has no workers for too long.
    """
    if not runs:
        return
    if jobs == 1 and scheduler is None:
        for run in runs:
            yield run, execute(run, output, functools.partial(listen, run.label))
        return
    if scheduler is None:
        most = min(jobs or cores(), len(runs))
        yield from execute_in_processes(runs, output, most, listen)
        return
    with _client(scheduler, min(_WORD, timeout)) as client:
        yield from _distribute(client, runs, output, timeout, listen)


@contextmanager
def _client(scheduler: str, timeout: float) -> Iterator[Client]:
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingPackageError(
            f"--scheduler needs dask.distributed ({error}); {install_hint('study')}, or "
            f"leave --scheduler out"
        ) from None
    for name in ("distributed", "distributed.client"):  # its own words come beside ours
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(scheduler, timeout=timeout)
    except (OSError, ValueError, asyncio.TimeoutError) as error:
        raise ValidationError(
            f"no scheduler answers at {scheduler!r} ({error}); give the address that it prints "
            f"when it starts, or leave --scheduler out"
        ) from None
    try:
        yield client
    except (OSError, asyncio.CancelledError, concurrent.futures.CancelledError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise PffspikeError(
            f"the scheduler has gone ({reason}); start it and repeat the command: what has ended "
            f"is stored"
        ) from None
    finally:
        client.close(timeout=timeout)


def _distribute(
    client: Client, runs: Sequence[Run], output: Path, timeout: float, listen: Listen
) -> Iterator[tuple[Run, str | None]]:
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
    yield from _results(client, submitted, timeout)


def _results(
    client: Client, submitted: dict[Future, Run], timeout: float
) -> Iterator[tuple[Run, str | None]]:
    """Give runs as they end; say when nobody works on them, and stop waiting after a while."""
    from distributed import wait

    interval = min(_WORD, timeout / 3)  # seconds between two looks at the workers
    lonely, said = 0.0, False  # seconds without a worker, and whether that was said
    while submitted:
        began = time.monotonic()
        try:
            ended = wait(list(submitted), timeout=interval, return_when="FIRST_COMPLETED").done
        except (TimeoutError, asyncio.TimeoutError):
            ended = set()
        if client.status != "running" and not ended:
            raise ConnectionError("the connection is lost")
        for future in ended:
            problem = future.exception()
            line = str(problem).partition("\n")[0] if problem else future.result()
            yield submitted.pop(future), line
        if ended or _workers(client, min(_WORD, timeout)):
            lonely, said = 0.0, False
            continue
        lonely += time.monotonic() - began
        if lonely >= timeout:
            raise PffspikeError(
                f"the scheduler has had no worker for {lonely:.0f} s; start one with `dask worker "
                f"ADDRESS`, and repeat the command: what has ended is stored"
            )
        if not said:
            said = True
            _LOGGER.warning(
                "the scheduler has no worker; the study ends in %.0f s unless one joins, start "
                "one with `dask worker ADDRESS`",
                timeout - lonely,
            )


def _workers(client: Client, timeout: float) -> int:
    """Workers of the scheduler; 0 if it does not answer in time."""
    try:
        return len(client.sync(client.scheduler.ncores, callback_timeout=timeout))
    except (TimeoutError, asyncio.TimeoutError):
        return 0


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
