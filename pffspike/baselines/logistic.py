"""Multinomial logistic regression."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from pffspike.baselines.result import (
    Outcome,
    Report,
    SystemResult,
    cpu_seconds,
    layer_operations,
    scaled,
)
from pffspike.baselines.settings import check_counts
from pffspike.data import Dataset
from pffspike.errors import ValidationError


@dataclass(frozen=True)
class Logistic:
    """A linear read-out of the pixels.

    Parameters
    ----------
    regularization : float
        Inverse strength of the L2 penalty, scikit-learn's ``C``.
    iterations : int
        Of L-BFGS, at most.
    """

    regularization: float = 0.1
    iterations: int = 200

    def __post_init__(self) -> None:
        if self.regularization <= 0:
            raise ValidationError(f"regularization = {self.regularization} must be above 0")
        check_counts(self, "iterations")


def run(
    config: Logistic, dataset: Dataset, _seed: int, _store: Path, report: Report
) -> SystemResult:
    """Fit and judge; nothing is random."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    train, test = scaled(dataset)
    model = LogisticRegression(C=config.regularization, max_iter=config.iterations)
    start = cpu_seconds()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the iterations are a setting
        model.fit(train, dataset.train_labels)
    seconds = cpu_seconds() - start
    report(1.0)
    accuracy = float(model.score(test, dataset.test_labels))
    mode = Outcome(accuracy, layer_operations([(test, len(model.classes_))]))
    return SystemResult({"one_pass": mode}, model.coef_.size + model.intercept_.size, seconds)
