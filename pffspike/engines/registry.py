"""Engines by name; an optional package is imported only when its engine is asked for."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
from dataclasses import dataclass

from pffspike.engines.base import Engine
from pffspike.errors import PffspikeError, unknown

#: Name of each engine, with its variant behind a colon, and what it is.
ENGINES = {
    "fastest": "the first that is installed of: numba, brian2 (with a C++ compiler), numpy",
    "numba": "compiled by Numba, event-driven; learns",
    "numpy": "NumPy reference; learns",
    "numpy:rates": "NumPy, every neuron sends its probability: inexact, a control; learns",
    "brian2": "Brian2, the fastest target that this machine offers; learns",
    "brian2:cpp_standalone": "Brian2, C++ standalone; learns",
    "brian2:cython": "Brian2, run time with Cython; learns",
    "brian2:numpy": "Brian2, run time with NumPy; learns",
    "lava": "Lava's CPU simulator, fixed point; learns",
    "lava:fixed": "Lava's CPU simulator, fixed point; learns",
    "lava:checked": "Lava's CPU simulator, fixed point, every range checked; learns",
    "lava:floating": "Lava's CPU simulator, floating point; learns",
    "lava:loihi": "Lava's CPU simulator, learns by Loihi's own traces and rounding: inexact",
    "lava:logistic": "Lava's CPU simulator, logistic neurons by a table: inexact; learns",
}


def make_engine(name: str) -> Engine:
    """Make an engine by its name in `ENGINES`.

    Parameters
    ----------
    name : str

    Returns
    -------
    Engine

    Raises
    ------
    ValidationError
        If there is no such engine or its package is not installed.
    """
    if name not in ENGINES:
        raise unknown("engine", name, ENGINES)
    family, _, variant = resolve(name).partition(":")
    if family == "numba":
        from pffspike.engines.numba import NumbaEngine

        return NumbaEngine()
    if family == "brian2":
        from pffspike.engines.brian2 import Brian2Engine

        return Brian2Engine(target=variant or brian2_target())
    if family == "lava":
        from pffspike.engines.lava import LavaEngine

        if variant == "checked":
            return LavaEngine(checked=True)
        if variant == "loihi":
            return LavaEngine(learning="loihi")
        if variant == "logistic":
            return LavaEngine(activation="logistic")
        return LavaEngine(arithmetic=variant or "fixed")
    from pffspike.engines.reference import ReferenceEngine

    return ReferenceEngine(rates=variant == "rates")


def resolve(name: str) -> str:
    """Name of the engine that ``fastest`` stands for on this machine; other names stay."""
    if name != "fastest":
        return name
    if importlib.util.find_spec("numba"):
        return "numba"
    if importlib.util.find_spec("brian2") and brian2_target() == "cpp_standalone":
        return "brian2"
    return "numpy"


def compiler() -> str | None:
    """Path of the C++ compiler that Brian2 would call, if there is one."""
    return shutil.which("g++") or shutil.which("clang++")


def brian2_target() -> str:
    """Brian2 target that ``brian2`` stands for: C++ standalone where there is a compiler."""
    return "cpp_standalone" if compiler() and shutil.which("make") else "numpy"


#: Why ``fastest`` stands for an engine.
_REASONS = {
    "numba": "Numba is installed",
    "brian2": "Numba is not installed, Brian2 and a C++ compiler are",
    "numpy": "neither Numba nor Brian2 with a C++ compiler is installed",
}


@dataclass(frozen=True)
class Availability:
    """Whether an engine can be used here.

    Parameters
    ----------
    name : str
    available : bool
    detail : str
        Its version, or the reason why it is not available and the remedy.
    """

    name: str
    available: bool
    detail: str


def available_engines() -> list[Availability]:
    """List every engine with its version, or why it can't be used.

    Returns
    -------
    list of Availability
    """
    return [_availability(name) for name in ENGINES]


def _availability(name: str) -> Availability:
    family, _, variant = resolve(name).partition(":")
    package = {"numba": "numba", "numpy": "numpy", "brian2": "brian2", "lava": "lava-nc"}[family]
    try:
        version = importlib.metadata.version(package)
        make_engine(name)
    except (importlib.metadata.PackageNotFoundError, PffspikeError):
        return Availability(
            name, False, f"{package} is not installed: pip install 'pffspike[{family}]'"
        )
    if variant in ("cpp_standalone", "cython") and compiler() is None:
        return Availability(name, False, "no C++ compiler was found: install g++ or clang++")
    if name == "fastest":
        return Availability(name, True, f"{resolve(name)}: {_REASONS[family]}")
    if name == "numba":
        return Availability(name, True, f"{package} {version}; the first use takes some 20 s")
    if name == "brian2":
        why = "a C++ compiler was found" if compiler() else "no C++ compiler was found"
        return Availability(name, True, f"{package} {version}, target {brian2_target()}: {why}")
    return Availability(name, True, f"{package} {version}")
