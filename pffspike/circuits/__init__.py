"""Floor 2: functions that return networks."""

from pffspike.circuits.ff import FF, ff
from pffspike.circuits.pff import PFF, pff

__all__ = ["FF", "PFF", "ff", "pff"]
