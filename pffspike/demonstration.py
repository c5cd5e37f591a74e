"""The demonstration: train on digits in Brian2, run in Lava, compare every spike, draw."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pffspike import evaluation, generation, inference, storage, training
from pffspike.data import Dataset, load, probabilities
from pffspike.engines.registry import available_engines
from pffspike.evaluation import Evaluation
from pffspike.execution import Execution
from pffspike.files import json_text, make_folder, write_whole
from pffspike.inputs import encoded_test, first_samples
from pffspike.network import structure
from pffspike.recording import Probes
from pffspike.trained import TrainedNetwork, versions

ENGINES = ("brian2", "lava", "numba", "numpy")  #: the first two that are installed
MODES = ("goodness", "one_pass")  # each a program of the card
PRIOR = {"samples": 500, "components": 5}  # of the prior that samples are drawn from


@dataclass(frozen=True, eq=False)
class Demonstration:
    """What the demonstration showed.

    Parameters
    ----------
    results : tuple of Evaluation
        By engine and mode.
    spikes_identical : bool
        Whether all engines gave the same spikes.
    seconds : mapping of str to float
        Wall time by stage.
    content : dict
        What summary.json holds.
    """

    results: tuple[Evaluation, ...]
    spikes_identical: bool
    seconds: dict[str, float]
    content: dict[str, Any]

    def __repr__(self) -> str:
        return f"Demonstration(spikes_identical={self.spikes_identical}, {self.results!r})"


def demo(
    folder: str | Path = "results/demo",
    *,
    epochs: int | None = None,
    samples: int | None = None,
    execution: Execution = Execution(),
) -> Demonstration:
    """Train the digits network in Brian2, run it in Lava too, compare every spike, draw it.

    Where one of them is not installed, Numba takes its place, or NumPy. Then the prior of latent
    states is fitted, and images are synthesized from it.

    Parameters
    ----------
    folder : str or Path
        For the trained network, summary.json and pictures; made if it is missing.
    epochs : int or None
        Instead of the card's.
    samples : int or None
        Only so many test images.
    execution : Execution
        Seed and progress; the engines are those of `demo_engines`.

    Returns
    -------
    Demonstration

    Raises
    ------
    MissingPackageError
        If Matplotlib is not installed.
    FileError
        If the folder can't be made.

    Examples
    --------
    >>> import pffspike
    >>> pffspike.demo("results/demo").spikes_identical  # doctest: +SKIP
    True
    """
    out = Path(folder)
    make_folder(out)
    from pffspike import plots  # noqa: F401  (a package that is missing is missed at once)

    engines = demo_engines()
    seconds: dict[str, float] = {}
    dataset = first_samples(load("digits"), test=samples)
    with _stage("train", seconds):
        trained = training.train(
            "digits",
            dataset,
            epochs=epochs,
            checkpoint=lambda reached: storage.save(out / "digits.h5", reached),
            execution=execution.replace(engine=engines[0]),
        )
    results = _evaluate(trained, dataset, execution, seconds)
    identical = _identical(results)
    with _stage("prior", seconds):
        with_prior = _fit_prior(trained, dataset, execution)
        storage.save(out / "digits.h5", with_prior)
    with _stage("figures", seconds):
        errors = _draw(with_prior, dataset, results, execution, out)
    content: dict[str, Any] = evaluation.summary(results)
    content.update(
        spikes_identical=identical,
        seconds=seconds,
        reconstruction_error=errors,
        seed=execution.seed,
        test_images=len(dataset.test_images),
        versions=versions(),
    )
    write_whole(out / "summary.json", json_text(content))
    return Demonstration(tuple(results), identical, seconds, content)


def demo_engines() -> tuple[str, ...]:
    """Name the two engines that the demonstration compares: the first that are installed.

    Returns
    -------
    tuple of str
        Of `ENGINES`; the first trains.

    Examples
    --------
    >>> len(demo_engines())
    2
    """
    able = {engine.name for engine in available_engines() if engine.available}
    return tuple(name for name in ENGINES if name in able)[:2]


def _evaluate(
    trained: TrainedNetwork, dataset: Dataset, execution: Execution, seconds: dict[str, float]
) -> list[Evaluation]:
    results = []
    for name in demo_engines():
        for mode in MODES:
            program = trained.network.program(mode)
            everyone = tuple(p.name for p in structure.extent(trained.network, program).populations)
            own = execution.replace(engine=name, probes=Probes(rasters=everyone))
            with _stage(f"{name}_{mode}", seconds):
                results.append(evaluation.evaluate(trained, dataset, mode, execution=own))
    return results


def _identical(results: list[Evaluation]) -> bool:
    """Whether all engines gave the same rasters: every neuron, step, label and test image."""
    first = {r.mode: r.classification.recordings for r in results if r.engine == results[0].engine}
    return all(
        mine.same_spikes(its)
        for r in results
        for mine, its in zip(r.classification.recordings, first[r.mode], strict=True)
    )


def _fit_prior(trained: TrainedNetwork, dataset: Dataset, execution: Execution) -> TrainedNetwork:
    """The network with the prior of its latent states, found with the programs of the training."""
    first = execution.replace(engine=demo_engines()[0])
    return generation.fit_prior(trained, dataset, execution=first, **PRIOR).trained


def _draw_samples(
    trained: TrainedNetwork, dataset: Dataset, execution: Execution, out: Path
) -> None:
    """Ten synthesized images of each class, a class a row."""
    from pffspike import plots

    made = [
        generation.sample(trained, 10, k, execution=execution.replace(engine="numpy")).images
        for k in range(dataset.classes)
    ]
    names = [str(k) for k in range(dataset.classes)]
    sheet = plots.image_sheet(np.concatenate(made), dataset.shape, titles=names)
    plots.save_all(sheet, out / "samples.png")


def _draw(
    trained: TrainedNetwork,
    dataset: Dataset,
    results: list[Evaluation],
    execution: Execution,
    out: Path,
) -> dict[str, float]:
    from pffspike import plots

    originals = probabilities(dataset.test_images, dataset.levels)
    rebuilt = inference.reconstruct(
        trained,
        encoded_test(trained, dataset),
        samples=range(len(originals)),
        execution=execution.replace(engine="numpy"),
    )
    shown = {"original": originals[:15]}
    lowest, *_, top = (name.replace("_", " ") for name in rebuilt.hidden)
    sources = {"below": f"from {lowest}", "chain": f"from {top}, down the chain"}
    shown |= {sources[phase]: values[:15] for phase, values in rebuilt.images.items()}
    errors = rebuilt.error(originals)
    notes = {sources[phase]: f"error {value:.1f}" for phase, value in errors.items()}
    classes = [str(label) for label in dataset.test_labels[:15]]
    drawn = plots.image_rows(shown, dataset.shape, classes, notes)
    plots.save_all(drawn, out / "reconstructions.png")
    _draw_samples(trained, dataset, execution, out)
    thresholds = structure.goodness_thresholds(trained.network)
    history = plots.goodness_history(trained.history, trained.samples_per_epoch, thresholds)
    plots.save_all(history, out / "goodness.png")
    image = trained.network.role("input").name
    first = next(p for p in trained.network.projections if p.pre == image)
    weights = trained.coding.fields(trained.parameters.weights[first.name])
    drawn = plots.receptive_fields(weights, dataset.shape)
    plots.save_all(drawn, out / "receptive_fields.png")
    best = next(r for r in results if r.mode == "goodness")
    drawn = plots.confusion(best.confusion, "label-by-label goodness")
    plots.save_all(drawn, out / "confusion.png")
    label = int(dataset.test_labels[0])
    ranking = best.classification.scores[0].argsort()[::-1]
    wrong = int(next(k for k in ranking if k != label))
    shown_labels = {
        f"first test image, a {label}, labelled {label}": label,
        f"the same, labelled {wrong}": wrong,
    }
    drawn = plots.raster(best.classification.recordings[0], shown_labels)
    plots.save_all(drawn, out / "raster.png")
    return errors


@contextmanager
def _stage(name: str, seconds: dict[str, float]) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start
