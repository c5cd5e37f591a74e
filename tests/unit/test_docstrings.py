"""Documentation of the library: parameters are described, public functions have an example."""

import contextlib
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

import pytest
from numpydoc.docscrape import NumpyDocString

import pffspike
from pffspike.engines.lava import compat
from pffspike.errors import MissingPackageError

LEAST_DESCRIBED = 0.95  #: share of documented parameters that have a description
#: Run by other programs (Lava executes them, exports copy them), so they are not imported here.
ELSEWHERE = ("processes", "run_lava", "__main__")
OPTIONAL = (
    "brian2",
    "lava",
    "numba",
    "nir",
    "amaranth",
    "distributed",
    "zeus",
    "greenlet",
    "optuna",
    "hypothesis",
    "xarray",
    "neo",
    "torch",
    "pytest",
)


def modules() -> Iterator[ModuleType]:
    with contextlib.suppress(MissingPackageError):
        compat.require_lava()
        compat.import_lava()  # which Python 3.11 and later would refuse
    for info in pkgutil.walk_packages(pffspike.__path__, "pffspike."):
        if any(part in ELSEWHERE for part in info.name.split(".")):
            continue
        try:
            yield importlib.import_module(info.name)
        except ImportError as error:
            if not any(package in str(error) for package in OPTIONAL):
                raise


def documented(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Classes and functions that a module defines, and the methods of its classes."""
    for name, thing in vars(module).items():
        if getattr(thing, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(thing):
            for part, member in vars(thing).items():
                method = member.fget if isinstance(member, property) else member
                if isinstance(method, FunctionType) and not part.startswith("__"):
                    yield f"{module.__name__}.{name}.{part}", method
        if inspect.isclass(thing) or isinstance(thing, FunctionType):
            yield f"{module.__name__}.{name}", thing


def parameters(thing: Any) -> list[Any]:
    return list(NumpyDocString(inspect.getdoc(thing) or "")["Parameters"])


def test_parameters_are_described():
    described, empty = 0, []
    for module in modules():
        for name, thing in documented(module):
            for parameter in parameters(thing):
                if any(line.strip() for line in parameter.desc):
                    described += 1
                else:
                    empty.append(f"{name}: {parameter.name}")
    share = described / (described + len(empty))
    assert share >= LEAST_DESCRIBED, "\n".join([f"{share:.1%} are described, not:", *empty])


PUBLIC = [name for name in pffspike.__all__ if name != "UserError"]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_parameter_of_the_public_interface_is_described(name: str):
    thing = getattr(pffspike, name)
    found = [p for p in parameters(thing) if not any(line.strip() for line in p.desc)]
    assert not found, f"{name}: {', '.join(p.name for p in found)}"
    if isinstance(thing, FunctionType):
        given = {n.strip("* ") for p in parameters(thing) for n in p.name.split(",")}
        assert set(inspect.signature(thing).parameters) <= given


@pytest.mark.parametrize(
    "name", [name for name in PUBLIC if isinstance(getattr(pffspike, name), FunctionType)]
)
def test_every_public_function_has_an_example(name: str):
    assert ">>> " in (inspect.getdoc(getattr(pffspike, name)) or "")
