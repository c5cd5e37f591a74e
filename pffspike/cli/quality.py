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
from pffspike.generation import rebuilding, yardsticks
from pffspike.generation.diversity import Diversity, diversity
from pffspike.trained import TrainedNetwork, versions

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
    state_names: options.States = None,
    window: options.Window = None,
    samples: options.Samples = None,
    engine: options.EngineName = "fastest",
    seed: options.Seed = 0,
    dataset: options.DatasetName = None,
    data: options.DataFolder = None,
    download: options.Download = False,
    json: options.JsonFile = None,
) -> None:
    """Measure what the generative circuit makes: reconstructions and synthesized images.

    Reconstruction errors stand beside those of other decoders, in every state of the label. Samples
    are judged by a classifier that learned by backpropagation, by their distance to the training
    images, and by their diversity: variance within classes against real images, precision and
    recall, and what a classifier learns from them. `--samples` cuts the test images.

    Example: pffspike quality mnist.h5 --output mnist-quality
    """
    state = options.load_trained(trained)
    options.check_programs(state, "reconstruct", "synthesize")
    found = options.load_dataset(state, dataset, data, download, test_samples=samples)
    made = make_engine(engine)
    states = state_names or list(inference.STATES)
    fitted = min(rebuilding.FITTED, len(found.train_images))
    with output.progress(
        "reconstruction", len(states) * (fitted + len(found.test_images))
    ) as report:
        rebuilt = rebuilding.rebuild(
            state, found, made, states, seed=seed, window=window, progress=report
        )
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
    judged = _judge(state, found, labels, images, seed)
    _show_samples(f"{count} synthesized images", judged)
    if out is not None:
        shown = {"original": original, **rebuilt}
        _draw(out, {name: x[:_SHOWN] for name, x in shown.items()}, images[:_SHEET], found.shape)
    content: dict[str, Any] = {
        "summed_squared_error": errors,
        "samples": {name: asdict(j) | asdict(d) for name, (j, d) in judged.items()},
        "count": count,
        "test_images": len(original),
        "seed": seed,
        "dataset": found.name,
        "network": network_hash(state.network),
        "versions": versions(),
    }
    output.write_json(json, content)


def _synthesize(
    state: TrainedNetwork, engine: Engine, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    classes = state.network.population("label").size
    labels = np.arange(count, dtype=np.int64) % classes
    latents = generation.draw_latents(state.prior, labels, seed) if state.prior else None
    with output.progress("synthesis", count) as report:
        images = generation.synthesize(
            state.network, state.parameters, engine, labels, latents, seed=seed, progress=report
        )
    return labels, state.coding.decode(images)


_Judged = dict[str, tuple[judging.Judgement, Diversity]]


def _judge(
    state: TrainedNetwork,
    dataset: Dataset,
    labels: np.ndarray,
    images: np.ndarray,
    seed: int,
) -> _Judged:
    train = probabilities(dataset.train_images, dataset.levels)
    real = probabilities(dataset.test_images[:_REAL], dataset.levels)
    with output.progress("classifier", _EPOCHS) as report:
        judge = judging.Judge(
            train, dataset.train_labels, real, seed=seed, epochs=_EPOCHS, progress=report
        )
    means = judging.class_means(train, dataset.train_labels, labels)
    # Other real images than those that samples are compared with.
    real_labels = dataset.train_labels[: 2 * len(images)]
    others, real_part = train[len(images) : 2 * len(images)], train[: len(images)]
    sets = {
        "synthesized": (images, labels),
        "real training images": (others, real_labels[len(images) :]),
        "mean of the class": (means, labels),
    }
    for latent in (p for p in state.network.populations if p.name == "latent"):
        kept = yardsticks.principal_components(train, others, latent.size, seed)
        name = f"{latent.size} principal components of them"
        sets[name] = (kept, real_labels[len(images) :])
    asked = (real, dataset.test_labels[:_REAL])
    compared = (real_part, real_labels[: len(images)])
    return {
        name: (judge.judge(x, y), diversity(x, y, compared, asked, seed=seed))
        for name, (x, y) in sets.items()
    }


def _show_samples(title: str, judged: _Judged) -> None:
    columns = ("taken for their class", "entropy, nat", "distance to training", "copies")
    rows = [
        (name, output.percent(j.accuracy), j.entropy, j.distance, output.percent(j.copies))
        for name, (j, _) in judged.items()
    ]
    output.table(title, ("", *columns), rows)
    output.table(
        f"{title}: diversity",
        ("", "variance within classes", "precision", "recall", "classifier taught by them"),
        [
            (name, *map(output.percent, (d.variance, d.precision, d.recall, d.teaching)))
            for name, (_, d) in judged.items()
        ],
    )


def _draw(
    folder: Path,
    rows: dict[str, np.ndarray],
    images: np.ndarray,
    shape: tuple[int, int],
) -> None:
    from pffspike import plots

    make_folder(folder)
    plots.save(plots.image_rows(rows, shape), folder / "reconstructions.png")
    plots.save(plots.image_sheet(images, shape), folder / "samples.png")
    output.console.print(f"wrote {folder / 'reconstructions.png'} and {folder / 'samples.png'}")
