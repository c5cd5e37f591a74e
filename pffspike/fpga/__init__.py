"""A trained network as a core of an FPGA, with the same spikes, bit for bit.

The design is written in Amaranth HDL; see ``docs/fpga.md``.
"""

from pffspike.fpga.driver import Driver, Link, Reply
from pffspike.fpga.plan import CorePlan
from pffspike.fpga.planner import make_plan

__all__ = ["CorePlan", "Driver", "Link", "Reply", "make_plan"]
