"""The classifier on tables and pictures of scikit-learn, beside a perceptron of the same size.

    python docs/examples/own_table.py --data wine

prints the mean accuracy of both in stratified cross-validation, and the mean of their paired
differences with its standard error over the seeds. A seed shuffles the folds and begins both
models; every fold learns scaling and network from its training part alone.
"""

from __future__ import annotations

import argparse

import numpy as np
from sklearn import datasets
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pffspike import PFFClassifier

DATA = {
    "breast-cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
    "wine": datasets.load_wine,
}
SHAPES = {"digits": (8, 8)}  # the others are tables


def accuracies(name: str, folds: int, hidden: tuple[int, int], seed: int) -> tuple[float, float]:
    """Of both in percent, mean over the folds."""
    X, y = DATA[name](return_X_y=True)
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    perceptron = MLPClassifier(hidden, max_iter=500, random_state=seed)
    spiking = PFFClassifier(hidden, shape=SHAPES.get(name), random_state=seed)
    scaled = make_pipeline(StandardScaler(), perceptron)
    first, second = (100 * cross_val_score(m, X, y, cv=split).mean() for m in (spiking, scaled))
    return float(first), float(second)


def main() -> None:
    """Compare the two on each data set that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=DATA, action="append", help="default: all")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--hidden", type=int, default=100, help="neurons of each hidden layer")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    hidden = (given.hidden, given.hidden)
    for name in given.data or DATA:
        found = np.array([accuracies(name, given.folds, hidden, s) for s in range(given.seeds)])
        for title, values in zip(("PFFClassifier", "MLPClassifier"), found.T, strict=True):
            print(f"{name}, {title}: {values.mean():.1f} %", flush=True)
        pairs = found[:, 0] - found[:, 1]
        if len(pairs) > 1:
            error = pairs.std(ddof=1) / np.sqrt(len(pairs))
            print(f"{name}, difference: {pairs.mean():+.1f} +- {error:.1f} points", flush=True)


if __name__ == "__main__":
    main()
