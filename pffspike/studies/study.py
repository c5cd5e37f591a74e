"""A study from its folder to its table: what is missing is computed, then all is summed up."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pffspike.errors import ValidationError
from pffspike.files import json_text, make_folder, write_whole
from pffspike.studies import cluster, runs, table
from pffspike.studies.config import Study, read_study
from pffspike.tabular import Tabular

_NEARLY = 0.999  #: fraction at most of a run that has not ended
_PARTIAL = "partial"  #: name of the files of a study whose runs are not all there

#: Called with the label of a run, the fraction of it that is done, what went wrong with it, and the
#: number of runs in all.
StudyCallback = Callable[[str, float, str | None, int], None]


@dataclass(frozen=True)
class Resources:
    """Where a study computes, and where it finds data.

    Parameters
    ----------
    jobs : int or None
        Runs at the same time, a process each: as many as cores by default; 1: in this process.
    scheduler : str or None
        Address of a Dask scheduler to use instead.
    timeout : float
        Seconds that the scheduler may be without workers.
    directory : Path or None
        Folder with data sets.
    download : bool
        Whether to fetch missing data files.
    """

    jobs: int | None = None
    scheduler: str | None = None
    timeout: float = cluster.TIMEOUT
    directory: Path | None = None
    download: bool = False

    def __post_init__(self) -> None:
        if self.jobs is not None and self.jobs < 1:
            raise ValidationError(f"jobs = {self.jobs} must be at least 1")
        if self.jobs is not None and self.scheduler is not None:
            raise ValidationError(
                f"jobs = {self.jobs} has no effect with a scheduler, whose workers say how many "
                f"runs there are at the same time; leave one of the two out"
            )
        if not 0 < self.timeout < math.inf:
            raise ValidationError(
                f"timeout = {self.timeout} is not a time; give a number of seconds above 0"
            )


@dataclass(frozen=True, eq=False)
class StudyResult(Tabular):
    """What a study found.

    Parameters
    ----------
    study : Study
        Its systems.
    content : dict
        What results.json holds, or partial.json while runs are missing.
    runs, missing : int
        Runs in all, and those without a result.
    files : tuple of Path
        Written: JSON and Markdown.
    """

    study: Study
    content: dict[str, Any]
    runs: int
    missing: int
    files: tuple[Path, Path]

    def __repr__(self) -> str:
        return f"StudyResult({self.study.title!r}, {self.runs} runs, {self.missing} missing)"

    def tidy_rows(self) -> list[dict[str, Any]]:
        """Give a row for each data set, system and mode.

        ``accuracy`` is a fraction, the mean over ``seeds`` trainings, with Student's interval over
        them and their standard deviation (nan of one); counts are per inference.
        """
        return [
            row
            for dataset in self.study.datasets
            for system, found in self.content[dataset].items()
            for row in table.tidy_rows(dataset, system, found)
        ]

    def rows(self, dataset: str) -> list[tuple[str, ...]]:
        """Table of the systems: system, mode, accuracy, seeds, parameters, training."""
        return [row[:6] for row in table.main_rows(self.study, self.content[dataset])]

    def ablations(self, dataset: str) -> list[tuple[str, ...]]:
        """Table of the ablations: change, mode, accuracy, difference."""
        rows = table.ablation_rows(self.study, self.content[dataset])
        return [(row[0], row[2], row[3], row[4]) for row in rows]


def study(
    folder: str | Path,
    output: str | Path | None = None,
    *,
    fast: bool = False,
    only: Sequence[str] = (),
    dataset: str | None = None,
    resources: Resources = Resources(),
    progress: StudyCallback | None = None,
) -> StudyResult:
    """Train and judge all systems of a study; write results.json and table.md.

    Every run is stored as it ends, so an interrupted or changed study computes only what is
    missing. While runs are missing the figures stand in partial.json and partial.md.

    Parameters
    ----------
    folder : str or Path
        With the study's config.toml.
    output : str, Path or None
        Folder of the results, the study's own by default.
    fast : bool
        A subset, in minutes.
    only : sequence of str
        Do only these systems or ablations.
    dataset : str or None
        Instead of the config's.
    resources : Resources
        Processes and data.
    progress : callable or None
        Called with the label of a run, the fraction of it that is done, None, and the number of
        runs to do; at its end with the label, 1, what went wrong, if anything, and that number.

    Returns
    -------
    StudyResult

    Raises
    ------
    ValidationError
        If the config is wrong or data are missing, before anything is computed; if runs failed,
        after all others are stored.

    Examples
    --------
    >>> import pffspike
    >>> pffspike.study("experiments/01-mnist", fast=True)  # doctest: +SKIP
    StudyResult('MNIST', 12 runs, 0 missing)
    """
    whole = read_study(Path(folder), fast=fast, dataset=dataset)
    some = read_study(Path(folder), fast=fast, only=tuple(only), dataset=dataset)
    chosen = {system.name for system in some.systems}
    variant = "-".join([*([dataset] if dataset else []), *(["fast"] if fast else [])])
    place = Path(output) if output is not None else Path(folder) / variant
    make_folder(place)
    planned = runs.plan(whole, resources.directory, resources.download)
    todo = [
        run for run in planned if run.system.name in chosen and runs.read_result(place, run) is None
    ]
    tell = progress or (lambda _label, _share, _problem, _runs: None)
    problems = []
    for run, problem in cluster.execute_all(
        todo,
        place,
        jobs=resources.jobs,
        scheduler=resources.scheduler,
        timeout=resources.timeout,
        listen=lambda label, share: tell(label, min(share, _NEARLY), None, len(todo)),
    ):
        wrong = problem or runs.absence(place, run)
        tell(run.label, 1.0, wrong, len(todo))
        problems += [run.label] if wrong else []
    command = f"pffspike study {folder}{' --fast' if fast else ''}"
    command += f" --dataset {dataset}" if dataset else ""
    result = _write(whole, planned, place, command)
    if problems:
        raise ValidationError(
            f"{len(problems)} of {len(todo)} runs failed ({', '.join(problems)}), the others are "
            f"stored; fix the causes above and repeat the command"
        )
    return result


def _write(whole: Study, planned: list[runs.Run], place: Path, command: str) -> StudyResult:
    """Write what is known: under the final names if no run is missing."""
    results = [(run, runs.read_result(place, run)) for run in planned]
    found = [(run, result) for run, result in results if result is not None]
    missing = len(planned) - len(found)
    content = table.summarize(whole, found, missing)
    names = (f"{_PARTIAL}.json", f"{_PARTIAL}.md") if missing else ("results.json", "table.md")
    files = (place / names[0], place / names[1])
    write_whole(files[0], json_text(content))
    write_whole(files[1], table.markdown(whole, content, command))
    if not missing:
        for ending in ("json", "md"):
            (place / f"{_PARTIAL}.{ending}").unlink(missing_ok=True)
    return StudyResult(whole, content, len(planned), missing, files)
