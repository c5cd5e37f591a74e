"""What can go wrong while Lava runs; stock Lava waits for ever in each of these cases."""

from __future__ import annotations

from pffspike.errors import PffspikeError


class LavaError(RuntimeError):
    """A fault in the Lava runtime; the session it happened in is closed."""


class ModelError(LavaError):
    """A process model raised; the text ends with that model's own traceback."""


class DeadProcessError(LavaError, PffspikeError):
    """An operating-system process of the network ended by itself, or something killed it."""


class StalledError(LavaError, PffspikeError, TimeoutError):
    """No process finished a step for too long; the text says which of them wait for what."""


class RangeError(LavaError, PffspikeError, OverflowError):
    """A number does not fit its width; only the debug mode looks."""
