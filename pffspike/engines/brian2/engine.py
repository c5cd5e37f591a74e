"""The engine: options of Brian2, and sessions made with them."""

from __future__ import annotations

from pffspike.engines.brian2.session import Brian2Session
from pffspike.errors import UserError
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.trace import NOTHING, Record

TARGETS = ("cython", "numpy", "cpp_standalone")
#: Brian2's own flags without -ffast-math: exactness does not depend on it, nor does speed.
FLAGS = ("-w", "-O3", "-march=native", "-std=c++11")


class Brian2Engine:
    """Simulation in Brian2, bit for bit that of the reference engine.

    Parameters
    ----------
    target : {"cython", "numpy", "cpp_standalone"}
        ``cpp_standalone`` compiles a C++ program for every session (some ten seconds) and is the
        fastest by far; ``cython`` needs a compiler too, but keeps what it has compiled;
        ``numpy`` needs none and is slow.
    chunk : int
        Samples in one run of Brian2: after each, weights are read and progress is reported.
    flags : tuple of str
        For GCC or Clang.

    Raises
    ------
    UserError
        If the target is unknown or the chunk is empty.
    """

    name = "brian2"

    def __init__(
        self,
        target: str = "cpp_standalone",
        chunk: int = 500,
        flags: tuple[str, ...] = FLAGS,
    ) -> None:
        if target not in TARGETS:
            raise UserError(f"target {target!r} is not one of: {', '.join(TARGETS)}")
        if chunk < 1:
            raise UserError(f"chunk = {chunk} must be at least 1 sample")
        self.target, self.chunk, self.flags = target, chunk, flags

    def compile(
        self,
        network: Network,
        program: str,
        parameters: Parameters,
        *,
        seed: int,
        record: Record = NOTHING,
    ) -> Brian2Session:
        """See `pffspike.engines.base.Engine.compile`."""
        return Brian2Session(
            network,
            network.program(program),
            parameters,
            seed,
            record,
            self.target,
            self.chunk,
            self.flags,
        )
