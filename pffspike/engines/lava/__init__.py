"""The Lava engine: networks as Lava processes, in floating and in fixed point.

Importing this package does not import Lava; compiling a network does.
"""

from pffspike.engines.lava.errors import (
    DeadProcessError,
    LavaError,
    ModelError,
    RangeError,
    StalledError,
)
from pffspike.engines.lava.session import LavaEngine

__all__ = [
    "DeadProcessError",
    "LavaEngine",
    "LavaError",
    "ModelError",
    "RangeError",
    "StalledError",
]
