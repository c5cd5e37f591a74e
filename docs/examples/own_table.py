"""The classifier on tables and pictures of scikit-learn, beside a perceptron of the same size.

    python docs/examples/own_table.py --data wine

prints the mean accuracy of both in stratified cross-validation, and its standard deviation over
the folds. Every fold learns scaling and network from its training part alone.
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


def main() -> None:
    """Compare the two on each data set that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=DATA, action="append", help="default: all")
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--hidden", type=int, default=100, help="neurons of each hidden layer")
    given = parser.parse_args()
    hidden = (given.hidden, given.hidden)
    models = {
        "PFFClassifier": PFFClassifier(hidden),
        "MLPClassifier": make_pipeline(
            StandardScaler(), MLPClassifier(hidden, max_iter=500, random_state=0)
        ),
    }
    folds = StratifiedKFold(given.folds, shuffle=True, random_state=0)
    for name in given.data or DATA:
        X, y = DATA[name](return_X_y=True)
        for title, model in models.items():
            found = 100 * np.asarray(cross_val_score(model, X, y, cv=folds))
            print(f"{name}, {title}: {found.mean():.1f} +- {found.std(ddof=1):.1f} %", flush=True)


if __name__ == "__main__":
    main()
