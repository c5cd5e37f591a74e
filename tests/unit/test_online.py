"""Learning on-line: answers before learning, parts of a stream, learning off."""

import dataclasses

import numpy as np
import pytest

import pffspike
from pffspike import Execution, ValidationError, learn_online

DATA = pffspike.first_samples(pffspike.load_data("digits"), train=24, test=1)
CHANGES = {
    "pff": {"hidden": [30, 20], "latent": 0, "latent_to": "top", "latent_free": False}
    | {"latent_window": None, "own_predictions": False},
    "training": {"latent_images": 0, "latent_decay": 1.0, "epochs": 1},
}
EXECUTION = Execution(seed=3)


@pytest.fixture(scope="module")
def begun():
    return pffspike.begin(pffspike.load_network("digits", CHANGES), DATA, seed=3)


@pytest.fixture(scope="module")
def images(begun):
    return begun.coding.encode(DATA.train_images, DATA.levels)


def test_it_is_the_training_in_the_order_of_the_stream(begun, images):
    """The weights and the on-line accuracy of `train`, whose order the stream is given in."""
    trained = pffspike.train(begun, DATA, execution=EXECUTION)
    order = pffspike.arithmetic.counter
    key = order.derive_key(3, order.ORDER, 0)
    chosen = order.permutation(24, key)
    found = learn_online(begun, images[chosen], DATA.train_labels[chosen], execution=EXECUTION)
    assert found.trained.parameters.equal(trained.parameters)
    by_row = np.array_split(found.answers == found.labels, 10)
    told = trained.history["accuracy.online"]
    # Equal votes are drawn here, as in every answer; a row of the history takes the first.
    assert np.abs(told - [part.mean() for part in by_row]).mean() < 0.1


def test_a_stream_in_parts_is_the_same(begun, images):
    labels = DATA.train_labels
    whole = learn_online(begun, images, labels, execution=EXECUTION)
    first = learn_online(begun, images[:9], labels[:9], execution=EXECUTION)
    second = learn_online(
        first.trained, images[9:], labels[9:], first_sample=9, execution=EXECUTION
    )
    assert second.trained.parameters.equal(whole.trained.parameters)
    assert np.array_equal(np.concatenate([first.answers, second.answers]), whole.answers)
    assert np.array_equal(np.concatenate([first.negatives, second.negatives]), whole.negatives)
    assert [part["online"] for part in second.trained.provenance["continued"]] == [9, 15]


def test_learning_off_changes_nothing_and_answers(begun, images):
    """By the same presentation: the first answer is that of learning on."""
    labels = DATA.train_labels
    off = learn_online(begun, images, labels, learning_scale=0.0, execution=EXECUTION)
    on = learn_online(begun, images, labels, execution=EXECUTION)
    assert off.trained.parameters.equal(begun.parameters)
    assert not on.trained.parameters.equal(begun.parameters)
    assert off.answers[0] == on.answers[0]
    assert not np.array_equal(off.answers, on.answers)


def test_negatives_are_those_given_or_the_most_convincing(begun, images):
    labels = DATA.train_labels
    wrong = (labels + 1) % 10
    given = learn_online(begun, images, labels, negatives=wrong, execution=EXECUTION)
    assert np.array_equal(given.negatives, wrong)
    hard = learn_online(begun, images, labels, execution=EXECUTION)
    assert np.all(hard.negatives >= 0)
    assert np.all(hard.negatives != labels)
    assert not hard.trained.parameters.equal(given.trained.parameters)
    rows = hard.tidy_rows()
    assert rows[7]["answer"] == hard.answers[7]
    assert len(rows) == 24
    assert hard.accuracy() == np.mean(hard.answers == labels)
    assert hard.accuracy(20) == np.mean((hard.answers == labels)[20:])


def test_a_training_that_answers_nothing_is_one_sentence(images):
    network = pffspike.load_network("digits", CHANGES)
    program = dataclasses.replace(network.program("train"), hard_negative=None)
    others = [p for p in network.programs if p.name != "train"]
    begun = pffspike.begin(network.replace(programs=(program, *others)), DATA, seed=0)
    with pytest.raises(ValidationError, match="no presentation in training"):
        learn_online(begun, images, DATA.train_labels, execution=EXECUTION)
    begun = pffspike.begin(network, DATA, seed=0)
    with pytest.raises(ValidationError, match="24 rows for 23 samples"):
        learn_online(begun, images, DATA.train_labels[:-1], execution=EXECUTION)
