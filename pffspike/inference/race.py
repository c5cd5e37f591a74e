"""The race between labels: under growing windows and in trials, dropped once clearly beaten."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.engines.base import Engine, Session
from pffspike.errors import ValidationError
from pffspike.inference.goodness import goodness_scores, leads, scaled_lead
from pffspike.inference.keys import trial_seed
from pffspike.inference.views import Views, viewed
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Program
from pffspike.recording import Probes, Recording
from pffspike.typing import Progress

BLOCK = 256  #: images at a time, whose copies one label each fit in memory; no effect on results

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


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
        phase, name="candidate", inputs={**phase.inputs, label: "candidate"}
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
    """Stages of a race.

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


@dataclass(frozen=True)
class Race:
    """How the labels of each image did.

    Parameters
    ----------
    scores : (samples, classes) ndarray of float64
        At the last stage of the image, the mean over its trials; ``-inf`` for labels that did not
        enter or dropped out.
    leads : (samples,) ndarray of float64
        How far the runner-up trailed at that stage, before it dropped out.
    recordings : tuple of Recording
        By stage: the presentations that ended there. The shorter windows of those that went on
        are their beginnings, and are not among them. A sample is an image under one label.
    """

    scores: Floats
    leads: Floats
    recordings: tuple[Recording, ...]


def race(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    entered: Bools,
    limit: float,
    plan: Sequence[Stage],
    *,
    samples: Integers,
    seed: int,
    views: Views | None,
    probes: Probes,
    progress: Progress | None,
) -> Race:
    """Let labels compete by goodness.

    After ``S`` steps of windows a label drops out whose mean score trails the best one by more than
    ``limit / sqrt(S)``; an image is decided when one label is left, or at the last stage. This is
    successive elimination (Even-Dar, Mannor and Mansour, JMLR 7, 2006) with calibrated bounds, see
    `pffspike.inference.calibrate`.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    engine : Engine
    images : (samples, pixels) ndarray of float64
    entered : (samples, classes) ndarray of bool
        Labels in the race, at least two an image.
    limit : float
        Infinite: no label drops out, and shorter windows than the full one are left out.
    plan : sequence of Stage
        See `stages`.
    samples : (samples,) ndarray of int64
        Numbers of the images, which key their noise.
    seed : int
    views : callable or None
        What trials after the first present; by default the images as they are.
    probes : Probes
    progress : callable or None
        Told of decided images.

    Returns
    -------
    Race
    """
    alive = entered.copy()
    scores, totals = np.where(alive, 0.0, -np.inf), np.zeros(alive.shape)
    lead = np.full(len(images), np.inf)
    full = plan[-1].window
    recordings = []
    for stage in plan if np.isfinite(limit) else [s for s in plan if s.window == full]:
        running = np.flatnonzero(alive.sum(axis=1) > 1)
        if not len(running):
            break
        parts = []
        with engine.compile(
            candidate_network(network, stage.window),
            "candidate",
            parameters,
            seed=trial_seed(seed, stage.trial),
            probes=probes,
        ) as session:
            for start in range(0, len(running), BLOCK):
                block = running[start : start + BLOCK]
                drive = viewed(images, block, stage.trial, views)
                recording, rows, labels = _present(session, drive, alive, block, samples)
                found = goodness_scores(recording)[:, 0]
                if stage.window == full:
                    totals[rows, labels] += found
                    found = totals[rows, labels] / (stage.trial + 1)
                scores[rows, labels] = found
                lead[block] = leads(scores[block])
                if stage != plan[-1]:
                    _drop(scores, alive, block, stage.steps, limit)
                undecided = (alive.sum(axis=1) > 1) & (stage != plan[-1])
                goes_on = undecided & (stage.window < full)
                parts.append(recording.select(~(alive[rows, labels] & goes_on[rows])))
                if progress:
                    progress(int(np.sum(~undecided[block])))
        recordings.append(Recording.join(parts))
    return Race(scores, lead, tuple(recordings))


def _present(
    session: Session, drive: Floats, alive: Bools, block: Integers, samples: Integers
) -> tuple[Recording, Integers, Integers]:
    """Present some images under each label in their race; also each row's image and label."""
    rows, labels = np.nonzero(alive[block])
    shown = block[rows]
    signals = {"image": drive[rows], "candidate": labels}
    return session.run(signals, samples[shown]), shown, labels


def _drop(scores: Floats, alive: Bools, block: Integers, steps: int, limit: float) -> None:
    """Take labels out of the race that are clearly beaten."""
    behind = scores[block].max(axis=1, keepdims=True) - scores[block]
    alive[block] &= scaled_lead(behind, steps) <= limit
    scores[block] = np.where(alive[block], scores[block], -np.inf)
