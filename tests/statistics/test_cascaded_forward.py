"""Cascaded forward learning: the gradient of each block's loss, and nothing across blocks."""

import numpy as np
import pytest

from pffspike.arithmetic import counter
from pffspike.baselines import cascaded_forward as cf
from pffspike.data import load
from pffspike.errors import ValidationError

LABELS = np.eye(3)[[0, 2, 1, 1]]


@pytest.fixture
def net():
    """Parameters of two blocks, with biases, and four images."""
    p = cf.initial(cf.CascadedForward((6, 5)), 7, 3, 1)
    p = {name: values.astype(float) for name, values in p.items()}
    for number, name in enumerate(("b1", "b2", "c1", "c2")):
        p[name] = 0.3 * counter.normal(number, p[name].size).reshape(1, -1)
    return p, counter.uniform(np.arange(4)[:, None], np.arange(7))


def losses(p, images):
    """The equations, once more: cross-entropy of each block's read-out, summed over images."""
    found, h = [], images
    for k in (1, 2):
        h = np.maximum(h @ p[f"w{k}"] + p[f"b{k}"], 0)
        scores = h @ p[f"r{k}"] + p[f"c{k}"]
        found.append(np.sum(np.log(np.exp(scores).sum(axis=1)) - (scores * LABELS).sum(axis=1)))
    return found


def slope(function, array):
    """Derivative of a function by an array that it reads, from differences."""
    found, step = np.zeros_like(array), 1e-6
    for place in np.ndindex(array.shape):
        before = array[place]
        array[place] = before + step
        above = function()
        array[place] = before - step
        found[place] = (above - function()) / (2 * step)
        array[place] = before
    return found


def test_each_block_descends_on_the_loss_of_its_own_readout(net):
    p, images = net
    found = cf.gradients(p, images, LABELS)
    assert found.keys() == p.keys()
    for name in p:
        own = int(name[1:]) - 1
        expected = slope(lambda own=own: losses(p, images)[own], p[name])
        assert np.abs(expected).max() > 1e-3, name
        np.testing.assert_allclose(found[name], expected, atol=1e-6, err_msg=name)


def test_no_error_crosses_to_the_block_below(net):
    """The loss above depends on the block below; that one's gradient not on what is above."""
    p, images = net
    assert np.abs(slope(lambda: losses(p, images)[1], p["w1"])).max() > 1e-3
    before = cf.gradients(p, images, LABELS)
    for name in ("w2", "b2", "r2", "c2"):
        p[name] = -2 * p[name]
    after = cf.gradients(p, images, LABELS)
    for name in p:
        assert np.array_equal(before[name], after[name]) == (name[1:] == "1"), name


def test_it_learns_the_digits_and_goes_on(tmp_path):
    data, told = load("digits"), []
    found = {}
    for learned in (True, False):
        config = cf.CascadedForward((60, 60), epochs=4, learning_rate=0.003, learned=learned)
        store = tmp_path / str(learned)
        found[learned] = cf.run(config, data, 0, store, told.append)
        assert cf.run(config, data, 0, store, told.append) == found[learned]  # its checkpoint
    assert told == [0.25, 0.5, 0.75, 1.0] * 2
    assert found[True].modes["one_pass"].accuracy > 0.9
    assert found[True].modes["one_pass"].accuracy > found[False].modes["one_pass"].accuracy
    assert found[True].parameters == 64 * 60 + 60 + 60 * 60 + 60 + 2 * (60 * 10 + 10)
    assert found[False].parameters == 2 * (60 * 10 + 10)


def test_blocks_that_do_not_learn_stay_as_drawn(net):
    p, images = net
    assert cf.gradients(p, images, LABELS, learned=False).keys() == {"r1", "c1", "r2", "c2"}


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ValidationError, match="epochs = 0 must be at least 1"):
        cf.CascadedForward((5,), epochs=0)
    with pytest.raises(ValidationError, match="decay = 0 must lie above 0"):
        cf.CascadedForward((5,), decay=0)
