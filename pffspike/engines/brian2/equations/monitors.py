"""Drives, spike probabilities and weights over time, by Brian2's own monitors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from brian2 import Clock, NeuronGroup, StateMonitor, Synapses

from pffspike.engines.brian2.equations.context import EquationsContext
from pffspike.network import structure
from pffspike.network.spec import Network, Program
from pffspike.recording import Probes
from pffspike.typing import Floats


def make_monitors(
    context: EquationsContext,
    populations: Mapping[str, NeuronGroup],
    synapses: Mapping[str, Synapses],
) -> dict[str, StateMonitor]:
    """Make the monitors of what a recording keeps beside spikes.

    Parameters
    ----------
    context : EquationsContext
        What all parts of the build share. Of its options' probes, what the program does not use
        is left out.
    populations, synapses : mapping of str to NeuronGroup and Synapses
        By the names of the specification.

    Returns
    -------
    dict of str to StateMonitor
        By population (``p``, ``I`` and ``b`` in every step, between what arrives and the draw) and
        projection (``w`` at the begin of every sample, after the last one was learned).
    """
    made, probes = {}, context.options.probes
    for name, group in populations.items():
        driven = name in probes.drives
        wanted = ["I", "b"] if driven and "b" in group.variables else []
        if name in probes.probabilities or (driven and not wanted):
            wanted.append("p")
        if wanted:
            made[name] = StateMonitor(
                group,
                wanted,
                record=True,
                clock=context.clock,
                when="groups",
                order=1,
                name=context.name(f"{name}_states"),
            )
    begin = Clock(
        dt=context.presentations.dt * len(context.program.phases), name=context.name("sample_clock")
    )
    for projection in context.extent.projections:
        count = np.count_nonzero(structure.mask(context.network, projection))
        if projection.name in probes.weights and count:
            owner = structure.weights_of(projection)
            made[projection.name] = StateMonitor(
                synapses.get(owner, synapses[projection.name]),
                "w",
                record=np.arange(count),  # C++ standalone does not know it yet
                clock=begin,
                name=context.name(f"{projection.name}_states"),
            )
    return made


def states(
    network: Network,
    program: Program,
    samples: int,
    observed: Mapping[str, Floats],
    probes: Probes,
) -> dict[str, dict[str, Floats]]:
    """Bring what was monitored into the form of a recording.

    Parameters
    ----------
    network : Network
        Specification of the network.
    program : Program
        One of its programs.
    samples : int
        How many were presented.
    observed : mapping of str to (times, units) ndarray of float64
        By "population.variable" and "projection.w"; more times than the samples take are padding.
    probes : Probes
        What is kept of it.

    Returns
    -------
    dict of str to dict of str to ndarray
        ``drives``, ``probabilities`` and ``weights`` of a `pffspike.recording.Recording`.
    """
    extent = structure.extent(network, program)
    shown = samples * len(program.phases)
    found: dict[str, dict[str, Floats]] = {"drives": {}, "probabilities": {}, "weights": {}}
    for name in (p.name for p in extent.populations):
        active = np.array([name in structure.active(network, phase) for phase in program.phases])
        on = np.tile(active, samples)[:, None]
        for kind in ("drives", "probabilities"):
            if name in getattr(probes, kind):
                if kind == "drives" and f"{name}.b" in observed:
                    values = observed[f"{name}.b"] + observed[f"{name}.I"]
                else:
                    values = observed[f"{name}.p"]
                by_step = values[: shown * program.steps].reshape(shown, program.steps, -1)
                found[kind][name] = np.where(on, by_step.transpose(1, 0, 2), 0.0)
    for projection in extent.projections:
        if projection.name in probes.weights:
            mask = structure.mask(network, projection)
            matrices = np.zeros((samples, *mask.shape))
            first = int(program.learns)  # the first time is before the first sample
            if mask.any():  # blocks of one neuron have no synapses
                matrices[:, mask] = observed[f"{projection.name}.w"][first : first + samples]
            found["weights"][projection.name] = matrices
    return found
