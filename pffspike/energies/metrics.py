"""What a network costs without a device: NeuroBench's metrics, by its definitions.

Yik et al., "The NeuroBench framework for benchmarking neuromorphic computing algorithms and
systems", and the metrics of its package (`neurobench.metrics`), with which
``tests/unit/test_neurobench.py`` compares them where it is installed. Own code, without torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pffspike.arithmetic import grids
from pffspike.errors import ValidationError
from pffspike.network import structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Program, Projection
from pffspike.recording import Recording

_BYTES = (1, 2, 4, 8)  #: sizes of the integers that a number is stored as


@dataclass(frozen=True)
class OperationCount:
    """Operations of a projection in a phase, per inference, see `Metrics`."""

    projection: str
    phase: str
    Effective_ACs: float
    Dense: float


@dataclass(frozen=True)
class Metrics:
    """Named as NeuroBench does; operations are per inference.

    Parameters
    ----------
    Effective_MACs : float
        Synaptic operations of inputs that are not all in {-1, 0, 1}: none, for all inputs here
        are spikes, those of grey levels too.
    Effective_ACs : float
        Spikes times synapses at which they arrive and whose weight is not 0.
    Dense : float
        Entries of the weight matrices (holes too, as torch would have them) times steps.
    ActivationSparsity : float
        Share of neurons and steps without a spike, in the populations that are not driven.
    ConnectionSparsity : float
        Share of zeros in the weight matrices.
    Footprint : int
        Bytes of weights and biases, as the smallest integers that hold them.
    by_projection : tuple of OperationCount
        What ``Effective_ACs`` and ``Dense`` are the sums of.
    """

    Effective_MACs: float
    Effective_ACs: float
    Dense: float
    ActivationSparsity: float
    ConnectionSparsity: float
    Footprint: int
    by_projection: tuple[OperationCount, ...] = ()


def metrics(recordings: Sequence[Recording], inferences: int, parameters: Parameters) -> Metrics:
    """Measure inferences.

    Parameters
    ----------
    recordings : sequence of Recording
        All that the inferences presented; with rasters of the populations that send by weights
        of which some are 0, and not equally many of each sender.
    inferences : int
        Their number.
    parameters : Parameters
        Weights of the network.

    Returns
    -------
    Metrics

    Raises
    ------
    ValidationError
        If rasters are missing.
    """
    effective: dict[tuple[str, str], int] = {}
    dense: dict[tuple[str, str], int] = {}
    spikes = neurons = 0
    used: dict[str, Program] = {}
    for recording in recordings:
        used.setdefault(recording.program.name, recording.program)
        for index, phase in enumerate(recording.program.phases):
            presented = recording.program.steps * len(recording.samples)
            for projection in map(recording.network.projection, phase.projections):
                key = (projection.name, f"{recording.program.name}/{phase.name}")
                done = _effective(recording, index, projection, parameters)
                effective[key] = effective.get(key, 0) + done
                possible = _matrix(recording.network, projection) * presented
                dense[key] = dense.get(key, 0) + possible
            for name in structure.active(recording.network, phase):
                population = recording.network.population(name)
                if not population.input:
                    spikes += int(recording.by_phase(recording.spikes[name])[:, index].sum())
                    neurons += population.size * presented
    network = recordings[0].network
    zeros, weights = _zeros(network, used, parameters)
    n = max(1, inferences)
    return Metrics(
        0.0,
        sum(effective.values()) / n,
        sum(dense.values()) / n,
        1 - spikes / max(1, neurons),
        zeros / max(1, weights),
        footprint(network, used),
        tuple(OperationCount(*key, effective[key] / n, dense[key] / n) for key in effective),
    )


def _effective(
    recording: Recording, index: int, projection: Projection, parameters: Parameters
) -> int:
    """Spikes that arrive at weights other than 0 in a phase, over all samples."""
    weights = parameters.weights[structure.weights_of(projection)]
    synapses = np.count_nonzero(weights, axis=1)
    if synapses.min() == synapses.max():
        total = int(recording.by_phase(recording.spikes[projection.pre])[:, index].sum())
        return total * int(synapses[0])
    if projection.pre not in recording.rasters:
        raise ValidationError(
            f"some weights of {projection.name!r} are 0, so Effective_ACs needs to know which "
            f"neurons of {projection.pre!r} spiked; record its raster"
        )
    raster = recording.rasters[projection.pre]
    spikes = raster.reshape(len(raster), len(recording.samples), -1, raster.shape[2])[:, :, index]
    return int(spikes.sum(axis=(0, 1)) @ synapses)


def _matrix(network: Network, projection: Projection) -> int:
    """Entries of the matrix of a projection, as NeuroBench sees it: holes are zeros."""
    return network.population(projection.pre).size * network.population(projection.post).size


def _projections(network: Network, used: Mapping[str, Program]) -> list[str]:
    """Names of the weights that programs use, each once."""
    names = {
        structure.weights_of(projection): None
        for program in used.values()
        for projection in structure.extent(network, program).projections
    }
    return list(names)


def _zeros(
    network: Network, used: Mapping[str, Program], parameters: Parameters
) -> tuple[int, int]:
    matrices = [parameters.weights[name] for name in _projections(network, used)]
    return sum(int(np.sum(w == 0)) for w in matrices), sum(w.size for w in matrices)


def footprint(network: Network, used: Mapping[str, Program]) -> int:
    """Bytes of the weights and biases that programs use.

    Parameters
    ----------
    network : Network
        Specification of the network.
    used : mapping of str to Program
        Programs in use, by name.

    Returns
    -------
    int
        A weight or a bias takes 1, 2, 4 or 8 bytes, whatever its range and grid need; holes in a
        weight matrix take as much.
    """
    total = 0
    for name in _projections(network, used):
        projection = network.projection(name)
        largest = max(abs(projection.low), abs(projection.high))
        total += _matrix(network, projection) * stored_bytes(largest, projection.grid)
    biased = {
        p.name: p
        for program in used.values()
        for p in structure.extent(network, program).populations
        if not p.input
    }
    return total + sum(
        p.size * stored_bytes(p.bias.limit, grids.DRIVE_GRID) for p in biased.values()
    )


def stored_bytes(largest: float, grid: int) -> int:
    """Bytes of the smallest signed integer for numbers up to ``largest`` on the grid ``2^grid``."""
    needed = grids.bits(largest, grid) + 1
    return next(size for size in _BYTES if needed <= 8 * size)
