"""Backpropagation through Bernoulli neurons: its gradient, and ways of feedback that are none."""

import dataclasses

import numpy as np

from gradient_cases import assert_gradient, numbers
from pffspike.baselines import straight_through
from pffspike.baselines.rates import softmax
from pffspike.data import load


def test_straight_through_is_the_gradient_of_the_noiseless_network():
    config = straight_through.StraightThrough((6, 5), scale=2)
    w = {
        name: values.astype(np.float64)
        for name, values in straight_through.initial(config, 7, 3, seed=1).items()
    }
    w["w3"] = numbers(5, 5, 3)
    w["b1"], w["b2"] = np.full((1, 6), 0.5), np.full((1, 5), 0.5)
    for name in ("w1", "w2"):
        w[name] *= 0.1  # every drive between 0 and 1
    x, labels = np.abs(numbers(2, 4, 7)) % 1, np.array([0, 2, 1, 1])
    layers, logits = straight_through.forward(w, x, None)
    gains = [layer.gain for layer in layers]

    def loss(values):
        sent = x
        for k, gain in enumerate(gains, start=1):
            sent = gain * sent @ values[f"w{k}"] + values[f"b{k}"]
        return -np.log(softmax(sent)[np.arange(4), labels]).sum()

    error = softmax(logits)
    error[np.arange(4), labels] -= 1
    rule = straight_through.backward(w, layers, error)
    for name in w:
        assert_gradient(rule[name], loss, w, name)


def test_straight_through_learns_the_digits(tmp_path):
    config = straight_through.StraightThrough((100,), epochs=12)
    data = load("digits")
    told = []
    result = straight_through.run(config, data, 0, tmp_path / "run", told.append)
    mode = result.modes["one_pass"]
    assert mode.accuracy > 0.9
    assert 0 < mode.operations.Effective_ACs < 0.5 * mode.operations.Dense
    assert told == [(k + 1) / 12 for k in range(12)]
    again = straight_through.run(config, data, 0, tmp_path / "run", told.append)
    assert again == result  # from its checkpoint


def test_random_feedback_stays_and_learns_the_digits(tmp_path):
    config = straight_through.StraightThrough(
        (60, 60), epochs=8, batch=32, learning_rate=0.01, scale=8, decay=0.9, feedback="random"
    )
    w = straight_through.initial(config, 64, 10, seed=0)
    down = straight_through.feedback(config, w, 0)
    assert set(down) == {"w2", "w3"}, "nothing comes down to the image"
    assert not np.array_equal(down["w2"], w["w2"])
    known = dataclasses.replace(config, feedback="transposed")
    assert straight_through.feedback(known, w, 0) is w
    found = straight_through.run(config, load("digits"), 0, tmp_path / "run", lambda _: None)
    frozen = dataclasses.replace(config, hidden=(60,), learning_rate=0.0)
    assert found.modes["one_pass"].accuracy > 0.85
    nothing = straight_through.run(frozen, load("digits"), 0, tmp_path / "no", lambda _: None)
    assert nothing.modes["one_pass"].accuracy < 0.3


def test_without_feedback_the_read_out_alone_learns(tmp_path):
    config = straight_through.StraightThrough(
        (60, 60), epochs=8, batch=32, learning_rate=0.01, scale=8, decay=0.9, feedback="none"
    )
    first = straight_through.initial(config, 64, 10, seed=0)
    found = straight_through.run(config, load("digits"), 0, tmp_path / "run", lambda _: None)
    with np.load(tmp_path / "run.npz") as file:
        changed = {n for n in first if not np.array_equal(file[f"parameters.{n}"], first[n])}
    assert changed == {"w3", "b3"}
    assert found.parameters == 60 * 10 + 10
    assert 0.3 < found.modes["one_pass"].accuracy < 0.95
