r"""The latent population: inference by local error, and learning.

A latent neuron's spike probability ``z_i`` is the state of an image, found by repeated
presentations: the image and its label drive the representation circuit, latent and label predict
the top hidden population, and every latent neuron hears the prediction errors of the neurons that
it projects to through the same synapses:

.. math:: z_i \leftarrow clip(z_i + \kappa \sum_j w_{ij} (q_j - \hat q_j), 0, 1)

with the rates ``q`` of the top population and ``\hat q`` of its prediction in the window. This is
gradient descent on the squared error of the prediction. Source: the latent state ``z_s`` of Ororbia
and Mali, arXiv 2301.01452. Unlike the code of its authors, ``z`` begins at a small value above zero
and is not normalized: there, the first step from zero under a normalization is so large that the
direction never changes again.

All numbers are dyadic, so that every engine finds the same state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pffspike.arithmetic import grids
from pffspike.errors import ValidationError
from pffspike.execution import Execution, counting, open_session
from pffspike.network import rules, signals, structure
from pffspike.network.spec import Network, Projection
from pffspike.recording import Probes
from pffspike.trained import TrainedNetwork
from pffspike.typing import Floats, Integers, Progress

START = 0.125  #: spike probability of a latent neuron before the first presentation
ROUNDS = 8  #: presentations in which the state of an image is found
STEP = 0.25  #: the factor kappa
BATCH = 1000  #: images whose latent states are found with the same weights while these are learned


@dataclass(frozen=True)
class LatentStates:
    """Latent states of images and how well they explain the top population.

    Parameters
    ----------
    values : (samples, latent) ndarray of float64
        Spike probabilities on the grid 2^-24.
    errors : (rounds,) ndarray of float64
        Mean over images of the summed squared error of the top population's rates.
    """

    values: Floats
    errors: Floats


@dataclass(frozen=True)
class _Rounds:
    """Presentations that find a latent state: how many, how far each goes, and their numbers."""

    number: int
    step: float
    first_sample: int


def infer_latents(
    trained: TrainedNetwork,
    images: Floats,
    labels: Integers,
    *,
    rounds: int = ROUNDS,
    step: float = STEP,
    first_sample: int = 0,
    execution: Execution = Execution(),
) -> LatentStates:
    """Find the latent states of labelled images.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has the program ``infer_latent``.
    images : (samples, neurons) ndarray of float64
        Spike probabilities.
    labels : (samples,) ndarray of int64
        True classes.
    rounds : int
        Presentations of each image.
    step : float
        The factor kappa, a power of two.
    first_sample : int
        Number of the first image's first presentation, which keys its random numbers.
    execution : Execution
        Engine, seed of the spikes, progress.

    Returns
    -------
    LatentStates
    """
    report = counting(execution, "latent states", rounds * len(images))
    return _states(trained, images, labels, _Rounds(rounds, step, first_sample), execution, report)


def _states(
    trained: TrainedNetwork,
    images: Floats,
    labels: Integers,
    rounds: _Rounds,
    execution: Execution,
    report: Progress | None,
) -> LatentStates:
    network = trained.network
    projection, target = _projection(network)
    weights = trained.parameters.weights[projection.name]
    values, errors = np.full((len(images), weights.shape[0]), START), []
    window = network.program("infer_latent").window
    execution = execution.replace(probes=Probes(counts=(target, projection.post)))
    with open_session(trained, "infer_latent", execution) as session:
        for index in range(rounds.number):
            recording = session.run(
                {signals.IMAGE: images, signals.LABEL: labels, signals.LATENT: values},
                rounds.first_sample + rounds.number * np.arange(len(images)) + index,
                progress=report,
            )
            error = (recording.counts[target] - recording.counts[projection.post]) / window
            errors.append(float(np.square(error).sum(axis=1).mean()))
            moved = values + rounds.step * (error @ weights.T)
            values = grids.saturate(grids.nearest(moved, grids.DRIVE_GRID), 0.0, 1.0)
    return LatentStates(values, np.array(errors))


def learn_latents(
    trained: TrainedNetwork,
    images: Floats,
    labels: Integers,
    *,
    passes: int = 3,
    rounds: int = ROUNDS,
    step: float = STEP,
    execution: Execution = Execution(),
) -> tuple[TrainedNetwork, LatentStates]:
    """Learn what the latent population predicts, image after image.

    For `BATCH` images at a time, their states are found with the weights as they are; then each
    image is presented once more with its state, and the prediction of the top population learns by
    its delta rule. Nothing else changes.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has the programs ``infer_latent`` and ``learn_latent``.
    images : (samples, neurons) ndarray of float64
        Spike probabilities.
    labels : (samples,) ndarray of int64
        True classes.
    passes : int
        Times that every image is learned.
    rounds, step
        See `infer_latents`.
    execution : Execution
        Engine, seed, progress.

    Returns
    -------
    learned : TrainedNetwork
    states : LatentStates
        Of all images, with what was learned.
    """
    count = len(images)
    total = count * (passes * (rounds + 1) + rounds)
    report = counting(execution, "learning latent states", total)
    for index in range(passes):
        first = index * count
        for start in range(0, count, BATCH):
            part = slice(start, min(start + BATCH, count))
            numbered = _Rounds(rounds, step, rounds * (first + start))
            found = _states(trained, images[part], labels[part], numbered, execution, report)
            shown = {
                signals.IMAGE: images[part],
                signals.LABEL: labels[part],
                signals.LATENT: found.values,
            }
            with open_session(trained, "learn_latent", execution) as session:
                numbers = first + np.arange(count)[part]
                session.run(shown, numbers, learning_scale=1.0 / (index + 1), progress=report)
                trained = trained.replace(parameters=session.parameters)
    numbered = _Rounds(rounds, step, rounds * passes * count)
    return trained, _states(trained, images, labels, numbered, execution, report)


def check_latent(network: Network) -> None:
    """Raise `ValidationError` unless latent states can be found and learned in a network.

    Parameters
    ----------
    network : Network
        Specification of the network.
    """
    _projection(network)
    for program in ("infer_latent", "learn_latent"):
        given = (signals.IMAGE, signals.LABEL, signals.LATENT)
        structure.check_signals(network, program, *given)


def _projection(network: Network) -> tuple[Projection, str]:
    """The synapses from the latent population to a prediction, and what that predicts."""
    latent = network.role("latent").name
    for projection in network.projections:
        target, _ = rules.targets(network.population(projection.post).rule)
        if projection.pre == latent and target is not None:
            return projection, target
    raise ValidationError(
        f"network {network.name!r} has no projection from its latent population {latent!r} to one "
        f"that predicts another; add it"
    )
