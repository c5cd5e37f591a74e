"""Reconstruction: images that the generative circuit predicts from the spikes above them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import grids
from pffspike.choices import STATES
from pffspike.deprecation import former_keywords
from pffspike.errors import unknown
from pffspike.execution import Execution, run
from pffspike.inference.keys import sample_numbers
from pffspike.inputs import check_programs
from pffspike.network import signals, structure
from pffspike.network.events import Stimulus
from pffspike.network.spec import Network
from pffspike.recording import Probes, Recording
from pffspike.trained import TrainedNetwork
from pffspike.typing import Floats


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Images that the generative circuit predicts from the spikes above them.

    Parameters
    ----------
    images : mapping of str to (samples, pixels) ndarray of float64
        By phase: ``below`` from the lowest hidden population, ``chain`` from the highest one,
        down all predictions. Grey values from 0 to 1.
    hidden : mapping of str to (samples, size) ndarray of float64
        Rates of the hidden populations in the window, from the bottom up: what was reconstructed
        from.
    recording : Recording
        What was presented.
    """

    images: dict[str, Floats]
    hidden: dict[str, Floats]
    recording: Recording

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}: {len(found)} images" for name, found in self.images.items())
        return f"Reconstruction({sizes})"

    def error(self, originals: Floats) -> dict[str, float]:
        """Mean over images of the summed squared error, by phase."""
        return {
            phase: float(np.square(images - originals).sum(axis=1).mean())
            for phase, images in self.images.items()
        }


@former_keywords
def reconstruct(
    trained: TrainedNetwork,
    images: Stimulus,
    labels: npt.NDArray[np.int64] | Floats | None = None,
    *,
    window: int | None = None,
    samples: npt.ArrayLike | None = None,
    execution: Execution = Execution(),
) -> Reconstruction:
    """Reconstruct images from the activity that they cause.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has the program ``reconstruct``.
    images : (samples, neurons) ndarray of float64
        Spike probabilities on the grid 2^-24; ``trained.coding.encode`` makes them of grey values.
    labels : (samples,) ndarray of int64, (samples, classes) ndarray of float64, or None
        The label that drives the hidden populations beside the image, see `label_state`; None: the
        free state.
    window : int or None
        Steps over which spikes are averaged, a power of two; the program's by default.
    samples : (samples,) array_like of int, or None
        Numbers of the images, which key their noise; by default from their content.
    execution : Execution
        Engine, seed of the spikes, progress.

    Returns
    -------
    Reconstruction
        Grey values from 0 to 1.

    Examples
    --------
    >>> import pffspike
    >>> data = pffspike.load_data("digits")
    >>> trained = pffspike.train("digits", epochs=1)
    >>> images = pffspike.probabilities(data.test_images[:3], data.levels)
    >>> sorted(pffspike.reconstruct(trained, images).error(images))
    ['below', 'chain']
    """
    prediction = check_reconstruction(trained.network, labelled=labels is not None)
    asked = trained.replace(network=_asked(trained.network, labels is not None, window))
    probes = Probes(counts=(prediction, *_hidden(trained.network)))
    given: dict[str, Stimulus] = {signals.IMAGE: images}
    if labels is not None:
        given[signals.SHOWN] = labels
    recording = run(
        asked,
        "reconstruct",
        given,
        sample_numbers(images, samples),
        execution=execution.replace(probes=probes),
    )
    rates = {
        name: recording.by_phase(counts) / recording.program.window
        for name, counts in recording.counts.items()
    }
    rebuilt = rates.pop(prediction)
    names = [phase.name for phase in recording.program.phases]
    return Reconstruction(
        {name: trained.coding.decode(rebuilt[:, index]) for index, name in enumerate(names)},
        {name: found[:, 0] for name, found in rates.items()},
        recording,
    )


def check_reconstruction(network: Network, *, labelled: bool = False) -> str:
    """Check that a network can reconstruct images.

    Parameters
    ----------
    network : Network
        Specification of the network.
    labelled : bool
        Whether a label shall drive the hidden populations beside the image.

    Returns
    -------
    str
        Name of the population that predicts the input population.

    Raises
    ------
    ValidationError
        If it can't: a program, a role or a prediction is missing.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> check_reconstruction(load_network("digits"))
    'image_prediction'
    """
    check_programs(network, "reconstruct")
    structure.check_signals(network, "reconstruct", signals.IMAGE)
    if labelled:
        network.role("label")  # or one sentence
    return structure.prediction_of(network, "reconstruct", network.role("input").name).name


def label_state(
    state: str, classes: int, labels: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64] | Floats | None:
    """What drives the label population while images are reconstructed.

    Parameters
    ----------
    state : {"free", "inferred", "neutral", "true"}
        ``free``: nothing. ``inferred``, ``true``: the labels that the network answered, or the true
        ones (which a network can't know: an upper bound). ``neutral``: every label, each with the
        probability ``1 / classes`` in a step.
    classes : int
        How many labels there are.
    labels : (samples,) ndarray of int64
        The labels of the state ``inferred`` or ``true``.

    Returns
    -------
    (samples,) ndarray of int64, (samples, classes) ndarray of float64, or None
        For `reconstruct`.

    Raises
    ------
    ValidationError
        If there is no such state.

    Examples
    --------
    >>> import numpy as np
    >>> label_state("true", 10, np.array([3, 1]))
    array([3, 1])
    >>> label_state("neutral", 4, np.array([3, 1])).shape
    (2, 4)
    """
    if state not in STATES:
        raise unknown("state", state, STATES)
    if state == "free":
        return None
    if state == "neutral":
        return grids.nearest(np.full((len(labels), classes), 1 / classes), grids.DRIVE_GRID)
    return labels


def _hidden(network: Network) -> tuple[str, ...]:
    return tuple(structure.goodness_thresholds(network))


def _asked(network: Network, labelled: bool, window: int | None) -> Network:
    """The network whose program ``reconstruct`` has the label that is asked for, and the window."""
    program = network.program("reconstruct")
    phases = program.phases
    if labelled:
        label, hidden = network.role("label").name, _hidden(network)
        shown = tuple(p.name for p in network.projections if p.pre == label and p.post in hidden)
        phases = tuple(
            dataclasses.replace(
                phase,
                inputs={**phase.inputs, label: signals.SHOWN},
                projections=phase.projections + shown,
            )
            for phase in phases
        )
    asked = dataclasses.replace(program, phases=phases, window=window or program.window)
    others = tuple(p for p in network.programs if p.name != program.name)
    return network.replace(programs=(*others, asked))
