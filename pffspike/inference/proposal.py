"""The read-out's part: its answer, and the labels that it proposes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.engines.base import Engine, Progress
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.trace import NOTHING, Record, Trace

Floats = npt.NDArray[np.float64]


def one_pass(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    *,
    seed: int,
    record: Record = NOTHING,
    progress: Progress | None = None,
) -> Trace:
    """Present images once, without a label, and count the spikes of the read-out."""
    if "readout" not in record.counts:
        record = Record((*record.counts, "readout"), record.rasters)
    with engine.compile(network, "one_pass", parameters, seed=seed, record=record) as session:
        return session.run({"image": images}, np.arange(len(images)), progress=progress)


def ranking(counts: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    """Order labels by the spikes of the read-out, equals at random.

    Parameters
    ----------
    counts : (samples, classes) ndarray of int64
    seed : int

    Returns
    -------
    (samples, classes) ndarray of int64
        Labels, the best one first.
    """
    keys = counter.derive_keys(counter.derive_key(seed, counter.RIVALS), np.arange(len(counts)))
    ties = counter.uniform(keys[:, None], np.arange(counts.shape[1]))
    return np.argsort(-(counts + ties), axis=1, kind="stable")


def enter(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    candidates: int,
    *,
    seed: int,
    record: Record = NOTHING,
) -> tuple[npt.NDArray[np.bool_], tuple[Trace, ...]]:
    """Choose the labels between which goodness decides.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    engine : Engine
    images : (samples, pixels) ndarray of float64
    candidates : int
        Labels an image. If these are all, nothing is presented.
    seed : int
    record : Record

    Returns
    -------
    entered : (samples, classes) ndarray of bool
    traces : tuple of Trace
        One of the presentations that proposed them, none if nothing was presented.
    """
    classes = len(network.program("goodness").phases)
    if candidates == classes:
        return np.ones((len(images), classes), bool), ()
    trace = one_pass(network, parameters, engine, images, seed=seed, record=record)
    entered = np.zeros((len(images), classes), bool)
    proposed = ranking(trace.counts["readout"], seed)[:, :candidates]
    np.put_along_axis(entered, proposed, True, axis=1)
    return entered, (trace,)
