"""Where everything of a program sits in Brian2's flat arrays: neurons and synapses.

All neurons of a program form one group, its populations consecutive slices. The synapses of a
projection follow each other row by row: those of the first sender, then those of the second.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pffspike.network import structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Phase, Population, Program, Projection
from pffspike.typing import Floats, Integers, Multiples


def learns_in(projection: Projection, phase: Phase) -> bool:
    """Whether a phase changes the weights of a projection."""
    return (
        projection.learning_rate > 0
        and projection.name in phase.projections
        and projection.post in phase.learn
    )


class Layout:
    """Positions of a program's neurons and synapses.

    Parameters
    ----------
    network : Network
        Specification of the network.
    program : Program
        One of its programs.
    """

    def __init__(self, network: Network, program: Program) -> None:
        self.network, self.program = network, program
        extent = structure.extent(network, program)
        self.populations: tuple[Population, ...] = extent.populations
        sizes = [p.size for p in self.populations]
        ends = np.cumsum([0, *sizes])
        self.neurons = int(ends[-1])
        self.slices = {
            p.name: slice(int(start), int(start) + p.size)
            for p, start in zip(self.populations, ends, strict=False)
        }
        self.population_of: Integers = np.repeat(np.arange(len(sizes)), sizes)
        self.index_of: Integers = np.concatenate([np.arange(n) for n in sizes])
        #: without those that have no synapse: blocks of one neuron
        self.projections = tuple(p for p in extent.projections if structure.fan_out(network, p) > 0)
        #: By name of the weights, the first projection that uses them: its synapses hold them.
        self.holders: dict[str, Projection] = {}
        for p in self.projections:
            self.holders.setdefault(structure.weights_of(p), p)
        self.learns = program.learns

    @property
    def plastic(self) -> tuple[str, ...]:
        """Names of the weights that the program changes."""
        return tuple(
            p.name
            for p in self.projections
            if any(learns_in(p, phase) for phase in self.program.phases)
        )

    def population_index(self, name: str) -> int:
        """Index of a population among those of the program."""
        return [p.name for p in self.populations].index(name)

    def grid(self, projection: Projection) -> float:
        """Unit of a projection's weights: those of the projection that it is tied to, if any."""
        return float(2.0 ** self.network.projection(structure.weights_of(projection)).grid)

    def pack_weights(self, weights: Mapping[str, Floats]) -> dict[str, Multiples]:
        """Weights of all synapses, in units of their grid, from the matrices by projection."""
        packed = {}
        for name, holder in self.holders.items():
            w = weights[name]
            if holder.connectivity != "dense":
                w = w[structure.mask(self.network, holder)]
            packed[name] = (w.reshape(-1) / self.grid(holder)).astype(np.int32)
        return packed

    def pack_biases(self, biases: Mapping[str, Floats]) -> Floats:
        """Biases of all neurons, 0 for inputs."""
        return np.concatenate(
            [np.zeros(p.size) if p.input else biases[p.name] for p in self.populations]
        )

    def unpack(self, biases: Floats, weights: Mapping[str, Multiples]) -> Parameters:
        """Make matrices of what `pack_weights` and `pack_biases` give.

        Parameters
        ----------
        biases : (neurons,) ndarray of float64
        weights : mapping of str to (synapses,) ndarray of int32
            In units of their grid, by name.

        Returns
        -------
        learned : Parameters
            Of what the program uses.
        """
        matrices = {}
        for name, multiples in weights.items():
            where = structure.mask(self.network, self.network.projection(name))
            matrix = np.zeros(where.shape)
            matrix[where] = multiples * self.grid(self.holders[name])
            matrices[name] = matrix
        return Parameters(
            matrices,
            {p.name: biases[self.slices[p.name]].copy() for p in self.populations if not p.input},
        )
