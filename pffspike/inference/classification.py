"""Ways to classify, from one presentation an image to several for each label."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike.choices import CALIBRATED
from pffspike.deprecation import former_keywords
from pffspike.errors import ValidationError
from pffspike.execution import Execution, counting, open_session
from pffspike.inference.elimination import Compared, Stimuli, eliminate, stages
from pffspike.inference.feedback import feedback_network
from pffspike.inference.goodness import goodness_scores, margins
from pffspike.inference.keys import sample_numbers, trial_seed
from pffspike.inference.mode import AnyMode, as_mode, check_mode, mode_name
from pffspike.inference.proposal import counting_readout, propose, ranking
from pffspike.inference.stopping import Stopping
from pffspike.inference.views import Views
from pffspike.network import signals
from pffspike.network.events import Stimulus
from pffspike.network.spec import Network
from pffspike.recording import Recording
from pffspike.tabular import Tabular
from pffspike.trained import TrainedNetwork
from pffspike.typing import Floats, Progress


@dataclass(frozen=True, eq=False)
class Classification(Tabular):
    """Answers of a network and what led to them.

    Parameters
    ----------
    mode : str
        Name of the mode.
    predicted : (samples,) ndarray of int64
        The answers.
    scores : (samples, classes) ndarray of float64
        ``one_pass``, ``feedback`` (and one candidate): spikes of the read-out in the window.
        Else the sum of the goodness of the populations that decide, its sign such that larger is
        better, at the last comparison of the image; ``-inf`` for labels that were not presented so
        long. Of several trials: the mean.
    margins : (samples,) ndarray of float64
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
    margins: Floats
    recordings: tuple[Recording, ...]
    candidates: int
    stopping: Stopping | None = None

    def accuracy(self, labels: npt.ArrayLike) -> float:
        """Fraction of samples whose answer equals the label."""
        return float(np.mean(self.predicted == np.asarray(labels)))

    def tidy_rows(self) -> list[dict[str, Any]]:
        """Give a row for each image: its answer, the margin, and the score of every label.

        Scores are spikes of the read-out or goodness, as ``scores`` says; None: not presented.
        """
        rows = []
        for sample, (answer, margin) in enumerate(zip(self.predicted, self.margins, strict=True)):
            scores = {
                f"score_{label}": float(score) if math.isfinite(score) else None
                for label, score in enumerate(self.scores[sample])
            }
            head = {"sample": sample, "mode": self.mode, "candidates": self.candidates}
            known = float(margin) if math.isfinite(margin) else None
            rows.append({**head, "predicted": int(answer), "margin": known, **scores})
        return rows

    def __repr__(self) -> str:
        return (
            f"Classification({len(self.predicted)} images, mode {self.mode!r}, "
            f"{self.candidates} candidates)"
        )


@former_keywords
def classify(
    trained: TrainedNetwork,
    images: Stimulus,
    mode: AnyMode = "goodness",
    *,
    samples: npt.ArrayLike | None = None,
    views: Views | None = None,
    execution: Execution = Execution(),
) -> Classification:
    """Classify images.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has the programs ``goodness`` and ``one_pass``, as far as the mode needs them.
    images : (samples, neurons) or (samples, steps, neurons) ndarray, or Events
        Spike probabilities on the grid 2^-24, or those of each step (a raster is 0 and 1);
        ``trained.coding.encode`` makes what the network expects of grey values.
    mode : str, Mode or Stopping
        See `pffspike.Mode`. Modes ``early`` and ``late`` are given as the rule that
        `pffspike.calibrate` found.
    samples : (samples,) array_like of int, or None
        Numbers of the images, which key their noise. By default they come from the images' content
        (`pffspike.inference.content_keys`), so an answer does not depend on an image's place.
    views : callable or None
        What trials after the first present, see `pffspike.views_of`; by default the images as they
        are.
    execution : Execution
        Engine, seed of the spikes, probes, progress.

    Returns
    -------
    Classification

    Raises
    ------
    ValidationError
        If the mode lacks its rule, or the network has no program for it.

    Examples
    --------
    >>> import pffspike
    >>> data = pffspike.load_data("digits")
    >>> trained = pffspike.train("digits", epochs=1)
    >>> images = pffspike.probabilities(data.test_images[:3], data.levels)
    >>> pffspike.classify(trained, images, "one_pass").predicted.shape
    (3,)
    """
    network = trained.network
    rule = mode if isinstance(mode, Stopping) else None
    name = mode_name(mode)
    _check_rule(network, name, rule)
    labels = check_mode(network, mode)
    trials = mode.trials if isinstance(mode, Stopping) else as_mode(mode).trials_at_most
    stimuli = Stimuli(images, sample_numbers(images, samples), views)
    report = counting(execution, f"{execution.engine_name} {name}", len(images))
    if labels > 1 and name != "goodness":
        plan = rule.stages if rule else stages(network.program("goodness").window, trials)
        proposed, first = propose(trained, stimuli, labels, execution)
        limit = rule.limit if rule else math.inf
        outcome = eliminate(trained, stimuli, proposed, limit, plan, execution, report)
        outcome = Compared(outcome.scores, outcome.margins, first + outcome.recordings)
        answers = outcome.scores.argmax(axis=1).astype(np.int64)
    elif labels == 1:
        if name == "feedback":
            trained = trained.replace(network=feedback_network(network))
        outcome = _average(trained, stimuli, "one_pass", trials, execution, report)
        spikes = np.rint(outcome.scores * trials)
        answers = ranking(spikes, stimuli.samples, execution.seed)[:, 0]
    else:
        outcome = _average(trained, stimuli, "goodness", trials, execution, report)
        answers = outcome.scores.argmax(axis=1).astype(np.int64)
    return Classification(
        name, answers, outcome.scores, outcome.margins, outcome.recordings, labels, rule
    )


def _check_rule(network: Network, name: str, rule: Stopping | None) -> None:
    """Raise `ValidationError` if a mode lacks its stopping rule, or the rule does not fit."""
    if rule is None and name in CALIBRATED:
        raise ValidationError(
            f"mode {name!r} needs a stopping rule; give what pffspike.calibrate(trained, "
            f"mode={name!r}) returns as the mode"
        )
    if rule and rule.window != network.program("goodness").window:
        raise ValidationError(
            f"the stopping rule was calibrated for a window of {rule.window} steps, but the "
            f"network has {network.program('goodness').window}; calibrate it for this network"
        )


def _average(
    trained: TrainedNetwork,
    stimuli: Stimuli,
    program: str,
    trials: int,
    execution: Execution,
    report: Progress | None,
) -> Compared:
    """Mean scores over trials that all present the same."""
    if program == "one_pass":
        execution = counting_readout(trained.network, execution)
    recordings: list[Recording] = []
    for trial in range(trials):
        own = execution.replace(seed=trial_seed(execution.seed, trial))
        with open_session(trained, program, own) as session:
            told = report if trial == trials - 1 else None
            given = {signals.IMAGE: stimuli.shown(np.arange(len(stimuli)), trial)}
            recordings.append(session.run(given, stimuli.samples, progress=told))
    total = sum(
        recording.counts[trained.network.role("readout").name].astype(np.float64)
        if program == "one_pass"
        else goodness_scores(recording)
        for recording in recordings
    )
    scores = np.asarray(total) / trials
    return Compared(scores, margins(scores), tuple(recordings))
