"""Where everything of a program sits in Brian2's flat arrays: neurons, bundles, synapses.

All neurons of a program form one group, its populations consecutive slices. Projections that
deliver in the same phases and by the same rule are put into one *bundle*, one Brian2 `Synapses`
object: every object costs five to eight compiled files and two calls a step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pffspike.network import structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Phase, Population, Program, Projection

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Bundle:
    """Projections that one `Synapses` object holds.

    Parameters
    ----------
    name : str
    projections : tuple of Projection
        Their synapses follow each other in this order, each in row-major order of its mask.
    open : tuple of bool
        By phase: whether spikes are delivered.
    normalized : bool
        Whether spikes are weighted by the gain of the sending population.
    learns : tuple of bool
        By phase: whether any of the weights changes at its end.
    live : Projection or None
        The projection whose weights this one uses while they are being learned; the bundle
        then holds one projection and no weights.
    """

    name: str
    projections: tuple[Projection, ...]
    open: tuple[bool, ...]
    normalized: bool
    learns: tuple[bool, ...]
    live: Projection | None = None

    @property
    def plastic(self) -> bool:
        """Whether the program changes any of the weights."""
        return any(self.learns)

    @property
    def gated(self) -> bool:
        """Whether spikes are held back in some phase."""
        return not all(self.open)

    def shared(self, field: str) -> bool:
        """Whether all projections have the same value of a field."""
        return len({getattr(p, field) for p in self.projections}) == 1


def learns_in(projection: Projection, phase: Phase) -> bool:
    """Whether a phase changes the weights of a projection."""
    return (
        projection.learning_rate > 0
        and projection.name in phase.projections
        and projection.post in phase.learn
    )


class _Key(NamedTuple):
    """What the projections of a bundle have in common."""

    open: tuple[bool, ...]
    normalized: bool
    plastic: bool
    grid: int
    live: str | None


class Layout:
    """Positions of a program's neurons and synapses.

    Parameters
    ----------
    network : Network
    program : Program
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
        self.place_of: Integers = np.concatenate([np.arange(n) for n in sizes])
        self.bundles = self._bundles(extent.projections)
        self.learns = program.learns

    def _bundles(self, projections: tuple[Projection, ...]) -> tuple[Bundle, ...]:
        phases = self.program.phases
        groups: dict[_Key, list[Projection]] = {}
        learning: dict[str, tuple[bool, ...]] = {}
        for p in projections:
            learning[p.name] = tuple(learns_in(p, f) for f in phases)
        gates = self._gates(projections)
        for p in projections:
            live = p.name if p.tied and any(learning.get(p.tied, ())) else None
            plastic = any(learning[p.name])
            # A projection whose weights change keeps its own grid: one constant a bundle.
            key = _Key(gates[p.name], p.normalized, plastic, p.grid if plastic else 0, live)
            groups.setdefault(key, []).append(p)
        # Those that use the weights of others come last, when the others are there.
        return tuple(
            Bundle(
                f"synapses_{k}",
                tuple(group),
                key.open,
                key.normalized,
                tuple(any(learning[p.name][f] for p in group) for f in range(len(phases))),
                self.network.projection(str(group[0].tied)) if key.live else None,
            )
            for k, (key, group) in enumerate(
                sorted(groups.items(), key=lambda item: item[0].live is not None)
            )
        )

    def _gates(self, projections: tuple[Projection, ...]) -> dict[str, tuple[bool, ...]]:
        """By projection, the phases in which its spikes may pass; as few patterns as possible.

        They must pass where it is enabled, must not where it is disabled and its sender is
        active, and may elsewhere. An open gate costs nothing.
        """
        phases = self.program.phases
        enabled = {p.name: tuple(p.name in f.projections for f in phases) for p in projections}
        patterns = [(True,) * len(phases), *enabled.values()]

        def suits(projection: Projection, pattern: tuple[bool, ...]) -> bool:
            return all(
                passes == must or projection.pre not in structure.active(self.network, f)
                for passes, must, f in zip(pattern, enabled[projection.name], phases, strict=True)
            )

        return {p.name: next(q for q in patterns if suits(p, q)) for p in projections}

    def endpoints(self, bundle: Bundle) -> tuple[Integers, Integers]:
        """Sending and receiving neuron of every synapse of a bundle."""
        pre, post = [], []
        for p in bundle.projections:
            rows, columns = np.nonzero(structure.mask(self.network, p))
            pre.append(rows + self.slices[p.pre].start)
            post.append(columns + self.slices[p.post].start)
        return np.concatenate(pre), np.concatenate(post)

    def place_in_bundle(self, projection: Projection) -> tuple[Bundle, int]:
        """Bundle of a projection and the position of its first synapse in it."""
        for bundle in self.bundles:
            start = 0
            for p in bundle.projections:
                if p.name == projection.name:
                    return bundle, start
                start += self.synapses(p)
        raise KeyError(projection.name)

    def synapses(self, projection: Projection) -> int:
        """Number of synapses of a projection."""
        return self.network.population(projection.pre).size * structure.fan_out(
            self.network, projection
        )

    def per_synapse(self, bundle: Bundle, values: list[float]) -> Floats:
        """Spread one value a projection over the synapses of a bundle."""
        return np.repeat(np.array(values, float), [self.synapses(p) for p in bundle.projections])

    def pack_weights(self, bundle: Bundle, weights: Mapping[str, Floats]) -> Floats:
        """Weights of a bundle's synapses, from the matrices by projection."""
        return np.concatenate(
            [
                weights[structure.weights_of(p)][structure.mask(self.network, p)]
                for p in bundle.projections
            ]
        )

    def pack_biases(self, biases: Mapping[str, Floats]) -> Floats:
        """Biases of all neurons, 0 for driven ones."""
        return np.concatenate(
            [np.zeros(p.size) if p.driven else biases[p.name] for p in self.populations]
        )

    def unpack(self, target: Parameters, biases: Floats, weights: Mapping[str, Floats]) -> None:
        """Write what the program has learned into ``target``, in place.

        Parameters
        ----------
        target : Parameters
        biases : (neurons,) ndarray of float64
        weights : mapping of str to (synapses,) ndarray of float64
            By name of a plastic bundle.
        """
        for population in self.populations:
            if not population.driven:
                name = population.name
                target.biases[name][:] = biases[self.slices[name]]
        for bundle in self.bundles:
            if not bundle.plastic:
                continue
            start = 0
            for p in bundle.projections:
                stop = start + self.synapses(p)
                if p.tied is None:
                    target.weights[p.name][structure.mask(self.network, p)] = weights[bundle.name][
                        start:stop
                    ]
                start = stop
