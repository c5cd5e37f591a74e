"""Four ways to classify, from one presentation an image to one for each label."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.engines.base import Engine, Progress
from pffspike.errors import ValidationError, unknown
from pffspike.inference.goodness import goodness_scores
from pffspike.inference.proposal import enter, one_pass, ranking
from pffspike.inference.race import Race, candidate_network, race
from pffspike.inference.stopping import Stopping
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.recording import NOTHING, Probes, Recording

MODES = ("goodness", "one_pass", "proposal", "early")  #: ways to classify
PROPOSED = 3  #: labels that the read-out proposes in mode ``proposal``, by default

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Classification:
    """Answers of a network and what led to them.

    Parameters
    ----------
    mode : str
    predicted : (samples,) ndarray of int64
    scores : (samples, classes) ndarray of float64
        ``one_pass`` (and one candidate): spikes of the read-out in the window. Else the sum of
        the goodness of the populations that decide, its sign such that larger is better, at the
        longest window of the image; ``-inf`` for labels that were not presented so long.
    recordings : tuple of Recording
        All that was presented, each presentation once and at its full length: in the order of
        time, and where labels are presented one by one, image by image and label by label.
        ``Recording.samples`` are the numbers of the images.
    candidates : int
        Labels between which goodness could decide; 1 if the read-out answers.
    stopping : Stopping or None
        The rule of mode ``early``.
    """

    mode: str
    predicted: npt.NDArray[np.int64]
    scores: Floats
    recordings: tuple[Recording, ...]
    candidates: int
    stopping: Stopping | None = None

    def accuracy(self, labels: npt.ArrayLike) -> float:
        """Fraction of samples whose answer equals the label."""
        return float(np.mean(self.predicted == np.asarray(labels)))


def check_mode(network: Network, mode: str, candidates: int | None = None) -> int:
    """Check that a network can classify in a mode.

    Parameters
    ----------
    network : Network
    mode : str
    candidates : int or None
        The mode's own by default.

    Returns
    -------
    int
        Labels between which goodness decides: `PROPOSED` of mode ``proposal`` and all of
        ``early``, unless others are given; 1 of ``one_pass``, all of ``goodness``.

    Raises
    ------
    ValidationError
    """
    if mode not in MODES:
        raise unknown("mode", mode, MODES)
    if mode == "one_pass":
        network.program(mode)
        return 1
    classes = len(network.program("goodness").phases)
    if mode == "goodness":
        return classes
    candidate_network(network)
    default = min(PROPOSED, classes) if mode == "proposal" else classes
    chosen = default if candidates is None else candidates
    if not 1 <= chosen <= classes:
        raise ValidationError(
            f"candidates = {chosen} must be from 1 to {classes}, the labels there are"
        )
    if chosen < classes:
        network.program("one_pass")
    return chosen


def classify(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    mode: str = "goodness",
    *,
    seed: int,
    candidates: int | None = None,
    stopping: Stopping | None = None,
    probes: Probes = NOTHING,
    progress: Progress | None = None,
) -> Classification:
    """Classify images.

    Parameters
    ----------
    network : Network
        With the programs ``goodness`` and ``one_pass``, as far as the mode needs them, and for
        the latter a population ``readout``.
    parameters : Parameters
    engine : Engine
    images : (samples, pixels) ndarray of float64
        Spike probabilities on the grid 2^-24.
    mode : {"goodness", "one_pass", "proposal", "early"}
        ``goodness``: present the image under every label, take the label whose goodness is
        best. ``one_pass``: present it once without a label, take the read-out neuron with the
        most spikes, one of equals at random. ``proposal``: goodness decides between the
        ``candidates`` labels with the most spikes in one pass; with 1 this is ``one_pass``,
        with all labels ``goodness``. ``early``: labels drop out as soon as they are clearly
        beaten, by the rule ``stopping``; with a budget of 0 this is ``goodness``.
    seed : int
        Of the spikes; image ``k`` is sample ``k``.
    candidates : int or None
        For ``proposal``, `PROPOSED` by default.
    stopping : Stopping or None
        For ``early``, see `pffspike.inference.calibrate`.
    probes : Probes
    progress : callable or None

    Returns
    -------
    Classification

    Raises
    ------
    ValidationError
        If the mode is unknown, lacks its rule, or the network has no program for it.
    """
    if (mode == "early") != (stopping is not None):
        raise ValidationError(
            f"mode {mode!r}: give a stopping rule to mode 'early', and only to it"
        )
    labels = check_mode(network, mode, stopping.candidates if stopping else candidates)
    if stopping and stopping.window != network.program("goodness").window:
        raise ValidationError(
            f"the stopping rule was calibrated for a window of {stopping.window} steps, but the "
            f"network has {network.program('goodness').window}; calibrate it for this network"
        )
    if labels == 1:
        recording = one_pass(
            network, parameters, engine, images, seed=seed, probes=probes, progress=progress
        )
        counts = recording.counts["readout"]
        answers = ranking(counts, seed)[:, 0]
        return Classification(mode, answers, counts.astype(np.float64), (recording,), 1, stopping)
    if mode == "goodness":
        with engine.compile(network, mode, parameters, seed=seed, probes=probes) as session:
            recording = session.run({"image": images}, np.arange(len(images)), progress=progress)
        outcome = Race(goodness_scores(recording), (recording,))
    else:
        entered, first = enter(
            network, parameters, engine, images, labels, seed=seed, probes=probes
        )
        limit = stopping.limit if stopping else math.inf
        outcome = race(
            network,
            parameters,
            engine,
            images,
            entered,
            limit,
            seed=seed,
            probes=probes,
            progress=progress,
        )
        outcome = Race(outcome.scores, first + outcome.recordings)
    answers = outcome.scores.argmax(axis=1).astype(np.int64)
    return Classification(mode, answers, outcome.scores, outcome.recordings, labels, stopping)
