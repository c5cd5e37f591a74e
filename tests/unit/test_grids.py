"""Dyadic grids: rounding, saturation, bits, gain tables."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pffspike.arithmetic import grids

EXPONENTS = st.integers(-24, 0)
VALUES = st.floats(-1e4, 1e4)


@given(VALUES, EXPONENTS)
def test_nearest_is_on_the_grid_and_at_most_half_a_step_away(x, grid):
    rounded = float(grids.nearest(x, grid))
    assert grids.on_grid(rounded, grid)
    assert abs(Fraction(rounded) - Fraction(x)) <= Fraction(2) ** (grid - 1)
    assert rounded == grids.nearest_scalar(x, grid)


@given(st.integers(-(2**30), 2**30), EXPONENTS, st.integers(0, 2**24 - 1))
def test_stochastic_rounding_leaves_grid_values_alone(k, grid, u):
    x = k * 2.0**grid
    assert grids.stochastic(x, np.float64(u * 2.0**-24), grid) == x


@given(VALUES, EXPONENTS, st.integers(0, 2**24 - 1))
def test_stochastic_rounding_takes_one_of_the_two_neighbours(x, grid, u):
    rounded = float(grids.stochastic(x, np.float64(u * 2.0**-24), grid))
    assert grids.on_grid(rounded, grid)
    assert abs(rounded - x) <= 2.0**grid


def test_stochastic_rounding_has_the_right_mean_over_all_numbers():
    u = np.arange(2**16) * 2.0**-16
    assert grids.stochastic(np.full(2**16, 0.3125), u, -2).mean() == 0.3125


@given(st.lists(VALUES, min_size=1), st.floats(-10, 0), st.floats(0, 10))
def test_saturate_stays_in_range_and_keeps_what_was_inside(values, low, high):
    x = np.array(values)
    y = grids.saturate(x, low, high)
    assert np.all((y >= low) & (y <= high))
    inside = (x >= low) & (x <= high)
    assert np.array_equal(y[inside], x[inside])


@pytest.mark.parametrize(
    ("largest", "grid", "bits"), [(1.0, 0, 1), (1.0, -8, 9), (255.0, 0, 8), (256.0, 0, 9)]
)
def test_bits_counts_the_largest_multiple(largest, grid, bits):
    assert grids.bits(largest, grid) == bits


def test_square_root_gain_is_the_nearest_multiple_of_2_to_the_minus_8():
    table = grids.gain_table("sqrt", 5000)
    for n in range(5001):
        exact = 256 / math.sqrt(max(1, n))
        assert abs(table[n] * 256 - exact) <= 0.5 + 1e-12
        assert table[n] * 256 == int(table[n] * 256)


def test_shift_gain_is_the_nearest_power_of_two_in_the_logarithm():
    table = grids.gain_table("shift", 5000)
    for n in range(1, 5001):
        exponent = -math.log2(table[n])
        assert exponent == int(exponent)
        assert abs(exponent - 0.5 * math.log2(n)) <= 0.5


def test_no_normalization_is_one_and_an_unknown_one_is_an_error():
    assert np.all(grids.gain_table("none", 10) == 1)
    with pytest.raises(ValueError, match="'cubic' is not one of"):
        grids.gain_table("cubic", 10)
