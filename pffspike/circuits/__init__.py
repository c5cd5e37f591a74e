"""Floor 2: functions that return networks."""

from pffspike.circuits.pff import PFF, pff

__all__ = ["PFF", "pff"]
