"""Data of a user's own through the commands and the library: a table, pictures, arrays."""

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine

import pffspike
from commands import call, refused
from pffspike import DataSource, Execution

WINE = load_wine()
KINDS = np.array(["red", "white", "rosé"])[WINE.target]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Wine with names as labels, in three forms, and networks trained on them for a moment."""
    folder = tmp_path_factory.mktemp("own")
    np.save(folder / "x.npy", WINE.data)
    np.save(folder / "y.npy", KINDS)
    np.savez(
        folder / "parts.npz",
        x_train=WINE.data[::2],
        y_train=KINDS[::2],
        x_test=WINE.data[1::2],
        y_test=KINDS[1::2],
    )
    rows = [
        ",".join([*map(repr, x.tolist()), kind]) for x, kind in zip(WINE.data, KINDS, strict=True)
    ]
    header = ",".join([*WINE.feature_names, "kind"])
    (folder / "wine.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
    pictures(folder / "pictures")
    done = call(
        "train", "--images", "x.npy", "--labels", "y.npy", "--epochs", 5, "-o", "net.h5", cwd=folder
    )
    assert done.exit_code == 0, done.output
    return folder


def pictures(folder):
    """Zeros and ones of the digits, 8 x 8."""
    from PIL import Image

    digits = load_digits(n_class=2)
    for k, (image, label) in enumerate(zip(digits.images[:60], digits.target[:60], strict=True)):
        place = folder / ("nought", "one")[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray((image * 15).astype(np.uint8)).save(place / f"{k}.png")


def test_a_file_keeps_form_classes_and_places(folder):
    trained = pffspike.load(folder / "net.h5")
    assert trained.data.class_names == ("red", "rosé", "white")
    assert trained.data.classes == trained.network.role("label").size == 3
    assert trained.data.shape == (13, 8)
    assert trained.data.source == DataSource(str(folder / "x.npy"), str(folder / "y.npy"))
    data = pffspike.dataset_of(trained)
    assert (len(data.train_images), len(data.test_images)) == (142, 36)
    back = trained.scaling.values(data.test_images / 255.0)
    test = [np.abs(back - x).max(axis=1).min() for x in WINE.data]
    assert sum(distance < 1.0 for distance in test) >= 30  # rounded, and within the knots


@pytest.mark.parametrize(
    "command",
    [
        ("evaluate",),
        ("evaluate", "--mode", "late", "-n", 5, "--tolerance", 0.01),
        ("classify", "--index", 0),
        ("energy", "--samples", 3, "--mode", "one_pass"),
        ("report", "--images", 3, "-o", "report.html"),
        ("quantize", "-o", "net-8.h5"),
        ("export", "-o", "exported"),
        ("run", "-p", "goodness", "-n", 2),
        ("reconstruct", "-o", "rec.png", "-n", 4),
        ("quality", "-o", "quality", "-n", 6),
    ],
    ids=lambda command: command[0],
)
def test_every_command_finds_the_data_again(folder, command):
    done = call(command[0], "net.h5", *command[1:], cwd=folder)
    assert done.exit_code == 0, done.output


def test_forms_of_files_give_the_same_network(folder):
    """An array and a table in text; names of classes instead of numbers."""
    for data in (("--data", "wine.csv"), ("--data", "wine.csv", "--labels", "kind")):
        done = call("train", *data, "--epochs", 5, "-o", "csv.h5", "--overwrite", cwd=folder)
        assert done.exit_code == 0, done.output
        net, csv = (pffspike.load(folder / name) for name in ("net.h5", "csv.h5"))
        assert csv.parameters.equal(net.parameters)
        assert csv.data.name == "wine"


def test_answers_have_the_names_of_classes(folder):
    np.save(folder / "new.npy", WINE.data[[0, 170]])
    lines = [",".join(map(repr, x.tolist())) for x in WINE.data[[0, 170]]]
    (folder / "new.csv").write_text("\n".join(lines) + "\n")
    said = []
    for file in ("new.npy", "new.csv"):
        done = call("classify", "net.h5", "--images", file, "--json", "c.json", cwd=folder)
        assert done.exit_code == 0, done.output
        content = json.loads((folder / "c.json").read_text())
        said.append([content["classes"][k] for k in content["predicted"]])
        assert said[-1][0] in done.stdout
    assert said[0] == said[1]


def test_an_export_has_the_scaling_and_no_place(folder):
    done = call("export", "net.h5", "-o", "away", cwd=folder)
    assert done.exit_code == 0, done.output
    away = pffspike.load(folder / "away")
    assert away.data.source is None
    assert str(folder) not in (folder / "away" / "network.json").read_text()
    net = pffspike.load(folder / "net.h5")
    np.testing.assert_array_equal(away.scaling.knots, net.scaling.knots)
    found = [
        call(
            "evaluate", name, "--data", "x.npy", "--labels", "y.npy", "--json", "e.json", cwd=folder
        )
        for name in ("net.h5", "away")
    ]
    assert [done.exit_code for done in found] == [0, 0]
    assert "the training images of 'x' are not those" in found[1].stderr


def test_a_folder_of_pictures(folder):
    done = call("train", "--data", "pictures", "--epochs", 8, "-o", "pictures.h5", cwd=folder)
    assert done.exit_code == 0, done.output
    trained = pffspike.load(folder / "pictures.h5")
    assert trained.data.class_names == ("nought", "one")
    assert trained.data.shape == (8, 8)
    assert trained.scaling is None
    done = call(
        "classify", "pictures.h5", "--images", "pictures/one", "--json", "c.json", cwd=folder
    )
    assert done.exit_code == 0, done.output
    answers = json.loads((folder / "c.json").read_text())["predicted"]
    assert np.mean(answers) > 0.8


def test_an_interrupted_training_goes_on(folder):
    """Of a card with sizes of one's own, on a file with both parts."""
    source = DataSource(str(folder / "parts.npz"))
    data = pffspike.load_own(source)
    assert (len(data.train_images), len(data.test_images)) == (89, 89)
    network = pffspike.network_for(data, hidden=[30, 20])
    whole = pffspike.train(network, data, epochs=2, execution=Execution("numpy", 1))
    cut = []
    pffspike.train(
        network,
        data,
        epochs=2,
        checkpoint=cut.append,
        checkpoint_every=50,
        execution=Execution("numpy", 1),
    )
    pffspike.save(folder / "cut.h5", cut[1])
    done = call("train", "--resume", "cut.h5", "-e", "numpy", cwd=folder)
    assert done.exit_code == 0, done.output
    assert pffspike.load(folder / "cut.h5").parameters.equal(whole.parameters)
    done = call("train", "--from", "cut.h5", "--epochs", 1, "-o", "more.h5", cwd=folder)
    assert done.exit_code == 0, done.output
    assert pffspike.load(folder / "more.h5").samples_done == 3 * 89


def test_without_a_test_part(folder):
    train = ("train", "--data", "wine.csv", "--test-share", 0, "--epochs", 1, "--hidden", "20,20")
    assert call(*train, "-o", "all.h5", cwd=folder).exit_code == 0
    assert len(pffspike.dataset_of(pffspike.load(folder / "all.h5")).train_images) == 178
    refused(call("evaluate", "all.h5", cwd=folder), "has no test part; give --data FILE")
    for command in (("quantize", "-o", "all-8.h5"), ("evaluate", "--data", "wine.csv")):
        done = call(command[0], "all.h5", *command[1:], cwd=folder)
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda x, y: (np.where(x == x.max(), np.nan, x), y), "hold nan at ["),
        (lambda x, y: (x[:-1], y), "give one label a sample"),
        (lambda x, y: (x[:50], y[:50]), "of 1 class, red; give samples of two classes"),
        (lambda x, y: (x[:0], y[:0]), "are empty"),
        (lambda x, y: (x[:, 0], y), "give (n, features)"),
        (lambda x, y: (x.astype(str), y), "is no .npy file of numbers"),
    ],
)
def test_wrong_data_are_one_sentence(tmp_path, change, sentence):
    x, y = change(WINE.data, KINDS)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    found = call("train", "--images", "x.npy", "--labels", "y.npy", cwd=tmp_path)
    refused(found, sentence)
    assert not list(tmp_path.glob("*.h5"))


def test_what_does_not_fit_a_network_is_one_sentence(folder, tmp_path):
    net = folder / "net.h5"
    np.save(tmp_path / "few.npy", WINE.data[:, :5])
    refused(call("classify", net, "--images", tmp_path / "few.npy"), "trained on (n, 13)")
    np.save(tmp_path / "other.npy", np.array(["red", "green"]))
    np.save(tmp_path / "two.npy", WINE.data[:2])
    refused(
        call("evaluate", net, "--data", tmp_path / "two.npy", "--labels", tmp_path / "other.npy"),
        "hold 'green', which is no class of the training part",
    )
    refused(call("evaluate", net, "--data", tmp_path / "two.npy"), "holds no labels")
    refused(call("evaluate", net, "--labels", tmp_path / "other.npy"), "--labels goes with --data")
    refused(call("train", "--data", tmp_path / "no.csv"), "no.csv can't be read")
    refused(
        call("train", "mnist-light", "--data", folder / "wine.csv"),
        "is a table; choose a card without",
    )
    refused(call("train", "--data", folder / "x.npy", "--shape", "3by3"), "must be whole numbers")
    refused(
        call("train", "--data", folder / "x.npy", "--labels", folder / "y.npy", "--shape", "3x3"),
        "with the shape of a picture",
    )


def test_files_that_are_gone(folder, tmp_path):
    np.save(tmp_path / "x.npy", WINE.data)
    np.save(tmp_path / "y.npy", KINDS)
    train = ("train", "--images", "x.npy", "--labels", "y.npy", "--epochs", 1, "--hidden", "20,20")
    assert call(*train, "-o", "n.h5", cwd=tmp_path).exit_code == 0
    (tmp_path / "x.npy").rename(tmp_path / "moved.npy")
    refused(call("evaluate", "n.h5", cwd=tmp_path), "give --data FILE")
    done = call("evaluate", "n.h5", "--data", "moved.npy", "--labels", "y.npy", cwd=tmp_path)
    assert done.exit_code == 0, done.output
