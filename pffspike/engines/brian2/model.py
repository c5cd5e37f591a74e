"""The model: all Brian2 objects of a program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2 import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Subgroup,
    Synapses,
    TimedArray,
    linked_var,
)

from pffspike.engines.brian2.context import BuildContext, Order
from pffspike.engines.brian2.hard_negatives import make_candidates, make_competition
from pffspike.engines.brian2.layout import Layout
from pffspike.engines.brian2.neurons import make_neurons
from pffspike.engines.brian2.population_state import make_population_state
from pffspike.engines.brian2.projections import make_projections, make_synapses
from pffspike.engines.brian2.rows import Rows
from pffspike.errors import unknown
from pffspike.network import structure


@dataclass(frozen=True)
class PackedModel:
    """Brian2 objects of a program: few, for speed; `population` and `projection` find their parts.

    Parameters
    ----------
    layout : Layout
        Where the populations and projections of the specification are in them.
    network : Network
        Specification of the network.
    schedule, signals : TimedArray
        See `pffspike.engines.brian2.schedule.Tables`.
    neurons, population_state, projections : NeuronGroup
        All neurons; one member a population; one a projection (None: there is none).
    synapses : dict of str to Synapses
        By name of the weights.
    totals, losses, counts : StateMonitor
        Results of presentations; the first row stands for the time before the first.
    spikes : SpikeMonitor or None
        All spikes, if any raster is wanted.
    """

    layout: Layout
    network: Network
    schedule: TimedArray
    signals: TimedArray
    neurons: NeuronGroup
    population_state: NeuronGroup
    projections: NeuronGroup | None
    synapses: dict[str, Synapses]
    totals: StateMonitor
    losses: StateMonitor | None
    counts: StateMonitor | None
    spikes: SpikeMonitor | None

    def population(self, name: str) -> Subgroup:
        """Neurons of a population, by the name in the specification.

        Parameters
        ----------
        name : str
            Of a population of the program.

        Returns
        -------
        brian2.Subgroup
            Made anew in each call; a monitor of it has to be added to ``network``. What its neurons
            are linked to has no place in it: see ``population_state``.

        Raises
        ------
        ValidationError
            If the program has no such population.
        """
        where = self.layout.slices.get(name)
        if where is None:
            raise unknown("population of the program", name, list(self.layout.slices))
        return _part(self.neurons, where)

    def projection(self, name: str) -> Synapses:
        """Synapses of a projection, by the name in the specification.

        Parameters
        ----------
        name : str
            Of a projection of the program.

        Returns
        -------
        brian2.Synapses
            Between indices of ``neurons``, sender by sender; variable ``w``. Tied projections have
            those that hold their weights, between the populations of the first of them.

        Raises
        ------
        ValidationError
            If the program has no such projection, or it has no synapse.
        """
        names = [p.name for p in self.layout.projections]
        if name not in names:
            raise unknown("projection of the program", name, names)
        return self.synapses[structure.weights_of(self.layout.network.projection(name))]


def _part(neurons: NeuronGroup, where: slice) -> Subgroup:
    """Subgroup without linked variables, by whose indices Brian2 can make none."""
    indices = neurons.variables.indices
    linked = {name: index for name, index in indices.items() if index not in ("_idx", "0")}
    for name in linked:
        del indices[name]
    try:
        part = neurons[where]
    finally:
        indices.update(linked)
    for name in linked:
        del part.variables._variables[name]
    return part


def build(context: BuildContext) -> PackedModel:
    """Create all objects, in the device that is active now.

    Parameters
    ----------
    context : BuildContext
        What all parts of the build share.

    Returns
    -------
    PackedModel
    """
    population_state = make_population_state(context)
    hard_negative = context.program.hard_negative
    candidates = make_candidates(context, hard_negative) if hard_negative else None
    neurons = make_neurons(context, population_state, candidates)
    projections = (
        make_projections(context, population_state) if context.layout.projections else None
    )
    synapses = make_synapses(context, neurons)
    functions = Rows(context.layout, neurons, synapses).functions(context.standalone)
    objects = [population_state, neurons] + ([projections] if projections is not None else [])
    for group in (population_state, projections):
        if group is not None:
            group.namespace.update(functions)
    if hard_negative and candidates is not None:
        where = context.layout.slices[hard_negative.population]
        candidates.count = linked_var(neurons, "c", index=np.arange(where.start, where.stop))
        objects += [candidates, make_competition(context, candidates)]
    totals, losses, counts, spikes = _monitors(context, neurons, population_state, candidates)
    objects += [*synapses.values(), totals]
    objects += [m for m in (losses, counts, spikes) if m is not None]
    network = Network(objects, name="network")
    for each in objects:
        each._network = network.id  # a session that never runs is no mistake to warn of
    return PackedModel(
        context.layout,
        network,
        context.schedule,
        context.signals,
        neurons,
        population_state,
        projections,
        synapses,
        totals,
        losses,
        counts,
        spikes,
    )


def _monitors(
    context: BuildContext,
    neurons: NeuronGroup,
    population_state: NeuronGroup,
    candidates: NeuronGroup | None,
) -> tuple[StateMonitor, StateMonitor | None, StateMonitor | None, SpikeMonitor | None]:
    def each(group: NeuronGroup, variables: list[str], which: object, name: str):  # type: ignore[no-untyped-def]
        return StateMonitor(
            group,
            variables,
            record=which,
            clock=context.presentations,
            when="start",
            order=Order.RECORD,
            name=name,
        )

    slices = context.layout.slices
    counted = [name for name in context.probes.counts if name in slices]
    counts = None
    if counted:
        which = np.concatenate([np.arange(slices[n].start, slices[n].stop) for n in counted])
        counts = each(neurons, ["c"], which, "counts")
    return (
        each(population_state, ["total", "squares"], True, "totals"),
        each(candidates, ["losses"], True, "losses") if candidates is not None else None,
        counts,
        SpikeMonitor(neurons, name="spikes") if context.probes.rasters else None,
    )
