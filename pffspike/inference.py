"""Inference modes: one pass, label by label, reconstruction, synthesis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.engines.base import Engine, Progress
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Goodness, Network
from pffspike.trace import NOTHING, Record, Trace

MODES = ("goodness", "one_pass")  #: ways to classify; each is a program of the network

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
        ``goodness``: the sum of the goodness of the populations that decide, its sign such that
        larger is better; ``one_pass``: spikes of the read-out in the window.
    trace : Trace
    """

    mode: str
    predicted: Integers
    scores: Floats
    trace: Trace

    def accuracy(self, labels: npt.ArrayLike) -> float:
        """Fraction of samples whose answer equals the label."""
        return float(np.mean(self.predicted == np.asarray(labels)))


def classify(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    mode: str = "goodness",
    *,
    seed: int,
    record: Record = NOTHING,
    progress: Progress | None = None,
) -> Classification:
    """Classify images.

    Parameters
    ----------
    network : Network
        With the program of the mode and, for ``one_pass``, a population ``readout``.
    parameters : Parameters
    engine : Engine
    images : (samples, pixels) ndarray of float64
        Spike probabilities on the grid 2^-24.
    mode : {"goodness", "one_pass"}
        ``goodness``: present the image under every label, take the label whose goodness is
        best. ``one_pass``: present it once without a label, take the read-out neuron with the
        most spikes, one of equals at random.
    seed : int
        Of the spikes; image ``k`` is sample ``k``.
    record : Record
    progress : callable or None

    Returns
    -------
    Classification

    Raises
    ------
    ValueError
        If the mode is unknown or the network has no program for it.
    """
    if mode not in MODES:
        raise ValueError(f"mode {mode!r} is not one of: {', '.join(MODES)}")
    if mode == "one_pass" and "readout" not in record.counts:
        record = Record((*record.counts, "readout"), record.rasters)
    trace = _run(network, parameters, engine, mode, {"image": images}, seed, record, progress)
    if mode == "goodness":
        scores = goodness_scores(trace)
        return Classification(mode, scores.argmax(axis=1).astype(np.int64), scores, trace)
    scores = trace.counts["readout"].astype(np.float64)
    return Classification(mode, _most(scores, seed), scores, trace)


def goodness_scores(trace: Trace) -> Floats:
    """Goodness of each label, larger for the better one: ``(samples, phases)``."""
    total = np.zeros(trace.presentations)
    for population in trace.network.populations:
        rule = population.rule
        if isinstance(rule, Goodness) and rule.decides:
            sign = -1.0 if rule.positive == "low" else 1.0
            total += sign * trace.goodness[population.name]
    return trace.by_phase(total)


def _most(counts: Floats, seed: int) -> Integers:
    keys = counter.derive_keys(counter.derive_key(seed, counter.RIVALS), np.arange(len(counts)))
    ties = counter.uniform(keys[:, None], np.arange(counts.shape[1]))
    return (counts + ties).argmax(axis=1).astype(np.int64)


@dataclass(frozen=True)
class Reconstruction:
    """Images that the generative circuit predicts from the spikes above them.

    Parameters
    ----------
    images : mapping of str to (samples, pixels) ndarray of float64
        By phase: ``below`` from the lowest hidden population, ``chain`` from the highest one,
        down all predictions. Rates in the window.
    trace : Trace
    """

    images: dict[str, Floats]
    trace: Trace

    def error(self, originals: Floats) -> dict[str, float]:
        """Mean over images of the summed squared error, by phase."""
        return {
            phase: float(np.square(images - originals).sum(axis=1).mean())
            for phase, images in self.images.items()
        }


def reconstruct(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    *,
    seed: int,
    progress: Progress | None = None,
) -> Reconstruction:
    """Reconstruct images from the activity that they cause, without a label.

    Parameters
    ----------
    network : Network
        With the program ``reconstruct`` and the population ``image_prediction``.
    parameters : Parameters
    engine : Engine
    images : (samples, pixels) ndarray of float64
    seed : int
    progress : callable or None

    Returns
    -------
    Reconstruction
    """
    record = Record(counts=("image_prediction",))
    trace = _run(
        network, parameters, engine, "reconstruct", {"image": images}, seed, record, progress
    )
    rates = trace.by_phase(trace.counts["image_prediction"]) / trace.program.window
    names = [phase.name for phase in trace.program.phases]
    return Reconstruction({name: rates[:, index] for index, name in enumerate(names)}, trace)


def _run(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    program: str,
    signals: dict[str, Floats],
    seed: int,
    record: Record,
    progress: Progress | None,
) -> Trace:
    samples = np.arange(len(next(iter(signals.values()))))
    with engine.compile(network, program, parameters, seed=seed, record=record) as session:
        return session.run(signals, samples, progress=progress)
