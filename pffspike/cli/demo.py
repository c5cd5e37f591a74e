"""``pffspike demo``."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from pffspike import evaluation, inference, storage, training
from pffspike.cards import load_network
from pffspike.cli import output
from pffspike.cli.evaluate import show
from pffspike.data import Dataset, load, probabilities
from pffspike.devices import load_device
from pffspike.engines import make_engine
from pffspike.files import make_folder
from pffspike.network import structure
from pffspike.recording import Probes
from pffspike.trained import TrainedNetwork, versions
from pffspike.typing import Progress

ENGINES = ("brian2", "lava")
MODES = ("goodness", "one_pass")  # each a program of the card


def demo(
    out: Annotated[Path, typer.Option("--output", "-o", help="Folder for results.")] = Path(
        "results/demo"
    ),
    seed: Annotated[int, typer.Option(help="Seed of everything random.", min=0)] = 0,
    epochs: Annotated[int | None, typer.Option(help="Instead of the card's.", min=1)] = None,
    samples: Annotated[
        int | None, typer.Option("--samples", "-n", help="Only so many test images.", min=1)
    ] = None,
) -> None:
    """Train the digits network in Brian2, run it in Lava too, compare every spike, draw it.

    Example: pffspike demo --output results/demo
    """
    make_folder(out)
    from pffspike import plots  # noqa: F401  (a package that is missing is missed at once)

    for name in ENGINES:
        make_engine(name)
    seconds: dict[str, float] = {}
    dataset = load("digits")
    if samples is not None:
        dataset = dataclasses.replace(
            dataset,
            test_images=dataset.test_images[:samples],
            test_labels=dataset.test_labels[:samples],
        )
    state = _train(dataset, seed, epochs, out, seconds)
    results = _evaluate(state, dataset, seed, seconds)
    identical = _identical(results)
    show(f"digits: {len(dataset.test_images)} test images", results)
    output.console.print(f"spikes of {' and '.join(ENGINES)} identical: {identical}")
    errors = _draw(state, dataset, results, seed, out, seconds)
    content: dict[str, Any] = evaluation.summary(results)
    content.update(
        spikes_identical=identical,
        seconds=seconds,
        reconstruction_error=errors,
        seed=seed,
        test_images=len(dataset.test_images),
        versions=versions(),
    )
    output.write_json(out / "summary.json", content)
    output.console.print(
        f"{sum(seconds.values()):.0f} s in all; network, summary.json and pictures are in {out}"
    )


def _train(
    dataset: Dataset, seed: int, epochs: int | None, out: Path, seconds: dict[str, float]
) -> TrainedNetwork:
    state = training.begin(load_network("digits"), dataset, seed=seed, epochs=epochs)
    path = out / "digits.h5"
    with _stage("train", state.samples_total, seconds) as report:
        return training.train(
            state,
            dataset,
            make_engine("brian2"),
            checkpoint=lambda reached: storage.save(path, reached),
            progress=report,
        )


def _evaluate(
    state: TrainedNetwork, dataset: Dataset, seed: int, seconds: dict[str, float]
) -> list[evaluation.Evaluation]:
    device = load_device("loihi1")
    images = state.coding.encode(dataset.test_images, dataset.levels)
    results = []
    for name in ENGINES:
        engine = make_engine(name)
        for mode in MODES:
            program = state.network.program(mode)
            everyone = tuple(p.name for p in structure.extent(state.network, program).populations)
            with _stage(f"{name}_{mode}", len(images), seconds) as report:
                results.append(
                    evaluation.evaluate(
                        state.network,
                        state.parameters,
                        engine,
                        images,
                        dataset.test_labels,
                        mode,
                        seed=seed,
                        device=device,
                        probes=Probes(rasters=everyone),
                        progress=report,
                        engine_name=name,
                    )
                )
    return results


def _identical(results: list[evaluation.Evaluation]) -> bool:
    """Whether all engines gave the same rasters: every neuron, step, label and test image."""
    first = {r.mode: r.classification.recordings for r in results if r.engine == ENGINES[0]}
    return all(
        mine.same_spikes(its)
        for r in results
        for mine, its in zip(r.classification.recordings, first[r.mode], strict=True)
    )


def _draw(
    state: TrainedNetwork,
    dataset: Dataset,
    results: list[evaluation.Evaluation],
    seed: int,
    out: Path,
    seconds: dict[str, float],
) -> dict[str, float]:
    from pffspike import plots

    network = state.network
    with _stage("figures", 5, seconds) as report:
        originals = probabilities(dataset.test_images, dataset.levels)
        images = state.coding.encode(dataset.test_images, dataset.levels)
        rebuilt = inference.reconstruct(
            network,
            state.parameters,
            make_engine("numpy"),
            images,
            seed=seed,
            samples=range(len(images)),
        ).decoded(state.coding)
        shown = {"original": originals[:15]}
        sources = {"below": "from hidden 1", "chain": "from hidden 2, down the chain"}
        shown |= {sources[phase]: values[:15] for phase, values in rebuilt.images.items()}
        plots.save(plots.image_rows(shown, dataset.shape), out / "reconstructions.png")
        report(1)
        thresholds = structure.goodness_thresholds(network)
        history = plots.goodness_history(state.history, state.samples_per_epoch, thresholds)
        plots.save(history, out / "goodness.png")
        report(1)
        fields = plots.receptive_fields(
            state.coding.fields(state.parameters.weights["image_to_hidden_1"]), dataset.shape
        )
        plots.save(fields, out / "receptive_fields.png")
        report(1)
        best = next(r for r in results if r.mode == "goodness")
        plots.save(
            plots.confusion(best.confusion, "label-by-label goodness"), out / "confusion.png"
        )
        report(1)
        label = int(dataset.test_labels[0])
        ranking = best.classification.scores[0].argsort()[::-1]
        wrong = int(next(k for k in ranking if k != label))
        shown_labels = {
            f"first test image, a {label}, labelled {label}": label,
            f"the same, labelled {wrong}": wrong,
        }
        plots.save(
            plots.raster(best.classification.recordings[0], shown_labels), out / "raster.png"
        )
        report(1)
    return rebuilt.error(originals)


@contextmanager
def _stage(name: str, total: int, seconds: dict[str, float]) -> Iterator[Progress]:
    start = time.perf_counter()
    with output.progress(name.replace("_", " "), total) as report:
        yield report
    seconds[name] = time.perf_counter() - start
