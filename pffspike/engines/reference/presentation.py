"""One presentation of many samples at once: draw, count, deliver, trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pffspike.arithmetic import counter, grids
from pffspike.network import structure
from pffspike.network.spec import Network, Phase, Population, Program
from pffspike.typing import Array, Bools, Floats, Keys


@dataclass
class Activity:
    """What a presentation leaves behind, by active population.

    ``counts`` and ``traces`` are ``(batch, units)``: spikes in the window and their sum weighted
    by the gain; ``spikes`` is ``(batch,)``: spikes over all steps; ``rasters`` is
    ``(steps, batch, units)`` for the populations asked for.
    """

    counts: dict[str, Floats] = field(default_factory=dict)
    traces: dict[str, Floats] = field(default_factory=dict)
    spikes: dict[str, Floats] = field(default_factory=dict)
    rasters: dict[str, Bools] = field(default_factory=dict)


def present(
    network: Network,
    program: Program,
    phase: Phase,
    inputs: Mapping[str, Array],
    keys: Keys,
    weights: Mapping[str, Floats],
    biases: Mapping[str, Floats],
    rasters: tuple[str, ...] = (),
    rates: bool = False,
    random_bits: int = counter.UNIFORM_BITS,
) -> Activity:
    """Run one phase from silence.

    Parameters
    ----------
    network : Network
        Specification of the network.
    program : Program
        One of its programs.
    phase : Phase
        Which is presented.
    inputs : mapping of str to ndarray
        By active input population: ``(batch,)`` classes or ``(batch, units)`` probabilities.
    keys : (batch,) ndarray of uint64
        Key of each sample; its children are the steps.
    weights, biases : mapping of str to ndarray
        By projection (tied ones too) and population.
    rasters : tuple of str
        Populations to record.
    rates : bool
        Send probabilities instead of spikes, see `ReferenceEngine`.
    random_bits : int
        Bits of a random number, see `ReferenceEngine`.

    Returns
    -------
    Activity
    """
    names = structure.active(network, phase)
    populations = [p for p in network.populations if p.name in names]
    clamped = {
        p.name: inputs[p.name][:, None] == np.arange(p.size)
        for p in populations
        if p.input and inputs[p.name].ndim == 1
    }
    batch = len(keys)
    activity = Activity(
        {p.name: np.zeros((batch, p.size)) for p in populations},
        {p.name: np.zeros((batch, p.size)) for p in populations},
        {p.name: np.zeros(batch) for p in populations},
        {
            p.name: np.zeros((program.steps, batch, p.size), float if rates else bool)
            for p in populations
            if p.name in rasters
        },
    )
    tables = {p.name: grids.gain_table(p.normalization, p.size) for p in populations}
    counters = {p.name: counter.neuron_counters(network.index(p.name), p.size) for p in populations}
    currents: dict[str, Floats | float] = {p.name: 0.0 for p in populations}
    for step in range(program.steps):
        step_keys = counter.derive_keys(keys, step)[:, None]
        spikes, gains = {}, {}
        for p in populations:
            if p.name in clamped:
                s = clamped[p.name]
            else:
                s = _probability(p, inputs, biases, currents)
                if rates:
                    s = np.broadcast_to(s, (batch, p.size))
                else:
                    drawn = counter.uniform(step_keys, counters[p.name])
                    if random_bits < counter.UNIFORM_BITS:
                        drawn = np.floor(drawn * 2.0**random_bits) * 2.0**-random_bits
                    s = drawn < s
            n = np.count_nonzero(s, axis=1)
            spikes[p.name] = s.astype(np.float64)
            if rates:
                gains[p.name] = _norm_gain(p, spikes[p.name])
            else:
                gains[p.name] = tables[p.name][n][:, None]
            activity.spikes[p.name] += n
            if step >= program.burn_in:
                activity.counts[p.name] += s
                activity.traces[p.name] += s * gains[p.name]
            if p.name in activity.rasters:
                activity.rasters[p.name][step] = s
        currents = {p.name: 0.0 for p in populations}
        for name in phase.projections:
            projection = network.projection(name)
            current = spikes[projection.pre] @ weights[name]
            if projection.normalized:
                current *= gains[projection.pre]
            currents[projection.post] = currents[projection.post] + current
    return activity


def _norm_gain(population: Population, sent: Floats) -> Floats:
    """Gain of values that are no bits: ``1 / max(1, norm)``, which is 1/sqrt(n) for n spikes."""
    if population.normalization == "none":
        return np.ones((len(sent), 1))
    return 1.0 / np.maximum(1.0, np.linalg.norm(sent, axis=1, keepdims=True))


def _probability(
    population: Population,
    inputs: Mapping[str, Array],
    biases: Mapping[str, Floats],
    currents: Mapping[str, Floats | float],
) -> Floats:
    if population.input:
        return inputs[population.name]
    return grids.saturate(biases[population.name] + currents[population.name], 0.0, 1.0)
