"""Predictive forward-forward learning on spiking neurons: NumPy, Brian2 and Lava, to the bit.

The public interface is what this module lists; everything is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from pffspike.api import (
        calibrate,
        classify,
        evaluate,
        export,
        info,
        reconstruct,
        run,
        train,
    )
    from pffspike.brian2 import to_brian2
    from pffspike.cards import load_network
    from pffspike.data import load as load_data
    from pffspike.data import probabilities
    from pffspike.engines import make_engine
    from pffspike.errors import UserError
    from pffspike.storage import load, save

_SOURCES = {
    "calibrate": ("pffspike.api", "calibrate"),
    "classify": ("pffspike.api", "classify"),
    "evaluate": ("pffspike.api", "evaluate"),
    "export": ("pffspike.api", "export"),
    "info": ("pffspike.api", "info"),
    "load": ("pffspike.storage", "load"),
    "load_data": ("pffspike.data", "load"),
    "load_network": ("pffspike.cards", "load_network"),
    "make_engine": ("pffspike.engines", "make_engine"),
    "probabilities": ("pffspike.data", "probabilities"),
    "reconstruct": ("pffspike.api", "reconstruct"),
    "run": ("pffspike.api", "run"),
    "save": ("pffspike.storage", "save"),
    "to_brian2": ("pffspike.brian2", "to_brian2"),
    "train": ("pffspike.api", "train"),
    "UserError": ("pffspike.errors", "UserError"),
}

__all__ = [
    "UserError",
    "calibrate",
    "classify",
    "evaluate",
    "export",
    "info",
    "load",
    "load_data",
    "load_network",
    "make_engine",
    "probabilities",
    "reconstruct",
    "run",
    "save",
    "to_brian2",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _SOURCES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _SOURCES[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
