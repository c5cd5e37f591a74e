"""The mode ``proposal`` on a core: the read-out proposes labels, and goodness decides."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pffspike.fpga.driver import Driver
from pffspike.inference.classification import Classification
from pffspike.inference.goodness import goodness_scores, margins
from pffspike.inference.keys import sample_numbers
from pffspike.inference.mode import Mode, check_mode
from pffspike.inference.proposal import ranking
from pffspike.network import signals
from pffspike.recording import Recording
from pffspike.typing import Floats, Integers


def classify_by_proposal(
    driver: Driver,
    images: Floats,
    candidates: int | None = None,
    *,
    samples: npt.ArrayLike | None = None,
    seed: int = 0,
    spikes: bool = False,
) -> tuple[Classification, Integers]:
    """Classify images on a core as `pffspike.classify` does in mode ``proposal``.

    The core runs ``one_pass``; the labels with the most spikes of the read-out are presented one by
    one, each as a phase of ``goodness``, and the one with the best goodness is the answer.

    Parameters
    ----------
    driver : Driver
        Of a core with the programs ``one_pass`` and ``goodness``.
    images : (samples, neurons) ndarray
        Spike probabilities on the grid 2^-24.
    candidates : int or None
        Labels that are proposed; None: 3, or all if there are fewer. With 1 the read-out answers;
        with all of them nothing is proposed, and ``one_pass`` does not run.
    samples : (samples,) array_like of int, or None
        Numbers of the images, which key their noise; None: from their content, as in
        `pffspike.classify`.
    seed : int
        Of everything random.
    spikes : bool
        Whether recordings hold every spike.

    Returns
    -------
    classification : Classification
        Answers, scores, margins and recordings, those of any other engine.
    cycles : (samples,) ndarray of int64
        That the core took for each image, in all its runs.

    Raises
    ------
    ValidationError
        If there are not so many labels, or the core lacks a program.
    PffspikeError
        If the core does not answer.

    Examples
    --------
    >>> import numpy as np
    >>> import pffspike
    >>> from pffspike.circuits import PFF
    >>> from pffspike.fpga import Driver, classify_by_proposal, make_plan
    >>> from pffspike.fpga.simulation import SimulatedLink
    >>> from pffspike.network import Training
    >>> circuit = PFF(9, 3, (6,), latent=0, burn_in=1, window=4, lateral=2)
    >>> network = pffspike.pff(circuit, "tiny", Training("none", 1))
    >>> begun = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)
    >>> trained = pffspike.quantize(begun, 8, moments=None).trained
    >>> plan, images = make_plan(trained, lanes=4), np.array([[0.25] * 9])
    >>> found, cycles = classify_by_proposal(Driver(plan, SimulatedLink(plan)), images, 2)
    >>> expected = pffspike.classify(trained, images, pffspike.Mode("proposal", 2))
    >>> bool(np.all(found.scores == expected.scores))
    True
    """
    network = driver.plan.network
    number = check_mode(network, Mode("proposal", candidates))
    classes, keys = len(network.program("goodness").phases), sample_numbers(images, samples)
    taken = np.zeros(len(images), np.int64)
    order, recordings = np.tile(np.arange(classes), (len(images), 1)), []
    if number < classes:
        shown = {signals.IMAGE: images}
        recording, replies = driver.run("one_pass", shown, keys, seed, spikes=spikes)
        recordings.append(recording)
        taken += [reply.cycles for reply in replies]
        counts = recording.counts[network.role("readout").name]
        order = ranking(counts, keys, seed)
        if number == 1:
            return _answered(order[:, 0], counts.astype(np.float64), recordings, number), taken
    rows = np.repeat(np.arange(len(images)), number)
    labels = np.sort(order[:, :number], axis=1).ravel()
    found, replies = driver.run_candidates(images[rows], labels, keys[rows], seed, spikes=spikes)
    np.add.at(taken, rows, [reply.cycles for reply in replies])
    scores = np.full((len(images), classes), -np.inf)
    scores[rows, labels] = goodness_scores(found)[:, 0]
    return _answered(scores.argmax(axis=1), scores, [*recordings, found], number), taken


def _answered(
    predicted: Integers, scores: Floats, recordings: list[Recording], candidates: int
) -> Classification:
    return Classification(
        "proposal", predicted, scores, margins(scores), tuple(recordings), candidates
    )
