"""Circuits: functions that return networks."""

from pffspike.circuits.chl import CHL, chl
from pffspike.circuits.ff import FF, ff
from pffspike.circuits.pff import pff
from pffspike.circuits.pff_parameters import PFF

__all__ = ["CHL", "FF", "PFF", "chl", "ff", "pff"]
