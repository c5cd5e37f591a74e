"""``pffspike search``: it finds what is better, goes on where it stopped, and refuses the rest."""

import json

import numpy as np
import pytest

from commands import call, refused
from pffspike.data import load
from pffspike.errors import ValidationError
from pffspike.searching import Search, kept_back, settings_of

pytest.importorskip("optuna", reason="needs optuna")

SPACE = """
[pff]
hidden = {choices = [[20, 20], [40, 40]]}
readout_rate = {low = 0.01, high = 0.5, log = true}

[training]
decay = {low = 0.9, high = 1.0}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "space.toml").write_text(SPACE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def searched(trials, *options):
    arguments = ("--space", "space.toml", "-o", "s.log", "-n", 150, "--validation", 100)
    return call(
        *("search", "digits", *arguments, "--epochs", 2, "--mode", "one_pass"),
        *("--trials", trials, "--json", "s.json", *options),
    )


def test_a_search_goes_on_where_it_stopped(folder):
    done = searched(2)
    assert done.exit_code == 0, done.output
    first = json.loads((folder / "s.json").read_text())
    assert first["tried"] == 2
    assert {t["state"] for t in first["trials"]} == {"complete"}
    assert all(0 < t["accuracy"] <= 1 and t["epochs"] == 2 for t in first["trials"])
    assert searched(3).exit_code == 0
    second = json.loads((folder / "s.json").read_text())
    assert second["tried"] == 3
    kept = {t["trial"]: t for t in second["trials"]}
    assert all(kept[t["trial"]] == t for t in first["trials"])
    accuracies = [t["accuracy"] for t in second["trials"]]
    assert accuracies == sorted(accuracies, reverse=True)
    for trial in second["trials"]:
        assert trial["changes"]["pff"]["hidden"] in ([20, 20], [40, 40])
        assert 0.01 <= trial["changes"]["pff"]["readout_rate"] <= 0.5
        assert 0.9 <= trial["changes"]["training"]["decay"] <= 1.0
    refused(searched(4, "--seed", 1), "holds a search with another card, space or judgement")


def test_what_is_no_search_is_refused(folder):
    (folder / "s.log").write_text("no journal\n")
    refused(searched(1), "s.log holds something else, which --output would replace")
    (folder / "s.log").unlink()
    (folder / "space.toml").write_text("[pff]\nhomeostasis = {low = 0.1}\n")
    refused(searched(1), "pff.homeostasis = {'low': 0.1} must have choices = [...]")
    (folder / "space.toml").write_text("[pff]\nhomeostasi = {low = 0.1, high = 1.0}\n")
    refused(searched(1), "pff.homeostasi is not a known key; did you mean homeostasis")
    assert not (folder / "s.log").exists(), "nothing is begun"


def test_the_images_that_judge_are_the_last_of_the_training_part():
    space = {"pff": {"threshold": {"choices": [[14, 10], [12, 8]]}}}
    data = load("digits")
    kept = kept_back(Search("digits", space, 1, samples=100, validation=200), data)
    assert (kept.train_images == data.train_images[:100]).all()
    assert (kept.test_images == data.train_images[-200:]).all()
    assert settings_of(Search("digits", space, 1), {"pff.threshold": 0}) == {
        "pff": {"threshold": [14, 10]}
    }
    with pytest.raises(ValidationError, match="1400 images kept back leave 37 of 1437"):
        kept_back(Search("digits", space, 1, samples=100, validation=1400), data)
    with pytest.raises(ValidationError, match="the space of a search is empty"):
        Search("digits", {"pff": {}}, 1)


def test_samples_of_ones_own_are_searched_as_they_are_trained(folder):
    """A card sized to them, its settings in the file of the network; other samples are refused."""
    samples = np.arange(60)[:, None] % [3, 5, 7] * 1.0
    np.save(folder / "x.npy", samples)
    np.save(folder / "y.npy", np.array(["low", "high"])[(samples[:, 0] > 0).astype(int)])
    arguments = ("--images", "x.npy", "--labels", "y.npy", "--space", "space.toml", "-o", "o.log")
    options = ("--epochs", 1, "--trials", 1, "--json", "o.json")
    done = call("search", *arguments, *options)
    assert done.exit_code == 0, done.output
    assert "9 images kept back" in done.output  # a fifth of 48 that are not the test part
    (trial,) = json.loads((folder / "o.json").read_text())["trials"]
    assert trial["changes"]["pff"]["hidden"] in ([20, 20], [40, 40])
    np.save(folder / "x.npy", samples[::-1])
    refused(call("search", *arguments, *options), "o.log holds a search on other training images")
    refused(call("search", *arguments[4:]), "give a card, for example `digits`, or --data FILE")
