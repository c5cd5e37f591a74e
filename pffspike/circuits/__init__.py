"""Circuits: functions that return networks."""

from pffspike.circuits.chl import CHL, chl
from pffspike.circuits.ff import FF, ff
from pffspike.circuits.pff import pff
from pffspike.circuits.pff_parameters import PFF, without_latents
from pffspike.circuits.wake_sleep import WakeSleep, wake_sleep

__all__ = [
    "CHL",
    "FF",
    "PFF",
    "WakeSleep",
    "chl",
    "ff",
    "pff",
    "wake_sleep",
    "without_latents",
]
