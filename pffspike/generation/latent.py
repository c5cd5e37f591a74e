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
import numpy.typing as npt

from pffspike.arithmetic import grids
from pffspike.engines.base import Engine
from pffspike.errors import ValidationError
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Projection
from pffspike.recording import Probes
from pffspike.typing import Progress

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

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


def infer_latents(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    labels: Integers,
    *,
    seed: int,
    rounds: int = ROUNDS,
    step: float = STEP,
    first_sample: int = 0,
    progress: Progress | None = None,
) -> LatentStates:
    """Find the latent states of labelled images.

    Parameters
    ----------
    network : Network
        With the program ``infer_latent``.
    parameters : Parameters
    engine : Engine
    images : (samples, pixels) ndarray of float64
    labels : (samples,) ndarray of int64
    seed : int
        Of the spikes.
    rounds : int
        Presentations of each image.
    step : float
        The factor kappa, a power of two.
    first_sample : int
        Number of the first image's first presentation, which keys its random numbers.
    progress : callable or None
        Called with the number of images finished, in every round.

    Returns
    -------
    LatentStates
    """
    projection = _projection(network)
    top = network.population(projection.post).rule
    target = str(getattr(top, "population", ""))
    weights = parameters.weights[projection.name]
    values = np.full((len(images), weights.shape[0]), START)
    probes, errors = Probes(counts=(target, projection.post)), []
    window = network.program("infer_latent").window
    with engine.compile(network, "infer_latent", parameters, seed=seed, probes=probes) as session:
        for index in range(rounds):
            recording = session.run(
                {"image": images, "label": labels, "latent": values},
                first_sample + rounds * np.arange(len(images)) + index,
                progress=progress,
            )
            error = (recording.counts[target] - recording.counts[projection.post]) / window
            errors.append(float(np.square(error).sum(axis=1).mean()))
            values = grids.saturate(
                grids.nearest(values + step * (error @ weights.T), grids.DRIVE_GRID), 0.0, 1.0
            )
    return LatentStates(values, np.array(errors))


def learn_latents(
    network: Network,
    parameters: Parameters,
    engine: Engine,
    images: Floats,
    labels: Integers,
    *,
    seed: int,
    passes: int = 3,
    rounds: int = ROUNDS,
    step: float = STEP,
    progress: Progress | None = None,
) -> tuple[Parameters, LatentStates]:
    """Learn what the latent population predicts, image after image.

    For `BATCH` images at a time, their states are found with the weights as they are; then each
    image is presented once more with its state, and the prediction of the top population learns by
    its delta rule. Nothing else changes.

    Parameters
    ----------
    network : Network
        With the programs ``infer_latent`` and ``learn_latent``.
    parameters : Parameters
    engine : Engine
    images : (samples, pixels) ndarray of float64
    labels : (samples,) ndarray of int64
    seed : int
    passes : int
        Times that every image is learned.
    rounds, step
        See `infer_latents`.
    progress : callable or None
        Called with the number of presentations finished since the last call; there are
        ``samples * (passes * (rounds + 1) + rounds)`` in all.

    Returns
    -------
    learned : Parameters
    states : LatentStates
        Of all images, with what was learned.
    """
    count = len(images)
    inferred = {"seed": seed, "rounds": rounds, "step": step, "progress": progress}
    for index in range(passes):
        first = index * count
        for start in range(0, count, BATCH):
            part = slice(start, min(start + BATCH, count))
            found = infer_latents(
                network,
                parameters,
                engine,
                images[part],
                labels[part],
                first_sample=rounds * (first + start),
                **inferred,  # type: ignore[arg-type]
            )
            signals = {"image": images[part], "label": labels[part], "latent": found.values}
            with engine.compile(network, "learn_latent", parameters, seed=seed) as session:
                numbers = first + np.arange(count)[part]
                session.run(signals, numbers, learning_scale=1.0 / (index + 1), progress=progress)
                parameters = session.parameters
    states = infer_latents(
        network,
        parameters,
        engine,
        images,
        labels,
        first_sample=rounds * passes * count,
        **inferred,  # type: ignore[arg-type]
    )
    return parameters, states


def _projection(network: Network) -> Projection:
    """The synapses from the latent population to the prediction of the top one."""
    for projection in network.projections:
        if projection.pre == "latent":
            return projection
    raise ValidationError(
        f"network {network.name!r} has no latent population; give its card latent = 20"
    )
