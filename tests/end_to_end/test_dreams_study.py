"""Study 11: its own loop learns what a training learns, and the fast variant gives what it did."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pffspike

STUDY = Path(__file__).parents[2] / "experiments" / "11-dreams"


@pytest.fixture
def learning(monkeypatch):
    monkeypatch.syspath_prepend(str(STUDY))
    import learning

    yield learning
    sys.modules.pop("learning")


def test_real_negatives_are_a_training_bit_for_bit(learning):
    whole = pffspike.load_data("digits")
    data = pffspike.first_samples(whole, train=120)
    network = learning.network_of(1)
    found = learning.learn(network, data, 3, lambda _learner, _part: learning.Shown(), 100).state
    card = pffspike.load_network("digits", {"training": {"epochs": 1, "decay": 0.9}})
    wanted = pffspike.train(card, data, execution=pffspike.Execution(seed=3))
    for name, weights in wanted.parameters.weights.items():
        assert np.array_equal(found.parameters.weights[name], weights), name
    for name, biases in wanted.parameters.biases.items():
        assert np.array_equal(found.parameters.biases[name], biases), name


@pytest.mark.slow
def test_what_a_phase_shows_is_what_it_is_told(learning):
    """Other images or labels in one phase change the weights; the same ones do not."""
    data = pffspike.first_samples(pffspike.load_data("digits"), train=120)

    def learned(shown):
        state = learning.learn(learning.network_of(1), data, 0, shown, 100).state
        return state.parameters.weights["image_to_hidden_1"]

    base = learned(lambda _learner, _part: learning.Shown())
    same = learned(lambda _, part: learning.Shown(negative=part.images.copy()))
    assert np.array_equal(base, same)
    for shown in (
        lambda _, part: learning.Shown(negative=part.images[::-1]),
        lambda _, part: learning.Shown(negative_labels=(part.labels + 1) % 10),
        lambda _, part: learning.Shown(positive=part.images[::-1]),
        lambda learner, part: learning.Shown(learner.dream(part.labels, part.number)),
    ):
        assert not np.array_equal(base, learned(shown))


def test_the_card_of_mnist_is_that_of_its_results(learning):
    network = learning.network_of(card=STUDY / "mnist.toml")
    assert network.training.epochs == 8
    shown = {phase.name: phase.inputs["image"] for phase in network.program("train").phases}
    assert shown["positive"] == "positive_image"
    assert shown["negative"] == "negative_image"
    card = "experiments/11-dreams/mnist.toml"
    found = json.loads((STUDY / "mnist" / "results.json").read_text("utf-8"))
    assert (found["card"], found["images"], found["test_images"]) == (card, 5000, 2000)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_fast_variant_gives_the_expected_values(tmp_path):
    command = [sys.executable, STUDY / "run.py", "--fast", "-o", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "dreams.png").stat().st_size > 1000
    expected = json.loads((STUDY / "expected.json").read_text())
    found = json.loads((tmp_path / "results.json").read_text())["table"]
    assert found.keys() == expected.keys()
    for title, row in expected.items():
        for name, value in row.items():
            exact = title.startswith("real image")  # the prior's fit rounds as a library does
            wanted = pytest.approx(value, abs=1e-9 if exact else 0.08)
            assert found[title][name] == wanted, (title, name)
