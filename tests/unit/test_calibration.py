"""Stopping rules: calibrated on presentations of their own, by an exact bound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_cases import CLASSES, ENGINE, build, cost, images, initially
from pffspike.arithmetic import counter
from pffspike.data import Coding
from pffspike.errors import UserError
from pffspike.execution import Execution
from pffspike.inference import (
    AugmentedViews,
    Mode,
    calibrate,
    calibration,
    classify,
)


def test_calibration_presents_the_views_too():
    network, grey = build(), np.arange(9 * 30).reshape(30, 9)
    views = AugmentedViews(grey, (3, 3), 300, Coding())
    found = [
        calibrate(
            initially(network),
            Coding().encode(grey, 300),
            Mode("late", trials=2, tolerance=0.3, calibration_samples=50),
            views=x,
            execution=Execution(ENGINE),
        ).limit
        for x in (None, views)
    ]
    assert found[0] != found[1]


@given(draws=st.integers(1, 5000), budget=st.sampled_from([0.5, 0.1, 0.01, 0.001]))
@settings(max_examples=50, deadline=None)
def test_the_rank_is_the_bound_of_clopper_and_pearson(draws, budget):
    from scipy.stats import beta

    def upper(changes: int) -> float:
        return 1.0 if changes >= draws else beta.ppf(0.95, changes + 1, draws - changes)

    if upper(0) > budget:
        with pytest.raises(UserError, match="too few for a tolerance"):
            calibration._rank(draws, budget, 0.95)
    else:
        rank = calibration._rank(draws, budget, 0.95)
        assert upper(rank - 1) <= budget < upper(rank)


@pytest.mark.parametrize("candidates", [None, 2])
def test_calibration_allows_its_own_draws_fewer_changes_than_the_rank(candidates):
    network, pool = build(), images(30)
    settings = Mode("early", candidates, tolerance=0.1, calibration_samples=200)
    found = calibrate(initially(network), pool, settings, execution=Execution(ENGINE, 5))
    key = counter.derive_key(5, counter.CALIBRATION)
    chosen = counter.integers(counter.derive_key(key, 0), np.arange(200), 30)
    early, full = (
        classify(
            initially(network),
            pool[chosen],
            mode,
            samples=np.arange(200),
            execution=Execution(ENGINE, counter.derive_key(key, 1)),
        )
        for mode in (found, Mode("proposal", candidates or CLASSES))
    )
    rank = calibration._rank(200, 0.1, 0.95)
    assert rank > 1
    assert np.sum(early.predicted != full.predicted) < rank
    assert cost(early).steps < cost(full).steps
    assert list(found.thresholds) == [1, 2, 4]
    assert found.thresholds[4] == found.limit / 2
