"""Import Lava 0.10.0 on any Python, and keep what it does to the interpreter within bounds."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import importlib.util
import logging
import multiprocessing
import signal
import warnings
from collections.abc import Iterator
from typing import Any

from pffspike.errors import MissingPackageError, install_hint

_MISSING = (
    f"the Lava engine needs lava-nc; on Python 3.10 {install_hint('lava')}; on 3.11 and "
    "later lava-nc must be told that it may: uv pip install with the tool.uv.dependency-metadata "
    "of this project's pyproject.toml, or pip install --ignore-requires-python --no-deps "
    "lava-nc==0.10.0"
)
_VAR_MODEL = "lava.magma.compiler.var_model"


def require_lava() -> None:
    """Raise `MissingPackageError` if Lava is not installed (without importing it)."""
    if importlib.util.find_spec("lava") is None:
        raise MissingPackageError(_MISSING)


def import_lava() -> None:
    """Import Lava; afterwards any of its modules can be imported as usual.

    ``lava.magma.compiler.var_model`` gives fields a ``ByteEncoder()`` as default. Python 3.11
    and later refuse defaults that are not hashable, so that one class is made hashable while
    the module is imported; nothing else changes, and on 3.10 this is a plain import. Lava also
    sets the start method of `multiprocessing` once and for all, which fails if somebody has
    set one before: the method that was set is put back, and `forking` selects Lava's while a
    network starts.

    Raises
    ------
    MissingPackageError
        If Lava is not installed.
    """
    require_lava()
    try:
        importlib.import_module("lava")
    except ImportError:
        raise MissingPackageError(_MISSING) from None
    with _start_method(None), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _hashable_byte_encoder():
            importlib.import_module(_VAR_MODEL)
        importlib.import_module("lava.magma.core.process.process")


@contextlib.contextmanager
def _hashable_byte_encoder() -> Iterator[None]:
    original = dataclasses.dataclass

    def dataclass(cls: Any = None, /, **options: Any) -> Any:
        if getattr(cls, "__name__", "") == "ByteEncoder" and cls.__module__ == _VAR_MODEL:
            options["unsafe_hash"] = True
        return original(cls, **options)

    dataclasses.dataclass = dataclass
    try:
        yield
    finally:
        dataclasses.dataclass = original


@contextlib.contextmanager
def _start_method(method: str | None) -> Iterator[None]:
    previous = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(method, force=True)
    try:
        yield
    finally:
        multiprocessing.set_start_method(previous, force=True)


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back until the end of the block, in whatever thread this is.

    Processes that are forked inside never see Ctrl-C: their parent ends them.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextlib.contextmanager
def forking() -> Iterator[None]:
    """Fork processes inside the block, as Lava needs it, deaf to Ctrl-C.

    Python 3.12 warns of a fork in a process with threads, be it only those of a linear algebra
    library. The children run process models and nothing that the parent's threads hold.
    """
    if "fork" not in multiprocessing.get_all_start_methods():  # Windows
        raise OSError(
            "processes of Lava's own can't be forked on this system; run them in one, by the "
            "engine 'lava'"
        )
    with _start_method("fork"), interrupts_held(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@contextlib.contextmanager
def logging_untouched() -> Iterator[None]:
    """Take away the handlers that every new Lava process gives to the root logger."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    try:
        yield
    finally:
        root.handlers[:] = handlers
