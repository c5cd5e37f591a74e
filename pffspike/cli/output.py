"""What the commands print: tables, progress, JSON."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

import pffspike
from pffspike import files
from pffspike.choices import COMPILING
from pffspike.cli.log import Log, LoggedConsole
from pffspike.cli.tables import fitted

__all__ = [
    "Printed",
    "Shown",
    "aside",
    "begin",
    "console",
    "end",
    "errors",
    "note",
    "progress",
    "remark",
    "table",
    "write_json",
]

_LONG = 3.0  #: seconds from which on a log is told of a stage that repeats itself
_WIDEST = 120  #: columns assumed where output is not a terminal, such as a file or a pipe


#: Columns that say which row it is.
_KEYS = ("file", "network", "engine", "mode", "device", "event")


class _Results(LoggedConsole):
    """Where results are printed."""

    notes = False  #: whether remarks are printed, too
    kept_back = False  #: whether some were not


_AS_WRITTEN: dict[str, Any] = {"markup": False, "emoji": False, "highlight": False}
console = _Results(**_AS_WRITTEN)
if not console.is_terminal and "COLUMNS" not in os.environ:
    console = _Results(width=_WIDEST, **_AS_WRITTEN)
errors = LoggedConsole(stderr=True, soft_wrap=True, **_AS_WRITTEN)


def begin(*, quiet: bool, notes: bool, log: Log | None) -> None:
    """Set what is printed from now on.

    Parameters
    ----------
    quiet : bool
        Whether only results and errors are.
    notes : bool
        Whether remarks are.
    log : Log or None
        Told of everything.
    """
    for one in (console, errors):
        if one.told:
            one.told.close()
        one.told = None
    errors.quiet, console.notes, console.kept_back = quiet, notes, False
    console.told = errors.told = log


class Printed(NamedTuple):
    """A table as it is printed: a title, names of columns, rows."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


@contextmanager
def aside(outputs: Iterable[object]) -> Iterator[None]:
    """Print on the error stream if one of the outputs is the standard output: it has that alone."""
    before = console.stderr
    console.stderr = before or files.STANDARD_OUTPUT in set(outputs)
    try:
        yield
    finally:
        console.stderr = before


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table that fits the terminal; numbers are right-aligned."""
    keys = max(1, sum(column in _KEYS for column in columns))
    console.print(Text(title, style="italic"))
    for drawn in fitted(columns, rows, console.width, keys):
        console.print(drawn)


def remark(text: str) -> None:
    """Print what columns mean and where values come from, if --notes asks for it."""
    if console.notes:
        console.print(text, style="dim")
        return
    console.kept_back = True
    if console.told:
        console.told.write(text)


def end() -> None:
    """Say that there are remarks, if some were not printed."""
    if console.kept_back:
        console.kept_back = False
        note("--notes says what the columns mean, where values come from and what they leave out")


def note(text: str) -> None:
    """Say something on the error stream that does not end the command."""
    errors.print(f"note: {text}", highlight=False, markup=False)


def write_json(path: Path | None, content: Mapping[str, Any]) -> None:
    """Write a table's content to a JSON file, if one was asked for."""
    if path is not None:
        files.write_whole(path, files.json_text(content))


@dataclass(frozen=True)
class Shown:
    """What is told of progress.

    Parameters
    ----------
    show : callable
        Told of a stage, how much of it is done, and how much there is.
    check : callable
        Raises `KeyboardInterrupt` if one was lost.
    describe : callable
        Told of a stage and what to say beside it.
    """

    show: pffspike.ProgressCallback
    check: Callable[[], None]
    describe: Callable[[str, str], None]

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show how much is done.

        Parameters
        ----------
        stage : str
            What is going on.
        done, total : int
            How much of it is done, of how much.
        """
        self.check()
        self.show(stage, done, total)


@contextmanager
def progress() -> Iterator[Shown]:
    """Show progress on the error stream, a bar for each stage; yields what is to be told of it."""
    with _display() as (show, describe), _interrupts() as check:
        yield Shown(show, check, describe)


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
def _display() -> Iterator[tuple[pffspike.ProgressCallback, Callable[[str, str], None]]]:
    if not errors.is_terminal:
        yield _lines(lambda said: errors.print(said, highlight=False))
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[said]}", markup=False),
    )
    tasks: dict[str, TaskID] = {}
    logged, described = _lines(errors.told.write if errors.told else lambda _: None)
    with Progress(*columns, console=errors) as bar:

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total, said="")
            elif not done:  # once more
                bar.reset(tasks[stage], total=total)
            bar.update(tasks[stage], completed=done, total=total)
            logged(stage, done, total)

        def describe(stage: str, said: str) -> None:
            described(stage, said)
            if stage in tasks:
                bar.update(tasks[stage], said=said)

        yield show, describe


def _lines(
    say: Callable[[str], None],
) -> tuple[pffspike.ProgressCallback, Callable[[str, str], None]]:
    """Progress for logs: a line for every tenth of the way of each stage."""
    started: dict[str, tuple[float, int]] = {}
    descriptions: dict[str, str] = {}
    tenths: dict[str, int] = {}
    repeated: set[str] = set()

    def show(stage: str, done: int, total: int) -> None:
        now = time.perf_counter()
        if stage == COMPILING and not done:  # it has no tenths
            say(f"{stage} ...")
        start, before = started.setdefault(stage, (now, done))
        tenth = done * 10 // max(1, total)
        if tenth < tenths.setdefault(stage, tenth):  # the same stage once more
            started[stage], tenths[stage] = (now, done), tenth
            repeated.add(stage)
        if tenth > tenths[stage] and not (stage in repeated and now - start < _LONG):
            tenths[stage] = tenth
            left = (now - start) * (total - done) / max(1, done - before)
            said = f"{stage}: {done} of {total}, {now - start:.1f} s, {left:.0f} s left"
            if descriptions.get(stage):
                said += f", {descriptions[stage]}"
            say(said)

    return show, descriptions.__setitem__
