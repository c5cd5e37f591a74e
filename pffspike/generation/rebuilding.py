"""Reconstructions in every state of the label, beside what reference decoders make of the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pffspike import inference
from pffspike.choices import STATES
from pffspike.data import Dataset, probabilities
from pffspike.execution import Execution
from pffspike.generation.decoders import linear_decoder, principal_components
from pffspike.generation.judge import class_means
from pffspike.inputs import encoded_test
from pffspike.trained import TrainedNetwork
from pffspike.typing import Floats, Integers

FITTED = 10000  #: training images that the reference decoders are fitted on


def rebuild(
    trained: TrainedNetwork,
    dataset: Dataset,
    states: Sequence[str] = STATES,
    *,
    window: int | None = None,
    execution: Execution = Execution(),
) -> dict[str, Floats]:
    """Rebuild the test images of a data set in several ways.

    Parameters
    ----------
    trained : TrainedNetwork
        With a generative circuit.
    dataset : Dataset
        The reference decoders are fitted on its first `FITTED` training images, in the states
        ``inferred`` and ``true`` under their true labels.
    states : sequence of str
        See `pffspike.inference.label_state`; label by label is how labels are inferred.
    window : int or None
        Steps over which spikes are averaged, a power of two; the program's by default.
    execution : Execution
        Engine, seed, progress.

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
        answers = _answers(trained, dataset, execution)
    rebuilt = {}
    for state in states:
        name = "" if state == "free" else f", {state} label"
        ours, rates = (
            inference.reconstruct(
                trained,
                trained.coding.encode(images, dataset.levels),
                inference.label_state(state, dataset.classes, shown),
                window=window,
                samples=np.arange(len(images)),
                execution=execution,
            )
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
    return rebuilt | _controls(trained, dataset, fitted, original, answers, execution.seed)


def _answers(trained: TrainedNetwork, dataset: Dataset, execution: Execution) -> Integers:
    images = encoded_test(trained, dataset)
    numbers = np.arange(len(images))
    return inference.classify(trained, images, samples=numbers, execution=execution).predicted


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
    if trained.network.has_role("latent"):
        size = trained.network.role("latent").size
        controls[f"{size} principal components"] = principal_components(
            fitted, original, size, seed
        )
    return controls
