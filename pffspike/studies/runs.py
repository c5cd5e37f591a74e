"""Runs: what is computed, where its result is kept, and under which name."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from pffspike.baselines import KINDS, Report
from pffspike.baselines.result import SystemResult
from pffspike.cards import toml
from pffspike.data import Dataset, load
from pffspike.data.identity import digest
from pffspike.errors import PffspikeError
from pffspike.files import json_text, read_regular, write_whole
from pffspike.studies.config import Study, System
from pffspike.trained import versions

FORMAT = 1  #: of a result and of what it depends on; another one makes every run foreign
RUNS = "runs"  #: folder of the results and the trained networks, in the output folder


@dataclass(frozen=True)
class Data:
    """A data set by its name, where it lies, and how much of it is used."""

    name: str
    directory: Path | None = None
    samples: int | None = None
    test_images: int | None = None

    def load(self) -> Dataset:
        """Load it, cut to its first images."""
        dataset = load(self.name, self.directory)
        return dataclasses.replace(
            dataset,
            train_images=dataset.train_images[: self.samples],
            train_labels=dataset.train_labels[: self.samples],
            test_images=dataset.test_images[: self.test_images],
            test_labels=dataset.test_labels[: self.test_images],
        )


@dataclass(frozen=True)
class Run:
    """One system, trained and judged on one data set with one seed.

    Parameters
    ----------
    system : System
        What is trained and judged.
    data : Data
        On which images.
    seed : int
        Of everything random.
    hash : str
        Of everything that the result depends on.
    training_hash : str
        Of everything that the training depends on; runs may share it.
    """

    system: System
    data: Data
    seed: int
    hash: str
    training_hash: str

    @property
    def label(self) -> str:
        """Name for people."""
        return f"{self.data.name} {self.system.name} seed {self.seed}"


def plan(study: Study, directory: Path | None = None, download: bool = False) -> list[Run]:
    """List the runs of a study.

    Parameters
    ----------
    study : Study
        What `read_study` found.
    directory : Path or None
        Where the data sets lie, see `pffspike.data.load`.
    download : bool
        Whether to fetch what is missing.

    Returns
    -------
    list of Run

    Raises
    ------
    ValidationError
        If a data set is missing or a card is wrong.
    """
    runs = []
    for name in study.datasets:
        load(name, directory, download)
        data = Data(name, directory, study.samples, study.test_images)
        dataset = data.load()
        train = digest(dataset.train_images, dataset.train_labels, dataset.levels)
        test = digest(dataset.test_images, dataset.test_labels, dataset.levels)
        for system in study.systems:
            kind = KINDS[system.kind]
            common = {"format": FORMAT, "kind": system.kind, "dataset": name, "train": train}
            inputs = {**common, "test": test, "inputs": kind.inputs(system.settings, name)}
            training = {**common, "inputs": kind.training_inputs(system.settings, name)}
            runs += [
                Run(
                    system,
                    data,
                    seed,
                    _hash({**inputs, "seed": seed}),
                    _hash({**training, "seed": seed}),
                )
                for seed in system.seeds
            ]
    return runs


def _hash(content: Any) -> str:
    text = json.dumps(toml.plain(content), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Origin:
    """What a stored result was computed with."""

    versions: Mapping[str, str]
    machine: Mapping[str, str | int]


def result_path(output: Path, run: Run) -> Path:
    """File that holds or will hold the result of a run."""
    return output / RUNS / f"{run.hash}.json"


def read_result(output: Path, run: Run) -> dict[str, Any] | None:
    """Stored result of a run; None if there is none, or none that can be read."""
    path = result_path(output, run)
    if not path.exists():
        return None
    try:
        content: dict[str, Any] = json.loads(read_regular(path))
        toml.build(SystemResult, content["result"], str(path))
        toml.build(Origin, {k: content[k] for k in ("versions", "machine")}, str(path))
    except (PffspikeError, ValueError, KeyError, TypeError, RecursionError):
        logging.getLogger("pffspike").warning("%s holds no result; it is computed again", path)
        return None
    return content


def absence(output: Path, run: Run) -> str | None:
    """Say that a run has left no result, as one of a worker that sees another folder; else None."""
    path = result_path(output, run)
    if path.exists():
        return None
    return f"its result is not at {path}; let every worker see that folder"


def execute(run: Run, output: Path, report: Report) -> str | None:
    """Do a run and store its result, on one core where the system lets choose.

    Parameters
    ----------
    run : Run
        What to do.
    output : Path
        Folder of the stored results.
    report : callable
        Called with the fraction that is done.

    Returns
    -------
    str or None
        What went wrong, in one sentence; None if nothing did.
    """
    folder = output / RUNS
    try:
        folder.mkdir(parents=True, exist_ok=True)
        dataset = run.data.load()
        with threadpool_limits(1):
            result = KINDS[run.system.kind].run(
                run.system.settings, dataset, run.seed, folder / run.training_hash, report
            )
        content = {
            "run": run.label,
            "settings": toml.plain(run.system.settings),
            "result": toml.plain(result),
            "versions": versions(),
            "machine": machine(),
        }
        write_whole(result_path(output, run), json_text(content))
    except PffspikeError as error:
        return str(error)
    except Exception as error:  # one run must not take the others with it
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    return None


def machine() -> dict[str, Any]:
    """What the times were measured on."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        pass  # not Linux, or not this kind of processor
    return {"system": platform.system(), "processor": name, "cores": os.cpu_count() or 1}
