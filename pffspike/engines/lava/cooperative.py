"""Lava's message infrastructure within one thread: a greenlet for each actor, queues as channels.

An actor (a process model or Lava's runtime service) runs until it waits for a message; then the
next one that can go on does. So nothing runs in parallel and nothing has to be locked, a step
costs microseconds instead of the switches between operating-system processes, an exception in a
model arrives where the network was run from, and a deadlock is not guessed from a time-out: it is
when no actor can go on.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from greenlet import GreenletExit, getcurrent, greenlet
from lava.magma.compiler.channels.interfaces import Channel, ChannelType
from lava.magma.compiler.channels.pypychannel import CspRecvPort, CspSendPort
from lava.magma.core.model.py import model as model_module
from lava.magma.runtime.message_infrastructure.message_infrastructure_interface import (
    MessageInfrastructureInterface,
)
from lava.magma.runtime.runtime_services import runtime_service as service_module

from pffspike.engines.lava.errors import StalledError
from pffspike.errors import ValidationError
from pffspike.typing import Array


class Actor(greenlet):
    """A process model or a runtime service.

    Parameters
    ----------
    name : str
        Of the process, for errors.
    model : object
        Its ``start()`` returns at the end.
    """

    def __init__(self, name: str, model: Any) -> None:
        super().__init__(model.start)
        self.name, self.model = name, model
        self.waits = ""  #: for what, "" if for nothing


class Scheduler:
    """Lets actors run cooperatively."""

    def __init__(self) -> None:
        self.actors: list[Actor] = []
        self.running: Actor | None = None
        self._ready: deque[Actor] = deque()
        self._hub: greenlet | None = None

    def add(self, actor: Actor) -> None:
        """Let an actor begin in the next `run`."""
        self.actors.append(actor)
        self._ready.append(actor)

    def run(self) -> None:
        """Run until every actor waits or has ended; what an actor raises is raised here."""
        self._hub = getcurrent()
        ready = self._ready
        while ready:
            self.running = ready.popleft()
            self.running.switch()
        self.running = None

    def wait(self, ports: Sequence[Any], what: str) -> None:
        """Let others run until something happens at one of the ports.

        The program that runs the network may call this too, as it does to read and set variables:
        then all actors run until each waits.

        Parameters
        ----------
        ports : sequence of ports
            Of the actor that calls this.
        what : str
            It waits to do, for errors.

        Raises
        ------
        StalledError
            If the program calls, and no actor can go on.
        """
        actor = getcurrent()
        if not isinstance(actor, Actor) or self._hub is None:
            if not self._ready:
                raise StalledError(
                    f"the Lava processes have nothing more to do in a wait to {what}"
                )
            self.run()
            return
        for port in ports:
            port.waiting.append(actor)
        actor.waits = what
        self._hub.switch()
        actor.waits = ""

    def resume(self, waiting: list[Any]) -> None:
        """Let suspended actors go on, when they are scheduled."""
        self._ready.extend(waiting)
        waiting.clear()

    def stop(self) -> None:
        """Unwind all actors."""
        self._ready.clear()
        for actor in self.actors:
            # One that has begun; this may be called by any thread and any greenlet (the collector).
            if actor and getcurrent() is not actor:
                with contextlib.suppress(Exception):
                    actor.parent = getcurrent()
                    actor.throw(GreenletExit)
        self.actors.clear()


class LocalChannel(Channel):
    """A queue of arrays with a sending and a receiving end, as Lava's builders want it."""

    def __init__(
        self,
        infrastructure: Cooperative,
        src_name: str,
        dst_name: str,
        shape: tuple[int, ...],
        dtype: Any,
        size: int,
        *_: object,
    ) -> None:
        self.queue: deque[Array] = deque()
        self.waiting: list[Any] = []  #: actors that wait for a message or for room
        self.scheduler = infrastructure.scheduler
        self._source = LocalSendPort(self, src_name, shape, dtype, size)
        self._destination = LocalRecvPort(self, dst_name, shape, dtype, size)

    @property
    def src_port(self) -> LocalSendPort:
        """The sending end."""
        return self._source

    @property
    def dst_port(self) -> LocalRecvPort:
        """The receiving end."""
        return self._destination


class _LocalPort:
    def __init__(
        self, channel: LocalChannel, name: str, shape: tuple[int, ...], dtype: Any, size: int
    ) -> None:
        self._channel, self._name, self._size = channel, name, size
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._queue = channel.queue

    def start(self) -> None:
        """Do nothing: no thread is needed."""

    def join(self) -> None:
        """Do nothing."""

    @property
    def waiting(self) -> list[Any]:
        """Actors that wait at either end."""
        return self._channel.waiting


class LocalSendPort(_LocalPort, CspSendPort):
    """Sending end of a `LocalChannel`."""

    def probe(self) -> bool:
        """Whether there is room."""
        return len(self._queue) < self._size

    def send(self, data: Array) -> None:
        """Put in a copy, of the channel's type; waits while there is no room."""
        if data.shape != self._shape:
            raise ValidationError(
                f"Mismatch: {data.shape} sent on {self._name}, whose shape is {self._shape}"
            )
        while len(self._queue) >= self._size:
            self._channel.scheduler.wait([self], f"send on {self._name}")
        self._queue.append(np.array(data, self._dtype))
        if self.waiting:
            self._channel.scheduler.resume(self.waiting)


class LocalRecvPort(_LocalPort, CspRecvPort):
    """Receiving end of a `LocalChannel`."""

    def probe(self) -> bool:
        """Whether there is a message."""
        return bool(self._queue)

    def peek(self) -> Array:
        """Give the next message and leave it where it is; waits for one."""
        while not self._queue:
            self._channel.scheduler.wait([self], f"receive on {self._name}")
        return self._queue[0]

    def recv(self) -> Array:
        """Take out the next message; waits for one."""
        message = self.peek()
        self._queue.popleft()
        if self.waiting:
            self._channel.scheduler.resume(self.waiting)
        return message


class Selector:
    """In place of Lava's: waits until one of several ports is ready, without a condition."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def select(self, *choices: tuple[Any, Callable[[], Any]]) -> Any:
        """Wait for any port to be ready and call what belongs to it."""
        while True:
            for port, action in choices:
                if port.probe():
                    return action()
            self._scheduler.wait([port for port, _ in choices], "be told")


class Cooperative(MessageInfrastructureInterface):
    """See the module."""

    def __init__(self) -> None:
        self.scheduler = Scheduler()
        self.building = ""  #: name of the actor whose model is being made

    @property
    def actors(self) -> list[Actor]:
        """All actors of the network."""
        return self.scheduler.actors

    def start(self) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """End all actors."""
        self.scheduler.stop()

    def channel_class(self, channel_type: ChannelType) -> type[LocalChannel]:
        """Class of channels between models in Python, the only ones there are."""
        if channel_type != ChannelType.PyPy:
            raise NotImplementedError(f"no channel of type {channel_type} within one thread")
        return LocalChannel

    def build_actor(self, target_fn: Any, builder: Any, exception_q: Any = None) -> Actor:  # noqa: ARG002
        """Make the actor of a builder of a model or a runtime service."""
        parameters = getattr(builder, "proc_params", None)
        name = parameters.get("name") if parameters is not None else None
        self.building = name or "runtime service"
        actor = Actor(self.building, builder.build())
        self.scheduler.add(actor)
        return actor

    @contextlib.contextmanager
    def selectors(self) -> Iterator[None]:
        """Give models and services that are made and begin in this block our `Selector`."""
        modules = (model_module, service_module)
        originals = [module.CspSelector for module in modules]
        for module in modules:
            module.CspSelector = lambda: Selector(self.scheduler)
        try:
            yield
        finally:
            for module, original in zip(modules, originals, strict=True):
                module.CspSelector = original
