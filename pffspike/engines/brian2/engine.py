"""The engine: options of Brian2, and sessions made with them."""

from __future__ import annotations

from pffspike.engines.base import Engine, Task
from pffspike.engines.brian2.session import Brian2Session
from pffspike.errors import ValidationError

TARGETS = ("cython", "numpy", "cpp_standalone")
#: Brian2's own flags, but of -ffast-math only the part that changes no number: without it a loop
#: that rounds or clips is not vectorised. Exactness does not depend on any of them.
FLAGS = ("-w", "-O3", "-march=native", "-std=c++11", "-fno-trapping-math")


class Brian2Engine(Engine):
    """Simulation in Brian2, bit for bit that of the reference engine.

    Parameters
    ----------
    target : {"cython", "numpy", "cpp_standalone"}
        ``cpp_standalone`` runs a C++ program, compiled in some seconds the first time a network
        is used, and is the fastest by far; ``cython`` needs a compiler too; ``numpy`` needs none
        and is slow.
    chunk : int
        Samples in one run of Brian2: after each, weights are read and progress is reported.
    flags : tuple of str
        For GCC or Clang.
    processes : int
        Chunks that ``cpp_standalone`` runs at the same time in programs that learn nothing.

    Raises
    ------
    ValidationError
        If the target is unknown, the chunk is empty, or there is no process.
    """

    name = "brian2"

    def __init__(
        self,
        target: str = "cpp_standalone",
        chunk: int = 1000,
        flags: tuple[str, ...] = FLAGS,
        processes: int = 1,
    ) -> None:
        if target not in TARGETS:
            raise ValidationError(f"target {target!r} is not one of: {', '.join(TARGETS)}")
        if chunk < 1:
            raise ValidationError(f"chunk = {chunk} must be at least 1 sample")
        if processes < 1:
            raise ValidationError(f"processes = {processes} must be at least 1")
        self.target, self.chunk, self.flags, self.processes = target, chunk, flags, processes

    def _compile(self, task: Task) -> Brian2Session:
        return Brian2Session(self, task)
