"""The Brian2 engine: NumPy, Cython and C++ standalone targets, bit for bit the reference."""

import logging
import sys
from pathlib import Path

from pffspike.errors import MissingPackageError, install_hint

_hook, _imported_here = sys.excepthook, "brian2" not in sys.modules
try:
    import brian2  # noqa: F401  (to say in one sentence that it is missing)
except ImportError as error:
    raise MissingPackageError(
        f"the Brian2 engine needs Brian2 ({error}); {install_hint('brian2')}"
    ) from None
finally:
    # Brian2 would report every uncaught exception of the process as one of its own.
    sys.excepthook = _hook


def _without_debug_log() -> None:
    """Take away the log and the copy of the script that Brian2 begins when it is imported.

    It removes them at its end, so a process that is killed would leave them where they are.
    Who imports Brian2 before this package keeps them.
    """
    from brian2.utils.logger import BrianLogger

    handler = BrianLogger.file_handler
    if handler is not None:
        for name in ("brian2", "py.warnings"):
            logging.getLogger(name).removeHandler(handler)
        handler.close()
        BrianLogger.file_handler = None
    for name in ("tmp_log", "tmp_script"):
        path = getattr(BrianLogger, name, None)
        if path is not None:
            Path(path).unlink(missing_ok=True)
            setattr(BrianLogger, name, None)


if _imported_here:
    _without_debug_log()

from pffspike.engines.brian2.session import Brian2Engine  # noqa: E402

__all__ = ["Brian2Engine"]
