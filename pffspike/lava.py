"""PFF on Lava: a whole network as one hierarchical process to connect, run, read and set.

>>> from pffspike.lava import PFF, CooperativeRuntime, GuardedRuntime

The page "PFF on Lava" of the documentation (``docs/lava.md``) steps through it. Importing this
module imports Lava, on any supported Python; import it before any module of Lava's own.
"""

from pffspike.engines.lava import compat

compat.import_lava()

from pffspike.engines.lava.cooperative_runtime import CooperativeRuntime  # noqa: E402
from pffspike.engines.lava.processes.pff.process import PFF  # noqa: E402
from pffspike.engines.lava.runtime import GuardedRuntime  # noqa: E402

__all__ = ["PFF", "CooperativeRuntime", "GuardedRuntime"]
