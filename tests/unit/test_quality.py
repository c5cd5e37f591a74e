"""Quality of reconstructions and samples: reference decoders and the judge."""

import csv
import json

import numpy as np
import pytest

import pffspike
from pffspike import storage
from pffspike.cards import load_network
from pffspike.cli.app import app
from pffspike.data import load, probabilities
from pffspike.generation.decoders import linear_decoder, principal_components
from pffspike.generation.judge import Judge, class_means
from pffspike.inference import label_state, reconstruct


@pytest.fixture(scope="module")
def digits():
    data = load("digits")
    return (
        probabilities(data.train_images, data.levels),
        data.train_labels,
        probabilities(data.test_images, data.levels),
        data.test_labels,
    )


@pytest.fixture(scope="module")
def judge(digits):
    train, labels, test, _ = digits
    return Judge(train, labels, test, seed=0, epochs=20)


@pytest.fixture(scope="module")
def trained():
    return pffspike.train(load_network("digits", {"pff": {"latent": 4}}), epochs=3)


def test_real_images_are_of_their_class_and_no_copies(judge, digits):
    _, _, test, labels = digits
    verdict = judge.judge(test, labels)
    assert verdict.accuracy > 0.9
    assert verdict.copies == pytest.approx(0.01, abs=0.01)


def test_training_images_are_copies(judge, digits):
    train, labels, _, _ = digits
    verdict = judge.judge(train[:50], labels[:50])
    assert verdict.copies == 1.0
    assert verdict.distance == pytest.approx(0.0, abs=1e-6)


def test_wrong_classes_and_noise_are_told(judge, digits):
    _, _, test, labels = digits
    assert judge.judge(test, (labels + 1) % 10).accuracy < 0.1
    grey = np.full((10, 64), 0.5)
    assert judge.judge(grey, np.arange(10)).accuracy <= 0.2
    assert judge.judge(grey, np.arange(10)).distance > judge.judge(test, labels).distance


def test_class_means(digits):
    train, labels, _, _ = digits
    means = class_means(train, labels, np.array([7, 7, 0]))
    np.testing.assert_array_equal(means[0], train[labels == 7].mean(axis=0))
    np.testing.assert_array_equal(means[2], train[labels == 0].mean(axis=0))


def test_reference_decoders_rebuild(digits, trained):
    train, _, test, _ = digits
    rates, new = (reconstruct(trained, x).hidden for x in (train, test))
    assert list(rates) == ["hidden_1", "hidden_2"]
    spread = np.square(test - train.mean(axis=0)).sum(axis=1).mean()
    decoded = linear_decoder(rates["hidden_1"], train, new["hidden_1"])
    components = principal_components(train, test, 4, seed=0)
    for rebuilt in (decoded, components):
        assert np.square(rebuilt - test).sum(axis=1).mean() < 0.7 * spread


def test_reconstructions_under_labels(digits, trained):
    _, _, test, labels = digits
    found = {
        state: reconstruct(trained, test, label_state(state, 10, labels))
        for state in ("free", "neutral", "true")
    }
    assert "label" not in found["free"].recording.spikes
    spikes = {state: found[state].recording.spikes["label"].sum() for state in ("neutral", "true")}
    steps = found["true"].recording.program.steps
    assert spikes["true"] == 2 * steps * len(test)
    assert spikes["neutral"] == pytest.approx(2 * steps * len(test), rel=0.05)  # of 11,520 draws
    assert not np.array_equal(found["true"].hidden["hidden_2"], found["free"].hidden["hidden_2"])
    with pytest.raises(ValueError, match="state 'tru' does not exist; did you mean 'true'"):
        label_state("tru", 10, labels)


def test_the_command(tmp_path, trained, monkeypatch):
    storage.save(tmp_path / "net.h5", trained)
    monkeypatch.chdir(tmp_path)
    drawn = ["--plot", "q.pdf"]
    arguments = ["quality", "net.h5", "--count", "40", "-n", "30"]
    with pytest.raises(SystemExit) as stop:
        app([*arguments, "--json", "quality.json", "--csv", "q.csv", "--latex", "q.tex", *drawn])
    assert stop.value.code == 0
    content = json.loads((tmp_path / "quality.json").read_text())
    samples = content["samples"]
    assert {"synthesized", "real training images", "mean of the class"} < set(samples)
    assert samples["mean of the class"]["variance"] == pytest.approx(0, abs=1e-9)
    assert samples["mean of the class"]["accuracy"] == 1.0
    assert samples["real training images"]["teaching"] > 0.3
    errors = content["summed_squared_error"]
    assert errors["mean of the class"] < errors["mean of the training images"]
    assert errors["generative circuit, chain"] != errors["generative circuit, chain, true label"]
    assert "4 principal components" in errors
    assert all(error > 0 for error in content["summed_squared_error"].values())
    rows = {
        row["name"]: row for row in csv.DictReader((tmp_path / "q.csv").read_text().splitlines())
    }
    assert rows.keys() == errors.keys() | samples.keys()
    assert float(rows["generative circuit, chain"]["summed_squared_error"]) > 0
    assert float(rows["synthesized"]["precision"]) == samples["synthesized"]["precision"]
    assert (tmp_path / "q.tex").read_text().count("\\begin{tabular}") == 3
    assert (tmp_path / "q.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.slow
def test_the_pictures_of_the_command(tmp_path, trained):
    storage.save(tmp_path / "net.h5", trained)
    pictures = ["--count", "40", "-n", "30", "-o", str(tmp_path / "pictures")]
    with pytest.raises(SystemExit) as stop:
        app(["quality", str(tmp_path / "net.h5"), *pictures])
    assert stop.value.code == 0
    assert {path.name for path in (tmp_path / "pictures").iterdir()} == {
        f"{name}.{kind}"
        for name in ("reconstructions", "samples")
        for kind in ("png", "pdf", "svg")
    }


def test_networks_without_a_generative_circuit_are_refused(tmp_path, capsys):
    network = load_network("digits", {"pff": {"generative": False}})
    state = pffspike.begin(network, load("digits"), seed=0)
    storage.save(tmp_path / "net.h5", state)
    with pytest.raises(SystemExit) as stop:
        app(["quality", str(tmp_path / "net.h5")])
    assert stop.value.code == 2
    assert "no program 'reconstruct'" in capsys.readouterr().err
