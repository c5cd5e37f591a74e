"""Confidence of answers: how far the best label leads, and how often such answers are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.errors import ValidationError
from pffspike.typing import Floats

COVERAGES = (0.5, 0.8, 0.9, 0.95, 0.99, 1.0)  #: shares of images answered, by default
_BINS = 10  #: of the calibration error, of equal numbers of answers


@dataclass(frozen=True)
class Confidence:
    """Probability that an answer is right, from its margin: a logistic line.

    Parameters
    ----------
    intercept, slope : float
        The logarithm of the odds is ``intercept + slope * log(1 + margin)``.

    Examples
    --------
    >>> import numpy as np
    >>> Confidence(0.0, 1.0).probability(np.array([0.0, 3.0]))
    array([0.5, 0.8])
    """

    intercept: float
    slope: float

    def probability(self, margins: npt.ArrayLike) -> Floats:
        """Probability of being right.

        Parameters
        ----------
        margins : (samples,) array_like of float
            See `pffspike.inference.Classification`; infinite ones count as the largest finite one.

        Returns
        -------
        (samples,) ndarray of float64
        """
        odds = np.exp(self.intercept + self.slope * np.log1p(_finite(margins)))
        return np.asarray(odds / (1 + odds), np.float64)


def fit_confidence(margins: npt.ArrayLike, right: npt.ArrayLike) -> Confidence:
    """Fit the probability of being right to answers whose truth is known (scikit-learn).

    Platt's method (Advances in Large Margin Classifiers, MIT Press 2000) on the logarithm of the
    margin. Answers to images that the network has learned from are surer than others: fit on images
    kept back.

    Parameters
    ----------
    margins : (samples,) array_like of float
        Lead of each answer over the next one.
    right : (samples,) array_like of bool
        Whether each answer was right.

    Returns
    -------
    Confidence

    Raises
    ------
    ValidationError
        If all answers are right, or all wrong.

    Examples
    --------
    >>> import numpy as np
    >>> margins, right = np.arange(8.0), np.array([0, 0, 1, 0, 1, 1, 1, 1], bool)
    >>> found = fit_confidence(margins, right)
    >>> bool(found.slope > 0 and np.all(np.diff(found.probability(margins)) > 0))
    True
    """
    from sklearn.linear_model import LogisticRegression  # takes a second to import

    truth = np.asarray(right, bool)
    if truth.all() or not truth.any():
        raise ValidationError(
            f"{len(truth)} answers, {int(truth.sum())} of them right, say nothing of confidence; "
            f"give both right and wrong ones"
        )
    model = LogisticRegression(C=1e6).fit(np.log1p(_finite(margins))[:, None], truth)
    return Confidence(float(model.intercept_[0]), float(model.coef_[0, 0]))


def coverage(
    margins: npt.ArrayLike, right: npt.ArrayLike, shares: Sequence[float] = COVERAGES
) -> dict[float, float]:
    """Accuracy of the surest answers: what is gained by leaving the others unanswered.

    Parameters
    ----------
    margins : (samples,) array_like of float
        Lead of each answer over the next one.
    right : (samples,) array_like of bool
        Whether each answer was right.
    shares : sequence of float
        Shares of the images that are answered, in (0, 1].

    Returns
    -------
    dict of float to float
        Accuracy by share. Of equal margins the earlier image is answered first.

    Examples
    --------
    >>> coverage([3.0, 1.0, 2.0, 0.0], [True, False, True, True], (0.5, 1.0))
    {0.5: 1.0, 1.0: 0.75}
    """
    order = np.argsort(-_finite(margins), kind="stable")
    truth = np.asarray(right, bool)[order]
    return {share: float(np.mean(truth[: max(1, round(share * len(truth)))])) for share in shares}


def calibration_error(probabilities: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Expected calibration error: mean distance between probability and share of right answers.

    Over ten groups of equal size, ordered by probability.

    Parameters
    ----------
    probabilities : (samples,) array_like of float
        Stated probability that each answer is right.
    right : (samples,) array_like of bool
        Whether each answer was right.

    Returns
    -------
    float

    Examples
    --------
    >>> round(calibration_error([0.9] * 10, [True] * 9 + [False]), 6)
    0.18
    """
    values, truth = np.asarray(probabilities, np.float64), np.asarray(right, bool)
    groups = np.array_split(np.argsort(values, kind="stable"), min(_BINS, len(values)))
    gaps = [abs(values[g].mean() - truth[g].mean()) * len(g) for g in groups]
    return float(np.sum(gaps) / len(values))


def _finite(margins: npt.ArrayLike) -> Floats:
    """Margins, with the largest finite one in place of those of images with one label judged."""
    values = np.asarray(margins, np.float64)
    finite = values[np.isfinite(values)]
    return np.minimum(values, finite.max() if len(finite) else 1.0)
