"""The embedded data set: 1,797 scans of handwritten digits that come with scikit-learn."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.data.dataset import Dataset, from_arrays

LEVELS = 16  #: the grey value that stands for white
TEST_SAMPLES = 360  #: a fifth of the 1,797
_SPLIT_KEY = 1797  #: any fixed number; it has nothing to do with the seed of a training


def load_digits() -> Dataset:
    """The 8 x 8 digits (UCI optical recognition data), split once and for all.

    The samples are put into the order ``counter.permutation(1797, key=1797)``; going through
    it, the first samples of each class form the test part and the others the training part,
    so the writers mix, and any first part of either is a fair sample. Each class keeps its
    share: of 360 test samples it gets its quota, rounded by largest remainder.

    Returns
    -------
    Dataset
        1,437 training and 360 test images of 8 x 8 pixels, 10 classes, grey values to 16.
    """
    images, labels = _scans()
    order = counter.permutation(len(labels), _SPLIT_KEY)
    images, labels = images[order], labels[order]
    test = stratified(labels, TEST_SAMPLES)
    return from_arrays(
        "digits",
        (images[~test], labels[~test]),
        (images[test], labels[test]),
        levels=LEVELS,
        shape=(8, 8),
        classes=10,
    )


def _scans() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Images and labels as scikit-learn has them, from its file: its import takes seconds."""
    package = importlib.util.find_spec("sklearn")
    if package is not None and package.origin is not None:
        path = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
        if path.is_file():
            table = np.loadtxt(path, delimiter=",")
            return table[:, :-1], table[:, -1].astype(np.int64)
    from sklearn.datasets import load_digits as load_scans

    images, labels = load_scans(return_X_y=True)
    return images, labels


def stratified(labels: npt.NDArray[np.int64], chosen: int) -> npt.NDArray[np.bool_]:
    """Choose the first samples of every class, each class by its share.

    Parameters
    ----------
    labels : (n_samples,) ndarray of int64
        The class of each sample.
    chosen : int
        How many samples to choose in all.

    Returns
    -------
    (n_samples,) ndarray of bool
        True for the ``chosen`` samples.
    """
    sizes = np.bincount(labels)
    quotas, remainders = np.divmod(sizes * chosen, len(labels))
    by_remainder = np.argsort(-remainders, kind="stable")
    quotas[by_remainder[: chosen - quotas.sum()]] += 1
    mask = np.zeros(len(labels), dtype=np.bool_)
    for label, quota in enumerate(quotas):
        mask[np.flatnonzero(labels == label)[:quota]] = True
    return mask
