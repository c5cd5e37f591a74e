"""The Brian2 engine: NumPy, Cython and C++ standalone targets, bit for bit the reference."""

import sys

from pffspike.errors import MissingPackageError

_hook = sys.excepthook
try:
    import brian2  # noqa: F401  (to say in one sentence that it is missing)
except ImportError as error:
    raise MissingPackageError(
        f"the Brian2 engine needs Brian2 ({error}); run: pip install 'pffspike[brian2]'"
    ) from None
finally:
    # Brian2 would report every uncaught exception of the process as one of its own.
    sys.excepthook = _hook

from pffspike.engines.brian2.engine import Brian2Engine  # noqa: E402

__all__ = ["Brian2Engine"]
