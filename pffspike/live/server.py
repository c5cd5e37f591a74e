"""The live page's server: on one address, of this machine unless asked for otherwise."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

from pffspike.errors import FileError, ValidationError, imported
from pffspike.live.subject import LiveNetwork

PORT = 8250  #: default
_PATIENCE = 10  #: seconds in which a connection has to ask something
_CONNECTIONS = 64  #: at the same time
_LONGEST_HEAD = 2**14  #: bytes of a request's head
_BACKLOG = 64  #: connections that wait to be taken


def serve(
    live: LiveNetwork,
    host: str = "127.0.0.1",
    port: int = PORT,
    *,
    others: bool = False,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the live page until Ctrl-C.

    Parameters
    ----------
    live : LiveNetwork
        What it shows.
    host : str
        Address to listen on; one of this machine alone, unless ``others``.
    port : int
        0: any that is free.
    others : bool
        Whether other machines may ask, which is for networks that one trusts: there is no password.
    ready : callable or None
        Told the address when the page can be asked for.

    Raises
    ------
    FileError
        If the address can't be had: the port is in use, for example.
    MissingPackageError
        If Starlette or uvicorn is not installed.
    ValidationError
        If the address is not of this machine alone, and that was not asked for.

    Examples
    --------
    >>> import pffspike
    >>> network = pffspike.load_network("digits")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    >>> serve(LiveNetwork(trained), "0.0.0.0")
    Traceback (most recent call last):
    ...
    pffspike.errors.ValidationError: host '0.0.0.0' lets other machines in; give 127.0.0.1, or ...
    """
    check_host(host, others)
    uvicorn = imported("uvicorn", "live")
    imported("starlette", "live")
    from pffspike.live.application import application
    from pffspike.live.connection import connection_class
    from pffspike.live.worker import Worker

    listening = _listen(host, port)
    worker = Worker()
    names = ["*"] if others else ["127.0.0.1", "localhost", "::1", "[::1]"]
    config = uvicorn.Config(
        application(live, worker, names),
        http=connection_class(_PATIENCE),
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=_PATIENCE,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=_LONGEST_HEAD,
    )
    try:
        if ready:
            ready(_address(listening))
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        return  # the way to end it
    finally:
        worker.end()
        listening.close()


def check_host(host: str, others: bool) -> None:
    """Refuse an address that lets other machines in, unless that was asked for.

    Parameters
    ----------
    host : str
        Name or number.
    others : bool
        Whether it was.

    Raises
    ------
    ValidationError
        If it is not of this machine alone.

    Examples
    --------
    >>> check_host("localhost", False)
    """
    try:
        inside = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not (inside or others):
        raise ValidationError(
            f"host {host!r} lets other machines in; give 127.0.0.1, or ask for it explicitly "
            f"(--allow-others): there is no password"
        )


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens, so that the page can be asked for at once."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(found[0], found[1])
        try:
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows, where the other one shares a port
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(found[4])
            listening.listen(_BACKLOG)
        except BaseException:
            listening.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileError(
            f"address {host}:{port} can't be had: {reason}; give another --port, or 0 for any "
            f"that is free"
        ) from None
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
