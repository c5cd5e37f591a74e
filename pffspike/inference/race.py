"""The race between labels: presented under growing windows, dropped once clearly beaten."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.engines.base import Engine, Progress, Session
from pffspike.errors import ValidationError
from pffspike.inference.goodness import goodness_scores, scaled_lead
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Program
from pffspike.recording import Probes, Recording

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


def shorter(full: int) -> list[int]:
    """Windows at which a race may be decided before the full one: 1, 2, 4, ..."""
    return [2**k for k in range(full.bit_length() - 1)]


@dataclass(frozen=True)
class Race:
    """How the labels of each image did.

    Parameters
    ----------
    scores : (samples, classes) ndarray of float64
        At the longest window of the image; ``-inf`` for labels that did not enter or dropped out.
    recordings : tuple of Recording
        By window: the presentations that ended there. The shorter windows of those that went on
        are their beginnings, and are not among them. A sample is an image under one label.
    """

    scores: Floats
    recordings: tuple[Recording, ...]


def race(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    entered: Bools,
    limit: float,
    *,
    seed: int,
    probes: Probes,
    progress: Progress | None,
) -> Race:
    """Let labels compete by goodness.

    After ``T`` = 1, 2, 4, ... steps of the window, a label drops out whose score trails the best
    one by more than ``limit / sqrt(T)``; an image is decided when one label is left, or at the full
    window. This is successive elimination (Even-Dar, Mannor and Mansour, JMLR 7, 2006) with
    calibrated bounds, see `pffspike.inference.calibrate`.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    engine : Engine
    images : (samples, pixels) ndarray of float64
    entered : (samples, classes) ndarray of bool
        Labels in the race, at least two an image.
    limit : float
        Infinite: no label drops out, only the full window is run.
    seed : int
    probes : Probes
    progress : callable or None
        Told of decided images.

    Returns
    -------
    Race
    """
    alive = entered.copy()
    scores = np.where(alive, 0.0, -np.inf)
    full = network.program("goodness").window
    recordings = []
    for window in [*(shorter(full) if np.isfinite(limit) else []), full]:
        running = np.flatnonzero(alive.sum(axis=1) > 1)
        if not len(running):
            break
        parts = []
        with engine.compile(
            candidate_network(network, window), "candidate", parameters, seed=seed, probes=probes
        ) as session:
            for start in range(0, len(running), BLOCK):
                block = running[start : start + BLOCK]
                recording, samples, labels = _present(session, images, alive, block)
                scores[samples, labels] = goodness_scores(recording)[:, 0]
                if window < full:
                    _drop(scores, alive, block, window, limit)
                undecided = (alive.sum(axis=1) > 1) & (window < full)
                parts.append(recording.select(~(alive[samples, labels] & undecided[samples])))
                if progress:
                    progress(int(np.sum(~undecided[block])))
        recordings.append(Recording.join(parts))
    return Race(scores, tuple(recordings))


def _present(
    session: Session, images: Floats, alive: Bools, block: Integers
) -> tuple[Recording, Integers, Integers]:
    """Present some images under each label in their race; also each row's image and label."""
    rows, labels = np.nonzero(alive[block])
    samples = block[rows]
    return session.run({"image": images[samples], "candidate": labels}, samples), samples, labels


def _drop(scores: Floats, alive: Bools, block: Integers, window: int, limit: float) -> None:
    """Take labels out of the race that are clearly beaten."""
    behind = scores[block].max(axis=1, keepdims=True) - scores[block]
    alive[block] &= scaled_lead(behind, window) <= limit
    scores[block] = np.where(alive[block], scores[block], -np.inf)
