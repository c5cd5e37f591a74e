"""Where the neurons of a network lie on a device, and where their spikes go: inert data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pffspike.network.spec import Network, Projection
from pffspike.typing import Integers


@dataclass(frozen=True)
class Block:
    """Consecutive neurons of a population on one core.

    Parameters
    ----------
    population : str
        Name of the population.
    start, stop : int
        Neurons ``start`` to ``stop - 1``.

    Examples
    --------
    >>> Block("hidden_1", 0, 125).size
    125
    """

    population: str
    start: int
    stop: int

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.stop - self.start


@dataclass(frozen=True)
class Usage:
    """Part of a core that blocks of neurons take.

    Parameters
    ----------
    compartments, axons_in, axons_out, synapse_words : int
        As in `pffspike.devices.Limits`.

    Examples
    --------
    >>> (Usage(compartments=10) + Usage(compartments=5)).compartments
    15
    """

    compartments: int = 0
    axons_in: int = 0
    axons_out: int = 0
    synapse_words: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{key: value + getattr(other, key) for key, value in vars(self).items()})


@dataclass(frozen=True)
class NoiseSetting:
    """The core's setting of the random numbers that its neurons draw.

    Parameters
    ----------
    exponent, mantissa : int
        See ``noise_shift`` of `pffspike.devices.Formats`.
    one : int
        A probability of 1 is ``2^one`` in units of a neuron's state.

    Examples
    --------
    >>> NoiseSetting(8, 2, 9).one
    9
    """

    exponent: int
    mantissa: int
    one: int


@dataclass(frozen=True)
class Core:
    """A core and the neurons on it.

    Parameters
    ----------
    index : int
        Number of the core, over all chips.
    chip : int
        Number of its chip.
    x, y : int or None
        Tile of the chip's mesh; None if the card gives no mesh.
    blocks : tuple of Block
        The neurons.
    usage : Usage
        The part of the core that they take.
    noise : NoiseSetting or None
        None: the device has no such setting.

    Examples
    --------
    >>> Core(0, 0, 0, 0, (Block("image", 0, 64),), Usage(64), None).blocks[0].population
    'image'
    """

    index: int
    chip: int
    x: int | None
    y: int | None
    blocks: tuple[Block, ...]
    usage: Usage
    noise: NoiseSetting | None


@dataclass(frozen=True, eq=False)
class Route:
    """Where the spikes of a projection go, by sending neuron. All arrays are ``(n_pre,)`` int64.

    A spike is one message to each core that holds a target.

    Parameters
    ----------
    projection : str
        Name of the projection.
    within : ndarray
        1 if the sender's own core holds targets.
    between : ndarray
        Other cores of the same chip with targets.
    off_chip : ndarray
        Cores of other chips with targets.
    hops_x, hops_y : ndarray
        Steps on the mesh of the messages to other cores of the same chip, summed over them: those
        along the width and those along the height. 0 without a mesh.
    """

    projection: str
    within: Integers
    between: Integers
    off_chip: Integers
    hops_x: Integers
    hops_y: Integers


@dataclass(frozen=True, eq=False)
class Placement:
    """A network on a device.

    Parameters
    ----------
    network : Network
        The network placed.
    device : str
        Name of the device card.
    learning : bool
        Whether synapses that learn were given the room that learning needs.
    cores : tuple of Core
        The cores in use, by their numbers.
    routes : mapping of str to Route
        By projection that is placed.
    weight_bits : mapping of str to int
        Bits of a weight as stored, by projection that is placed.
    weight_exponents : mapping of str to int
        Exponent on the device; empty if the card does not say how weights add to a state.
    """

    network: Network
    device: str
    learning: bool
    cores: tuple[Core, ...]
    routes: dict[str, Route]
    weight_bits: dict[str, int]
    weight_exponents: dict[str, int]

    @property
    def chips(self) -> int:
        """Number of chips."""
        return max((core.chip for core in self.cores), default=-1) + 1

    def cores_of(self, population: str) -> Integers:
        """Core of each neuron of a population: ``(size,)`` ndarray."""
        found = np.full(self.network.population(population).size, -1, np.int64)
        for core in self.cores:
            for block in core.blocks:
                if block.population == population:
                    found[block.start : block.stop] = core.index
        return found


def targets(network: Network, projection: Projection, sender: int) -> tuple[int, int]:
    """Give the first target of a sender and the one behind the last.

    Parameters
    ----------
    network : Network
        The network of the projection.
    projection : Projection
        One of its projections.
    sender : int
        A neuron of its sending population.

    Returns
    -------
    first, behind : int
        In a group of lateral competition the neuron itself counts.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> digits = load_network("digits")
    >>> targets(digits, digits.projection("image_to_hidden_1"), 3)
    (0, 250)
    """
    if projection.connectivity == "dense":
        return 0, network.population(projection.post).size
    if projection.connectivity == "one_to_one":
        return sender, sender + 1
    first = sender // projection.block * projection.block
    return first, first + projection.block
