"""The read-out's part: its answer, and the labels that it proposes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.engines.base import Engine
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.recording import NOTHING, Probes, Recording
from pffspike.typing import Progress

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def one_pass(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    *,
    samples: Integers,
    seed: int,
    probes: Probes = NOTHING,
    progress: Progress | None = None,
) -> Recording:
    """Present images once, without a label, and count the spikes of the read-out."""
    if "readout" not in probes.counts:
        probes = Probes((*probes.counts, "readout"), probes.rasters)
    with engine.compile(network, "one_pass", parameters, seed=seed, probes=probes) as session:
        return session.run({"image": images}, samples, progress=progress)


def ranking(counts: Integers | Floats, samples: Integers, seed: int) -> Integers:
    """Order labels by the spikes of the read-out, equals at random.

    Parameters
    ----------
    counts : (samples, classes) ndarray of int64 or float64
        Whole numbers.
    samples : (samples,) ndarray of int64
        Numbers of the images, which key the random choice.
    seed : int

    Returns
    -------
    (samples, classes) ndarray of int64
        Labels, the best one first.
    """
    keys = counter.derive_keys(counter.derive_key(seed, counter.HARD_NEGATIVES), samples)
    ties = counter.uniform(keys[:, None], np.arange(counts.shape[1]))
    return np.argsort(-(counts + ties), axis=1, kind="stable")


def enter(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    candidates: int,
    *,
    samples: Integers,
    seed: int,
    probes: Probes = NOTHING,
) -> tuple[npt.NDArray[np.bool_], tuple[Recording, ...]]:
    """Choose the labels between which goodness decides.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    engine : Engine
    images : (samples, pixels) ndarray of float64
    candidates : int
        Labels an image. If these are all, nothing is presented.
    samples : (samples,) ndarray of int64
        Numbers of the images, which key their noise.
    seed : int
    probes : Probes

    Returns
    -------
    entered : (samples, classes) ndarray of bool
    recordings : tuple of Recording
        One of the presentations that proposed them, none if nothing was presented.
    """
    classes = len(network.program("goodness").phases)
    if candidates == classes:
        return np.ones((len(images), classes), bool), ()
    recording = one_pass(
        network, parameters, engine, images, samples=samples, seed=seed, probes=probes
    )
    entered = np.zeros((len(images), classes), bool)
    proposed = ranking(recording.counts["readout"], samples, seed)[:, :candidates]
    np.put_along_axis(entered, proposed, True, axis=1)
    return entered, (recording,)
