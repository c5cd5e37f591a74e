"""Data sets from arrays in memory, and grey values as probabilities."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pffspike.data import from_arrays, probabilities
from pffspike.errors import UserError


def error_of(call, *arguments, **options):
    with pytest.raises(UserError) as caught:
        call(*arguments, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text


class TestArrays:
    def make(self, **changes):
        arguments = {
            "train_images": np.arange(8).reshape(2, 2, 2),
            "train_labels": [0, 1],
            "test_images": np.zeros((1, 4)),
            "test_labels": [1.0],
            "levels": 7,
            "shape": (2, 2),
            "classes": 2,
        }
        arguments |= changes
        train, test = (
            (arguments.pop(f"{part}_images"), arguments.pop(f"{part}_labels"))
            for part in ("train", "test")
        )
        return from_arrays("mine", train, test, **arguments)

    def test_two_or_three_axes_and_whole_floats(self):
        data = self.make()
        np.testing.assert_array_equal(data.train_images, [[0, 1, 2, 3], [4, 5, 6, 7]])
        assert (data.test_images.dtype, data.test_labels.dtype) == (np.uint8, np.int64)

    def test_holds_copies(self):
        images = np.zeros((1, 4), dtype=np.uint8)
        data = self.make(test_images=images)
        images[:] = 5
        assert not data.test_images.any()

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"levels": 6}, "train_images holds 7, but its grey values must be from 0 to 6"),
            ({"levels": 256}, "levels = 256 is wrong: it must be from 1 to 255"),
            ({"shape": (0, 4)}, "rows and columns must be at least 1"),
            ({"shape": (4, 1)}, "train_images has the shape (2, 2, 2)"),
            ({"classes": 1}, "classes = 1 is wrong"),
            ({"train_labels": [0, 2]}, "train_labels holds 2"),
            ({"train_labels": [0, -1]}, "train_labels holds -1"),
            ({"train_labels": [0]}, "holds 2 images, but train_labels holds 1 labels"),
            ({"train_labels": [[0, 1]]}, "give one label a sample"),
            ({"train_labels": ["a", "b"]}, "must be whole numbers"),
            ({"test_images": np.full((1, 4), 0.5)}, "test_images holds 0.5"),
            ({"test_images": np.full((1, 4), np.nan)}, "test_images holds nan"),
            ({"test_images": np.full((1, 4), np.inf)}, "test_images holds inf"),
            ({"test_images": np.zeros((0, 4)), "test_labels": []}, "test_images holds no image"),
        ],
    )
    def test_what_does_not_fit(self, changes, says):
        assert says in error_of(self.make, **changes)


class TestProbabilities:
    @given(levels=st.integers(1, 255), value=st.integers(0, 255))
    def test_rounds_half_up_exactly(self, levels, value):
        value = min(value, levels)
        exact = Fraction(value * 2**24, levels) + Fraction(1, 2)
        assert probabilities(value, levels) == (exact.numerator // exact.denominator) / 2**24

    def test_ends_shape_and_type(self):
        p = probabilities(np.array([[0, 255]], dtype=np.uint8), 255)
        assert p.dtype == np.float64
        np.testing.assert_array_equal(p, [[0.0, 1.0]])

    @pytest.mark.parametrize("value", [-1, 17, 0.5])
    def test_outside(self, value):
        assert str(value) in error_of(probabilities, [value], 16)

    def test_levels_below_one(self):
        assert "levels = 0" in error_of(probabilities, [0], 0)
