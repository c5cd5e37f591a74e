"""A bar for each stage of a long call, for `pffspike.Execution(progress=True)`."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

_WIDTH = 90  #: columns of a notebook, which does not say how many it has


class Bars:
    """Called as work goes on, it draws one bar at a time on the error stream.

    A line that is written over in a terminal, an output that is replaced in a notebook; where
    neither is, such as in a file, a line for each stage that has ended.

    Parameters
    ----------
    console : rich.console.Console or None
        Where to draw; the error stream by default.

    Examples
    --------
    >>> import io
    >>> bars = Bars(Console(file=io.StringIO(), width=80))
    >>> bars("training", 0, 2)
    >>> bars("training", 2, 2)
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._stage = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show how much of a stage is done.

        Parameters
        ----------
        stage : str
            What is going on.
        done, total : int
            How much of it is done, of how much.
        """
        if self._bar is None or stage != self._stage:
            self._begin(stage, total)
        assert self._bar is not None
        self._bar.update(self._task, completed=done, total=total, refresh=True)
        if done >= total:
            self._end()

    def _begin(self, stage: str, total: int) -> None:
        within = self._bar is not None  # of a stage that goes on afterwards
        if self._bar is not None:
            self._bar.live.transient = True
        self._end()
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        # Without a thread that refreshes: one would outlive a call that fails.
        console = self._console or Console(stderr=True)
        kind = _NotebookProgress if console.is_jupyter else Progress
        self._bar = kind(*columns, auto_refresh=False, transient=within, console=console)
        self._task, self._stage = self._bar.add_task(stage, total=total), stage
        self._bar.start()
        self._bar.console.show_cursor(True)

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class _NotebookProgress(Progress):
    """One output of a cell, replaced as work goes on, so that a kept notebook holds its last state.

    Rich's own way leaves every state in notebooks that are run by a program.
    """

    _output: Any = None

    def start(self) -> None:
        from IPython.display import display

        self._output = display({"text/plain": ""}, raw=True, display_id=True)

    def refresh(self) -> None:
        if self._output is None:
            return
        page = Console(file=io.StringIO(), width=_WIDTH, force_jupyter=False)
        with page.capture() as drawn:
            page.print(self.get_renderable())
        self._output.update({"text/plain": drawn.get().rstrip()}, raw=True)

    def stop(self) -> None:
        if self._output is not None and self.live.transient:
            self._output.update({"text/plain": ""}, raw=True)
        self._output = None
