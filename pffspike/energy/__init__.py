"""Energy per inference: counts of a trace, priced by a device card."""

from pffspike.energy.account import Energy, energy
from pffspike.energy.device import Device, Figure, Profile, known_devices, load_device

__all__ = ["Device", "Energy", "Figure", "Profile", "energy", "known_devices", "load_device"]
