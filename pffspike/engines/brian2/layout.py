"""Where everything of a program sits in Brian2's flat arrays: neurons and synapses.

All neurons of a program form one group, its populations consecutive slices. The synapses of a
projection follow each other row by row: those of the first sender, then those of the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from pffspike.network import structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Population, Program, Projection
from pffspike.typing import Floats, Integers, Multiples

FREE = np.int32(-(2**31))  #: in place of a fixed weight, where learning may change it


class Layout:
    """Positions of a program's neurons and synapses.

    Parameters
    ----------
    network : Network
        Specification of the network.
    program : Program
        One of its programs.
    parameters : Parameters
        Of which only matters what is fixed.
    """

    def __init__(self, network: Network, program: Program, parameters: Parameters) -> None:
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
        #: whose learning leaves some as they are: names of weights, and whether any bias
        self.fixed_weights = tuple(n for n in self.plastic if n in parameters.fixed_weights)
        self.fixed_biases = program.learns and bool(parameters.fixed_biases)

    @property
    def plastic(self) -> tuple[str, ...]:
        """Names of the weights that the program changes."""
        return tuple(
            p.name
            for p in self.projections
            if any(structure.learns_in(p, phase) for phase in self.program.phases)
        )

    def population_index(self, name: str) -> int:
        """Index of a population among those of the program."""
        return [p.name for p in self.populations].index(name)

    def grid(self, projection: Projection) -> float:
        """Unit of a projection's weights: those of the projection that it is tied to, if any."""
        return float(2.0 ** self.network.projection(structure.weights_of(projection)).grid)

    def pack_weights(
        self, weights: Mapping[str, Floats], names: Iterable[str] | None = None
    ) -> dict[str, Multiples]:
        """Weights of all synapses, in units of their grid, from the matrices by projection."""
        packed = {}
        for name in self.holders if names is None else names:
            holder, w = self.holders[name], weights[name]
            if holder.connectivity != "dense":
                w = w[structure.mask(self.network, holder)]
            packed[name] = (w.reshape(-1) / self.grid(holder)).astype(np.int32)
        return packed

    def pack_kept(self, parameters: Parameters) -> dict[str, Multiples]:
        """Weights that are fixed, as `pack_weights` gives them, and `FREE` in place of others."""
        names = self.fixed_weights
        values = self.pack_weights(parameters.weights, names)
        masks = parameters.fixed_weights
        ones = {n: np.where(masks[n], self.grid(self.holders[n]), 0.0) for n in names}
        fixed = self.pack_weights(ones, names)
        return {name: np.where(fixed[name], values[name], FREE) for name in names}

    def pack_biases(self, biases: Mapping[str, Floats]) -> Floats:
        """Biases of all neurons, 0 for inputs."""
        return np.concatenate(
            [np.zeros(p.size) if p.input else biases[p.name] for p in self.populations]
        )

    def pack_fixed(self, parameters: Parameters) -> Floats:
        """1 for neurons whose bias is fixed, 0 for others, inputs among them."""
        fixed = parameters.fixed_biases
        return np.concatenate(
            [np.asarray(fixed.get(p.name, np.zeros(p.size)), np.float64) for p in self.populations]
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
