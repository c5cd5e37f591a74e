"""Weights and biases of a network: initial values, shape, and which of them are fixed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from pffspike.arithmetic import counter, grids
from pffspike.errors import ValidationError, unknown
from pffspike.network import structure
from pffspike.network.spec import Network, Projection
from pffspike.typing import Bools, Floats

_Array = TypeVar("_Array", Floats, Bools)


@dataclass(frozen=True)
class Parameters:
    """All that learning changes, and what of it learning leaves as it is.

    Parameters
    ----------
    weights : mapping of str to (n_pre, n_post) ndarray of float64
        By projection (tied ones have none); 0 where there is no synapse.
    biases : mapping of str to (size,) ndarray of float64
        By population that is no input.
    fixed_weights : mapping of str to (n_pre, n_post) ndarray of bool
        By projection, where a weight keeps its value whatever is learned; projections that are not
        named have no such weight.
    fixed_biases : mapping of str to (size,) ndarray of bool
        By population, likewise.
    """

    weights: Mapping[str, Floats]
    biases: Mapping[str, Floats]
    fixed_weights: Mapping[str, Bools] = field(default_factory=dict)
    fixed_biases: Mapping[str, Bools] = field(default_factory=dict)

    def __repr__(self) -> str:
        weights, biases = (sum(a.size for a in x.values()) for x in (self.weights, self.biases))
        fixed = [sum(a.sum() for a in x.values()) for x in (self.fixed_weights, self.fixed_biases)]
        kept = f", {fixed[0]:,} and {fixed[1]:,} of them fixed" if any(fixed) else ""
        return (
            f"Parameters({weights:,} weights of {len(self.weights)} projections, {biases:,} biases "
            f"of {len(self.biases)} populations{kept})"
        )

    def copy(self) -> Parameters:
        """Copy whose arrays are its own."""
        return self.without((), ())

    def without(self, projections: Collection[str], populations: Collection[str]) -> Parameters:
        """Copy of all but the weights and the biases named."""
        return Parameters(
            _copied(self.weights, projections),
            _copied(self.biases, populations),
            _copied(self.fixed_weights, projections),
            _copied(self.fixed_biases, populations),
        )

    def joined(self, other: Parameters) -> Parameters:
        """What either holds, without a copy."""
        return Parameters(
            {**self.weights, **other.weights},
            {**self.biases, **other.biases},
            {**self.fixed_weights, **other.fixed_weights},
            {**self.fixed_biases, **other.fixed_biases},
        )

    def fixed_as(self, other: Parameters) -> Parameters:
        """Same weights and biases, of which those are fixed that are in ``other``."""
        return replace(self, fixed_weights=other.fixed_weights, fixed_biases=other.fixed_biases)

    def equal(self, other: Parameters) -> bool:
        """Whether both hold the same numbers, bit for bit."""
        return all(
            mine.keys() == its.keys() and all(np.array_equal(mine[k], its[k]) for k in mine)
            for mine, its in (
                (self.weights, other.weights),
                (self.biases, other.biases),
                (self.fixed_weights, other.fixed_weights),
                (self.fixed_biases, other.fixed_biases),
            )
        )


def _copied(arrays: Mapping[str, _Array], unless: Collection[str]) -> dict[str, _Array]:
    return {name: array.copy() for name, array in arrays.items() if name not in unless}


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
    """Raise `ValidationError` if parameters do not suit a network: names, shapes, grids, ranges.

    Of what is fixed, too.
    """
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
    _check_fixed("projection", parameters.fixed_weights, parameters.weights)
    _check_fixed("population", parameters.fixed_biases, parameters.biases)


def _check_fixed(kind: str, fixed: Mapping[str, Bools], values: Mapping[str, Floats]) -> None:
    for name, mask in fixed.items():
        if name not in values:
            raise unknown(f"fixed parameters: {kind}", name, sorted(values))
        if mask.shape != values[name].shape or mask.dtype != bool:
            raise ValidationError(
                f"fixed parameters of {kind} {name!r} have shape {mask.shape} and type "
                f"{mask.dtype}; give {values[name].shape} of bool, True where learning changes "
                f"nothing"
            )
