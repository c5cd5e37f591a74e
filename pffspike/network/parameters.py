"""Weights and biases of a network: their initial values and their shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from pffspike.arithmetic import counter, grids
from pffspike.errors import ValidationError
from pffspike.network import structure
from pffspike.network.spec import Network, Projection
from pffspike.typing import Floats


@dataclass(frozen=True)
class Parameters:
    """All that learning changes.

    Parameters
    ----------
    weights : mapping of str to (n_pre, n_post) ndarray of float64
        By projection (tied ones have none); 0 where there is no synapse.
    biases : mapping of str to (size,) ndarray of float64
        By population that is no input.
    """

    weights: Mapping[str, Floats]
    biases: Mapping[str, Floats]

    def __repr__(self) -> str:
        weights, biases = (sum(a.size for a in x.values()) for x in (self.weights, self.biases))
        return (
            f"Parameters({weights:,} weights of {len(self.weights)} projections, {biases:,} biases "
            f"of {len(self.biases)} populations)"
        )

    def copy(self) -> Parameters:
        """Copy whose arrays are its own."""
        return Parameters(
            {name: w.copy() for name, w in self.weights.items()},
            {name: b.copy() for name, b in self.biases.items()},
        )

    def without(self, projections: Collection[str], populations: Collection[str]) -> Parameters:
        """Copy of all but the weights and the biases named."""
        return Parameters(
            {name: w.copy() for name, w in self.weights.items() if name not in projections},
            {name: b.copy() for name, b in self.biases.items() if name not in populations},
        )

    def joined(self, other: Parameters) -> Parameters:
        """What either holds, without a copy."""
        return Parameters({**self.weights, **other.weights}, {**self.biases, **other.biases})

    def equal(self, other: Parameters) -> bool:
        """Whether both hold the same numbers, bit for bit."""
        return all(
            mine.keys() == its.keys() and all(np.array_equal(mine[k], its[k]) for k in mine)
            for mine, its in (
                (self.weights, other.weights),
                (self.biases, other.biases),
            )
        )


def initial(network: Network, seed: int) -> Parameters:
    """Draw the weights and biases that a network starts from.

    Parameters
    ----------
    network : Network
        Specification of the network.
    seed : int
        Of everything random.

    Returns
    -------
    start : Parameters

    Examples
    --------
    >>> import pffspike
    >>> start = initial(pffspike.load_network("digits"), seed=0)
    >>> start.weights["image_to_hidden_1"].shape
    (64, 250)
    """
    counter.check_seed(seed)
    structure.check_memory(network)
    weights = {
        p.name: _initial_weights(network, p, seed) for p in network.projections if not p.tied
    }
    biases = {
        p.name: np.full(p.size, grids.nearest_scalar(p.bias.initial, grids.DRIVE_GRID))
        for p in network.populations
        if not p.input
    }
    return Parameters(weights, biases)


def _initial_weights(network: Network, projection: Projection, seed: int) -> Floats:
    mask = structure.mask(network, projection)
    if projection.initial == "constant":
        values = np.full(mask.shape, projection.scale)
    elif projection.initial == "transposed":
        back = structure.reciprocal(network, projection)
        values = _initial_weights(network, back, seed).T
    else:
        fan = max(
            structure.fan_in(network, projection),
            structure.fan_out(network, projection),
        )
        key = counter.derive_key(seed, counter.WEIGHTS, network.projections.index(projection))
        values = counter.normal(key, mask.size).reshape(mask.shape)
        values *= projection.scale / np.sqrt(max(1, fan))
    values = grids.nearest(values, projection.grid)
    return np.where(mask, grids.saturate(values, projection.low, projection.high), 0.0)


def check(network: Network, parameters: Parameters) -> None:
    """Raise `ValidationError` if parameters do not suit a network: names, shapes, grids, ranges."""
    expected = set(structure.trainable(network))
    biased = {p.name for p in network.populations if not p.input}
    for kind, names, given in (
        ("weights", expected, parameters.weights),
        ("biases", biased, parameters.biases),
    ):
        if set(given) != names:
            raise ValidationError(
                f"{kind} are for {sorted(given)}, but network {network.name!r} needs them "
                f"for {sorted(names)}"
            )
    for name in expected:
        projection, w = network.projection(name), parameters.weights[name]
        allowed = structure.mask(network, projection)
        if w.shape != allowed.shape:
            raise ValidationError(f"weights of {name!r} have shape {w.shape}, not {allowed.shape}")
        if np.any(w[~allowed]):
            raise ValidationError(f"weights of {name!r} must be 0 where there is no synapse")
        present = w[allowed]
        if not np.all((present >= projection.low) & (present <= projection.high)):
            raise ValidationError(
                f"weights of {name!r} must lie in [{projection.low}, {projection.high}]"
            )
        if not grids.on_grid(w, projection.grid):
            raise ValidationError(f"weights of {name!r} must be multiples of 2^{projection.grid}")
    for name in biased:
        population, b = network.population(name), parameters.biases[name]
        if b.shape != (population.size,):
            raise ValidationError(
                f"biases of {name!r} have shape {b.shape}, not ({population.size},)"
            )
        within = np.all(np.abs(b) <= population.bias.limit)
        if not within or not grids.on_grid(b, grids.DRIVE_GRID):
            raise ValidationError(
                f"biases of {name!r} must be multiples of 2^{grids.DRIVE_GRID} within "
                f"{population.bias.limit} of 0"
            )
