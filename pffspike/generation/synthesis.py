"""Synthesis: the generative circuit alone, in spikes, from a label and a latent state."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from pffspike.execution import Execution, run
from pffspike.inputs import check_programs
from pffspike.network import signals, structure
from pffspike.network.spec import Network
from pffspike.recording import Probes
from pffspike.trained import TrainedNetwork
from pffspike.typing import Floats, Integers


def check_synthesis(network: Network) -> str:
    """Check that a network can synthesize images.

    Parameters
    ----------
    network : Network
        Specification of the network.

    Returns
    -------
    str
        Name of the population that predicts the input population.

    Raises
    ------
    ValidationError
        If it can't: a program, a role or a prediction is missing.
    """
    check_programs(network, "synthesize")
    structure.check_signals(network, "synthesize", signals.LABEL, signals.LATENT)
    if signals.LATENT in structure.extent(network, network.program("synthesize")).signals:
        network.role("latent")  # or one sentence
    network.role("label")
    return structure.prediction_of(network, "synthesize", network.role("input").name).name


def synthesize(
    trained: TrainedNetwork,
    labels: Integers,
    latents: Floats | None = None,
    *,
    window: int = 64,
    execution: Execution = Execution(),
) -> Floats:
    """Run the generative circuit down to the image.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has the program ``synthesize``.
    labels : (samples,) ndarray of int64
        Classes of the images.
    latents : (samples, latent) ndarray of float64 or None
        For a network with a latent population; zeros by default, which leaves all to the label.
    window : int
        Steps over which the image's spikes are averaged, a power of two.
    execution : Execution
        Engine, seed, progress.

    Returns
    -------
    (samples, neurons) ndarray of float64
        Rates of the image's prediction.
    """
    network, prediction = trained.network, check_synthesis(trained.network)
    program = dataclasses.replace(network.program("synthesize"), window=window)
    others = tuple(p for p in network.programs if p.name != program.name)
    given: dict[str, npt.NDArray[np.generic]] = {signals.LABEL: labels}
    if signals.LATENT in structure.extent(network, program).signals:
        size = network.role("latent").size
        given[signals.LATENT] = np.zeros((len(labels), size)) if latents is None else latents
    changed = trained.replace(network=network.replace(programs=(*others, program)))
    execution = execution.replace(probes=Probes(counts=(prediction,)))
    recording = run(changed, "synthesize", given, execution=execution)
    return recording.counts[prediction] / window
