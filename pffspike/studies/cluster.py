"""Runs side by side: processes on this machine, or the workers of a Dask scheduler."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pffspike.errors import MissingPackageError, PffspikeError, ValidationError
from pffspike.limits import cores
from pffspike.studies.processes import execute_in_processes
from pffspike.studies.runs import Run, execute

if TYPE_CHECKING:
    from distributed import Client, Future

Listen = Callable[[str, float], None]  #: called with the label of a run and its fraction done

_TOPIC = "pffspike-study"
_INTERVAL = 1.0  #: seconds between two reports of a run
_TIMEOUT = 10  #: seconds to wait for a scheduler, and between two looks at its workers
_PATIENCE = 120  #: seconds to wait for a worker
_LOGGER = logging.getLogger("pffspike")


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
    if scheduler is None:
        most = min(workers or cores(), len(runs))
        yield from execute_in_processes(runs, output, most, listen)
        return
    with _client(scheduler) as client:
        yield from _distribute(client, runs, output, listen)


@contextmanager
def _client(scheduler: str) -> Iterator[Client]:
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingPackageError(
            f"--scheduler needs dask.distributed ({error}); run: pip install 'pffspike[study]', or "
            f"leave --scheduler out"
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(scheduler, timeout=_TIMEOUT)
    except (OSError, ValueError, asyncio.TimeoutError) as error:
        raise ValidationError(
            f"no scheduler answers at {scheduler!r} ({error}); give the address that it prints "
            f"when it starts, or leave --scheduler out"
        ) from None
    with client:
        yield client


def _distribute(
    client: Client, runs: Sequence[Run], output: Path, listen: Listen
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
    yield from _results(client, submitted)


def _results(client: Client, submitted: dict[Future, Run]) -> Iterator[tuple[Run, str | None]]:
    """Give runs as they end; say when nobody works on them, and stop waiting after a while."""
    from distributed import wait

    lonely = 0.0  # seconds
    while submitted:
        try:
            ended = wait(list(submitted), timeout=_TIMEOUT, return_when="FIRST_COMPLETED").done
        except (TimeoutError, asyncio.TimeoutError):
            ended = set()
        except (OSError, asyncio.CancelledError) as error:
            raise _lost(error) from None
        if client.status != "running":
            raise _lost(client.status)
        for future in ended:
            problem = future.exception()
            yield submitted.pop(future), str(problem) if problem else future.result()
        lonely = 0.0 if ended or client.nthreads() else lonely + _TIMEOUT
        if lonely >= _PATIENCE:
            raise PffspikeError(
                f"no worker has joined the scheduler for {lonely:.0f} s; start one with `dask "
                f"worker ADDRESS`, and repeat the command: what has ended is stored"
            )
        if lonely:
            _LOGGER.warning(
                "no worker has joined the scheduler yet; waiting for %d s more, start one with "
                "`dask worker ADDRESS`",
                _PATIENCE - lonely,
            )


def _lost(reason: object) -> PffspikeError:
    return PffspikeError(
        f"the scheduler has gone ({reason}); start it and repeat the command: what has ended is "
        f"stored"
    )


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
