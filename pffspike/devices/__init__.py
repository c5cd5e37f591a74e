"""Device cards: what an event costs on a device, and what fits on it."""

from pffspike.devices.card import EVENTS, Device, Profile, known_devices, load_device
from pffspike.devices.formats import Formats
from pffspike.devices.limits import Limits
from pffspike.devices.sourced import Quantity, SourcedValue
from pffspike.devices.static import Barrier, StaticPower, Times

__all__ = [
    "EVENTS",
    "Barrier",
    "Device",
    "Formats",
    "Limits",
    "Profile",
    "Quantity",
    "SourcedValue",
    "StaticPower",
    "Times",
    "known_devices",
    "load_device",
]
