"""Early stopping by elimination: labels under growing windows and in trials, until one is left."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pffspike.engines.base import Session
from pffspike.errors import ValidationError
from pffspike.execution import Execution, open_session
from pffspike.inference.goodness import goodness_scores, margins, scaled_margin
from pffspike.inference.keys import trial_seed
from pffspike.inference.views import Views, viewed
from pffspike.network import signals
from pffspike.network.events import Stimulus
from pffspike.network.spec import Network, Program
from pffspike.recording import Recording
from pffspike.trained import TrainedNetwork
from pffspike.typing import Bools, Floats, Integers, Progress

BLOCK = 256  #: images at a time, whose copies one label each fit in memory; no effect on results


def candidate_network(network: Network, window: int | None = None) -> Network:
    """Derive the network whose one program, ``candidate``, presents any one label.

    Parameters
    ----------
    network : Network
        With a program ``goodness`` whose phases differ in the label only. Phases of one stream
        share their random numbers, so the spikes under a label are the same in both programs.
    window : int or None
        Instead of the program's: a power of two.

    Returns
    -------
    Network
        The label follows the signal ``candidate``.

    Raises
    ------
    ValidationError
        If the network has no such program.
    """
    given = network.program("goodness")
    phase = given.phases[0]
    label = next((name for name, source in phase.inputs.items() if source == 0), None)
    if label is None or any(
        dataclasses.replace(phase, name=other.name, inputs={**phase.inputs, label: index}) != other
        for index, other in enumerate(given.phases)
    ):
        raise ValidationError(
            f"program 'goodness' of network {network.name!r} must have a phase for each label, "
            f"in order, that differ in nothing else"
        )
    single = dataclasses.replace(
        phase, name="candidate", inputs={**phase.inputs, label: signals.CANDIDATE}
    )
    program = Program("candidate", given.burn_in, window or given.window, (single,))
    return network.replace(programs=(program,))


@dataclass(frozen=True)
class Stage:
    """When labels are compared: at the end of a window, of the first trial or of a later one.

    Parameters
    ----------
    window : int
        Steps; only the first trial is compared in shorter windows than the full one.
    trial : int
        From 0.
    """

    window: int
    trial: int = 0

    @property
    def steps(self) -> int:
        """Steps of windows in which goodness has been counted so far."""
        return self.window * (self.trial + 1)


def stages(full: int, trials: int = 1, *, shorter: bool = False) -> tuple[Stage, ...]:
    """Stages at which labels are compared.

    Parameters
    ----------
    full : int
        The full window.
    trials : int
        Presentations of the full window, each with fresh noise.
    shorter : bool
        Whether to compare after 1, 2, 4, ... steps of the first one too.

    Returns
    -------
    tuple of Stage

    Examples
    --------
    >>> [stage.steps for stage in stages(8, 3, shorter=True)]
    [1, 2, 4, 8, 16, 24]
    """
    windows = [2**k for k in range(full.bit_length() - 1)] if shorter else []
    return (*map(Stage, windows), *(Stage(full, trial) for trial in range(trials)))


@dataclass(frozen=True, eq=False)
class Stimuli:
    """Images, the numbers that key their noise, and what later trials present.

    Parameters
    ----------
    images : (samples, neurons) or (samples, steps, neurons) ndarray, or Events
        Spike probabilities on the grid 2^-24, or those of each step.
    samples : (samples,) ndarray of int64
        Numbers of the images.
    views : callable or None
        What trials after the first present; None: the images as they are.
    """

    images: Stimulus
    samples: Integers
    views: Views | None = None

    def shown(self, rows: Integers, trial: int) -> Stimulus:
        """Spike probabilities of some of the images in a trial."""
        return viewed(self.images, rows, trial, self.views)

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, eq=False)
class Compared:
    """How the labels of each image did.

    Parameters
    ----------
    scores : (samples, classes) ndarray of float64
        At the last stage of the image, the mean over its trials; ``-inf`` for labels that were not
        candidates or were eliminated.
    margins : (samples,) ndarray of float64
        How far the runner-up trailed at that stage, before it was eliminated.
    recordings : tuple of Recording
        By stage: the presentations that ended there. The shorter windows of those that went on
        are their beginnings, and are not among them. A sample is an image under one label.
    """

    scores: Floats
    margins: Floats
    recordings: tuple[Recording, ...]


def eliminate(
    trained: TrainedNetwork,
    stimuli: Stimuli,
    candidates: Bools,
    limit: float,
    plan: Sequence[Stage],
    execution: Execution,
    report: Progress | None,
) -> Compared:
    """Compare labels by goodness and eliminate those that are clearly beaten.

    After ``S`` steps of windows a label is eliminated whose mean score trails the best one by more
    than ``limit / sqrt(S)``; an image is decided when one label is left, or at the last stage. This
    is successive elimination (Even-Dar, Mannor and Mansour, JMLR 7, 2006) with calibrated bounds,
    see `pffspike.calibrate`.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has a program ``goodness``, see `candidate_network`.
    stimuli : Stimuli
        The images.
    candidates : (samples, classes) ndarray of bool
        Labels to compare, at least two an image.
    limit : float
        Infinite: no label is eliminated, and shorter windows than the full one are left out.
    plan : sequence of Stage
        See `stages`.
    execution : Execution
        Engine, seed, probes.
    report : callable or None
        Called with numbers of decided images.

    Returns
    -------
    Compared
    """
    alive = candidates.copy()
    scores, totals = np.where(alive, 0.0, -np.inf), np.zeros(alive.shape)
    margin = np.full(len(stimuli), np.inf)
    full, last = plan[-1].window, plan[-1]
    recordings = []
    for stage in plan if np.isfinite(limit) else [s for s in plan if s.window == full]:
        running = np.flatnonzero(alive.sum(axis=1) > 1)
        if not len(running):
            break
        parts = []
        with open_stage(trained, stage, execution) as session:
            for start in range(0, len(running), BLOCK):
                block = running[start : start + BLOCK]
                recording, rows, labels = _present(session, stimuli, alive, block, stage.trial)
                found = goodness_scores(recording)[:, 0]
                if stage.window == full:
                    totals[rows, labels] += found
                    found = totals[rows, labels] / (stage.trial + 1)
                scores[rows, labels] = found
                margin[block] = margins(scores[block])
                if stage != last:
                    _drop(scores, alive, block, stage.steps, limit)
                undecided = (alive.sum(axis=1) > 1) & (stage != last)
                goes_on = undecided & (stage.window < full)
                parts.append(recording.select(~(alive[rows, labels] & goes_on[rows])))
                if report:
                    report(int(np.sum(~undecided[block])))
        recordings.append(Recording.join(parts))
    return Compared(scores, margin, tuple(recordings))


def open_stage(trained: TrainedNetwork, stage: Stage, execution: Execution) -> Session:
    """Open a session that presents images under any one label, for a stage's window and trial.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has a program ``goodness``.
    stage : Stage
        The stage.
    execution : Execution
        Its seed is that of the first trial.

    Returns
    -------
    Session
    """
    network = candidate_network(trained.network, stage.window)
    seed = trial_seed(execution.seed, stage.trial)
    return open_session(trained.replace(network=network), "candidate", execution.replace(seed=seed))


def _present(
    session: Session, stimuli: Stimuli, alive: Bools, block: Integers, trial: int
) -> tuple[Recording, Integers, Integers]:
    """Present some images under each label that is left; also each row's image and label."""
    rows, labels = np.nonzero(alive[block])
    shown = block[rows]
    given = {signals.IMAGE: stimuli.shown(block, trial)[rows], signals.CANDIDATE: labels}
    return session.run(given, stimuli.samples[shown]), shown, labels


def _drop(scores: Floats, alive: Bools, block: Integers, steps: int, limit: float) -> None:
    """Eliminate labels that are clearly beaten."""
    behind = scores[block].max(axis=1, keepdims=True) - scores[block]
    alive[block] &= scaled_margin(behind, steps) <= limit
    scores[block] = np.where(alive[block], scores[block], -np.inf)
