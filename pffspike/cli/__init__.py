"""The command line: thin commands over the library."""

from __future__ import annotations

import codecs
import io
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_ERRORS = "pffspike"  #: name of the way to print what an encoding lacks
_SPELLED = {"µ": "u", "μ": "u", "×": "x", "±": "+-", "–": "-", "−": "-", "²": "^2", "…": "..."}  # noqa: RUF001


def main() -> None:
    """Run the command line with the arguments of this process."""
    from pffspike.cli.app import app

    _spell_out()
    _end_in_order()
    app(prog_name="pffspike")


def _end_in_order() -> None:
    """Let SIGTERM end this process as the end of a program does: child processes and folders go."""
    if hasattr(signal, "SIGTERM") and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    sys.unraisablehook = _signal_again


def _signal_again(lost: UnraisableHookArgs) -> None:
    """Send a signal again that came where Python can raise nothing: in a destructor, a callback."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        number = signal.SIGINT
    elif getattr(lost.exc_value, "code", None) == 128 + signal.SIGTERM:
        number = signal.SIGTERM
    else:
        sys.__unraisablehook__(lost)
        return
    again = threading.Timer(0.1, os.kill, (os.getpid(), number))
    again.daemon = True
    again.start()


def _spell_out() -> None:
    """Print what a stream's encoding lacks in other letters, instead of failing."""
    codecs.register_error(_ERRORS, _replaced)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    texts = (_SPELLED.get(c, c.encode("ascii", "backslashreplace").decode()) for c in letters)
    return "".join(texts), error.end
