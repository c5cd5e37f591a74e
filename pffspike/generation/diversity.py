"""Diversity of synthesized images: measures that one mean image a class does not satisfy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pffspike.arithmetic import counter
from pffspike.typing import Floats, Integers

_NEIGHBOURS = 3  #: whose distance is the radius of an image's neighbourhood
_HIDDEN = (100,)  #: of the classifier that learns from the images
_PASSES = 20  #: through the images that it learns from


@dataclass(frozen=True)
class Diversity:
    """How much of what real images are like a set of images covers.

    Parameters
    ----------
    variance : float
        Variance within classes, summed over pixels and averaged over classes, against that of real
        images. The rates of synthesized images carry the noise of the last draw beside it.
    precision : float
        Share of images within the neighbourhood of a real one.
    recall : float
        Share of real images within the neighbourhood of one of the images.
    teaching : float
        Accuracy on real test images of a classifier that learned from these images alone
        (classification accuracy score).
    """

    variance: float
    precision: float
    recall: float
    teaching: float


def diversity(
    images: Floats,
    labels: Integers,
    real: tuple[Floats, Integers],
    test: tuple[Floats, Integers],
    *,
    seed: int,
) -> Diversity:
    """Measure the diversity of labelled images.

    Precision and recall are those of Kynkaanniemi et al. (arXiv 1904.06991), on pixels; the
    classifier that learns from samples is the score of Ravuri and Vinyals (arXiv 1905.10887), with
    one hidden layer of 100 rectified units (scikit-learn).

    Parameters
    ----------
    images : (samples, pixels) ndarray of float64
        Grey values in [0, 1].
    labels : (samples,) ndarray of int64
        The label that each sample was made under.
    real : tuple of (n, pixels) ndarray of float64 and (n,) ndarray of int64
        Images and labels to compare with: best about as many as ``images``, for precision and
        recall depend on both numbers.
    test : tuple of (m, pixels) ndarray of float64 and (m,) ndarray of int64
        Images and labels that the classifier is asked; none of ``images`` may be among them.
    seed : int
        Of the classifier.

    Returns
    -------
    Diversity

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> pixels, labels = load_digits(return_X_y=True)
    >>> pixels = pixels / 16
    >>> one, two, three = ((pixels[k::3], labels[k::3]) for k in range(3))
    >>> found = diversity(*one, two, three, seed=0)
    >>> bool(found.recall > 0.9 and found.teaching > 0.9 and abs(found.variance - 1) < 0.1)
    True
    >>> import numpy as np
    >>> means = np.array([one[0][one[1] == label].mean(axis=0) for label in one[1]])
    >>> found = diversity(means, one[1], two, three, seed=0)
    >>> found.variance < 1e-9, found.recall < 0.1
    (True, True)
    """
    mine, its = _radii(images), _radii(real[0])
    return Diversity(
        _within(images, labels) / _within(*real),
        _covered(images, real[0], its),
        _covered(real[0], images, mine),
        _taught(images, labels, test, seed),
    )


def _within(images: Floats, labels: Integers) -> float:
    """Variance within classes, summed over pixels; the mean over classes."""
    return float(np.mean([images[labels == k].var(axis=0).sum() for k in np.unique(labels)]))


def _radii(images: Floats) -> Floats:
    from sklearn.neighbors import NearestNeighbors  # takes a second to import

    near = NearestNeighbors(n_neighbors=min(_NEIGHBOURS + 1, len(images)), algorithm="brute")
    distances, _ = near.fit(images).kneighbors(images)  # the nearest is the image itself
    return np.asarray(distances[:, -1], np.float64)


def _covered(images: Floats, centres: Floats, radii: Floats) -> float:
    """Share of images within the radius of any centre."""
    from sklearn.metrics import pairwise_distances_chunked

    found = [
        (distances <= radii).any(axis=1)
        for distances in pairwise_distances_chunked(images, centres, working_memory=64)
    ]
    return float(np.mean(np.concatenate(found)))


def _taught(images: Floats, labels: Integers, test: tuple[Floats, Integers], seed: int) -> float:
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(_HIDDEN, batch_size=min(50, len(images)), random_state=seed)
    for epoch in range(_PASSES):
        order = counter.permutation(len(images), counter.derive_key(seed, counter.ORDER, epoch))
        model.partial_fit(images[order], labels[order], classes=np.unique(labels))
    return float(np.mean(model.predict(test[0]) == test[1]))
