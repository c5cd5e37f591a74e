"""Quality of synthesized images: whether they are of their class, clear, and new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pffspike.arithmetic import counter
from pffspike.typing import Floats, Integers

_HIDDEN = (500,)  #: of the judge
_COPY = 1.0  #: percentile of the distances of real images below which a sample counts as a copy


@dataclass(frozen=True)
class Judgement:
    """What an independent classifier and the training images say of some images.

    Parameters
    ----------
    accuracy : float
        Share of images that the classifier takes for the class they are meant to be.
    entropy : float
        Mean entropy of its answers, in nat; ``ln(classes)`` if it knows nothing.
    distance : float
        Median Euclidean distance to the nearest training image, pixels in [0, 1].
    copies : float
        Share of images that are nearer to a training image than 99 % of real test images are.
    """

    accuracy: float
    entropy: float
    distance: float
    copies: float


class Judge:
    """A multilayer perceptron by backpropagation (scikit-learn) and the training images.

    Parameters
    ----------
    images : (samples, pixels) ndarray of float64
        Training images, grey values in [0, 1].
    labels : (samples,) ndarray of int64
        Classes of the training images.
    real : (n, pixels) ndarray of float64
        Test images, which set the scale of distances.
    seed : int
        Of everything random.
    epochs : int
        Passes over the training images.
    progress : callable or None
        Called with 1 for each epoch.
    """

    def __init__(
        self,
        images: Floats,
        labels: Integers,
        real: Floats,
        *,
        seed: int,
        epochs: int = 10,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        from sklearn.neighbors import NearestNeighbors  # takes a second to import
        from sklearn.neural_network import MLPClassifier

        batch = min(128, len(images))
        self._model = MLPClassifier(_HIDDEN, batch_size=batch, random_state=seed)
        for epoch in range(epochs):
            order = counter.permutation(len(images), counter.derive_key(seed, counter.ORDER, epoch))
            self._model.partial_fit(images[order], labels[order], classes=np.unique(labels))
            if progress:
                progress(1)
        self._near = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(images)
        self._copy = float(np.percentile(self._distances(real), _COPY))

    def _distances(self, images: Floats) -> Floats:
        found, _ = self._near.kneighbors(images)
        return np.asarray(found[:, 0], np.float64)

    def judge(self, images: Floats, labels: Integers) -> Judgement:
        """Judge images and the classes that they are meant to be.

        Parameters
        ----------
        images : (n, pixels) ndarray of float64
            Images to judge, grey values in [0, 1].
        labels : (n,) ndarray of int64
            The class that each is meant to be.

        Returns
        -------
        Judgement
        """
        answers = self._model.predict_proba(images)
        logarithms = np.log(np.maximum(answers, np.finfo(np.float64).tiny))
        distances = self._distances(images)
        return Judgement(
            float(np.mean(self._model.classes_[answers.argmax(axis=1)] == labels)),
            float(-(answers * logarithms).sum(axis=1).mean()),
            float(np.median(distances)),
            float(np.mean(distances < self._copy)),
        )


def class_means(images: Floats, labels: Integers, wanted: Integers) -> Floats:
    """Mean training image of each wanted class: samples of a model that knows only the label."""
    means = {label: images[labels == label].mean(axis=0) for label in np.unique(wanted)}
    return np.array([means[label] for label in wanted])
