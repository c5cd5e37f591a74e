"""``pffspike quality``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from pffspike import generation, inference
from pffspike.cards.networks import network_hash
from pffspike.cli import options, output
from pffspike.data import Dataset, probabilities
from pffspike.engines import make_engine
from pffspike.engines.base import Engine
from pffspike.files import make_folder
from pffspike.generation import quality as judging
from pffspike.generation import yardsticks
from pffspike.trained import TrainedNetwork, versions

_FITTED = 10000  #: training images that the other decoders are fitted on
_EPOCHS = 10  #: of the classifier that judges samples
_REAL = 2000  #: test images judged for comparison
_SHOWN = 20
_SHEET = 100


def quality(
    trained: Annotated[Path, typer.Argument(help="File of a trained network.")],
    out: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for pictures, made if missing.")
    ] = None,
    count: Annotated[int, typer.Option(help="Synthesized images.", min=1)] = 1000,
    samples: options.Samples = None,
    engine: options.EngineName = "fastest",
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataFolder = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Measure what the generative circuit makes: reconstructions and synthesized images.

    Reconstruction errors stand beside those of other decoders. Samples are judged by a classifier
    that learned by backpropagation, and by their distance to the training images. `--samples` cuts
    the test images.

    Example: pffspike quality mnist.h5 --output mnist-quality
    """
    state = options.load_trained(trained)
    options.check_programs(state, "reconstruct", "synthesize")
    found = options.load_dataset(state, dataset, data, download, test_samples=samples)
    made = make_engine(engine)
    rebuilt = _rebuild(state, found, made, seed)
    original = probabilities(found.test_images, found.levels)
    errors = {
        name: float(np.square(images - original).sum(axis=1).mean())
        for name, images in rebuilt.items()
    }
    output.table(
        f"{trained}: {len(original)} test images of {found.name}",
        ("rebuilt", "summed squared error an image"),
        list(errors.items()),
    )
    labels, images = _synthesize(state, made, count, seed)
    judged = _judge(found, labels, images, seed)
    output.table(
        f"{count} synthesized images",
        ("", "taken for their class", "entropy, nat", "distance to training", "copies"),
        [
            (
                name,
                output.percent(j.accuracy),
                j.entropy,
                j.distance,
                output.percent(j.copies),
            )
            for name, j in judged.items()
        ],
    )
    if out is not None:
        shown = {"original": original, **rebuilt}
        _draw(out, {name: x[:_SHOWN] for name, x in shown.items()}, images[:_SHEET], found.shape)
    content: dict[str, Any] = {
        "summed_squared_error": errors,
        "samples": {name: asdict(j) for name, j in judged.items()},
        "count": count,
        "test_images": len(original),
        "seed": seed,
        "dataset": found.name,
        "network": network_hash(state.network),
        "versions": versions(),
    }
    output.write_json(json, content)


def _rebuild(
    state: TrainedNetwork, dataset: Dataset, engine: Engine, seed: int
) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    network, parameters = state.network, state.parameters
    fitted = probabilities(dataset.train_images[:_FITTED], dataset.levels)
    original = probabilities(dataset.test_images, dataset.levels)
    train = state.coding.encode(dataset.train_images[:_FITTED], dataset.levels)
    test = state.coding.encode(dataset.test_images, dataset.levels)
    with output.progress("reconstruction", len(train) + 2 * len(test)) as report:
        ours = inference.reconstruct(
            network, parameters, engine, test, seed=seed, progress=report
        ).decoded(state.coding)
        rates, new = (
            yardsticks.hidden_rates(network, parameters, engine, x, seed=seed, progress=report)
            for x in (train, test)
        )
    rebuilt = {f"generative circuit, {phase}": images for phase, images in ours.images.items()}
    for name in rates:
        rebuilt[f"linear decoder of {name}"] = yardsticks.linear_decoder(
            rates[name], fitted, new[name]
        )
    for latent in (p for p in network.populations if p.name == "latent"):
        rebuilt[f"{latent.size} principal components"] = yardsticks.principal_components(
            fitted, original, latent.size, seed
        )
    mean = probabilities(dataset.train_images, dataset.levels).mean(axis=0)
    rebuilt["mean of the training images"] = np.broadcast_to(mean, original.shape)
    return rebuilt


def _synthesize(
    state: TrainedNetwork, engine: Engine, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    classes = state.network.population("label").size
    labels = np.arange(count, dtype=np.int64) % classes
    latents = generation.draw_latents(state.prior, labels, seed) if state.prior else None
    with output.progress("synthesis", count) as report:
        images = generation.synthesize(
            state.network, state.parameters, engine, labels, latents, seed=seed, progress=report
        )
    return labels, state.coding.decode(images)


def _judge(
    dataset: Dataset,
    labels: np.ndarray,  # type: ignore[type-arg]
    images: np.ndarray,  # type: ignore[type-arg]
    seed: int,
) -> dict[str, judging.Judgement]:
    train = probabilities(dataset.train_images, dataset.levels)
    real = probabilities(dataset.test_images[:_REAL], dataset.levels)
    with output.progress("classifier", _EPOCHS) as report:
        judge = judging.Judge(
            train, dataset.train_labels, real, seed=seed, epochs=_EPOCHS, progress=report
        )
    means = judging.class_means(train, dataset.train_labels, labels)
    return {
        "synthesized": judge.judge(images, labels),
        "real test images": judge.judge(real, dataset.test_labels[:_REAL]),
        "mean of the class": judge.judge(means, labels),
    }


def _draw(
    folder: Path,
    rows: dict[str, np.ndarray],  # type: ignore[type-arg]
    images: np.ndarray,  # type: ignore[type-arg]
    shape: tuple[int, int],
) -> None:
    from pffspike import plots

    make_folder(folder)
    plots.save(plots.image_rows(rows, shape), folder / "reconstructions.png")
    plots.save(plots.image_sheet(images, shape), folder / "samples.png")
    output.console.print(f"wrote {folder / 'reconstructions.png'} and {folder / 'samples.png'}")
