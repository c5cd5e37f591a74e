"""Data meet a trained network only if they are of its kind; a training goes on with the same."""

import dataclasses

import numpy as np
import pytest

import pffspike
from pffspike import schedules, training
from pffspike.circuits import PFF, pff
from pffspike.data import Dataset, Identity, check_kind, from_arrays, identify, is_same
from pffspike.errors import ValidationError
from pffspike.execution import Execution
from pffspike.network import Training


def own(seed: int = 0, shape=(2, 2), classes=3, name="own", levels=4) -> Dataset:
    draw = np.random.default_rng(seed)
    pixels = shape[0] * shape[1]
    images, labels = draw.integers(0, levels + 1, (30, pixels)), draw.integers(0, classes, 30)
    labels[:classes] = np.arange(classes)
    return from_arrays(
        name,
        (images, labels),
        (images[:9], labels[:9]),
        levels=levels,
        shape=shape,
        classes=classes,
        class_names=tuple(f"class {k}" for k in range(classes)),
    )


def card(classes=3, pixels=4):
    return PFF(pixels, classes, (8, 8), lateral=4)


def begun(dataset: Dataset, epochs=2):
    spec = pff(card(), "own", Training("own", epochs))
    return schedules.begin(spec, dataset, seed=0)


def test_the_identity_of_a_data_set():
    identity = identify(own())
    assert (identity.name, identity.levels, identity.shape) == ("own", 4, (2, 2))
    assert (identity.classes, identity.class_names[1]) == (3, "class 1")
    assert identity.samples == 30
    assert begun(own()).data == identity


@pytest.mark.parametrize(
    "other",
    [
        own(1),
        dataclasses.replace(own(), levels=8),
        dataclasses.replace(own(), train_labels=(own().train_labels + 1) % 3),
        dataclasses.replace(own(), train_images=own().train_images[::-1]),
        dataclasses.replace(own(), train_images=own().train_images[:20]),
        own(shape=(1, 4)),
    ],
)
def test_a_training_goes_on_with_the_same_data_only(other):
    state = begun(own())
    with pytest.raises(ValidationError, match=r"the training began with|was trained on"):
        training.train(state, other, execution=Execution("numpy"))


def test_other_images_of_the_same_kind_can_be_classified_and_are_noticed():
    identity = identify(own())
    check_kind(identity, own(1))
    assert is_same(identity, own())
    assert not is_same(identity, own(1))
    assert is_same(identify(dataclasses.replace(own())), own())


@pytest.mark.parametrize("other", [own(shape=(4, 1)), own(classes=4)])
def test_other_shapes_and_classes_are_refused(other):
    with pytest.raises(ValidationError, match="was trained on"):
        check_kind(identify(own()), other)


@pytest.mark.parametrize(
    ("key", "value"), [("levels", 0), ("levels", 256), ("classes", 1), ("shape", (0, 4))]
)
def test_an_identity_that_cannot_be_is_refused(key, value):
    with pytest.raises(ValidationError, match="of the data must be from"):
        dataclasses.replace(Identity("own", 4, (2, 2), 3), **{key: value})


@pytest.mark.parametrize("epochs", [0, -1, 1.5, True, 10**12])
def test_epochs_are_whole_and_at_least_one(epochs):
    with pytest.raises(ValidationError, match="epochs = "):
        schedules.begin(pff(card(), "own", Training("own", 1)), own(), seed=0, epochs=epochs)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, True])
def test_seeds_are_integers_of_64_bits(seed):
    with pytest.raises(ValidationError, match="seed = "):
        schedules.begin(pff(card(), "own", Training("own", 1)), own(), seed=seed)


@pytest.mark.parametrize("images", [np.zeros(4, np.int64), np.zeros((2, 4), np.int64), np.zeros(4)])
def test_images_are_rows_of_probabilities(images):
    """One flat integer image was taken for classes, and gave an answer for every pixel."""
    state = begun(own())
    for ask in (pffspike.classify, pffspike.reconstruct):
        with pytest.raises(ValidationError, match="give \\(samples, neurons\\) spike"):
            ask(state, images, execution=Execution("numpy"))


def test_a_calibration_is_estimated_before_it_begins(monkeypatch):
    monkeypatch.setenv("PFFSPIKE_MEMORY_LIMIT", "1M")
    mode = pffspike.Mode("early", calibration_samples=1_000_000)
    with pytest.raises(ValidationError, match="a calibration on 1000000 samples needs about"):
        pffspike.calibrate(begun(own()), own(), mode, execution=Execution("numpy"))
