"""A trained network as a core of an FPGA, with the same spikes, bit for bit.

The design is written in Amaranth HDL; see ``docs/fpga.md``.
"""

from pffspike.fpga.driver import Driver, Link, Reply
from pffspike.fpga.plan import CorePlan
from pffspike.fpga.planner import make_plan
from pffspike.fpga.proposal import classify_by_proposal

__all__ = ["CorePlan", "Driver", "Link", "Reply", "classify_by_proposal", "make_plan"]
