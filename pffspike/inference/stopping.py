"""When a label is clearly beaten: a limit calibrated to a budget of changed answers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.engines.base import Engine, Progress
from pffspike.errors import ValidationError
from pffspike.inference.goodness import deciding, goodness_scores, prefix_scores, scaled_lead
from pffspike.inference.proposal import enter
from pffspike.inference.race import BLOCK, candidate_network, shorter
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.recording import Probes

CONFIDENCE = 0.95  #: default
_DRAWS, _LEAST_DRAWS = 5, 2000  #: by default: enough to expect so many changes, and so many

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Stopping:
    """The rule of mode ``early``.

    After ``T`` steps of the window a label drops out whose goodness trails the best one by more
    than ``limit / sqrt(T)``; an image is decided when one label is left.

    Parameters
    ----------
    limit : float
        Infinite: never stop.
    budget : float
        Greatest probability that an answer differs from the one of the full window.
    confidence : float
        Probability that calibration finds a limit which keeps the budget.
    draws : int
        Images presented to find it.
    candidates : int
        Labels in the race: all, or those that the read-out proposes.
    window : int
        The full window.
    """

    limit: float
    budget: float
    confidence: float
    draws: int
    candidates: int
    window: int

    @property
    def thresholds(self) -> dict[int, float]:
        """Lead that decides, by window, of those shorter than the full one."""
        return {window: self.limit / math.sqrt(window) for window in shorter(self.window)}


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
    progress: Progress | None = None,
) -> Stopping:
    """Find the least limit that keeps a budget of changed answers. Labels are not needed.

    An answer changes only if the label that wins at the full window was dropped before. Each
    draw - an image, drawn with replacement, and fresh noise - is presented for the full window,
    and its *deficit* is the largest of ``sqrt(T)`` times how far that label trails the best one
    after ``T`` steps: a limit changes at most the answers of larger deficits. The limit is the
    ``r``-th largest of ``n`` independent deficits, with the largest ``r`` for which a binomial
    number of ``n`` trials of probability ``budget`` is below ``r`` with probability
    ``1 - confidence`` at most. This is the distribution-free upper tolerance limit of S. S.
    Wilks, Ann. Math. Statist. 12, 91 (1941); in other words, the upper bound of Clopper and
    Pearson, Biometrika 26, 404 (1934), for ``r - 1`` changes in ``n`` is the budget at most.
    All windows are judged together, so the budget need not be split between them.

    The budget holds for presentations of images drawn like ``images``. Of images that the
    network has learned from it may be surer than of new ones; that these behave alike is an
    assumption, to be checked by comparing answers with mode ``goodness``.

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
    progress : callable or None
        Told of finished draws.

    Returns
    -------
    Stopping

    Raises
    ------
    ValidationError
        If the budget is out of range or the draws are too few for it.
    """
    program = network.program("goodness")
    k = len(program.phases) if candidates is None else candidates
    if not (0 <= budget < 1 and 0 < confidence < 1):
        raise ValidationError(
            f"budget = {budget} must be at least 0 and below 1, confidence = {confidence} between "
            f"0 and 1"
        )
    if budget == 0 or k == 1:
        return Stopping(math.inf, budget, confidence, 0, k, program.window)
    n = default_draws(budget) if draws is None else draws
    rank = _rank(n, budget, confidence)
    key = counter.derive_key(seed, counter.CALIBRATION)
    chosen = counter.integers(counter.derive_key(key, 0), np.arange(n), len(images))
    deficits = _deficits(
        network, parameters, engine, images, chosen, k, counter.derive_key(key, 1), progress
    )
    return Stopping(float(np.sort(deficits)[-rank]), budget, confidence, n, k, program.window)


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
    seed: int,
    progress: Progress | None,
) -> Floats:
    """Limit below which an answer may change, by draw."""
    windows = shorter(network.program("goodness").window)
    entered, _ = enter(network, parameters, engine, images[chosen], candidates, seed=seed)
    probes = Probes(rasters=tuple(p.name for p in deciding(network)))
    deficits = np.zeros(len(chosen))
    with engine.compile(
        candidate_network(network), "candidate", parameters, seed=seed, probes=probes
    ) as session:
        for start in range(0, len(chosen), BLOCK):
            block = np.arange(start, min(start + BLOCK, len(chosen)))
            rows, labels = np.nonzero(entered[block])
            signals = {"image": images[chosen[block[rows]]], "candidate": labels}
            recording = session.run(signals, block[rows])
            winner = goodness_scores(recording).reshape(-1, candidates).argmax(axis=1)
            for window in windows:
                scores = prefix_scores(recording, window).reshape(-1, candidates)
                behind = scores.max(axis=1) - scores[np.arange(len(block)), winner]
                deficits[block] = np.maximum(deficits[block], scaled_lead(behind, window))
            if progress:
                progress(len(block))
    return deficits
