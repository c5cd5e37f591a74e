"""The choice of a hard negative: the wrong class that a network takes for the most likely one."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from pffspike.arithmetic import counter
from pffspike.network import constants
from pffspike.typing import Array, Integers, Signals


class Choice(constants.Noisy, Protocol):
    """What is asked of a hard negative."""

    @property
    def signal(self) -> str:
        """Takes the class that is chosen."""

    @property
    def truth(self) -> str:
        """Signal of the true classes."""


def choose_hard_negatives(
    hard_negative: Choice, counts: Array, signals: Signals, seed: int, samples: Integers
) -> Integers:
    """Choose the wrong class of each sample, see `pffspike.network.spec.HardNegative`.

    Parameters
    ----------
    hard_negative : HardNegative or another `Choice`
        How the class is chosen.
    counts : (batch, classes) ndarray
        Spikes of the population that decides, in the window.
    signals : mapping of str to ndarray
        With the true classes, and the wrong ones: (batch,) ndarrays of int64. A class that is
        given stays; -1 asks for the most convincing one.
    seed : int
        Of everything random.
    samples : (batch,) ndarray of int64
        Numbers of the samples.

    Returns
    -------
    (batch,) ndarray of int64
    """
    classes = np.arange(counts.shape[1])
    keys = counter.derive_keys(counter.derive_key(seed, counter.HARD_NEGATIVES), samples)
    scores = counts + constants.noise(hard_negative) * counter.uniform(keys[:, None], classes)
    scores[classes == signals[hard_negative.truth][:, None]] = -1.0
    given = signals[hard_negative.signal]
    return np.where(given < 0, scores.argmax(axis=1), given).astype(np.int64)
