"""Units of a neuron's state: exponents of weights and settings of noise.

A spike probability of 1 is ``2^one`` units of the state. One unit of the finest weight must be a
unit of the state or more, and so must one step of the random numbers. All populations share ``one``
if the exponents allow it; else each population has its own, and populations with different ones
can't share a core, for the noise is set per core.
"""

from __future__ import annotations

from pffspike.mapping.demand import Demand
from pffspike.mapping.placement import NoiseSetting
from pffspike.network.spec import Projection


def stored_grid(demand: Demand, projection: Projection) -> int:
    """Exponent of the integers as stored: lower where mixed signs use even values only."""
    mixed = projection.low < 0 < projection.high
    return projection.grid - (mixed and demand.formats.mixed_step.value == 2)


def noises(demand: Demand) -> dict[str, NoiseSetting | None]:
    """NoiseSetting setting of each population; None if the device has no such setting."""
    formats = demand.formats
    if formats.noise_shift is None or formats.random_bits is None or formats.weight_shift is None:
        return {p.name: None for p in demand.populations}
    bits = formats.random_bits.value
    grids = {
        p.name: [stored_grid(demand, q) for q in demand.projections if q.post == p.name]
        for p in demand.populations
    }

    def one(found: list[int]) -> int:
        return max(bits, -min(found, default=0))

    everything = [grid for found in grids.values() for grid in found]
    room = formats.weight_exponent_high.value + formats.weight_shift.value
    shared = one(everything) + max(everything, default=0) <= room
    settings: dict[str, NoiseSetting | None] = {}
    for name, found in grids.items():
        unit = one(everything if shared else found)
        # r - 2^(bits-1) + 2 * 2^(bits-2) = r: from 0 to just below 2^bits.
        settings[name] = NoiseSetting(unit - bits + formats.noise_shift.value, 2, unit)
    return settings


def exponents(demand: Demand, settings: dict[str, NoiseSetting | None]) -> dict[str, int]:
    """Exponent of each projection's weights on the device; none if there are no settings."""
    found = {}
    for p in demand.projections:
        noise = settings[p.post]
        if noise is not None and demand.formats.weight_shift is not None:
            found[p.name] = stored_grid(demand, p) + noise.one - demand.formats.weight_shift.value
    return found
