"""Training that goes on: 2 epochs and 2 more are 4, on the command line and in the library."""

import dataclasses
import json

import numpy as np
import pytest

import pffspike
from commands import call, refused
from pffspike import Execution, ValidationError

RUN = Execution("numba", seed=3)


@pytest.fixture(scope="module")
def data():
    return pffspike.first_samples(pffspike.load_data("digits"), train=90, test=20)


@pytest.fixture(scope="module")
def network():
    """A decayed schedule, displaced images and hard negatives: all that epochs key."""
    return pffspike.load_network(
        "digits", {"pff": {"hidden": [40, 40]}, "training": {"decay": 0.8, "shift": 1}}
    )


def equal(one, other):
    assert one.parameters.equal(other.parameters)
    assert one.samples_done == other.samples_done
    for name, values in one.history.items():
        np.testing.assert_array_equal(values, other.history[name])


def test_two_epochs_and_two_more_are_four(network, data):
    four = pffspike.train(network, data, epochs=4, execution=RUN)
    two = pffspike.train(network, data, epochs=2, execution=RUN)
    assert not two.parameters.equal(four.parameters)
    more = pffspike.train(two, data, epochs=2, execution=RUN.replace(engine="numpy"))
    equal(four, more)
    assert four.provenance == {}
    (stage,) = more.provenance["continued"]
    assert stage == {"samples": 180, "engine": "numba", "epochs": 2, "learning_scale": 0.8 * 0.8}
    again = pffspike.train(pffspike.train(two, data, epochs=1), data, epochs=1)
    equal(four, again)
    assert [s["samples"] for s in again.provenance["continued"]] == [180, 270]


def test_other_data_begin_a_schedule_with_these_weights(network, data):
    two = pffspike.train(network, data, epochs=2, execution=RUN)
    other = dataclasses.replace(data, train_images=data.train_images[::-1])
    tuned = pffspike.train(two, other, epochs=1, execution=RUN.replace(seed=5))
    assert (tuned.samples_done, tuned.seed) == (90, 5)
    origin = tuned.provenance["started_from"]
    assert (origin["samples"], origin["seed"], origin["train"]) == (180, "3", two.data.train)
    assert not tuned.parameters.equal(two.parameters)
    fresh = pffspike.train(network, other, epochs=1, execution=RUN.replace(seed=5))
    assert not tuned.parameters.equal(fresh.parameters)


def test_an_unfinished_training_is_not_lengthened(network, data):
    begun = pffspike.begin(network, data, seed=0, epochs=2)
    with pytest.raises(ValidationError, match="0 of 180 samples; finish it first"):
        pffspike.train(begun, data, epochs=2)


def test_the_command_line_trains_further(tmp_path):
    def train(*arguments):
        return call("train", *arguments, "-e", "numba", cwd=tmp_path)

    for epochs, name in ((2, "two.h5"), (4, "four.h5")):
        assert train("digits", "-n", 60, "--epochs", epochs, "-o", name).exit_code == 0
    refused(train("--resume", "two.h5"), "is finished", "--from two.h5 --epochs N")
    refused(train("--from", "two.h5", "--epochs", 2), "two.h5 exists")
    refused(train("digits", "--from", "two.h5"), "give one of these")
    refused(train("--from", "two.h5", "--seed", 1, "-o", "s.h5"), "--seed does not go with --from")
    done = train("--from", "two.h5", "--epochs", 2, "-o", "more.h5", "--json", "more.json")
    assert done.exit_code == 0, done.output
    more, four = (pffspike.load(tmp_path / name) for name in ("more.h5", "four.h5"))
    equal(four, more)
    assert more.provenance["continued"][0]["epochs"] == 2
    assert json.loads((tmp_path / "more.json").read_text())["samples"] == 240
    done = train("--from", "two.h5", "--epochs", 2, "--overwrite")
    assert done.exit_code == 0, done.output
    equal(four, pffspike.load(tmp_path / "two.h5"))
    pffspike.save(tmp_path / "cut.h5", four.replace(samples_total=four.samples_done + 60))
    refused(train("--from", "cut.h5", "-o", "x.h5"), "--resume cut.h5")
