"""``pffspike study``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from pffspike.cli import options, output
from pffspike.errors import ValidationError
from pffspike.files import make_folder, write_whole

if TYPE_CHECKING:
    from pffspike.study.config import Study
    from pffspike.study.runs import Run

_PARTIAL = "partial"  #: name of the files of a study whose runs are not all there
_LINES = 60.0  #: seconds between two lines about a run, where there is no terminal


def study(
    folder: Annotated[Path, typer.Argument(help="Folder of the study, with its config.toml.")],
    fast: Annotated[bool, typer.Option("--fast", help="A subset, in minutes.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Do only this system or ablation; may be given repeatedly."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Processes (default: as many as cores; 0: this one).", min=0),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler to use instead.")
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
) -> None:
    """Train and judge all systems of a study; write results.json and table.md.

    Every run is stored as it ends, so an interrupted or changed study computes only what is
    missing. While runs are missing the figures stand in partial.json and partial.md.

    Example: pffspike study experiments/01-mnist --fast
    """
    from pffspike.study import cluster, runs
    from pffspike.study.config import read_study

    whole = read_study(folder, fast=fast, dataset=dataset)
    names = tuple(only or ())
    chosen = {s.name for s in read_study(folder, fast=fast, only=names, dataset=dataset).systems}
    variant = "-".join([*([dataset] if dataset else []), *(["fast"] if fast else [])])
    place = out or folder / variant
    make_folder(place)
    planned = runs.plan(whole, data, download)
    todo = [
        run for run in planned if run.system.name in chosen and runs.read_result(place, run) is None
    ]
    problems = []
    with _display(len(todo)) as display:
        for run, problem in cluster.execute_all(
            todo, place, workers=workers, scheduler=scheduler, listen=display.listen
        ):
            display.finished(run.label, problem)
            problems += [run.label] if problem else []
    command = f"pffspike study {folder}{' --fast' if fast else ''}"
    _write(whole, planned, place, command + (f" --dataset {dataset}" if dataset else ""))
    if problems:
        raise ValidationError(
            f"{len(problems)} of {len(todo)} runs failed ({', '.join(problems)}), the others are "
            f"stored; mend the causes above and repeat the command"
        )


def _write(whole: Study, planned: list[Run], place: Path, command: str) -> None:
    """Write and print what is known: under the final names if no run is missing."""
    from pffspike.study import runs, table

    results = [(run, runs.read_result(place, run)) for run in planned]
    found = [(run, result) for run, result in results if result is not None]
    content = table.summarize(whole, found, len(planned) - len(found))
    complete = len(found) == len(planned)
    names = ("results.json", "table.md") if complete else (f"{_PARTIAL}.json", f"{_PARTIAL}.md")
    output.write_json(place / names[0], content)
    write_whole(place / names[1], table.markdown(whole, content, command))
    if complete:
        for ending in ("json", "md"):
            (place / f"{_PARTIAL}.{ending}").unlink(missing_ok=True)
    for name in whole.datasets:
        columns = ("system", "mode", "accuracy", "seeds", "parameters", "training")
        rows = [row[: len(columns)] for row in table.main_rows(whole, content[name])]
        output.table(f"{whole.title}: {name}", columns, rows)
        ablations = [
            (row[0], row[2], row[3], row[4]) for row in table.ablation_rows(whole, content[name])
        ]
        if ablations:
            output.table("ablations", ("change", "mode", "accuracy", "difference"), ablations)
    missing = len(planned) - len(found)
    note = f" ({missing} of {len(planned)} runs are missing)" if missing else ""
    output.console.print(f"wrote {place / names[0]} and {place / names[1]}{note}")


class _Lines:
    """Progress for logs."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._last = total, 0, dict[str, float]()

    def listen(self, label: str, share: float) -> None:
        now = time.monotonic()
        if now - self._last.setdefault(label, now) >= _LINES:
            self._last[label] = now
            output.errors.print(f"{label}: {100 * share:.0f} %", highlight=False)

    def finished(self, label: str, problem: str | None) -> None:
        self._done += 1
        text = f"failed: {problem}" if problem else "done"
        output.errors.print(
            f"{label}: {text} ({self._done} of {self._total})", highlight=False, markup=False
        )


class _Bars:
    """Progress on a terminal: a bar for all runs and one for each that runs."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._progress, self._tasks = progress, dict[str, TaskID]()
        self._all = progress.add_task("runs", total=total)

    def listen(self, label: str, share: float) -> None:
        if label not in self._tasks:
            self._tasks[label] = self._progress.add_task(label, total=1.0)
        self._progress.update(self._tasks[label], completed=share)

    def finished(self, label: str, problem: str | None) -> None:
        if label in self._tasks:
            self._progress.update(self._tasks[label], completed=1.0, visible=False)
        self._progress.update(self._all, advance=1)
        if problem:
            self._progress.console.print(f"{label}: failed: {problem}", markup=False)


@contextmanager
def _display(total: int) -> Iterator[_Lines | _Bars]:
    if not output.errors.is_terminal:
        yield _Lines(total)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=output.errors) as progress:
        yield _Bars(total, progress)
