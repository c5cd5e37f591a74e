"""One presentation of many samples at once: draw, count, deliver, trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pffspike.arithmetic import counter, grids
from pffspike.network import structure
from pffspike.network.spec import Network, Phase, Population, Program
from pffspike.recording import NOTHING, Probes
from pffspike.typing import Array, Bools, Floats, Keys

_DRAWN = 2**19  #: random numbers that are held at once, those of as many steps as that makes


@dataclass
class Activity:
    """What a presentation leaves behind, by active population.

    ``counts`` and ``traces`` are ``(batch, units)``: spikes in the window and their sum weighted
    by the gain; ``spikes`` is ``(batch,)``: spikes over all steps; ``rasters``, ``drives`` and
    ``probabilities`` are ``(steps, batch, units)`` for the populations asked for.
    """

    counts: dict[str, Floats] = field(default_factory=dict)
    traces: dict[str, Floats] = field(default_factory=dict)
    spikes: dict[str, Floats] = field(default_factory=dict)
    rasters: dict[str, Bools] = field(default_factory=dict)
    drives: dict[str, Floats] = field(default_factory=dict)
    probabilities: dict[str, Floats] = field(default_factory=dict)

    def keep(self, step: int, name: str, drive: Floats, sent: Array) -> None:
        """Keep what was asked for of a population in a step."""
        if name in self.rasters:
            self.rasters[name][step] = sent
        if name in self.drives:
            self.drives[name][step] = drive
        if name in self.probabilities:
            self.probabilities[name][step] = grids.saturate(drive, 0.0, 1.0)


def present(
    network: Network,
    program: Program,
    phase: Phase,
    inputs: Mapping[str, Array],
    keys: Keys,
    weights: Mapping[str, Floats],
    biases: Mapping[str, Floats],
    probes: Probes = NOTHING,
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
        By active input population: ``(batch,)`` classes, ``(batch, units)`` probabilities, or
        ``(batch, steps, units)`` those of each step.
    keys : (batch,) ndarray of uint64
        Key of each sample; its children are the steps.
    weights, biases : mapping of str to ndarray
        By projection (tied ones too) and population.
    probes : Probes
        Populations whose rasters, drives and probabilities are kept.
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
        *(
            {
                p.name: np.zeros((program.steps, batch, p.size), kind)
                for p in populations
                if p.name in kept
            }
            for kept, kind in (
                (probes.rasters, float if rates else bool),
                (probes.drives, float),
                (probes.probabilities, float),
            )
        ),
    )
    tables = {p.name: grids.gain_table(p.normalization, p.size) for p in populations}
    counters = {
        p.name: counter.neuron_counters(network.index(p.name), p.size)
        for p in populations
        if p.name not in clamped and not rates
    }
    held = max(1, _DRAWN // max(1, batch * sum(len(c) for c in counters.values())))
    drawn: dict[str, Floats] = {}
    projections = [network.projection(name) for name in phase.projections]
    currents: dict[str, Floats | float] = {p.name: 0.0 for p in populations}

    def shown(name: str, step: int) -> Array:
        return inputs[name][:, step] if inputs[name].ndim == 3 else inputs[name]

    for step in range(program.steps):
        if step % held == 0:
            steps = np.arange(step, min(step + held, program.steps))
            step_keys = counter.derive_keys(keys, steps[:, None])[:, :, None]
            drawn = {name: _draw(step_keys, counters[name], random_bits) for name in counters}
        spikes, gains = {}, {}
        for p in populations:
            if p.name in clamped:
                s = drive = clamped[p.name]
            else:
                drive = biases[p.name] + currents[p.name] if not p.input else shown(p.name, step)
                chance = grids.saturate(drive, 0.0, 1.0)
                s = chance if rates else chance > drawn[p.name][step % held]
                s = np.broadcast_to(s, (batch, p.size))
            n = (s != 0).sum(axis=1)
            spikes[p.name] = s.astype(np.float64)
            if rates:
                gains[p.name] = _norm_gain(p, spikes[p.name])
            else:
                gains[p.name] = tables[p.name][n][:, None]
            activity.spikes[p.name] += n
            if step >= program.burn_in:
                activity.counts[p.name] += s
                activity.traces[p.name] += s * gains[p.name]
            activity.keep(step, p.name, drive, s)
        currents = {p.name: 0.0 for p in populations}
        for projection in projections:
            current = spikes[projection.pre] @ weights[projection.name]
            if projection.normalized:
                current *= gains[projection.pre]
            currents[projection.post] = currents[projection.post] + current
    return activity


def _draw(step_keys: Keys, counters: Array, random_bits: int) -> Floats:
    """Random numbers of a population, ``(steps, batch, units)``."""
    drawn = counter.uniform(step_keys, counters)
    if random_bits < counter.UNIFORM_BITS:
        drawn = np.floor(drawn * 2.0**random_bits) * 2.0**-random_bits
    return drawn


def _norm_gain(population: Population, sent: Floats) -> Floats:
    """Gain of values that are no bits: ``1 / max(1, norm)``, which is 1/sqrt(n) for n spikes."""
    if population.normalization == "none":
        return np.ones((len(sent), 1))
    return 1.0 / np.maximum(1.0, np.linalg.norm(sent, axis=1, keepdims=True))
