"""Device cards: what an event costs on a device, and what fits on it."""

from pffspike.devices.card import (
    EVENTS,
    Device,
    Figure,
    Profile,
    Static,
    known_devices,
    load_device,
)

__all__ = ["EVENTS", "Device", "Figure", "Profile", "Static", "known_devices", "load_device"]
