"""Streams of digits that drift: three segments, of which the third is like the first."""

from dataclasses import dataclass

import numpy as np

from pffspike.arithmetic import counter

DRIFTS = ("none", "shifted", "permuted", "new classes")
OLD = 5  #: classes 0 to 4 come first, where new classes arrive
_PIXELS = 2  #: by which the shifted images lie farther right


@dataclass(frozen=True)
class Segment:
    """A part of a stream, and test images of its kind.

    Parameters
    ----------
    images, test_images : (samples, 64) ndarray of uint8
        Grey values.
    labels, test_labels : (samples,) ndarray of int64
    classes : tuple of int
        That occur.
    """

    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    classes: tuple


def stream(data, drift, seed, passes):
    """Segments of a stream: as it was, drifted, and as it was."""
    kinds = [(False, range(10)), (drift in ("shifted", "permuted"), range(10))]
    if drift == "new classes":
        kinds = [(False, range(OLD)), (False, range(OLD, 10))]
    segments = []
    for k, (changed, classes) in enumerate((*kinds, kinds[0])):
        kept = np.flatnonzero(np.isin(data.train_labels, list(classes)))
        order = np.concatenate(
            [
                counter.permutation(len(kept), counter.derive_key(seed, counter.ORDER, k, n))
                for n in range(passes)
            ]
        )
        judged = np.isin(data.test_labels, list(classes))
        train, test = data.train_images[kept][order], data.test_images[judged]
        if changed:
            train, test = (drifted(images, drift, seed) for images in (train, test))
        labels = data.train_labels[kept][order]
        segments.append(Segment(train, labels, test, data.test_labels[judged], tuple(classes)))
    return segments


def drifted(images, drift, seed):
    """Images after the drift: pixels in another order, or two pixels farther right."""
    if drift == "permuted":
        return images[:, counter.permutation(64, counter.derive_key(seed, 13))]
    moved = np.zeros_like(images).reshape(-1, 8, 8)
    moved[:, :, _PIXELS:] = images.reshape(-1, 8, 8)[:, :, :-_PIXELS]
    return moved.reshape(images.shape)
