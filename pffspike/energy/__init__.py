"""Energy per inference: counts of a trace, priced by a device card."""

from pffspike.energy.account import Energy, energy

__all__ = ["Energy", "energy"]
