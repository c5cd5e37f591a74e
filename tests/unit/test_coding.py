"""Codings of grey values, and what of a training depends on them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import pffspike
from pffspike import storage
from pffspike.cards import load_network
from pffspike.data import Coding, Dataset, from_arrays, load, pixel_means, probabilities
from pffspike.errors import UserError
from pffspike.exchange import read_export, write_export
from pffspike.schedules import begin

CHANGES = {
    "pff": {"image": 128, "hidden": [60, 60], "lateral": 0, "inference_window": 4},
    "training": {"coding": "on_off", "epochs": 1},
}


def small(images: np.ndarray, levels: int) -> Dataset:
    labels = np.zeros(len(images), np.int64)
    return from_arrays(
        "small", (images, labels), (images, labels), levels=levels, shape=(1, 3), classes=2
    )


IMAGES = st.integers(1, 255).flatmap(
    lambda levels: st.tuples(
        arrays.arrays(np.uint8, (5, 3), elements=st.integers(0, levels)), st.just(levels)
    )
)


@given(IMAGES)
def test_on_and_off_are_exact_and_exclude_each_other(case):
    images, levels = case
    coding = Coding(pixel_means(small(images, levels)))
    coded = coding.encode(images, levels)
    assert coded.shape == (5, 6)
    np.testing.assert_array_equal(coded * 2**24, np.floor(coded * 2**24))
    assert coded.min() >= 0
    assert coded.max() <= 1
    assert not np.any(coded[:, :3] * coded[:, 3:])


@given(IMAGES)
def test_decoding_undoes_encoding_within_half_the_range(case):
    images, levels = case
    coding = Coding(pixel_means(small(images, levels)))
    grey = probabilities(images, levels)
    decoded = coding.decode(coding.encode(images, levels))
    near = np.abs(grey - coding.mean) <= 0.5
    np.testing.assert_array_equal(decoded[near], grey[near])
    assert np.all(np.abs(decoded - grey)[~near] <= 0.5)


def test_the_mean_is_that_of_the_training_images():
    data = load("digits")
    mean = pixel_means(data)
    expected = probabilities(data.train_images, data.levels).mean(axis=0)
    np.testing.assert_allclose(mean, expected, rtol=0, atol=2.0**-24)


def test_grey_is_the_identity():
    data = load("digits")
    coding = Coding()
    grey = probabilities(data.test_images, data.levels)
    np.testing.assert_array_equal(coding.encode(data.test_images, data.levels), grey)
    assert coding.decode(grey) is grey
    assert coding.fields(grey) is grey


def test_fields_are_what_a_brighter_pixel_adds():
    coding = Coding(np.full(2, 0.5))
    weights = np.array([[1.0], [2.0], [4.0], [8.0]])
    drive = [(coding.encode([[p, 4]], 8) @ weights).item() for p in (4, 5)]
    assert (drive[1] - drive[0]) * 8 == 2 * weights[0].item()
    np.testing.assert_array_equal(coding.fields(weights), [[-6.0], [-12.0]])


def test_a_coded_network_learns_and_travels(tmp_path):
    network = load_network("digits", CHANGES)
    data = load("digits")
    trained = pffspike.train(network, data, execution=pffspike.Execution(seed=3))
    result = pffspike.evaluate(trained, data, mode="one_pass")
    assert result.accuracy > 0.3
    storage.save(tmp_path / "a.h5", trained)
    again = storage.load(tmp_path / "a.h5")
    write_export(tmp_path / "export", trained)
    exported = read_export(tmp_path / "export")
    for other in (again, exported):
        np.testing.assert_array_equal(other.coding.mean, trained.coding.mean)
    images = trained.coding.encode(data.test_images[:5], data.levels)
    rebuilt = pffspike.reconstruct(trained, images)
    assert rebuilt.images["below"].shape == (5, 64)


def test_images_must_fit_the_coding():
    network = load_network("digits", {**CHANGES, "pff": {**CHANGES["pff"], "image": 64}})
    with pytest.raises(UserError, match="has 128 pixels, but population 'image'"):
        begin(network, load("digits"), seed=0)


def test_resuming_gives_the_same_weights():
    network = load_network("digits", CHANGES)
    data = load("digits")
    states = []
    whole = pffspike.training.train(
        begin(network, data, seed=1), data, checkpoint_every=700, checkpoint=states.append
    )
    rest = pffspike.training.train(states[1], data)
    for name, weights in whole.parameters.weights.items():
        np.testing.assert_array_equal(rest.parameters.weights[name], weights)
