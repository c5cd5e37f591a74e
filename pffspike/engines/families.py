"""The engines of this project, as entry points of the group `pffspike.engines` name them.

Nothing of an optional package is imported before one of its engines is asked for.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pffspike.engines.base import Engine


def _nothing(variant: str) -> str:  # noqa: ARG001
    return ""


@dataclass(frozen=True)
class Family:
    """Engines of one package, told apart by a variant: the part of their name behind a colon.

    Parameters
    ----------
    make : callable
        Makes the engine of a variant; the empty text is the engine without a variant.
    package : str
        The distribution that they need.
    variants : mapping of str to str, or None
        By variant, what it is; None: any variant is passed on.
    install : str
        What to install for them, if that is not the package itself.
    lacks : callable
        By variant, what this machine lacks for it; an empty text if it lacks nothing.
    note : callable
        By variant, what else there is to say.
    module : str
        What Python imports of the package; empty: only making an engine tells whether it is here.
    """

    make: Callable[[str], Engine]
    package: str
    variants: Mapping[str, str] | None = None
    install: str = ""
    lacks: Callable[[str], str] = _nothing
    note: Callable[[str], str] = _nothing
    module: str = ""


def compiler() -> str | None:
    """Path of the C++ compiler that Brian2 would call, if there is one."""
    return shutil.which("g++") or shutil.which("clang++")


def brian2_target() -> str:
    """Brian2 target that ``brian2`` stands for: C++ standalone where there is a compiler."""
    return "cpp_standalone" if compiler() and shutil.which("make") else "numpy"


def _numpy(variant: str) -> Engine:
    from pffspike.engines.reference import ReferenceEngine

    return ReferenceEngine(rates=variant == "rates")


def _numba(variant: str) -> Engine:  # noqa: ARG001
    from pffspike.engines.numba import NumbaEngine

    return NumbaEngine()


def _brian2(variant: str) -> Engine:
    from pffspike.engines.brian2 import Brian2Engine

    if variant == "equations":
        from pffspike.engines.brian2.equations.engine import EquationsEngine

        return EquationsEngine(target=brian2_target())
    return Brian2Engine(target=variant or brian2_target())


def _lava(variant: str) -> Engine:
    from pffspike.engines.lava import LavaEngine

    if variant == "checked":
        return LavaEngine(checked=True)
    if variant == "loihi":
        return LavaEngine(learning="loihi")
    if variant == "logistic":
        return LavaEngine(activation="logistic")
    return LavaEngine(arithmetic=variant or "fixed")


def _brian2_lacks(variant: str) -> str:
    if variant in ("cpp_standalone", "cython") and compiler() is None:
        return "no C++ compiler was found: install g++ or clang++"
    return ""


def _brian2_note(variant: str) -> str:
    if variant:
        return ""
    found = "a C++ compiler was found" if compiler() else "no C++ compiler was found"
    return f"target {brian2_target()}: {found}"


NUMBA = Family(
    _numba,
    "numba",
    {"": "compiled by Numba, event-driven; learns"},
    "'.[numba]' (in the folder of pffspike's source)",
    note=lambda variant: "the first use takes up to 30 s",  # noqa: ARG005
    module="numba",
)
NUMPY = Family(
    _numpy,
    "numpy",
    {
        "": "NumPy reference; learns",
        "rates": "NumPy, every neuron sends its probability: inexact, a control; learns",
    },
    module="numpy",
)
BRIAN2 = Family(
    _brian2,
    "brian2",
    {
        "": "Brian2, the fastest target that this machine offers; learns",
        "cpp_standalone": "Brian2, C++ standalone; learns",
        "cython": "Brian2, run time with Cython; learns",
        "numpy": "Brian2, run time with NumPy; learns",
        "equations": "Brian2, a model of equations to read and change; learns",
    },
    "'.[brian2]' (in the folder of pffspike's source)",
    _brian2_lacks,
    _brian2_note,
    "brian2",
)
LAVA = Family(
    _lava,
    "lava-nc",
    {
        "": "Lava's CPU simulator, fixed point; learns",
        "fixed": "Lava's CPU simulator, fixed point; learns",
        "checked": "Lava's CPU simulator, fixed point, every range checked; learns",
        "floating": "Lava's CPU simulator, floating point; learns",
        "loihi": "Lava's CPU simulator, learns by Loihi's own traces and rounding: inexact",
        "logistic": "Lava's CPU simulator, logistic neurons by a table: inexact; learns",
    },
    "'.[lava]' (in the folder of pffspike's source)",
    module="lava",
)
