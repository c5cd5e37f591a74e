"""Calibration of a stopping rule to a tolerance of changed answers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike import limits
from pffspike.arithmetic import counter
from pffspike.choices import CALIBRATED
from pffspike.data import Dataset
from pffspike.deprecation import former_keywords
from pffspike.errors import ValidationError
from pffspike.execution import Execution, counting
from pffspike.inference.elimination import BLOCK, Stage, Stimuli, open_stage, stages
from pffspike.inference.goodness import deciding, goodness_scores, prefix_scores, scaled_margin
from pffspike.inference.mode import Mode, as_mode, check_mode
from pffspike.inference.proposal import propose
from pffspike.inference.stopping import Stopping
from pffspike.inference.views import Views, viewed, views_of_training
from pffspike.inputs import dataset_of, encoded_training
from pffspike.network import signals
from pffspike.network.events import Events, Stimulus
from pffspike.recording import NOTHING, Probes
from pffspike.trained import TrainedNetwork
from pffspike.typing import Floats, Progress

_CHANGES, _LEAST_SAMPLES = 5, 2000  #: by default: enough to expect so many changes, and so many


@former_keywords
def calibrate(
    trained: TrainedNetwork,
    images: Stimulus | Dataset | str | None = None,
    mode: str | Mode = "early",
    *,
    views: Views | None = None,
    execution: Execution = Execution(),
) -> Stopping:
    """Find the least limit that keeps a tolerance of changed answers. Labels are not needed.

    An answer changes only if the label that wins in the end was eliminated before. Each calibration
    sample - an image, drawn with replacement, and fresh noise - is presented in full, and its
    *deficit* is the largest of ``sqrt(S)`` times how far that label trails the best one after ``S``
    steps of windows: a limit changes at most the answers of larger deficits. The limit is the
    ``r``-th largest of ``n`` independent deficits, with the largest ``r`` for which a binomial
    number of ``n`` trials of the tolerated probability is below ``r`` with probability
    ``1 - confidence`` at most. This is the distribution-free upper tolerance limit of S. S.
    Wilks, Ann. Math. Statist. 12, 91 (1941); in other words, the upper bound of Clopper and
    Pearson, Biometrika 26, 404 (1934), for ``r - 1`` changes in ``n`` is the tolerance at most.
    All stages are judged together, so the tolerance need not be split between them.

    It holds for presentations of images drawn like ``images``. Of images that the network has
    learned from it may be surer than of new ones; that these behave alike is an assumption, to be
    checked by comparing answers with mode ``goodness`` of as many trials.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has a program ``goodness``.
    images : (images, neurons) ndarray of float64, Events, Dataset, str or None
        Spike probabilities of images, none on which answers will be judged; or a data set, by
        default that of the network, whose training images are taken.
    mode : str or Mode
        ``early`` or ``late``, with its tolerance, confidence, calibration samples, candidates and
        trials.
    views : callable or None
        What trials after the first present, as when the rule is used; those of a data set are
        `pffspike.views_of` its images.
    execution : Execution
        Its seed is that of the samples drawn and their noise, which no other use of the seed
        shares. Its engine has no effect on the result.

    Returns
    -------
    Stopping

    Raises
    ------
    ValidationError
        If the mode has no stopping rule, or the calibration samples are too few.

    Examples
    --------
    >>> import pffspike
    >>> trained = pffspike.train("digits", epochs=1)
    >>> mode = pffspike.Mode("early", tolerance=0.1, calibration_samples=100)
    >>> pffspike.calibrate(trained, mode=mode).candidates
    10
    """
    chosen = as_mode(mode)
    if chosen.name not in CALIBRATED:
        raise ValidationError(
            f"mode {chosen.name!r} has no stopping rule; give one of: {', '.join(CALIBRATED)}"
        )
    k, window = check_mode(trained.network, chosen), trained.network.program("goodness").window
    trials = chosen.trials_at_most
    if chosen.tolerance == 0 or k == 1:
        return _rule(chosen, math.inf, 0, k, window)
    n = chosen.calibration_samples or default_samples(chosen.tolerance)
    pixels = trained.network.role("input").size
    limits.check_array((n, pixels), f"a calibration on {n} samples")
    rank = _rank(n, chosen.tolerance, chosen.confidence)
    if not isinstance(images, (np.ndarray, Events)):
        data = dataset_of(trained, images)
        images = encoded_training(trained, data)
        views = views or views_of_training(trained, data)
    key = counter.derive_key(execution.seed, counter.CALIBRATION)
    drawn = counter.integers(counter.derive_key(key, 0), np.arange(n), len(images))
    plan = stages(window, trials, shorter=chosen.name == "early")
    report = counting(execution, f"calibrate {chosen.name}", n * trials)
    own = execution.replace(seed=counter.derive_key(key, 1), probes=NOTHING)
    deficits = _deficits(trained, Drawn(images, drawn, views), k, plan, own, report)
    return _rule(chosen, float(np.sort(deficits)[-rank]), n, k, window)


def _rule(mode: Mode, limit: float, samples: int, candidates: int, window: int) -> Stopping:
    return Stopping(
        limit,
        mode.tolerance,
        mode.confidence,
        samples,
        candidates,
        window,
        mode.trials_at_most,
        mode.name,
    )


@dataclass(frozen=True, eq=False)
class Drawn:
    """Images, and which of them are calibration samples.

    Parameters
    ----------
    images : (images, neurons) ndarray of float64, or Events
        Spike probabilities.
    rows : (samples,) ndarray of int64
        Drawn with replacement.
    views : callable or None
        What trials after the first present.
    """

    images: Stimulus
    rows: npt.NDArray[np.int64]
    views: Views | None


def default_samples(tolerance: float) -> int:
    """Presentations of a calibration to a tolerance, if no other number is asked for."""
    return max(_LEAST_SAMPLES, math.ceil(_CHANGES / tolerance)) if tolerance else 0


def _rank(samples: int, tolerance: float, confidence: float) -> int:
    """Largest ``r`` with ``P(binomial(samples, tolerance) < r) <= 1 - confidence``, at least 1."""
    from scipy.special import bdtr

    ranks = np.arange(1, samples + 1)
    allowed = ranks[bdtr(ranks - 1.0, samples, tolerance) <= 1 - confidence]
    if not len(allowed):
        least = math.ceil(math.log(1 - confidence) / math.log1p(-tolerance))
        raise ValidationError(
            f"{samples} calibration samples are too few for a tolerance of {tolerance:g}; it takes "
            f"at least {least}"
        )
    return int(allowed[-1])


def _deficits(
    trained: TrainedNetwork,
    drawn: Drawn,
    candidates: int,
    plan: tuple[Stage, ...],
    execution: Execution,
    report: Progress | None,
) -> Floats:
    """Limit below which an answer may change, by calibration sample."""
    numbers = np.arange(len(drawn.rows))
    first = Stimuli(drawn.images[drawn.rows], numbers)
    proposed, _ = propose(trained, first, candidates, execution)
    early = [stage for stage in plan[:-1] if not stage.trial and stage.window < plan[-1].window]
    rasters = Probes(rasters=tuple(p.name for p in deciding(trained.network)) if early else ())
    scores = {stage: np.zeros((len(numbers), candidates)) for stage in plan}
    total = np.zeros((len(numbers), candidates))
    for stage in plan[len(early) :]:
        recorded = execution.replace(probes=NOTHING if stage.trial else rasters)
        with open_stage(trained, stage, recorded) as session:
            for start in range(0, len(numbers), BLOCK):
                block = numbers[start : start + BLOCK]
                rows, labels = np.nonzero(proposed[block])
                shown = viewed(drawn.images, drawn.rows[block], stage.trial, drawn.views)
                given = {signals.IMAGE: shown[rows], signals.CANDIDATE: labels}
                recording = session.run(given, block[rows])
                total[block] += goodness_scores(recording).reshape(-1, candidates)
                for shorter in () if stage.trial else early:
                    found = prefix_scores(recording, shorter.window)
                    scores[shorter][block] = found.reshape(-1, candidates)
                if report:
                    report(len(block))
        scores[stage] = total / (stage.trial + 1)
    winner = scores[plan[-1]].argmax(axis=1)
    trailing = [
        scaled_margin(found.max(axis=1) - found[numbers, winner], stage.steps)
        for stage, found in scores.items()
    ]
    return np.max(trailing, axis=0)
