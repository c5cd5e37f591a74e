"""The goodness that decides between labels, at the end of a presentation or earlier in it."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from pffspike.network.spec import Network, Population
from pffspike.recording import Recording
from pffspike.typing import Floats


def deciding(network: Network) -> tuple[Population, ...]:
    """Populations whose goodness counts in the decision."""
    return tuple(p for p in network.populations if p.rule is not None and p.rule.evidence)


def goodness_scores(recording: Recording) -> Floats:
    """Goodness of each label, larger for the better one: ``(samples, phases)``."""
    return _scores(
        recording, ((p, recording.goodness[p.name]) for p in deciding(recording.network))
    )


def prefix_scores(recording: Recording, window: int) -> Floats:
    """Scores of the same presentations, had they ended after ``window`` steps of the window.

    A shorter window is a prefix of the same presentation, because random numbers are keyed by
    the step and not by the program.

    Parameters
    ----------
    recording : Recording
        With the rasters of all populations that decide.
    window : int
        Up to the window of the recording.

    Returns
    -------
    (samples, phases) ndarray of float64
    """
    counted = slice(recording.program.burn_in, recording.program.burn_in + window)
    goodness = (
        (p, np.square(recording.rasters[p.name][counted].sum(axis=0) / window).sum(axis=1))
        for p in deciding(recording.network)
    )
    return _scores(recording, goodness)


def _scores(recording: Recording, goodness: Iterable[tuple[Population, Floats]]) -> Floats:
    total = np.zeros(recording.presentations)
    for population, values in goodness:
        total += values * (population.rule.evidence if population.rule else 0)
    return recording.by_phase(total)


def scaled_margin(margin: Floats, steps: int) -> Floats:
    """Margin of a label over another after ``steps`` steps, times ``sqrt(steps)``.

    Goodness is made of rates, whose errors fall with the square root of the number of steps in
    which they were counted, so one limit serves all windows and numbers of trials.
    """
    return margin * math.sqrt(steps)


def margins(scores: Floats) -> Floats:
    """How far the second best label of each image trails the best one.

    Parameters
    ----------
    scores : (samples, classes) ndarray of float64
        ``-inf`` where a label was not judged.

    Returns
    -------
    (samples,) ndarray of float64
        Infinite where one label only was judged.

    Examples
    --------
    >>> import numpy as np
    >>> margins(np.array([[1.0, 4.0, -np.inf], [2.0, 2.0, 0.0]]))
    array([3., 0.])
    """
    if not len(scores):
        return np.zeros(0)
    second, best = np.sort(scores, axis=1)[:, -2:].T
    return best - second
