"""One computation at a time, a short queue, and an end to each: a request can't fill the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pffspike.errors import PffspikeError
from pffspike.typing import ProgressCallback

T = TypeVar("T")

WAITING = 4  #: requests that may wait for their turn
SECONDS = 300.0  #: that a computation may take: a calibration is the longest


class BusyError(PffspikeError):
    """Too many requests wait, or a computation took too long; ask again later."""


class GoneError(PffspikeError):
    """Whoever asked has gone before the turn came."""


class Worker:
    """Runs computations in one thread, in the order in which they were asked for.

    Parameters
    ----------
    waiting : int
        Requests that may wait for their turn; one more is refused.
    seconds : float
        Time limit of a computation. It is told by its progress, and ends where it next tells it.
    """

    def __init__(self, waiting: int = WAITING, seconds: float = SECONDS) -> None:
        self._most, self._seconds = waiting + 1, seconds
        self._inside, self._ended = 0, False
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pffspike-live")
        self.progress: tuple[str, int, int] | None = None

    async def run(
        self,
        work: Callable[[ProgressCallback], T],
        gone: Callable[[], Awaitable[bool]] | None = None,
    ) -> T:
        """Run a computation when its turn comes.

        Parameters
        ----------
        work : callable
            Takes what is to be told of progress.
        gone : callable or None
            Whether whoever asked has gone, asked when the turn comes.

        Returns
        -------
        object
            What the computation returns.

        Raises
        ------
        BusyError
            If too many wait, or the computation takes too long.
        GoneError
            If nobody waits for the answer any more.
        """
        if self._inside >= self._most:
            raise BusyError(
                f"{self._inside} requests are being answered or wait, as many as may; ask again "
                f"in a moment"
            )
        self._inside += 1
        try:
            async with self._turn:
                if gone and await gone():
                    raise GoneError("nobody waits for this answer; ask again")
                return await asyncio.wait_for(
                    asyncio.get_running_loop().run_in_executor(self._thread, self._timed, work),
                    self._seconds,
                )
        except asyncio.TimeoutError:
            raise self._late() from None
        finally:
            self._inside -= 1

    def end(self) -> None:
        """Take no more work; what runs ends where it next tells of its progress."""
        self._ended = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _timed(self, work: Callable[[ProgressCallback], T]) -> T:
        deadline = time.monotonic() + self._seconds

        def tell(stage: str, done: int, total: int) -> None:
            if self._ended or time.monotonic() > deadline:
                raise self._late()
            self.progress = stage, done, total

        try:
            return work(tell)
        finally:
            self.progress = None

    def _late(self) -> BusyError:
        return BusyError(
            f"this took longer than {self._seconds:g} s and was ended; choose a shorter window or "
            f"another mode"
        )
