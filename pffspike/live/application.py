"""The live page as a web application: its routes, its limits, and what a browser may do with it."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pffspike.errors import PffspikeError
from pffspike.live.question import NotJsonError, Question, parse
from pffspike.live.subject import LiveNetwork
from pffspike.live.worker import BusyError, GoneError, Worker
from pffspike.typing import ProgressCallback

MOST_BYTES = 2**19  #: of the body of a request
_PATIENCE = 10.0  #: seconds in which a body has to arrive
_KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

Answer = Callable[[Question, ProgressCallback], dict[str, Any]]


class RefusedError(PffspikeError):
    """A request that is not answered, with the status that says why.

    Parameters
    ----------
    status : int
        Of HTTP.
    text : str
        One sentence.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Headers:
    """Puts the headers on every response that say what a browser may do with it.

    Parameters
    ----------
    app : ASGIApp
        What responds.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [(k.encode(), v.encode()) for k, v in _HEADERS.items()]
                message["headers"] = [*message["headers"], *given]
            await send(message)

        await self._app(scope, receive, with_headers)


def application(
    live: LiveNetwork, worker: Worker, hosts: Sequence[str] = ("127.0.0.1", "localhost", "[::1]")
) -> Starlette:
    """Make the application.

    Parameters
    ----------
    live : LiveNetwork
        What it shows.
    worker : Worker
        Where it computes.
    hosts : sequence of str
        Names under which a browser may ask for it; ``*``: any.

    Returns
    -------
    Starlette

    Examples
    --------
    >>> import pffspike
    >>> network = pffspike.load_network("digits")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    >>> app = application(LiveNetwork(trained), Worker())
    >>> sorted(route.path for route in app.routes)[:2]
    ['/', '/api/answer']
    """

    async def page(request: Request) -> Response:
        return _file(request.path_params.get("name", "index.html"))

    async def network(_request: Request) -> Response:
        return JSONResponse(live.describe())

    async def sample(request: Request) -> Response:
        return JSONResponse(live.sample(request.path_params["number"]))

    async def progress(_request: Request) -> Response:
        stage, done, total = worker.progress or ("", 0, 0)
        return JSONResponse({"stage": stage, "done": done, "total": total})

    def asked(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            question = parse(await _body(request))
            told = await worker.run(
                lambda progress: answer(question, progress), request.is_disconnected
            )
            return JSONResponse(told)

        return respond

    return Starlette(
        routes=[
            Route("/", page),
            Route("/page/{name}", page),
            Route("/api/network", network),
            Route("/api/sample/{number:int}", sample),
            Route("/api/progress", progress),
            Route("/api/answer", asked(live.answer), methods=["POST"]),
            Route("/api/imagine", asked(live.imagine), methods=["POST"]),
            Route("/api/confidence", asked(live.confidence), methods=["POST"]),
        ],
        middleware=[
            Middleware(Headers),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        ],
        exception_handlers={PffspikeError: _refused, MemoryError: _exhausted, Exception: _failed},
    )


def _file(name: str) -> Response:
    """A file of the page; there are no others."""
    folder = resources.files("pffspike.live") / "page"
    for file in folder.iterdir():
        if file.name == name and (kind := _KINDS.get(f".{name.rpartition('.')[2]}")):
            return Response(file.read_bytes(), media_type=kind)
    return JSONResponse({"error": f"there is no {name[:64]!r} here; go to /"}, 404)


async def _body(request: Request) -> bytes:
    """Body of a request, as long as it is small, JSON, of this page, and arrives."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise RefusedError(403, "only the page itself may ask; open it in this browser")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RefusedError(415, "the body of the request must be application/json")
    too_long = RefusedError(413, f"the body of the request is longer than {MOST_BYTES:,} bytes")
    if int(request.headers.get("content-length") or 0) > MOST_BYTES:
        raise too_long
    parts, size = [], 0

    async def read() -> None:
        nonlocal size
        async for part in request.stream():
            size += len(part)
            if size > MOST_BYTES:
                raise too_long
            parts.append(part)

    try:
        await asyncio.wait_for(read(), _PATIENCE)
    except asyncio.TimeoutError:
        raise RefusedError(408, f"the body did not arrive within {_PATIENCE:g} s") from None
    return b"".join(parts)


async def _refused(_request: Request, error: Exception) -> Response:
    """One sentence for what a request can cause."""
    headers = {}
    if isinstance(error, RefusedError):
        status = error.status
    elif isinstance(error, (BusyError, GoneError)):
        status, headers = 503, {"retry-after": "1"}
    else:
        status = 400 if isinstance(error, NotJsonError) else 422
    return JSONResponse({"error": str(error)}, status, headers)


async def _exhausted(_request: Request, _error: Exception) -> Response:
    text = "this machine's memory is exhausted; end other programs, or choose a shorter window"
    return JSONResponse({"error": text}, 503)


async def _failed(_request: Request, error: Exception) -> Response:
    traceback.print_exception(error)
    text = "the server failed at this request, and goes on; its terminal says why"
    return JSONResponse({"error": text}, 500)
