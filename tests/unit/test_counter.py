"""The counter-based generator: published outputs, key tree, derived draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pffspike.arithmetic import counter

KEYS = st.integers(0, 2**64 - 1)


def test_first_outputs_of_splitmix64_with_seed_1234567():
    # The test vector that implementations of SplitMix64 are commonly checked against.
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert counter.derive_keys(1234567, np.arange(5)).tolist() == expected
    assert [counter.derive_key(1234567, n) for n in range(5)] == expected


@given(KEYS, st.lists(st.integers(0, 2**40), max_size=4))
def test_python_and_numpy_derive_the_same_keys(key, path):
    array = np.array([key], np.uint64)
    for index in path:
        array = counter.derive_keys(array, index)
    assert int(array[0]) == counter.derive_key(key, *path)


@given(KEYS, st.integers(0, 2**62))
def test_uniform_is_a_multiple_of_2_to_the_minus_24_below_1(key, position):
    u = counter.uniform(np.uint64(key), position)[0]
    assert 0 <= u < 1
    assert u * 2**24 == int(u * 2**24)


@given(KEYS)
def test_signed_keeps_the_bits(key):
    assert counter.signed(key) % 2**64 == key
    assert -(2**63) <= counter.signed(key) < 2**63


def test_neuron_counters_of_populations_do_not_overlap():
    first, second = counter.neuron_counters(0, 1000), counter.neuron_counters(1, 1000)
    assert not set(first) & set(second)
    assert second[0] == 2**32


@given(st.integers(0, 300), KEYS)
def test_permutation_holds_every_number_once(n, key):
    assert sorted(counter.permutation(n, key)) == list(range(n))


def test_integers_stay_below_the_bound():
    drawn = counter.integers(7, np.arange(10_000), 10)
    assert set(drawn) == set(range(10))


@pytest.mark.parametrize("name", ["GOLDEN", "FACTORS", "SHIFTS"])
def test_source_texts_contain_the_constants(name):
    value = getattr(counter, name)
    for text in (counter.cpp_source(), counter.cython_source()):
        for number in value if isinstance(value, tuple) else (value,):
            assert str(number) in text
