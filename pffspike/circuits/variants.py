"""Variants that any circuit may have: parts left out, weights stored with fewer bits."""

from __future__ import annotations

import dataclasses

from pffspike.network.spec import Network, Phase, Projection


def without(network: Network, removed: set[str]) -> Network:
    """Leave out some populations, and the latent one, on which nothing else depends.

    Parameters
    ----------
    network : Network
        The whole one.
    removed : set of str
        Names of populations.

    Returns
    -------
    Network
        With the programs ``train``, ``one_pass`` and ``goodness``.
    """
    kept = {p.name for p in network.populations if p.name not in removed and p.name != "latent"}
    projections = tuple(p for p in network.projections if {p.pre, p.post} <= kept)
    left = {p.name for p in projections}

    def shortened(phase: Phase) -> Phase:
        enabled = tuple(name for name in phase.projections if name in left)
        learn = tuple(name for name in phase.learn if name in kept)
        return dataclasses.replace(phase, projections=enabled, learn=learn)

    return network.replace(
        populations=tuple(p for p in network.populations if p.name in kept),
        projections=projections,
        programs=tuple(
            dataclasses.replace(program, phases=tuple(shortened(phase) for phase in program.phases))
            for program in network.programs
            if program.name in ("train", "one_pass", "goodness")
        ),
    )


def stored(projection: Projection, grid: int, limit: float) -> Projection:
    """Projection whose weights are multiples of ``2^grid`` within ``[-limit, limit]``."""
    return dataclasses.replace(
        projection,
        grid=grid,
        low=max(projection.low, -limit),
        high=min(projection.high, limit),
    )
