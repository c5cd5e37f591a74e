"""The k nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pffspike.baselines.result import Operations, Outcome, Report, SystemResult, cpu_seconds, scaled
from pffspike.baselines.settings import check_counts
from pffspike.data import Dataset


@dataclass(frozen=True)
class Neighbours:
    """Majority of the ``neighbours`` training images at the least Euclidean distance."""

    neighbours: int = 3

    def __post_init__(self) -> None:
        check_counts(self, "neighbours")


def run(
    config: Neighbours, dataset: Dataset, _seed: int, _store: Path, report: Report
) -> SystemResult:
    """Fit and judge; nothing is random.

    Operations: the inner product with every stored image, which is its distance but for the norms.
    """
    from sklearn.neighbors import KNeighborsClassifier

    train, test = scaled(dataset)
    model = KNeighborsClassifier(config.neighbours, algorithm="brute")
    start = cpu_seconds()
    model.fit(train, dataset.train_labels)
    seconds = cpu_seconds() - start
    right = 0
    for part in np.array_split(np.arange(len(test)), max(1, len(test) // 500)):
        right += int(np.sum(model.predict(test[part]) == dataset.test_labels[part]))
        report((part[-1] + 1) / len(test))
    operations = Operations(
        float(np.count_nonzero(test) / len(test) * len(train)), 0.0, float(train.size)
    )
    return SystemResult({"one_pass": Outcome(right / len(test), operations)}, train.size, seconds)
