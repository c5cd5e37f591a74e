"""Lava's message infrastructure with nameless memory and with processes that report.

Two differences from Lava's own: channels lie in anonymous memory that the forked processes
inherit, instead of named blocks and a manager process to look after them, so nothing can be
left behind; and every operating-system process (an *actor*) has a pipe on which it says that it
is ready, why it failed, or, when asked, what it waits for.
"""

from __future__ import annotations

import contextlib
import mmap
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from multiprocessing import connection
from pathlib import Path
from types import FrameType
from typing import Any

from lava.magma.compiler.channels import pypychannel
from lava.magma.runtime.message_infrastructure.multiprocessing import MultiProcessing

_CHANNELS = Path(pypychannel.__file__).name
_VERBS = {"recv": "receive on", "peek": "receive on", "send": "send on", "select": "be told"}


class _Room:
    """What Lava uses of a block of shared memory."""

    def __init__(self, size: int) -> None:
        self.buf = memoryview(mmap.mmap(-1, max(1, size)))


class _Memory:
    """What Lava uses of its shared memory manager."""

    def create_shared_memory(self, size: int) -> _Room:
        return _Room(size)


class WorkerProcess(multiprocessing.Process):
    """Operating-system process of one Lava process, or of Lava's runtime service.

    It ends with its parent, whatever happens to that: it is a daemon, and a thread watches the
    parent.

    Parameters
    ----------
    name : str
        Of the process, for errors.
    builder : object
        Its ``build()`` gives something with a ``start()`` that returns at the end.
    """

    def __init__(self, name: str, builder: Any) -> None:
        super().__init__(name=name, daemon=True)
        self._builder = builder
        self._lock = threading.Lock()
        self.pipe, self._far_end = multiprocessing.Pipe()

    def start(self) -> None:
        """Fork."""
        super().start()
        self._far_end.close()

    def run(self) -> None:
        """Build the model and run it, in the child."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        threading.Thread(target=self._watch, daemon=True).start()
        try:
            model = self._builder.build()
            self._report("ready", "")
            model.start()
        except Exception:
            self._report("failed", traceback.format_exc())

    def _report(self, what: str, text: str) -> None:
        with self._lock, contextlib.suppress(OSError):
            self._far_end.send((what, text))

    def _watch(self) -> None:
        parent = multiprocessing.parent_process()
        assert parent is not None
        while True:
            ready = connection.wait([self._far_end, parent.sentinel])
            if parent.sentinel in ready:
                os._exit(1)
            try:
                self._far_end.recv()
            except (EOFError, OSError):
                return
            main = threading.main_thread().ident
            self._report("waits", _waiting_for(sys._current_frames().get(main or 0)))


def _waiting_for(frame: FrameType | None) -> str:
    """In which channel operation a stack of frames has come to rest, "" if in none."""
    while frame is not None:
        code = frame.f_code
        if code.co_filename.endswith(_CHANNELS) and code.co_name in _VERBS:
            port = getattr(frame.f_locals.get("self"), "name", "")
            return f"{_VERBS[code.co_name]} {port}".strip()
        frame = frame.f_back
    return ""


class Infrastructure(MultiProcessing):
    """See the module."""

    def start(self) -> None:
        """Provide memory for channels, which lives as long as they do."""
        self._smm = _Memory()

    def build_actor(self, target_fn: Any, builder: Any, exception_q: Any = None) -> WorkerProcess:  # noqa: ARG002
        """Fork the process of a builder; Lava calls this for models and runtime services."""
        parameters = getattr(builder, "proc_params", None)
        name = parameters.get("name") if parameters is not None else None
        actor = WorkerProcess(name or "runtime service", builder)
        actor.start()
        self._actors.append(actor)
        return actor

    def stop(self) -> None:
        """End all actors: those that have not ended by themselves are killed."""
        for actor in self._actors:
            if actor.is_alive():
                actor.kill()
        for actor in self._actors:
            actor.join()
            actor.pipe.close()
            actor.close()
        self._actors.clear()
