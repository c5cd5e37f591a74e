"""What a command says, with the time, at the end of a file."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH = 120  #: letters of a line of a table
_SAID = (str, Text, Table)  #: what people read; a console is told of its own control codes, too


class Log:
    """A file to which whole lines are added.

    Parameters
    ----------
    path : Path
        Of the file; it is made if it is missing.

    Raises
    ------
    OSError
        If it can't be written.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._file = open(os.open(path, flags, 0o644), "ab", buffering=0)  # noqa: SIM115, PTH123

    def write(self, text: str) -> None:
        """Add a text; every line of it has the time before it, and all come together."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        lines = (f"{now} {line.rstrip()}\n" for line in text.splitlines() if line.strip())
        self._file.write("".join(lines).encode("utf-8", "backslashreplace"))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class LoggedConsole(Console):
    """A console that tells a log, too, of all that people read; quiet or not."""

    told: Log | None = None

    def print(self, *objects: Any, **how: Any) -> None:
        """Print, see `rich.console.Console.print`."""
        super().print(*objects, **how)
        said = [one for one in objects if isinstance(one, _SAID)]
        if self.told and said:
            text = io.StringIO()
            plain = Console(file=text, width=_WIDTH, markup=False, emoji=False, highlight=False)
            plain.print(*said, soft_wrap=not isinstance(said[0], Table))
            self.told.write(text.getvalue())
