"""Samples: images that the generative circuit makes of labels and, if there is one, the prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.errors import ValidationError
from pffspike.execution import Execution
from pffspike.generation.prior import draw_labels, draw_latents
from pffspike.generation.synthesis import check_synthesis, synthesize
from pffspike.trained import TrainedNetwork

_LONGEST = 4096  #: steps of a window


@dataclass(frozen=True, eq=False)
class Samples:
    """Synthesized images.

    Parameters
    ----------
    images : (samples, pixels) ndarray of float64
        Grey values from 0 to 1.
    labels : (samples,) ndarray of int64
        Classes that they are meant to be.
    """

    images: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]

    def __repr__(self) -> str:
        return f"Samples({len(self.images)} images of {self.images.shape[1]} pixels)"


def sample(
    trained: TrainedNetwork,
    count: int = 100,
    label: int | None = None,
    *,
    window: int = 64,
    execution: Execution = Execution(),
) -> Samples:
    """Synthesize images: the generative circuit runs from a label and, if there is one, the prior.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has the program ``synthesize``.
    count : int
        Number of samples.
    label : int or None
        Class of all samples. By default classes are drawn with their frequencies, or taken in turn
        if there is no prior.
    window : int
        Steps over which spikes are averaged, a power of two.
    execution : Execution
        Engine, seed, progress.

    Returns
    -------
    Samples

    Raises
    ------
    ValidationError
        If the network has no generative circuit, or there is no such class or window.

    Examples
    --------
    >>> import pffspike
    >>> pffspike.sample(pffspike.train("digits", epochs=1), 3, label=7)
    Samples(3 images of 64 pixels)
    """
    check_synthesis(trained.network)
    classes = trained.network.role("label").size
    if count < 1:
        raise ValidationError(f"count = {count} must be at least 1")
    if label is not None and not 0 <= label < classes:
        raise ValidationError(
            f"label {label} is not a class of network {trained.network.name!r}; give 0 to "
            f"{classes - 1}"
        )
    if window < 1 or window & (window - 1) or window > _LONGEST:
        raise ValidationError(
            f"window = {window} is not a power of two up to {_LONGEST}; give, say, 64"
        )
    if label is not None:
        labels = np.full(count, label, np.int64)
    elif trained.prior is not None:
        labels = draw_labels(trained.prior, count, execution.seed)
    else:
        labels = np.arange(count, dtype=np.int64) % classes
    latents = draw_latents(trained.prior, labels, execution.seed) if trained.prior else None
    rates = synthesize(trained, labels, latents, window=window, execution=execution)
    return Samples(trained.coding.decode(rates), labels)
