"""Engines by name; they are found by entry points, those of this project and of any other.

An entry point of the group `GROUP` names a `pffspike.engines.families.Family`, or any callable
that takes the variant, the part of a name behind its colon, and returns an engine.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from dataclasses import dataclass

from pffspike.engines.base import Engine
from pffspike.engines.families import Family, brian2_target
from pffspike.errors import MissingPackageError, PffspikeError, unknown

GROUP = "pffspike.engines"
FASTEST = "fastest"
_STANDS_FOR = "the first that is installed of: numba, brian2 (with a C++ compiler), numpy"


def families() -> dict[str, Family]:
    """Engines that are installed, by the first part of their names.

    Returns
    -------
    dict of str to Family

    Examples
    --------
    >>> sorted({"brian2", "lava", "numba", "numpy"} & families().keys())
    ['brian2', 'lava', 'numba', 'numpy']
    """
    points = importlib.metadata.entry_points(group=GROUP)
    return {point.name: _family(point) for point in sorted(points, key=lambda p: p.name)}


def _family(point: importlib.metadata.EntryPoint) -> Family:
    made = point.load()
    if isinstance(made, Family):
        return made
    return Family(made, point.dist.name if point.dist else point.name)


def engine_names() -> dict[str, str]:
    """Names that `make_engine` takes, and what each is.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> engine_names()["numpy"]
    'NumPy reference; learns'
    """
    names = {FASTEST: _STANDS_FOR}
    for name, family in families().items():
        for variant, what in (family.variants or {"": f"of the package {family.package}"}).items():
            names[f"{name}:{variant}" if variant else name] = what
    return names


def is_exact(name: str) -> bool:
    """Whether an engine says that it gives the same spikes and weights as the others.

    Parameters
    ----------
    name : str
        One of `engine_names`.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_exact("numpy"), is_exact("lava:loihi")
    (True, False)
    """
    return "inexact" not in engine_names().get(name, "")


def make_engine(name: str) -> Engine:
    """Make an engine by its name.

    Parameters
    ----------
    name : str
        One of `engine_names`: an entry point of the group `GROUP`, and a variant behind a colon.

    Returns
    -------
    Engine

    Raises
    ------
    ValidationError
        If there is no such engine.
    MissingPackageError
        If the package that it needs is not installed, or fails when it is imported.

    Examples
    --------
    >>> make_engine("numpy").name
    'numpy'
    """
    first, _, variant = resolve(name).partition(":")
    family = families().get(first)
    if family is None or (family.variants is not None and variant not in family.variants):
        raise unknown("engine", name, engine_names())
    return _made(family, variant)


def _made(family: Family, variant: str) -> Engine:
    """Make an engine; say in one sentence that its package is installed and fails."""
    try:
        return family.make(variant)
    except PffspikeError:
        raise
    except Exception as error:  # versions of packages that do not go together fail in any way
        raise MissingPackageError(
            f"{family.package} is installed, but can't be imported ({type(error).__name__}: "
            f"{error}); versions that go together: pip install {family.install or family.package}"
        ) from error


def resolve(name: str) -> str:
    """Name of the engine that ``fastest`` stands for on this machine; other names stay.

    Parameters
    ----------
    name : str
        Of an engine, see `ENGINES`.

    Returns
    -------
    str

    Examples
    --------
    >>> resolve("numpy")
    'numpy'
    >>> resolve("fastest") in ("numba", "brian2", "numpy")
    True
    """
    if name != FASTEST:
        return name
    if importlib.util.find_spec("numba"):
        return "numba"
    if importlib.util.find_spec("brian2") and brian2_target() == "cpp_standalone":
        return "brian2"
    return "numpy"


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
        Of the engine.
    available : bool
        Whether it can be used.
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

    Examples
    --------
    >>> next(engine.available for engine in available_engines() if engine.name == "numpy")
    True
    """
    found = families()
    return [_availability(name, found) for name in engine_names()]


def _found(module: str) -> bool:
    """Whether Python would find a module; it is not imported, which takes seconds."""
    try:
        return bool(module) and importlib.util.find_spec(module) is not None
    except ValueError:  # something took its place
        return False


def _availability(name: str, found: dict[str, Family]) -> Availability:
    first, _, variant = resolve(name).partition(":")
    family = found[first]
    try:
        version = importlib.metadata.version(family.package)
        if not _found(family.module):
            _made(family, variant)
    except importlib.metadata.PackageNotFoundError:
        remedy = f"pip install {family.install or family.package}"
        return Availability(name, False, f"{family.package} is not installed: {remedy}")
    except PffspikeError as error:
        return Availability(name, False, str(error))
    if family.lacks(variant):
        return Availability(name, False, family.lacks(variant))
    if name == FASTEST:
        return Availability(name, True, f"{first}: {_REASONS[first]}")
    details = [f"{family.package} {version}", family.note(variant)]
    return Availability(name, True, "; ".join(filter(None, details)))
