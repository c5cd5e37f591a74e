"""``pffspike train --seeds``: trainings side by side, a file each."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

import pffspike
from pffspike import files
from pffspike.cli import output
from pffspike.errors import ValidationError

_REFUSED = ("resume", "start", "validation", "log", "tensorboard")  #: options of one training


@dataclass(frozen=True)
class Seeds:
    """Options that say which seeds are trained, and where they are written.

    Parameters
    ----------
    path : Path
        NAME.h5; seed 3 is written to NAME-3.h5.
    seeds : sequence of int
        One a training.
    jobs : int or None
        Trainings at the same time.
    overwrite : bool
        Whether existing files are replaced; otherwise their trainings go on.
    """

    path: Path
    seeds: Sequence[int]
    jobs: int | None
    overwrite: bool

    def file(self, seed: int) -> Path:
        """Place of one seed's network."""
        return self.path.with_name(f"{self.path.stem}-{seed}{self.path.suffix}")

    @property
    def files(self) -> tuple[Path, ...]:
        """Places of all."""
        return tuple(self.file(seed) for seed in self.seeds)


def chosen(
    context: typer.Context, path: Path, seeds: int | None, jobs: int | None, overwrite: bool
) -> Seeds | None:
    """Give what --seeds and --jobs ask for; None without --seeds.

    Raises
    ------
    ValidationError
        For --jobs alone, and for an option that belongs to one training.
    """
    if seeds is None:
        if jobs is not None:
            raise ValidationError("--jobs goes with --seeds N, trainings side by side")
        return None
    for name in _REFUSED:
        if context.params[name]:
            option = "from" if name == "start" else name
            raise ValidationError(
                f"--{option} does not go with --seeds; give it to the training of one seed"
            )
    first: int = context.params["seed"]
    return Seeds(path, range(first, first + seeds), jobs, overwrite)


def train(
    network: pffspike.Network,
    images: pffspike.Dataset,
    many: Seeds,
    epochs: int | None,
    checkpoint_every: int,
    execution: pffspike.Execution,
    json: Path | None,
) -> None:
    """Train a network for every seed; a file that exists is a training that goes on."""
    jobs = pffspike.seed_jobs(execution, len(many.seeds), many.jobs)
    with contextlib.ExitStack() as stack:
        for path in many.files:
            stack.enter_context(files.locked(path))
        starts = [pffspike.begin(network, images, seed=n, epochs=epochs) for n in many.seeds]
        if not many.overwrite:
            starts = [_continued(start, many.file(start.seed), images) for start in starts]
        progress = stack.enter_context(output.progress())
        output.errors.print(f"{len(starts)} seeds, {jobs} at a time")
        try:
            trained = pffspike.train_seeds(
                starts,
                images,
                jobs=jobs,
                checkpoint=lambda reached: pffspike.save(many.file(reached.seed), reached),
                checkpoint_every=checkpoint_every,
                execution=execution.replace(progress=progress),
            )
        except KeyboardInterrupt:
            output.errors.print(
                f"{many.files[0]} and so on hold the last checkpoints: the same command (without "
                f"--overwrite) goes on"
            )
            raise
    _summarize(trained, many, json)


def _continued(
    start: pffspike.TrainedNetwork, path: Path, images: pffspike.Dataset
) -> pffspike.TrainedNetwork:
    """Give the checkpoint of a training in place of its beginning, if there is one."""
    if not path.exists():
        return start
    begun = pffspike.load(path)
    same = (
        (begun.seed, begun.samples_total, begun.samples_per_epoch)
        == (start.seed, start.samples_total, start.samples_per_epoch)
        and pffspike.network_hash(begun.network) == pffspike.network_hash(start.network)
        and begun.data is not None
        and pffspike.is_same(begun.data, images)
        and not begun.provenance
    )
    if not same:
        raise ValidationError(
            f"{path} holds another training (its network, schedule, data or seed differ); give "
            f"--overwrite or another --output"
        )
    return begun


def _summarize(trained: Sequence[pffspike.TrainedNetwork], many: Seeds, json: Path | None) -> None:
    columns = sorted(set.intersection(*(set(one.history) for one in trained)) - {"sample"})
    output.table(
        f"{trained[0].network.name}, {trained[0].samples_done} samples, means before the last "
        f"checkpoint",
        ("file", *columns),
        [
            (str(many.file(one.seed)), *(f"{one.history[name][-1]:.4g}" for name in columns))
            for one in trained
        ],
    )
    output.write_json(
        json,
        {
            "files": [str(path) for path in many.files],
            "network": trained[0].network.name,
            "seeds": [one.seed for one in trained],
            "engine": [one.engine for one in trained],
            "samples": trained[0].samples_done,
        },
    )
