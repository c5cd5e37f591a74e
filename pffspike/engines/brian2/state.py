"""The only place that touches what Brian2 shares in a process: device, preferences, log, memory."""

from __future__ import annotations

import gc
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from brian2 import prefs

# Under its plain name Brian2 exports an object that stands for the active device.
_devices: Any = import_module("brian2.devices.device")


@contextmanager
def brian2_state(device: Any, preferences: Mapping[str, Any]) -> Iterator[None]:
    """Use a Brian2 device and preferences, and put back what was there, whatever happens.

    Parameters
    ----------
    device : Device
        To be active meanwhile. A standalone device must be new: a simulation that the user has
        begun in Brian2's own one then survives.
    preferences : mapping of str to object
        Preferences of Brian2 that hold meanwhile, by name.
    """
    saved = {name: prefs[name] for name in preferences}
    before, log = _devices.active_device, logging.getLogger("brian2")
    level = log.level
    try:
        log.setLevel(logging.ERROR)  # it would write some thousand lines a run to a file
        for name, value in preferences.items():
            prefs[name] = value
        _devices.active_device = device
        if device is not _devices.runtime_device:
            device.activate(build_on_run=False)
        with warnings.catch_warnings():
            # Brian2 calls NumPy and pyparsing by names that they are about to drop.
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        _devices.active_device = before
        for name, value in saved.items():
            prefs[name] = value
        log.setLevel(level)


@contextmanager
def frozen_objects() -> Iterator[None]:
    """Keep what exists out of garbage collection, which Brian2 asks for in every run."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
