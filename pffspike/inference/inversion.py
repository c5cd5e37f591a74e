"""Inversion: images that the generative circuit predicts from given rates of hidden neurons."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from pffspike.arithmetic import grids
from pffspike.errors import ValidationError
from pffspike.execution import Execution, run
from pffspike.inference.keys import sample_numbers
from pffspike.inference.reconstruction import check_reconstruction
from pffspike.network import structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Phase, Population, Program, Roles
from pffspike.recording import Probes
from pffspike.trained import TrainedNetwork
from pffspike.typing import Floats

_PROGRAM = "invert"


def invert(
    trained: TrainedNetwork,
    rates: Mapping[str, Floats],
    *,
    window: int = 64,
    execution: Execution = Execution(),
) -> Floats:
    """Images that the generative circuit predicts from rates of the lowest hidden population.

    The population spikes with the given probabilities, instead of being driven by an image.

    Parameters
    ----------
    trained : TrainedNetwork
        Its network has the program ``reconstruct``.
    rates : mapping of str to (samples, size) ndarray of float64
        By population, such as `pffspike.Reconstruction.hidden`; those that predict no image are
        not used.
    window : int
        Steps over which spikes are averaged, a power of two.
    execution : Execution
        Engine, seed of the spikes, progress.

    Returns
    -------
    (samples, pixels) ndarray of float64
        Grey values from 0 to 1.

    Raises
    ------
    ValidationError
        If the network has no generative circuit, or the rates are not of its hidden neurons.

    Examples
    --------
    >>> import pffspike
    >>> data = pffspike.load_data("digits")
    >>> trained = pffspike.train("digits", epochs=1)
    >>> images = trained.coding.encode(data.test_images[:3], data.levels)
    >>> hidden = pffspike.reconstruct(trained, images).hidden
    >>> invert(trained, hidden).shape
    (3, 64)
    """
    network, parameters = _generative(trained, window)
    driven = {p.name: p.size for p in network.populations if p.input}
    given = {}
    for name, size in driven.items():
        values = np.asarray(rates.get(name, np.zeros(0)), np.float64)
        if (
            values.ndim != 2
            or values.shape[1] != size
            or values.min(initial=0) < 0
            or np.any(values > 1)
        ):
            raise ValidationError(
                f"rates of {name} have shape {values.shape}; give (samples, {size}) values from 0 "
                f"to 1"
            )
        given[name] = grids.nearest(values, grids.DRIVE_GRID)
    prediction = next(p.name for p in network.populations if not p.input)
    recording = run(
        trained.replace(network=network, parameters=parameters, prior=None),
        _PROGRAM,
        given,
        sample_numbers(np.concatenate(list(given.values()), axis=1), None),
        execution=execution.replace(probes=Probes(counts=(prediction,))),
    )
    counts = recording.by_phase(recording.counts[prediction])[:, 0]
    return trained.coding.decode(counts / window)


def _generative(trained: TrainedNetwork, window: int) -> tuple[Network, Parameters]:
    """The prediction of the image alone, with the populations that it hears as inputs."""
    network = trained.network
    name = check_reconstruction(network)
    program = network.program("reconstruct")
    heard = tuple(
        p for p in network.projections if p.post == name and p.name in program.phases[0].projections
    )
    inputs = tuple(dict.fromkeys(p.pre for p in heard))
    populations = tuple(
        Population(pre, network.population(pre).size, network.population(pre).normalization, True)
        for pre in inputs
    )
    prediction = dataclasses.replace(network.population(name), rule=None)
    weights = {p.name: trained.parameters.weights[structure.weights_of(p)] for p in heard}
    phase = Phase(_PROGRAM, {pre: pre for pre in inputs}, tuple(p.name for p in heard))
    part = Network(
        network.name,
        (*populations, prediction),
        tuple(dataclasses.replace(p, tied=None, learning_rate=0.0) for p in heard),
        (Program(_PROGRAM, program.burn_in, window, (phase,)),),
        network.training,
        roles=Roles("", "", "", ""),
    )
    return part, Parameters(weights, {name: trained.parameters.biases[name]})
