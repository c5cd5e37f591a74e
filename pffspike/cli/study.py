"""``pffspike study``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

import pffspike
from pffspike import limits
from pffspike.cli import options, output, written
from pffspike.cli.output import Printed

_LINES = 60.0  #: seconds between two lines about a run, where there is no terminal


def study(
    folder: Annotated[Path, typer.Argument(help="Folder of the study, with its config.toml.")],
    fast: Annotated[bool, typer.Option("--fast", help="A subset, in minutes.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Do only this system or ablation; may be given repeatedly."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            help="Runs at the same time, a process each (default: as many as cores; 1: in this "
            "process).",
            min=1,
        ),
    ] = None,
    workers: options.Workers = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler to use instead.")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(help="Seconds that the scheduler may be without workers (default: 120)."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder of the results (default: the study's)."),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option("--dataset", help="Data set, instead of the config's.")
    ] = None,
    data: options.DataFolder = None,
    download: options.Download = False,
    csv: options.CsvFile = None,
    latex: options.LatexFile = None,
) -> None:
    """Train and judge all systems of a study; write results.json and table.md.

    Every run is stored as it ends, so an interrupted or changed study computes only what is
    missing. While runs are missing the figures stand in partial.json and partial.md.

    Example: pffspike study experiments/01-mnist --fast
    """
    if scheduler is None:
        jobs = jobs or workers or limits.cores()
    with _display() as progress:
        result = pffspike.study(
            folder,
            out,
            fast=fast,
            only=only or (),
            dataset=dataset,
            resources=pffspike.Resources(
                jobs,
                scheduler,
                pffspike.Resources.timeout if timeout is None else timeout,
                data,
                download,
            ),
            progress=_sized(progress, None if scheduler else jobs),
        )
    tables = []
    for name in result.study.datasets:
        columns = ("system", "mode", "accuracy", "seeds", "parameters", "training")
        tables.append(Printed(f"{result.study.title}: {name}", columns, result.rows(name)))
        output.table(*tables[-1])
        ablations = result.ablations(name)
        if ablations:
            output.table("ablations", ("change", "mode", "accuracy", "difference"), ablations)
    written.write_csv(csv, result.tidy_rows())
    written.write_latex(latex, *tables)
    note = f" ({result.missing} of {result.runs} runs are missing)" if result.missing else ""
    output.console.print(f"wrote {result.files[0]} and {result.files[1]}{note}")


def _sized(progress: pffspike.StudyCallback, jobs: int | None) -> pffspike.StudyCallback:
    """Say first how many runs there are at the same time, unless a scheduler decides."""
    said = jobs is None

    def tell(label: str, share: float, problem: str | None, runs: int) -> None:
        nonlocal said
        if not said and jobs is not None:
            said = True
            output.errors.print(f"runs: {runs}, {min(jobs, runs)} at the same time")
        progress(label, share, problem, runs)

    return tell


class _Lines:
    """Progress for logs."""

    def __init__(self) -> None:
        self._done, self._last = 0, dict[str, float]()

    def __call__(self, label: str, share: float, problem: str | None, runs: int) -> None:
        if share == 1:
            self._finished(label, problem, runs)
            return
        now = time.monotonic()
        if now - self._last.setdefault(label, now) >= _LINES:
            self._last[label] = now
            output.errors.print(f"{label}: {100 * share:.0f} %", highlight=False)

    def _finished(self, label: str, problem: str | None, runs: int) -> None:
        self._done += 1
        text = f"failed: {problem}" if problem else "done"
        output.errors.print(
            f"{label}: {text} ({self._done} of {runs})", highlight=False, markup=False
        )


class _Bars:
    """Progress on a terminal: a bar for all runs and one for each that goes on."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._tasks = progress, dict[str, TaskID]()
        self._all = progress.add_task("runs", total=None)

    def __call__(self, label: str, share: float, problem: str | None, runs: int) -> None:
        if label not in self._tasks:
            self._tasks[label] = self._progress.add_task(label, total=1.0)
        self._progress.update(self._tasks[label], completed=share, visible=share < 1)
        self._progress.update(self._all, advance=share == 1, total=runs)
        if problem:
            self._progress.console.print(f"{label}: failed: {problem}", markup=False)


@contextmanager
def _display() -> Iterator[pffspike.StudyCallback]:
    if not output.errors.is_terminal:
        yield _Lines()
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=output.errors) as progress:
        yield _Bars(progress)
