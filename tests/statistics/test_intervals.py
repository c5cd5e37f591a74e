"""How often intervals of 95 % hold the true value, on drawn samples, and SciPy's."""

import numpy as np
import pytest
from scipy import stats

from pffspike import intervals
from pffspike.arithmetic import counter

DRAWS = 2000
ERROR = 4 * (0.95 * 0.05 / DRAWS) ** 0.5  #: of a frequency of 95 %, four standard errors


def uniforms(seed: int, *shape: int) -> np.ndarray:
    keys = counter.derive_keys(seed, np.arange(np.prod(shape[:-1])))
    return counter.uniform(keys[:, None], np.arange(shape[-1])).reshape(shape)


def held(found: list[intervals.Interval], truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in found]))


@pytest.mark.parametrize(("images", "share"), [(20, 0.5), (100, 0.97), (360, 0.975)])
def test_wilson_s_interval_holds_a_fraction(images, share):
    right = (uniforms(1, DRAWS, images) < share).sum(axis=1)
    found = [intervals.of_fraction(int(r), images) for r in right]
    exact = stats.binom.pmf(np.arange(images + 1), images, share)
    each = [intervals.of_fraction(r, images) for r in range(images + 1)]
    covered = sum(p for p, (low, high) in zip(exact, each, strict=True) if low <= share <= high)
    assert held(found, share) == pytest.approx(covered, abs=ERROR)
    assert covered > 0.92
    for r in (0, images // 3, images):
        theirs = stats.binomtest(r, images).proportion_ci(method="wilson")
        assert intervals.of_fraction(r, images) == pytest.approx((theirs.low, theirs.high))


@pytest.mark.parametrize("n", [3, 10])
def test_student_s_interval_holds_a_mean(n):
    values = stats.norm.ppf(uniforms(2, DRAWS, n)) * 3 + 7
    assert held([intervals.of_mean(row) for row in values], 7) == pytest.approx(0.95, abs=ERROR)
    theirs = stats.ttest_1samp(values[0], 0).confidence_interval()
    assert intervals.of_mean(values[0]) == pytest.approx((theirs.low, theirs.high))


def test_the_interval_of_paired_answers_holds_their_difference():
    """Two ways that agree on most images: both right, only one, or neither."""
    u = uniforms(3, DRAWS, 200)
    first, second = (u < 0.9), (u < 0.86) | (u > 0.99)  # 0.9 and 0.87, differing on 0.05
    found = [intervals.of_difference(a, b) for a, b in zip(first, second, strict=True)]
    assert held(found, 0.03) == pytest.approx(0.95, abs=ERROR + 0.01)
    unpaired = intervals.of_difference(first[0].astype(float), second[1].astype(float))
    assert np.ptp(found[0]) < np.ptp(unpaired), "what pairs share drops out"


def test_the_interval_of_a_ratio_holds_it():
    base = 10 + uniforms(4, DRAWS, 100) * 4
    noise = uniforms(5, DRAWS, 100) - 0.5
    found = [intervals.of_ratio(0.3 * b + e, b) for b, e in zip(base, noise, strict=True)]
    assert held(found, 0.3) == pytest.approx(0.95, abs=ERROR + 0.01)


def test_of_a_single_value_nothing_is_said():
    for found in (
        intervals.of_fraction(0, 0),
        intervals.of_mean([1.0]),
        intervals.of_difference([], []),
        intervals.of_difference([1.0], [2.0]),
        intervals.of_ratio([1.0, 2.0], [0.0, 0.0]),
    ):
        assert np.isnan(found).all()
