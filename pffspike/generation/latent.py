r"""The latent population: inference by local error, and learning.

A latent neuron's spike probability ``z_i`` is the state of an image, found by repeated
presentations: the image (and, unless the circuit says ``latent_free``, its label) drives the
representation circuit, latent and label drive the predictions, and every latent neuron hears the
prediction errors of the neurons that it projects to through the same synapses:

.. math:: z_i \leftarrow clip(z_i + \kappa \sum_j w_{ij} (q_j - \hat q_j), 0, 1)

with the rates ``q`` of the hidden populations and ``\hat q`` of their predictions in the window.
This is gradient descent on the squared error of the predictions, but for what a prediction means to
those below it. Source: the latent state ``z_s`` of Ororbia and Mali, arXiv 2301.01452. Unlike the
code of its authors, ``z`` begins at a small value above zero and is not normalized: there, the
first step from zero under a normalization is so large that the direction never changes again.

All numbers are dyadic, so that every engine finds the same state.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from pffspike.arithmetic import grids
from pffspike.choices import LATENTS
from pffspike.errors import ValidationError
from pffspike.execution import Execution, counting, open_session
from pffspike.network import rules, signals, structure
from pffspike.network.events import Stimulus
from pffspike.network.spec import Network, Projection
from pffspike.recording import Probes
from pffspike.trained import TrainedNetwork
from pffspike.typing import Floats, Integers, Progress

START = 0.125  #: spike probability of a latent neuron before the first presentation
ROUNDS = 8  #: presentations in which the state of an image is found while weights are learned
_STEPS = (0.25, 0.0625)  #: the factor kappa, if one prediction is reached, and if several are
BATCH = 1000  #: images whose latent states are found with the same weights while these are learned


@dataclass(frozen=True)
class LatentStates:
    """Latent states of images and how well they explain the populations that they predict.

    Parameters
    ----------
    values : (samples, latent) ndarray of float64
        Spike probabilities on the grid 2^-24.
    errors : (rounds,) ndarray of float64
        Mean over images of the summed squared error of the predicted populations' rates.
    """

    values: Floats
    errors: Floats


@dataclass(frozen=True)
class _Rounds:
    """Presentations that find a latent state: how far each goes, and the number of the first."""

    steps: tuple[float, ...]
    first_sample: int = 0

    @property
    def number(self) -> int:
        return len(self.steps)

    def after(self, images: int) -> _Rounds:
        """Those of images that follow so many others."""
        return dataclasses.replace(self, first_sample=self.number * images)


def infer_latents(
    trained: TrainedNetwork,
    images: Stimulus,
    labels: Integers,
    *,
    rounds: int = ROUNDS,
    step: float | None = None,
    first_sample: int = 0,
    execution: Execution = Execution(),
) -> LatentStates:
    """Find the latent states of labelled images.

    After ``rounds`` presentations as many follow with half the step: the first come near to the
    state, the others settle there.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has the program ``infer_latent``.
    images : (samples, neurons) ndarray of float64, or Events
        Spike probabilities.
    labels : (samples,) ndarray of int64
        True classes.
    rounds : int
        Presentations of each image with the whole step, and then with half of it.
    step : float or None
        The factor kappa, a power of two; None: 1/4 if the latent population reaches one prediction,
        1/16 if it reaches several, where 1/4 diverges.
    first_sample : int
        Number of the first image's first presentation, which keys its random numbers.
    execution : Execution
        Engine, seed of the spikes, progress.

    Returns
    -------
    LatentStates
    """
    numbered = _Rounds(_settling(_steps(trained.network, rounds, step)), first_sample)
    report = counting(execution, "latent states", numbered.number * len(images))
    return _states(trained, images, labels, numbered, execution, report)


def _states(
    trained: TrainedNetwork,
    images: Stimulus,
    labels: Integers,
    rounds: _Rounds,
    execution: Execution,
    report: Progress | None,
) -> LatentStates:
    network, weights = trained.network, trained.parameters.weights
    reached = _reached(network)
    values, errors = np.full((len(images), network.role("latent").size), START), []
    window = network.program("infer_latent").window
    counted = tuple(name for p, target in reached for name in (target, p.post))
    execution = execution.replace(probes=Probes(counts=counted))
    with open_session(trained, "infer_latent", execution) as session:
        for index, step in enumerate(rounds.steps):
            recording = session.run(
                {signals.IMAGE: images, signals.LABEL: labels, signals.LATENT: values},
                rounds.first_sample + rounds.number * np.arange(len(images)) + index,
                progress=report,
            )
            moved, squares = values, 0.0
            for projection, target in reached:
                error = (recording.counts[target] - recording.counts[projection.post]) / window
                squares += float(np.square(error).sum(axis=1).mean())
                moved = moved + step * (error @ weights[projection.name].T)
            errors.append(squares)
            values = grids.saturate(grids.nearest(moved, grids.DRIVE_GRID), 0.0, 1.0)
    return LatentStates(values, np.array(errors))


def learn_latents(
    trained: TrainedNetwork,
    images: Stimulus,
    labels: Integers,
    *,
    passes: int = 3,
    rounds: int = ROUNDS,
    step: float | None = None,
    execution: Execution = Execution(),
) -> tuple[TrainedNetwork, LatentStates]:
    """Learn what the latent population predicts, image after image.

    For `BATCH` images at a time, their states are found with the weights as they are; then each
    image is presented once more with its state, and the predictions that the latent population
    reaches learn by their delta rule; if predictions have weights of their own
    (``own_predictions``), these learn too, and from the same image down the chain once more, for
    both ways lead through them. The representation circuit stays as it is.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has the programs ``infer_latent`` and ``learn_latent``.
    images : (samples, neurons) ndarray of float64, or Events
        Spike probabilities.
    labels : (samples,) ndarray of int64
        True classes.
    passes : int
        Times that every image is learned.
    rounds, step
        See `infer_latents`; while weights are learned, presentations with half the step are left
        out.
    execution : Execution
        Engine, seed, progress.

    Returns
    -------
    learned : TrainedNetwork
    states : LatentStates
        Of all images, with what was learned.
    """
    count = len(images)
    steps = _steps(trained.network, rounds, step)
    kept = _Rounds(_settling(steps))
    total = count * (passes * (rounds + 1) + kept.number)
    report = counting(execution, LATENTS, total)
    for index in range(passes):
        scale = 1.0 / (index + 1)
        trained = _learn(
            trained, images, labels, _Pass(index * count, scale, _Rounds(steps)), execution, report
        )
    last = kept.after(passes * count)
    return trained, _states(trained, images, labels, last, execution, report)


def learn_latents_once(
    trained: TrainedNetwork,
    images: Stimulus,
    labels: Integers,
    *,
    first_sample: int,
    learning_scale: float,
    execution: Execution,
) -> TrainedNetwork:
    """Learn what the latent population predicts in one pass, as a part of training.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has the programs ``infer_latent`` and ``learn_latent``.
    images : (samples, neurons) ndarray of float64
        Spike probabilities.
    labels : (samples,) ndarray of int64
        True classes.
    first_sample : int
        Images that such passes have shown before, which keys the random numbers.
    learning_scale : float
        Factor of all learning rates.
    execution : Execution
        Engine, seed, progress.

    Returns
    -------
    TrainedNetwork
    """
    rounds = _Rounds(_steps(trained.network, ROUNDS, None))
    part = _Pass(first_sample, learning_scale, rounds)
    report = counting(execution, LATENTS, len(images) * (ROUNDS + 1))
    return _learn(trained, images, labels, part, execution, report)


@dataclass(frozen=True)
class _Pass:
    """One pass over images: number of the first, learning rate, and how states are found."""

    first_sample: int
    learning_scale: float
    rounds: _Rounds


def _learn(
    trained: TrainedNetwork,
    images: Stimulus,
    labels: Integers,
    once: _Pass,
    execution: Execution,
    report: Progress | None,
) -> TrainedNetwork:
    for start in range(0, len(images), BATCH):
        part = slice(start, min(start + BATCH, len(images)))
        first = once.first_sample + start
        numbered = once.rounds.after(first)
        found = _states(trained, images[part], labels[part], numbered, execution, report)
        shown = {
            signals.IMAGE: images[part],
            signals.LABEL: labels[part],
            signals.LATENT: found.values,
        }
        numbers = first + np.arange(len(images[part]))
        with open_session(trained, "learn_latent", execution) as session:
            session.run(shown, numbers, learning_scale=once.learning_scale, progress=report)
            trained = trained.replace(parameters=session.parameters)
    return trained


def _steps(network: Network, rounds: int, step: float | None) -> tuple[float, ...]:
    return (_STEPS[len(_reached(network)) > 1] if step is None else step,) * rounds


def _settling(steps: tuple[float, ...]) -> tuple[float, ...]:
    return (*steps, *(step / 2 for step in steps))


def check_latent(network: Network) -> None:
    """Raise `ValidationError` unless latent states can be found and learned in a network.

    Parameters
    ----------
    network : Network
        Specification of the network.
    """
    _reached(network)
    for program in ("infer_latent", "learn_latent"):
        given = (signals.IMAGE, signals.LABEL, signals.LATENT)
        structure.check_signals(network, program, *given)


def _reached(network: Network) -> list[tuple[Projection, str]]:
    """Projections from the latent population to predictions, each with what that predicts."""
    latent = network.role("latent").name
    targets = {p.name: rules.targets(p.rule)[0] for p in network.populations}
    found = [(p, targets[p.post]) for p in network.projections if p.pre == latent]
    reached = [(p, target) for p, target in found if target is not None]
    if not reached:
        raise ValidationError(
            f"network {network.name!r} has no projection from its latent population {latent!r} to "
            f"one that predicts another; add it"
        )
    return reached
