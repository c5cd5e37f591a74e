"""When a label is clearly beaten: a limit calibrated to a budget of changed answers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.engines.base import Engine
from pffspike.errors import ValidationError, unknown
from pffspike.inference.goodness import deciding, goodness_scores, prefix_scores, scaled_lead
from pffspike.inference.keys import trial_seed
from pffspike.inference.proposal import enter
from pffspike.inference.race import BLOCK, Stage, candidate_network, stages
from pffspike.inference.views import Views, viewed
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.recording import NOTHING, Probes
from pffspike.typing import Progress

CONFIDENCE = 0.95  #: default
TRIALS = 5  #: default of mode ``late``
_DRAWS, _LEAST_DRAWS = 5, 2000  #: by default: enough to expect so many changes, and so many

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Stopping:
    """The rule of modes ``early`` and ``late``.

    After ``S`` steps of windows a label drops out whose mean goodness trails the best one by more
    than ``limit / sqrt(S)``; an image is decided when one label is left. Mode ``early`` compares
    after 1, 2, 4, ... steps of the first window, ``late`` after the whole of it; an image that is
    not decided then is presented again, up to ``trials`` times in all, under the labels that are
    left.

    Parameters
    ----------
    limit : float
        Infinite: never stop.
    budget : float
        Greatest probability that an answer differs from the one of all trials in full.
    confidence : float
        Probability that calibration finds a limit which keeps the budget.
    draws : int
        Images presented to find it.
    candidates : int
        Labels in the race: all, or those that the read-out proposes.
    window : int
        The full window.
    trials : int
        Presentations of an image under a label, at most.
    mode : {"early", "late"}
    """

    limit: float
    budget: float
    confidence: float
    draws: int
    candidates: int
    window: int
    trials: int = 1
    mode: str = "early"

    @property
    def stages(self) -> tuple[Stage, ...]:
        """When labels are compared, the last time included."""
        return stages(self.window, self.trials, shorter=self.mode == "early")

    @property
    def thresholds(self) -> dict[int, float]:
        """Lead that decides, by steps of windows, before the last stage."""
        return {stage.steps: self.limit / math.sqrt(stage.steps) for stage in self.stages[:-1]}


def calibrate(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    *,
    budget: float,
    seed: int,
    candidates: int | None = None,
    draws: int | None = None,
    confidence: float = CONFIDENCE,
    mode: str = "early",
    trials: int | None = None,
    views: Views | None = None,
    progress: Progress | None = None,
) -> Stopping:
    """Find the least limit that keeps a budget of changed answers. Labels are not needed.

    An answer changes only if the label that wins in the end was dropped before. Each draw - an
    image, drawn with replacement, and fresh noise - is presented in full, and its *deficit* is the
    largest of ``sqrt(S)`` times how far that label trails the best one after ``S`` steps of
    windows: a limit changes at most the answers of larger deficits. The limit is the
    ``r``-th largest of ``n`` independent deficits, with the largest ``r`` for which a binomial
    number of ``n`` trials of probability ``budget`` is below ``r`` with probability
    ``1 - confidence`` at most. This is the distribution-free upper tolerance limit of S. S.
    Wilks, Ann. Math. Statist. 12, 91 (1941); in other words, the upper bound of Clopper and
    Pearson, Biometrika 26, 404 (1934), for ``r - 1`` changes in ``n`` is the budget at most.
    All stages are judged together, so the budget need not be split between them.

    The budget holds for presentations of images drawn like ``images``. Of images that the
    network has learned from it may be surer than of new ones; that these behave alike is an
    assumption, to be checked by comparing answers with mode ``goodness`` of as many trials.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    engine : Engine
        No effect on the result.
    images : (images, pixels) ndarray of float64
        For example the training images; none on which answers will be judged.
    budget : float
        In [0, 1); 0: never stop.
    seed : int
        Of the draws and their noise, which no other use of the seed shares.
    candidates : int or None
        Labels that the read-out proposes; all by default.
    draws : int or None
        ``5 / budget`` by default, at least 2000.
    confidence : float
        In (0, 1).
    mode : {"early", "late"}
    trials : int or None
        Presentations of an image under a label, at most: 1 of ``early`` by default, `TRIALS` of
        ``late``.
    views : callable or None
        What trials after the first present, as when the rule is used.
    progress : callable or None
        Told of draws, of each once a trial.

    Returns
    -------
    Stopping

    Raises
    ------
    ValidationError
        If the budget or the trials are out of range, or the draws are too few for the budget.
    """
    program = network.program("goodness")
    k = len(program.phases) if candidates is None else candidates
    if not (0 <= budget < 1 and 0 < confidence < 1):
        raise ValidationError(
            f"budget = {budget} must be at least 0 and below 1, confidence = {confidence} between "
            f"0 and 1"
        )
    rounds = default_trials(mode) if trials is None else trials
    least = {"early": 1, "late": 2}
    if mode not in least:
        raise unknown("calibrated mode", mode, least)
    if rounds < least[mode]:
        raise ValidationError(f"trials = {rounds} must be at least {least[mode]} in mode {mode!r}")
    if budget == 0 or k == 1:
        return Stopping(math.inf, budget, confidence, 0, k, program.window, rounds, mode)
    n = default_draws(budget) if draws is None else draws
    rank = _rank(n, budget, confidence)
    key = counter.derive_key(seed, counter.CALIBRATION)
    chosen = counter.integers(counter.derive_key(key, 0), np.arange(n), len(images))
    seed, plan = counter.derive_key(key, 1), stages(program.window, rounds, shorter=mode == "early")
    deficits = _deficits(
        network, parameters, engine, images, chosen, k, plan, seed=seed, views=views, tell=progress
    )
    limit = float(np.sort(deficits)[-rank])
    return Stopping(limit, budget, confidence, n, k, program.window, rounds, mode)


def default_trials(mode: str) -> int:
    """Trials of a mode, if no other number is asked for."""
    return TRIALS if mode == "late" else 1


def default_draws(budget: float) -> int:
    """Draws of a calibration to a budget, if no other number is asked for."""
    return max(_LEAST_DRAWS, math.ceil(_DRAWS / budget)) if budget else 0


def _rank(draws: int, budget: float, confidence: float) -> int:
    """Largest ``r`` with ``P(binomial(draws, budget) < r) <= 1 - confidence``, at least 1."""
    from scipy.special import bdtr

    ranks = np.arange(1, draws + 1)
    allowed = ranks[bdtr(ranks - 1.0, draws, budget) <= 1 - confidence]
    if not len(allowed):
        least = math.ceil(math.log(1 - confidence) / math.log1p(-budget))
        raise ValidationError(
            f"{draws} calibration draws are too few for a budget of {budget:g}; it takes at "
            f"least {least}"
        )
    return int(allowed[-1])


def _deficits(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    chosen: npt.NDArray[np.int64],
    candidates: int,
    plan: tuple[Stage, ...],
    *,
    seed: int,
    views: Views | None,
    tell: Progress | None,
) -> Floats:
    """Limit below which an answer may change, by draw."""
    numbers = np.arange(len(chosen))
    entered, _ = enter(
        network, parameters, engine, images[chosen], candidates, samples=numbers, seed=seed
    )
    early = [stage for stage in plan[:-1] if not stage.trial and stage.window < plan[-1].window]
    rasters = Probes(rasters=tuple(p.name for p in deciding(network)) if early else ())
    scores = {stage: np.zeros((len(chosen), candidates)) for stage in plan}
    total = np.zeros((len(chosen), candidates))
    for stage in plan[len(early) :]:
        with engine.compile(
            candidate_network(network),
            "candidate",
            parameters,
            seed=trial_seed(seed, stage.trial),
            probes=NOTHING if stage.trial else rasters,
        ) as session:
            for start in range(0, len(chosen), BLOCK):
                block = numbers[start : start + BLOCK]
                rows, labels = np.nonzero(entered[block])
                drive = viewed(images, chosen[block], stage.trial, views)
                signals = {"image": drive[rows], "candidate": labels}
                recording = session.run(signals, block[rows])
                total[block] += goodness_scores(recording).reshape(-1, candidates)
                for shorter in () if stage.trial else early:
                    found = prefix_scores(recording, shorter.window)
                    scores[shorter][block] = found.reshape(-1, candidates)
                if tell:
                    tell(len(block))
        scores[stage] = total / (stage.trial + 1)
    winner = scores[plan[-1]].argmax(axis=1)
    trailing = [
        scaled_lead(found.max(axis=1) - found[numbers, winner], stage.steps)
        for stage, found in scores.items()
    ]
    return np.max(trailing, axis=0)
