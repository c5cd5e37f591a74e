"""Sparsity and ensembles: known values, planted ensembles, and what chance gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pffspike.errors import UserError
from pffspike.representations import describe, ensembles, sparsity

POSITIVE = arrays(
    np.float64,
    st.tuples(st.integers(1, 6), st.integers(2, 9)),
    elements=st.floats(0, 1).filter(lambda x: x == 0 or x > 1e-6),
)


@given(POSITIVE, st.floats(0.01, 100))
def test_sparsity_lies_between_0_and_1_whatever_the_scale_and_order(rates, scale):
    found = sparsity(rates)
    active = rates.any(axis=1)
    assert np.isnan(found[~active]).all()
    assert ((found[active] > -1e-9) & (found[active] < 1 + 1e-9)).all()
    assert np.allclose(found, sparsity(scale * rates[:, ::-1]), equal_nan=True)


def test_sparsity_of_k_equal_neurons_among_n():
    rates = np.zeros((1, 16))
    rates[0, :4] = 0.3
    assert sparsity(rates)[0] == pytest.approx((4 - 2) / (4 - 1))


def planted(noise=0.02):
    """Ten neurons for each of four classes, two of them for both class 0 and class 1."""
    rng = np.random.default_rng(1)
    labels = np.arange(200) % 4
    members = np.zeros((4, 40), bool)
    for k in range(4):
        members[k, 10 * k : 10 * k + 10] = True
    members[1, 8:10] = True
    rates = np.where(members[labels], 0.6, 0.05) + rng.uniform(0, noise, (200, 40))
    return rates, labels, members


def test_planted_ensembles_are_found_and_vanish_with_permuted_labels():
    rates, labels, members = planted()
    found = describe(rates, labels)
    assert np.array_equal(found.members, members)
    assert np.array_equal(ensembles(rates, labels), members)
    assert found.sizes.tolist() == [10, 12, 10, 10]
    assert found.overlap[0, 1] == 2
    assert found.overlap[2, 3] == 0
    assert found.shares == (0.0, 38 / 40, 2 / 40)
    assert found.permuted_size < 0.5
    assert found.rate == pytest.approx(rates.mean())


def test_sparsity_that_rates_impose_is_told_from_that_of_codes():
    """Neurons with rates of their own: permuting changes nothing. One neuron an image: it does."""
    rng = np.random.default_rng(2)
    own = rng.random((300, 30)) * rng.random(30) ** 4
    imposed = describe(own, np.arange(300) % 3, permutations=1)
    assert imposed.permuted_sparsity == pytest.approx(imposed.sparsity, abs=0.01)
    one = describe(np.eye(20)[np.arange(300) % 20], np.arange(300) % 20, permutations=1)
    assert one.sparsity == pytest.approx(1)
    assert one.permuted_sparsity < 0.95  # some images have several active neurons then


@given(st.integers(0, 2**32))
def test_labels_by_any_order_of_images_give_the_same_ensembles(seed):
    rates, labels, members = planted()
    order = np.random.default_rng(seed).permutation(len(labels))
    assert np.array_equal(ensembles(rates[order], labels[order]), members)


@pytest.mark.parametrize(
    ("rates", "labels", "sentence"),
    [
        ([0.5, 0.5], [0, 0], r"rates have shape \(2,\)"),
        ([[0.5], [0.5]], [0, 1], r"two neurons or more"),
        ([[0.5, -0.1]], [0], "negative or not finite"),
        ([[0.5, np.nan]], [0], "negative or not finite"),
        ([[0.5, 0.1]], [0, 1], "give 1 whole numbers"),
        ([[0.5, 0.1]], [0.0], "type float64"),
        ([[0.5, 0.1], [0.5, 0.1]], [0, 2], "class 1 has no image"),
        ([[0.5, 0.1], [0.5, 0.1]], [0, -1], "class -1 has no image"),
    ],
)
def test_wrong_input_is_one_sentence(rates, labels, sentence):
    with pytest.raises(UserError, match=sentence):
        describe(rates, labels)


def test_silence_is_nan_and_has_no_ensembles():
    found = describe(np.zeros((4, 3)), [0, 1, 0, 1])
    assert np.isnan(found.sparsity)
    assert not found.members.any()
