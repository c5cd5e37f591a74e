"""Confidence: calibrated probabilities, accuracy against coverage."""

import numpy as np
import pytest

from pffspike.arithmetic import counter
from pffspike.errors import ValidationError
from pffspike.inference import calibration_error, coverage, fit_confidence


def answers(count: int, key: int):
    """Margins, and whether answers are right, with odds of ``(1 + margin)^2 / 4``."""
    margins = 10 * counter.uniform(key, np.arange(count))
    odds = (1 + margins) ** 2 / 4
    return margins, counter.uniform(key, count + np.arange(count)) < odds / (1 + odds)


def test_probabilities_are_those_of_the_world():
    found = fit_confidence(*answers(20000, 1))
    assert found.slope == pytest.approx(2, abs=0.15)
    assert found.intercept == pytest.approx(-np.log(4), abs=0.2)
    margins, right = answers(20000, 2)
    assert calibration_error(found.probability(margins), right) < 0.01
    assert calibration_error(np.full(20000, 0.99), right) > 0.05


def test_the_surest_answers_are_the_most_accurate():
    margins, right = answers(20000, 3)
    curve = coverage(margins, right)
    assert curve[1.0] == right.mean()
    values = [curve[share] for share in sorted(curve)]
    assert values == sorted(values, reverse=True)
    assert coverage(margins, right, (0.25,))[0.25] == right[np.argsort(-margins)[:5000]].mean()


def test_an_infinite_margin_is_as_sure_as_the_surest():
    found = fit_confidence(*answers(1000, 4))
    assert np.isfinite(found.probability([1.0, np.inf])).all()
    assert np.ptp(found.probability([5.0, np.inf])) == 0
    assert coverage([np.inf, 1.0], [True, False], (0.5,)) == {0.5: 1.0}


def test_answers_that_are_all_right_are_refused():
    with pytest.raises(ValidationError, match="3 answers, 3 of them right, say nothing"):
        fit_confidence([1.0, 2.0, 3.0], [True] * 3)
