"""The read-out's part: its answer, and the labels that it proposes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.execution import Execution, open_session
from pffspike.inference.elimination import Stimuli
from pffspike.network import signals
from pffspike.network.spec import Network
from pffspike.recording import Probes, Recording
from pffspike.trained import TrainedNetwork
from pffspike.typing import Floats, Integers


def ranking(counts: Integers | Floats, samples: Integers, seed: int) -> Integers:
    """Order labels by the spikes of the read-out, equals at random.

    Parameters
    ----------
    counts : (samples, classes) ndarray of int64 or float64
        Whole numbers.
    samples : (samples,) ndarray of int64
        Numbers of the images, which key the random choice.
    seed : int
        Of everything random.

    Returns
    -------
    (samples, classes) ndarray of int64
        Labels, the best one first.
    """
    keys = counter.derive_keys(counter.derive_key(seed, counter.HARD_NEGATIVES), samples)
    ties = counter.uniform(keys[:, None], np.arange(counts.shape[1]))
    return np.argsort(-(counts + ties), axis=1, kind="stable")


def propose(
    trained: TrainedNetwork, stimuli: Stimuli, candidates: int, execution: Execution
) -> tuple[npt.NDArray[np.bool_], tuple[Recording, ...]]:
    """Choose the labels between which goodness decides: those with the most spikes in one pass.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has the programs ``goodness`` and ``one_pass``.
    stimuli : Stimuli
        The images.
    candidates : int
        Labels an image. If these are all, nothing is presented.
    execution : Execution
        Engine, seed, probes.

    Returns
    -------
    proposed : (samples, classes) ndarray of bool
    recordings : tuple of Recording
        One of the presentations that proposed them, none if nothing was presented.
    """
    network = trained.network
    classes = len(network.program("goodness").phases)
    if candidates == classes:
        return np.ones((len(stimuli), classes), bool), ()
    with open_session(trained, "one_pass", counting_readout(network, execution)) as session:
        recording = session.run({signals.IMAGE: stimuli.images}, stimuli.samples)
    proposed = np.zeros((len(stimuli), classes), bool)
    counts = recording.counts[network.role("readout").name]
    best = ranking(counts, stimuli.samples, execution.seed)[:, :candidates]
    np.put_along_axis(proposed, best, True, axis=1)
    return proposed, (recording,)


def counting_readout(network: Network, execution: Execution) -> Execution:
    """Give an execution whose recordings hold the spikes of the read-out too."""
    probes, readout = execution.probes, network.role("readout").name
    if readout in probes.counts:
        return execution
    return execution.replace(probes=Probes((*probes.counts, readout), probes.rasters))
