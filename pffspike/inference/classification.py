"""Ways to classify, from one presentation an image to several for each label."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.engines.base import Engine
from pffspike.errors import ValidationError, unknown
from pffspike.inference.feedback import feedback_network
from pffspike.inference.goodness import goodness_scores, leads
from pffspike.inference.keys import sample_numbers, trial_seed
from pffspike.inference.proposal import enter, ranking
from pffspike.inference.race import Race, candidate_network, race, stages
from pffspike.inference.stopping import Stopping
from pffspike.inference.views import Views, viewed
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.recording import NOTHING, Probes, Recording
from pffspike.typing import Progress

MODES = ("goodness", "one_pass", "feedback", "proposal", "early", "late")  #: ways to classify
CALIBRATED = ("early", "late")  #: modes that need a stopping rule
PROPOSED = 3  #: labels that the read-out proposes in mode ``proposal``, by default

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Classification:
    """Answers of a network and what led to them.

    Parameters
    ----------
    mode : str
    predicted : (samples,) ndarray of int64
    scores : (samples, classes) ndarray of float64
        ``one_pass``, ``feedback`` (and one candidate): spikes of the read-out in the window.
        Else the sum of the goodness of the populations that decide, its sign such that larger is
        better, at the last comparison of the image; ``-inf`` for labels that were not presented so
        long. Of several trials: the mean.
    leads : (samples,) ndarray of float64
        How far the second best score trailed when the image was decided: the confidence of the
        answer, see `pffspike.inference.fit_confidence`.
    recordings : tuple of Recording
        All that was presented, each presentation once and at its full length: in the order of
        time, and where labels are presented one by one, image by image and label by label.
        ``Recording.samples`` are the numbers of the images.
    candidates : int
        Labels between which goodness could decide; 1 if the read-out answers.
    stopping : Stopping or None
        The rule of modes ``early`` and ``late``.
    """

    mode: str
    predicted: npt.NDArray[np.int64]
    scores: Floats
    leads: Floats
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
        ``early`` and ``late``, unless others are given; 1 of ``one_pass`` and ``feedback``, all of
        ``goodness``.

    Raises
    ------
    ValidationError
    """
    if mode not in MODES:
        raise unknown("mode", mode, MODES)
    if mode == "one_pass":
        network.program(mode)
        return 1
    if mode == "feedback":
        feedback_network(network)
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
    trials: int = 1,
    samples: npt.ArrayLike | None = None,
    views: Views | None = None,
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
    mode : {"goodness", "one_pass", "feedback", "proposal", "early", "late"}
        ``goodness``: present the image under every label, take the label whose goodness is
        best. ``one_pass``: present it once without a label, take the read-out neuron with the
        most spikes, one of equals at random. ``feedback``: the same, while the read-out drives
        the hidden populations as a label would (`pffspike.inference.feedback_network`).
        ``proposal``: goodness decides between the
        ``candidates`` labels with the most spikes in one pass; with 1 this is ``one_pass``,
        with all labels ``goodness``. ``early``: labels drop out as soon as they are clearly
        beaten, by the rule ``stopping``; with a budget of 0 this is ``goodness``. ``late``: images
        whose best label is not clear after the full window are presented again, under the labels
        that are left, by the same kind of rule.
    seed : int
        Of the spikes.
    candidates : int or None
        For ``proposal``, `PROPOSED` by default.
    stopping : Stopping or None
        For ``early`` and ``late``, see `pffspike.inference.calibrate`.
    trials : int
        Presentations with fresh noise whose scores are averaged; of ``early`` and ``late`` the rule
        says how many there may be.
    samples : (samples,) array_like of int, or None
        Numbers of the images, which key their noise. By default they come from the images' content
        (`pffspike.inference.content_keys`), so an answer does not depend on an image's place.
    views : callable or None
        What trials after the first present, such as `pffspike.inference.ShiftedViews`; by default
        the images as they are.
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
    _check_rule(network, mode, stopping, trials)
    labels = check_mode(network, mode, stopping.candidates if stopping else candidates)
    numbers = sample_numbers(images, samples)
    if labels > 1 and mode != "goodness":
        entered, first = enter(
            network, parameters, engine, images, labels, samples=numbers, seed=seed, probes=probes
        )
        outcome = race(
            network,
            parameters,
            engine,
            images,
            entered,
            stopping.limit if stopping else math.inf,
            stopping.stages if stopping else stages(network.program("goodness").window, trials),
            samples=numbers,
            seed=seed,
            views=views,
            probes=probes,
            progress=progress,
        )
        outcome = Race(outcome.scores, outcome.leads, first + outcome.recordings)
        answers = outcome.scores.argmax(axis=1).astype(np.int64)
        return Classification(mode, answers, *_fields(outcome), labels, stopping)
    program = "one_pass" if labels == 1 else "goodness"
    trials = stopping.trials if stopping else trials
    outcome = _average(
        feedback_network(network) if mode == "feedback" else network,
        parameters,
        engine,
        images,
        program,
        trials,
        samples=numbers,
        seed=seed,
        views=views,
        probes=probes,
        progress=progress,
    )
    answers = outcome.scores.argmax(axis=1).astype(np.int64)
    if program == "one_pass":
        answers = ranking(np.rint(outcome.scores * trials), numbers, seed)[:, 0]
    return Classification(mode, answers, *_fields(outcome), labels, stopping)


def _fields(outcome: Race) -> tuple[Floats, Floats, tuple[Recording, ...]]:
    return outcome.scores, outcome.leads, outcome.recordings


def _check_rule(network: Network, mode: str, stopping: Stopping | None, trials: int) -> None:
    """Raise `ValidationError` if a stopping rule or a number of trials does not fit a mode."""
    if (mode in CALIBRATED) != (stopping is not None) or (stopping and stopping.mode != mode):
        raise ValidationError(
            f"mode {mode!r}: give a stopping rule of that mode to modes 'early' and 'late', and "
            f"only to them"
        )
    if stopping and stopping.window != network.program("goodness").window:
        raise ValidationError(
            f"the stopping rule was calibrated for a window of {stopping.window} steps, but the "
            f"network has {network.program('goodness').window}; calibrate it for this network"
        )
    if trials < 1 or (stopping and trials > 1):
        raise ValidationError(
            f"trials = {trials} must be at least 1, and 1 where a stopping rule says how many"
        )


def _average(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    program: str,
    trials: int,
    *,
    samples: Integers,
    seed: int,
    views: Views | None,
    probes: Probes,
    progress: Progress | None,
) -> Race:
    """Mean scores over trials that all present the same."""
    if program == "one_pass" and "readout" not in probes.counts:
        probes = Probes((*probes.counts, "readout"), probes.rasters)
    recordings: list[Recording] = []
    for trial in range(trials):
        with engine.compile(
            network, program, parameters, seed=trial_seed(seed, trial), probes=probes
        ) as session:
            told = progress if trial == trials - 1 else None
            drive = viewed(images, np.arange(len(images)), trial, views) if trial else images
            recordings.append(session.run({"image": drive}, samples, progress=told))
    total = sum(
        recording.counts["readout"].astype(np.float64)
        if program == "one_pass"
        else goodness_scores(recording)
        for recording in recordings
    )
    scores = np.asarray(total) / trials
    return Race(scores, leads(scores), tuple(recordings))
