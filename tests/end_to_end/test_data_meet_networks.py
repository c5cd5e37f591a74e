"""A trained network and data, by the command line: its own, others, and what does not fit."""

import dataclasses
import json

import numpy as np
import pytest

from commands import call, refused
from pffspike import storage
from pffspike.data import Dataset, from_arrays, load, write_dataset

CARD = """
name = "corners"
circuit = "pff"

[pff]
image = 16
classes = 4
hidden = [20, 20]
lateral = 5

[training]
dataset = "corners"
epochs = 3
"""


def corners(seed: int = 0, levels: int = 9) -> Dataset:
    """Pictures of 4 x 4 with one bright corner of four."""
    draw = np.random.default_rng(seed)
    images, labels = draw.integers(0, 2, (160, 4, 4)), draw.integers(0, 4, 160)
    for image, label in zip(images, labels, strict=True):
        rows, columns = slice(2 * (label // 2), None), slice(2 * (label % 2), None)
        image[rows, columns][:2, :2] = levels
    return from_arrays(
        "corners",
        (images[:100], labels[:100]),
        (images[100:], labels[100:]),
        levels=levels,
        shape=(4, 4),
        classes=4,
        class_names=("north-west", "north-east", "south-west", "south-east"),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corners")
    write_dataset(folder / "data", corners())
    write_dataset(folder / "other", corners(1))
    write_dataset(folder / "flat", reshaped(corners()))
    (folder / "corners.toml").write_text(CARD)
    return folder


def reshaped(dataset: Dataset) -> Dataset:
    return dataclasses.replace(dataset, shape=(2, 8))


@pytest.fixture(scope="module")
def trained(folder):
    path = folder / "net.h5"
    result = call("train", folder / "corners.toml", "--data", folder / "data", "-o", path)
    assert result.exit_code == 0, result.output
    return path


def test_own_data_keep_their_name_classes_and_grey_values(folder, trained):
    state = storage.load(trained)
    assert (state.data.name, state.data.levels, state.data.shape) == ("corners", 9, (4, 4))
    assert state.data.class_names[3] == "south-east"
    result = call("evaluate", trained, "--data", folder / "data", "--json", folder / "e.json")
    assert result.exit_code == 0, result.output
    assert "corners" in result.output
    found = json.loads((folder / "e.json").read_text())["accuracy"]
    assert found[next(iter(found))]["goodness"] > 0.9


def test_images_have_the_grey_values_of_the_training(folder, trained):
    test = corners()
    np.save(folder / "images.npy", test.test_images.reshape(-1, 4, 4))
    result = call(
        "classify", trained, "--images", folder / "images.npy", "--json", folder / "c.json"
    )
    assert result.exit_code == 0, result.output
    answers = np.array(json.loads((folder / "c.json").read_text())["predicted"])
    assert np.mean(answers == test.test_labels) > 0.9
    np.save(folder / "white.npy", test.test_images // 9 * 255)
    refused(call("classify", trained, "--images", folder / "white.npy"), "from 0 to 9")
    wide = call(
        "classify",
        trained,
        "--images",
        folder / "white.npy",
        "--levels",
        255,
        "--json",
        folder / "w.json",
    )
    assert wide.exit_code == 0, wide.output


@pytest.mark.parametrize(
    "shape", [(5, 8, 8), (20, 4, 16), (8, 2, 8), (64, 5), (320,), (2, 2, 2, 16)]
)
def test_no_image_is_reshaped_to_fit(folder, trained, shape):
    """80 answers for 20 pictures, for example, or one for a part of a picture."""
    np.save(folder / "shape.npy", np.zeros(shape, np.uint8))
    refused(call("classify", trained, "--images", folder / "shape.npy"), "was trained on images of")


def test_a_single_image_is_one_image(folder, trained):
    for shape in ((16,), (4, 4), (1, 16)):
        np.save(folder / "one.npy", corners().test_images[0].reshape(shape))
        result = call(
            "classify", trained, "--images", folder / "one.npy", "--json", folder / "o.json"
        )
        assert result.exit_code == 0, result.output
        assert len(json.loads((folder / "o.json").read_text())["predicted"]) == 1


def test_other_shapes_are_refused_and_other_images_noticed(folder, trained):
    refused(
        call("evaluate", trained, "--data", folder / "flat"), "2 x 8 pixels", "trained on 4 x 4"
    )
    result = call("evaluate", trained, "--data", folder / "other", "--mode", "one_pass")
    assert result.exit_code == 0
    assert "are not those of 'corners' that the network was trained on" in result.output


def test_a_training_goes_on_with_the_same_data_only(folder):
    path = folder / "part.h5"
    done = call("train", folder / "corners.toml", "--data", folder / "data", "-o", path)
    assert done.exit_code == 0
    state = storage.load(path)
    storage.save(path, state.replace(samples_done=100))
    before = path.read_bytes()
    refused(call("train", "--resume", path, "--data", folder / "other"), "the training began with")
    assert path.read_bytes() == before


def test_own_data_under_a_known_name_are_told_to_have_their_own(tmp_path):
    dataset = corners()
    labels = dataset.train_labels + 20
    write_dataset(tmp_path / "data", dataclasses.replace(dataset, train_labels=labels))
    result = call("train", "mnist-light", "--data", tmp_path / "data", "-o", tmp_path / "x.h5")
    refused(result, "so it is not 'mnist'", "a name of their own")


@pytest.mark.parametrize("name", ["../../x", "a/b", "..", ".hidden", "A", ""])
def test_the_name_of_data_is_no_path(tmp_path, name):
    with pytest.raises(ValueError, match="data set"):
        load(name, tmp_path)
