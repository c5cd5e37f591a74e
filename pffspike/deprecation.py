"""Former keywords of public functions, which work for one version with a warning."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from pffspike.choices import COMPILING, LATENTS
from pffspike.execution import Execution
from pffspike.typing import ProgressCallback

P = ParamSpec("P")
R = TypeVar("R")

_EXECUTION = ("engine", "seed", "probes", "progress")
_MODE = {
    "candidates": "candidates",
    "trials": "trials",
    "budget": "tolerance",
    "draws": "calibration_samples",
    "confidence": "confidence",
}


def former_keywords(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function take the keywords of version 0.1, with a `FutureWarning`.

    ``engine``, ``seed``, ``probes`` and ``progress`` become fields of ``execution``;
    ``candidates``, ``trials``, ``budget``, ``draws`` and ``confidence`` fields of ``mode``;
    ``stopping`` becomes the mode itself. A keyword that the function has today is left alone.

    Parameters
    ----------
    function : callable
        With a parameter ``execution``, and perhaps one ``mode``.

    Returns
    -------
    callable
    """
    parameters = inspect.signature(function).parameters
    former = [name for name in _EXECUTION if name not in parameters]
    if "mode" in parameters:
        former += [name for name in (*_MODE, "stopping") if name not in parameters]

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        given = {name: kwargs.pop(name) for name in former if name in kwargs}
        if not given:
            return function(*args, **kwargs)
        _warn(function.__name__, tuple(given))
        bound = inspect.signature(function).bind_partial(*args, **kwargs)
        _to_execution(bound, given)
        if "mode" in parameters:
            _to_mode(bound, given, parameters["mode"].default)
        return function(*bound.args, **bound.kwargs)

    return wrapper


def _warn(function: str, names: tuple[str, ...]) -> None:
    now = dict.fromkeys(_EXECUTION, "execution=pffspike.Execution(...)")
    now |= dict.fromkeys(_MODE, "mode=pffspike.Mode(...)")
    now["stopping"] = "mode=the stopping rule"
    forms = "; ".join(f"{name}= is now {now[name]}" for name in names)
    warnings.warn(f"{function}: {forms}; the former keyword goes", FutureWarning, stacklevel=3)


def _to_execution(bound: inspect.BoundArguments, given: dict[str, Any]) -> None:
    changes = {name: given[name] for name in _EXECUTION if name in given}
    if callable(changes.get("progress")):
        changes["progress"] = _by_difference(changes["progress"])
    if changes:
        execution = bound.arguments.get("execution", Execution())
        bound.arguments["execution"] = execution.replace(**changes)


def _to_mode(bound: inspect.BoundArguments, given: dict[str, Any], default: Any) -> None:
    from pffspike.inference.mode import as_mode

    mode = bound.arguments.get("mode", default)
    changes = {_MODE[n]: given[n] for n in _MODE if given.get(n) is not None}
    if changes:
        bound.arguments["mode"] = dataclasses.replace(as_mode(mode), **changes)
    if given.get("stopping") is not None:
        bound.arguments["mode"] = given["stopping"]


def _by_difference(former: Callable[[int], None]) -> ProgressCallback:
    """Call a callback of the former kind with what was finished since the last call.

    Stages that the former kind was not told of are left out.
    """
    last: dict[str, int] = {}

    def tell(stage: str, done: int, _total: int) -> None:
        if stage in last and stage not in (COMPILING, LATENTS):
            former(done - last[stage])
        last[stage] = done

    return tell
