"""What a block of neurons takes of a core, by the projections that arrive at it and leave it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pffspike.devices import Device, Formats, Limits
from pffspike.errors import ValidationError
from pffspike.mapping.placement import Block, Usage
from pffspike.network import structure
from pffspike.network.spec import Network, Population, Projection


@dataclass(frozen=True)
class Balance:
    """The most work that a core may take, beside the limits of the device.

    Parameters
    ----------
    work : mapping of str to float
        Work of each population, s or in any other unit: of its updates, its spikes and the
        synapses onto it. Neurons of a population share it equally.
    limit : float
        The most work of a core, in the same unit. A single neuron may exceed it.

    Examples
    --------
    >>> Balance({"hidden_1": 4e-6}, 1e-6).limit
    1e-06
    """

    work: Mapping[str, float]
    limit: float


@dataclass(frozen=True)
class Demand:
    """The part of a network that is placed, and the limits it must keep.

    Parameters
    ----------
    network : Network
        The whole network.
    limits : Limits
        Capacity of a core.
    formats : Formats
        Number formats of the device.
    populations : tuple of Population
        Those that are placed.
    projections : tuple of Projection
        Those that are placed.
    learning : bool
        Whether synapses that learn are given the room that learning needs.
    balance : Balance or None
        Most work of a core; None: any.
    """

    network: Network
    limits: Limits
    formats: Formats
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    learning: bool
    balance: Balance | None = None

    @staticmethod
    def make(
        network: Network, device: Device, learning: bool, balance: Balance | None = None
    ) -> Demand:
        """Take the programs that learn nothing, with ``learning`` all programs.

        Parameters
        ----------
        network : Network
            The whole network.
        device : Device
            With limits and formats.
        learning : bool
            Whether it learns on the device.
        balance : Balance or None
            Most work of a core; None: any.

        Returns
        -------
        Demand
            What is to be placed.

        Raises
        ------
        ValidationError
            If the card of the device gives no limits or no formats.
        """
        if device.limits is None or device.formats is None:
            raise ValidationError(
                f"device {device.name!r} gives no limits of its cores, so nothing can be placed "
                f"on it; add the tables [limits] and [formats] to its card"
            )
        used = [structure.extent(network, p) for p in network.programs if learning or not p.learns]
        populations = {p.name for extent in used for p in extent.populations}
        projections = {p.name for extent in used for p in extent.projections}
        return Demand(
            network,
            device.limits,
            device.formats,
            tuple(p for p in network.populations if p.name in populations),
            tuple(p for p in network.projections if p.name in projections),
            learning,
            balance,
        )

    def light(self, blocks: Sequence[Block]) -> bool:
        """Whether the work of some blocks together is within the limit of a core."""
        if self.balance is None:
            return True
        work, population = self.balance.work, self.network.population
        shares = (
            work.get(b.population, 0.0) * b.size / population(b.population).size for b in blocks
        )
        return sum(shares) <= self.balance.limit

    def bits(self, projection: Projection) -> int:
        """Bits of a weight as stored: those of its format, at most those that the device has."""
        return min(format_bits(projection), self.formats.weight_bits.value)

    def arriving(self, block: Block) -> Usage:
        """Neurons, incoming axons and synapses of a block."""
        axons = words = 0
        for p in self.projections:
            if p.post != block.population:
                continue
            entries = self.limits.learning_axons.value if self._learns(p) else 1
            for senders, width in _fans(self.network, p, block):
                axons += senders * entries
                words += senders * self.limits.words(width, self.bits(p))
        return Usage(block.size, axons, 0, words)

    def _learns(self, projection: Projection) -> bool:
        owner = self.network.projection(structure.weights_of(projection))
        return self.learning and owner.learning_rate > 0

    def destinations(self, population: str, parts: Mapping[str, Sequence[Block]]) -> int:
        """Most cores that the spikes of one neuron go to, all projections together."""
        total = 0
        for p in self.projections:
            if p.pre == population:
                blocks = parts[p.post]
                total += (
                    len(blocks)
                    if p.connectivity == "dense"
                    else 1 + (p.connectivity == "blocks" and _cuts(blocks, p.block))
                )
        return total

    def quantum(self, population: str) -> int:
        """Neurons that should stay together: the least common multiple of the groups' sizes."""
        return math.lcm(*(p.block or 1 for p in self.projections if p.post == population))


def format_bits(projection: Projection) -> int:
    """Bits of the integers between the limits of a projection's weights, with sign if mixed."""
    low, high = (
        round(value * 2.0**-projection.grid) for value in (projection.low, projection.high)
    )
    if low >= 0 or high <= 0:
        return max(1, high.bit_length(), low.bit_length())
    return 1 + max(high.bit_length(), (-low - 1).bit_length())


def _fans(network: Network, projection: Projection, block: Block) -> list[tuple[int, int]]:
    """Numbers of senders with the width of their targets in the block."""
    if projection.connectivity == "dense":
        return [(network.population(projection.pre).size, block.size)]
    if projection.connectivity == "one_to_one":
        return [(block.size, 1)]
    size = projection.block
    firsts = np.arange(block.start // size * size, block.stop, size)
    widths = np.minimum(firsts + size, block.stop) - np.maximum(firsts, block.start)
    return [(size, int(width)) for width in widths]


def _cuts(blocks: Sequence[Block], size: int) -> bool:
    """Whether a cut goes through a group."""
    return any(block.start % size for block in blocks)
