"""Reconstructions in every state of the label, beside what other decoders make of the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pffspike import inference
from pffspike.data import Dataset, probabilities
from pffspike.engines.base import Engine
from pffspike.generation.quality import class_means
from pffspike.generation.yardsticks import linear_decoder, principal_components
from pffspike.trained import TrainedNetwork
from pffspike.typing import Progress

FITTED = 10000  #: training images that the other decoders are fitted on

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def rebuild(
    trained: TrainedNetwork,
    dataset: Dataset,
    engine: Engine,
    states: Sequence[str] = inference.STATES,
    *,
    seed: int = 0,
    window: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Floats]:
    """Rebuild the test images of a data set in several ways.

    Parameters
    ----------
    trained : TrainedNetwork
        With a generative circuit.
    dataset : Dataset
        The other decoders are fitted on its first `FITTED` training images, in the states
        ``inferred`` and ``true`` under their true labels.
    engine : Engine
    states : sequence of str
        See `pffspike.inference.label_state`; label by label is how labels are inferred.
    seed : int
    window : int or None
        Steps over which spikes are averaged, a power of two; the program's by default.
    progress : callable or None
        Told of presented images, ``len(states) * (fitted + test images)`` in all.

    Returns
    -------
    dict of str to (test images, pixels) ndarray of float64
        Grey values in [0, 1], by what made them: the generative circuit and linear decoders in
        each state, then the controls, which need no network: the mean image of the class, and of
        all, and principal components, as many as there are latent neurons.
    """
    fitted, original = (
        probabilities(x, dataset.levels)
        for x in (dataset.train_images[:FITTED], dataset.test_images)
    )
    labels = dataset.train_labels[:FITTED]
    answers = dataset.test_labels
    if "inferred" in states:
        answers = _answers(trained, dataset, engine, seed)
    rebuilt = {}
    for state in states:
        name = "" if state == "free" else f", {state} label"
        ours, rates = (
            inference.reconstruct(
                trained.network,
                trained.parameters,
                engine,
                trained.coding.encode(images, dataset.levels),
                seed=seed,
                labels=inference.label_state(state, dataset.classes, shown),
                window=window,
                samples=np.arange(len(images)),
                progress=progress,
            ).decoded(trained.coding)
            for images, shown in (
                (dataset.test_images, answers if state == "inferred" else dataset.test_labels),
                (dataset.train_images[:FITTED], labels),
            )
        )
        for phase, images in ours.images.items():
            rebuilt[f"generative circuit, {phase}{name}"] = images
        for hidden, found in ours.hidden.items():
            rebuilt[f"linear decoder of {hidden}{name}"] = linear_decoder(
                rates.hidden[hidden], fitted, found
            )
    return rebuilt | _controls(trained, dataset, fitted, original, answers, seed)


def _answers(trained: TrainedNetwork, dataset: Dataset, engine: Engine, seed: int) -> Integers:
    return inference.classify(
        trained.network,
        trained.parameters,
        engine,
        trained.coding.encode(dataset.test_images, dataset.levels),
        "goodness",
        seed=seed,
        samples=np.arange(len(dataset.test_images)),
    ).predicted


def _controls(
    trained: TrainedNetwork,
    dataset: Dataset,
    fitted: Floats,
    original: Floats,
    answers: Integers,
    seed: int,
) -> dict[str, Floats]:
    train = probabilities(dataset.train_images, dataset.levels)
    controls = {
        "mean of the class": class_means(train, dataset.train_labels, dataset.test_labels),
        "mean of the training images": np.broadcast_to(train.mean(axis=0), original.shape),
    }
    if not np.array_equal(answers, dataset.test_labels):
        controls["mean of the inferred class"] = class_means(train, dataset.train_labels, answers)
    for latent in (p for p in trained.network.populations if p.name == "latent"):
        name = f"{latent.size} principal components"
        controls[name] = principal_components(fitted, original, latent.size, seed)
    return controls
