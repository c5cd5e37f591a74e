"""The model: all Brian2 objects of a program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2 import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    linked_var,
)

from pffspike.engines.brian2.frame import Frame, Order
from pffspike.engines.brian2.hard_negatives import make_election, make_voters
from pffspike.engines.brian2.hub import make_hub
from pffspike.engines.brian2.neurons import make_neurons
from pffspike.engines.brian2.projections import make_projections, make_synapses
from pffspike.engines.brian2.rows import Rows


@dataclass(frozen=True)
class Model:
    """Brian2 objects of a program.

    Parameters
    ----------
    network : Network
    schedule, signals : TimedArray
        See `pffspike.engines.brian2.schedule.Tables`.
    neurons, hub, projections : NeuronGroup
        All neurons; one member a population; one a projection (None: there is none).
    synapses : dict of str to Synapses
        By name of the weights.
    totals, votes, counts : StateMonitor
        What presentations leave behind; the first row stands for the time before the first.
    spikes : SpikeMonitor or None
        All spikes, if any raster is wanted.
    """

    network: Network
    schedule: TimedArray
    signals: TimedArray
    neurons: NeuronGroup
    hub: NeuronGroup
    projections: NeuronGroup | None
    synapses: dict[str, Synapses]
    totals: StateMonitor
    votes: StateMonitor | None
    counts: StateMonitor | None
    spikes: SpikeMonitor | None


def build(frame: Frame) -> Model:
    """Create all objects, in the device that is active now.

    Parameters
    ----------
    frame : Frame

    Returns
    -------
    Model
    """
    hub = make_hub(frame)
    hard_negative = frame.program.hard_negative
    voters = make_voters(frame, hard_negative) if hard_negative else None
    neurons = make_neurons(frame, hub, voters)
    projections = make_projections(frame, hub) if frame.layout.projections else None
    synapses = make_synapses(frame, neurons)
    functions = Rows(frame.layout, neurons, synapses).functions(frame.standalone)
    objects = [hub, neurons] + ([projections] if projections is not None else [])
    for group in (hub, projections):
        if group is not None:
            group.namespace.update(functions)
    if hard_negative and voters is not None:
        where = frame.layout.slices[hard_negative.population]
        voters.votes = linked_var(neurons, "c", index=np.arange(where.start, where.stop))
        objects += [voters, make_election(frame, voters)]
    totals, votes, counts, spikes = _monitors(frame, neurons, hub, voters)
    objects += [*synapses.values(), totals]
    objects += [m for m in (votes, counts, spikes) if m is not None]
    network = Network(objects, name="network")
    for each in objects:
        each._network = network.id  # a session that never runs is no mistake to warn of
    return Model(
        network,
        frame.schedule,
        frame.signals,
        neurons,
        hub,
        projections,
        synapses,
        totals,
        votes,
        counts,
        spikes,
    )


def _monitors(
    frame: Frame, neurons: NeuronGroup, hub: NeuronGroup, voters: NeuronGroup | None
) -> tuple[StateMonitor, StateMonitor | None, StateMonitor | None, SpikeMonitor | None]:
    def each(group: NeuronGroup, variables: list[str], which: object, name: str):  # type: ignore[no-untyped-def]
        return StateMonitor(
            group,
            variables,
            record=which,
            clock=frame.presentations,
            when="start",
            order=Order.RECORD,
            name=name,
        )

    slices = frame.layout.slices
    counted = [name for name in frame.probes.counts if name in slices]
    counts = None
    if counted:
        which = np.concatenate([np.arange(slices[n].start, slices[n].stop) for n in counted])
        counts = each(neurons, ["c"], which, "counts")
    return (
        each(hub, ["total", "squares"], True, "totals"),
        each(voters, ["beaten"], True, "votes") if voters is not None else None,
        counts,
        SpikeMonitor(neurons, name="spikes") if frame.probes.rasters else None,
    )
