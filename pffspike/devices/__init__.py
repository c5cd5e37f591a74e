"""Device cards: what an event costs on a device, and what fits on it."""

from pffspike.devices.card import Device, Figure, Profile, known_devices, load_device

__all__ = ["Device", "Figure", "Profile", "known_devices", "load_device"]
