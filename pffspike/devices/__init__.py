"""Device cards: what an event costs on a device, and what fits on it."""

from pffspike.devices.card import (
    EVENTS,
    Device,
    Figure,
    Profile,
    Static,
    Times,
    known_devices,
    load_device,
)
from pffspike.devices.formats import Formats
from pffspike.devices.limits import Limits
from pffspike.devices.stated import Stated

__all__ = [
    "EVENTS",
    "Device",
    "Figure",
    "Formats",
    "Limits",
    "Profile",
    "Stated",
    "Static",
    "Times",
    "known_devices",
    "load_device",
]
