"""What the commands print: tables, progress, JSON."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from pffspike.files import write_whole
from pffspike.text import joule, percent
from pffspike.typing import Progress as Report

__all__ = ["console", "errors", "joule", "note", "percent", "progress", "table", "write_json"]

_WIDEST = 120  #: columns assumed where output is not a terminal, such as a file or a pipe


_AS_WRITTEN: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False}
console = Console(**_AS_WRITTEN)
if not console.is_terminal:
    console = Console(width=_WIDEST, **_AS_WRITTEN)
errors = Console(stderr=True, soft_wrap=True, **_AS_WRITTEN)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; numbers are right-aligned."""
    drawn = Table(title=Text(title), title_justify="left")
    for index, column in enumerate(columns):
        numeric = all(isinstance(row[index], (int, float)) for row in rows)
        drawn.add_column(Text(column), justify="right" if numeric and rows else "left")
    for row in rows:
        drawn.add_row(*(_text(value) for value in row))
    console.print(drawn)


def _text(value: object) -> Text:
    """A cell as written: brackets are no markup, and what no terminal shows is spelled out."""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return Text("".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text))


def note(text: str) -> None:
    """Say something on the error stream that does not end the command."""
    errors.print(f"note: {text}", highlight=False, markup=False)


def write_json(path: Path | None, content: Any) -> None:
    """Write a table's content to a JSON file, if one was asked for."""
    if path is not None:
        write_whole(path, json.dumps(content, indent=2, sort_keys=True) + "\n")


@contextmanager
def progress(title: str, total: int) -> Iterator[Report]:
    """Show a progress bar on the error stream; yields what to call with finished samples."""
    with _display(title, total) as show, _interrupts() as check:

        def report(finished: int) -> None:
            check()
            show(finished)

        yield report


@contextmanager
def _interrupts() -> Iterator[Callable[[], None]]:
    """Notice every Ctrl-C; yields what raises `KeyboardInterrupt` if one was lost.

    Python drops an exception that is raised in a callback of its own, of a weak reference, say.
    """
    usual = signal.getsignal(signal.SIGINT)
    if not callable(usual) or threading.current_thread() is not threading.main_thread():
        yield lambda: None  # ignored, or somebody else's to handle
        return
    pass_on, pressed = usual, False

    def handler(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        pass_on(number, frame)

    def check() -> None:
        if pressed:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handler)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, usual)


@contextmanager
def _display(title: str, total: int) -> Iterator[Report]:
    if not errors.is_terminal:
        yield _lines(title, total)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors) as bar:
        task = bar.add_task(title, total=total)
        yield lambda finished: bar.update(task, advance=finished)


def _lines(title: str, total: int) -> Report:
    """Progress for logs: a line for every tenth of the way."""
    start, done, tenths = time.perf_counter(), 0, 0

    def report(finished: int) -> None:
        nonlocal done, tenths
        done += finished
        if done * 10 // max(1, total) > tenths:
            tenths = done * 10 // max(1, total)
            seconds = time.perf_counter() - start
            errors.print(f"{title}: {done} of {total}, {seconds:.1f} s", highlight=False)

    return report
