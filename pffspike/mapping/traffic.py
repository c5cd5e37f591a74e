"""The work of cores and the messages between them, for the energy of inferences."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from pffspike.devices import Device
from pffspike.energies import CoreLoad, Traffic
from pffspike.energies.events import inference_numbers
from pffspike.mapping.messages import messages, sent
from pffspike.mapping.placement import Placement
from pffspike.mapping.rules import unmet_constraints
from pffspike.network import structure
from pffspike.recording import Recording


def traffic_on(placement: Placement, recordings: Sequence[Recording], device: Device) -> Traffic:
    """Count the messages and the work of the cores of a placement.

    Parameters
    ----------
    placement : Placement
        Of the network of the recordings on the device.
    recordings : sequence of Recording
        All that the inferences (or, of a program that learns, training samples) presented.
    device : Device
        With formats.

    Returns
    -------
    Traffic
        Per inference, and what the device lacks for the network.

    Examples
    --------
    >>> import pffspike
    >>> from pffspike import cards, devices, inference, mapping
    >>> network, loihi = cards.load_network("digits"), devices.load_device("loihi1")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)
    >>> answer = pffspike.classify(
    ...     trained, np.full((2, 64), [[0.25], [0.5]]), "one_pass",
    ...     execution=pffspike.Execution("numpy"))
    >>> traffic_on(mapping.place(network, loihi), answer.recordings, loihi).chips
    1
    """
    found = messages(placement, recordings)
    return Traffic(
        on_core=sum(found.within.values()),
        off_core=sum(found.between.values()) + sum(found.off_chip.values()),
        hops_x=sum(found.hops_x.values()),
        hops_y=sum(found.hops_y.values()),
        chips=placement.chips,
        tiles=len({(core.chip, core.x, core.y) for core in placement.cores}),
        cores=loads(placement, recordings),
        notes=unmet_constraints(placement, device),
    )


def loads(placement: Placement, recordings: Sequence[Recording]) -> tuple[CoreLoad, ...]:
    """Compute the work of each core per inference.

    Spikes count as spread evenly over their population unless the recording has its raster.

    Parameters
    ----------
    placement : Placement
        Of the network of the recordings.
    recordings : sequence of Recording
        All that the inferences presented; samples of the same number are one inference.

    Returns
    -------
    tuple of CoreLoad
        In the order of the placement's cores, means over the inferences.

    Examples
    --------
    >>> import pffspike
    >>> from pffspike import cards, devices, inference, mapping
    >>> network = cards.load_network("digits")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)
    >>> answer = pffspike.classify(
    ...     trained, np.full((2, 64), [[0.25], [0.5]]), "one_pass",
    ...     execution=pffspike.Execution("numpy"))
    >>> placed = mapping.place(network, devices.load_device("loihi1"))
    >>> len(loads(placed, answer.recordings)) == len(placed.cores)
    True
    """
    network, size = placement.network, len(placement.cores)
    found = {field.name: np.zeros(size) for field in dataclasses.fields(CoreLoad)}
    for recording in recordings:
        for population in structure.extent(network, recording.program).populations:
            where = placement.cores_of(population.name)
            held = np.bincount(where, minlength=size)
            found["neuron_update"] += held * float(
                recording.program.steps * recording.presentations
            )
            if population.name in recording.rasters:
                spikes = recording.rasters[population.name].sum(axis=(0, 1)).astype(np.float64)
                found["spike"] += np.bincount(where, spikes, size)
            else:
                found["spike"] += held * (recording.spikes[population.name].sum() / population.size)
        for name in structure.enabled(recording.program):
            projection = network.projection(name)
            spikes, known = sent(recording, projection)
            senders = network.population(projection.pre).size
            each = spikes.sum(axis=0) if known else np.full(senders, spikes.sum() / senders)
            homes = np.eye(size)[placement.cores_of(projection.post)]
            exists = structure.mask(network, projection)
            found["synaptic_operation"] += each @ (exists @ homes)
            if projection.connectivity == "blocks":
                exists |= np.eye(senders, dtype=bool)  # as in a placement, see `targets`
            reached = exists @ homes > 0
            found["message_in"] += each @ reached
            out = each * np.count_nonzero(reached, axis=1)
            found["message_out"] += np.bincount(placement.cores_of(projection.pre), out, size)
    n = max(1, len(inference_numbers(recordings)))
    return tuple(
        CoreLoad(*(float(values[k]) / n for values in found.values())) for k in range(size)
    )
