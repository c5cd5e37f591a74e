"""A connection that asks nothing is closed: else some that stay silent would take all places."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


def connection_class(patience: float) -> type[asyncio.Protocol]:
    """Make the class of connections.

    Parameters
    ----------
    patience : float
        Seconds in which the head of a request has to arrive.

    Returns
    -------
    type
        As ``uvicorn.Config`` takes it.
    """

    class Connection(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._silent = self.loop.call_later(patience, self._close_if_silent)

        def connection_lost(self, exc: Exception | None) -> None:
            self._silent.cancel()
            super().connection_lost(exc)

        def _close_if_silent(self) -> None:
            if self.cycle is None:  # no head has arrived
                self.transport.close()

    return Connection
