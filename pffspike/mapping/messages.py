"""Messages that spikes cause, on the core they come from and beyond."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.devices import Device
from pffspike.energy import Load, Traffic
from pffspike.errors import ValidationError
from pffspike.mapping.mapper import place
from pffspike.mapping.placement import Placement
from pffspike.mapping.rules import shortfalls
from pffspike.network import structure
from pffspike.network.spec import Network, Projection
from pffspike.recording import Recording

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Messages:
    """Messages per inference, by projection. A spike is one message to each core with targets.

    Projections do not share messages, as they do not share axons in a placement: an upper bound
    where several reach the same core from the same population.

    Parameters
    ----------
    within : mapping of str to float
        That stay on the core of the sender.
    between : mapping of str to float
        To other cores of the same chip.
    off_chip : mapping of str to float
        To cores of other chips.
    hops_x, hops_y : mapping of str to float
        Steps on the mesh of the messages between cores of a chip: along its width and its height.
    exact : bool
        Whether every spike was counted where it was sent. False if senders of a population have
        different numbers of messages and the recording does not say which of them sent: then its
        spikes count as spread evenly.
    """

    within: dict[str, float]
    between: dict[str, float]
    off_chip: dict[str, float]
    hops_x: dict[str, float]
    hops_y: dict[str, float]
    exact: bool


_FIELDS = ("within", "between", "off_chip", "hops_x", "hops_y")


def messages(placement: Placement, recordings: Sequence[Recording], inferences: int) -> Messages:
    """Count the messages that inferences caused.

    Parameters
    ----------
    placement : Placement
    recordings : sequence of Recording
        All that the inferences presented, of the network placed. Rasters of a population make its
        counts exact wherever they are not so anyhow.
    inferences : int
        Their number.

    Returns
    -------
    Messages

    Raises
    ------
    ValidationError
        If a recording has a projection that is not placed.
    """
    found: dict[str, dict[str, float]] = {field: {} for field in _FIELDS}
    exact = True
    for recording in recordings:
        for name in dict.fromkeys(
            n for phase in recording.program.phases for n in phase.projections
        ):
            if name not in placement.routes:
                raise ValidationError(
                    f"projection {name!r} is not placed; place the network with learning = True"
                )
            projection, route = placement.network.projection(name), placement.routes[name]
            sent, known = _sent(recording, projection)
            for field in _FIELDS:
                ways = getattr(route, field)
                exact &= known or bool(np.all(ways == ways[0]))
                table = found[field]
                total = float(sent @ ways) if known else float(sent.sum() * ways.sum()) / len(ways)
                table[name] = table.get(name, 0.0) + total / max(1, inferences)
    return Messages(**found, exact=exact)


def traffic(
    network: Network, device: Device, recordings: Sequence[Recording], inferences: int
) -> Traffic | None:
    """Place what inferences use, and count its messages, as `pffspike.energy.energy` prices them.

    Parameters
    ----------
    network : Network
        The programs of the recordings are placed, and nothing else.
    device : Device
    recordings : sequence of Recording
        All that the inferences (or, of a program that learns, training samples) presented.
    inferences : int
        Their number.

    Returns
    -------
    Traffic or None
        Per inference, and what the device lacks for it; None if the card states no limits of a
        core or no formats.
    """
    if device.limits is None or device.formats is None:
        return None
    programs = {recording.program.name: recording.program for recording in recordings}
    used = network.replace(programs=tuple(programs.values()))
    placed = place(used, device, learning=any(p.learns for p in programs.values()))
    sent = messages(placed, recordings, inferences)
    return Traffic(
        on_core=sum(sent.within.values()),
        off_core=sum(sent.between.values()) + sum(sent.off_chip.values()),
        hops_x=sum(sent.hops_x.values()),
        hops_y=sum(sent.hops_y.values()),
        chips=placed.chips,
        cores=loads(placed, recordings, inferences),
        notes=shortfalls(placed, device),
    )


def loads(
    placement: Placement, recordings: Sequence[Recording], inferences: int
) -> tuple[Load, ...]:
    """What each core does per inference; arguments as of `messages`.

    Spikes count as spread evenly over their population unless the recording has its raster.
    """
    network, size = placement.network, len(placement.cores)
    found = {field.name: np.zeros(size) for field in dataclasses.fields(Load)}
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
        for name in dict.fromkeys(
            n for phase in recording.program.phases for n in phase.projections
        ):
            projection = network.projection(name)
            sent, known = _sent(recording, projection)
            senders = network.population(projection.pre).size
            each = sent if known else np.full(senders, sent.sum() / senders)
            homes = np.eye(size)[placement.cores_of(projection.post)]
            exists = structure.mask(network, projection)
            found["synaptic_operation"] += each @ (exists @ homes)
            if projection.connectivity == "blocks":
                exists |= np.eye(senders, dtype=bool)  # as in a placement, see `targets`
            reached = exists @ homes > 0
            found["message_in"] += each @ reached
            out = each * np.count_nonzero(reached, axis=1)
            found["message_out"] += np.bincount(placement.cores_of(projection.pre), out, size)
    n = max(1, inferences)
    return tuple(Load(*(float(values[k]) / n for values in found.values())) for k in range(size))


def _sent(recording: Recording, projection: Projection) -> tuple[Floats, bool]:
    """Spikes while a projection is enabled: each sender's, or else (and False) their sum."""
    enabled = np.array([projection.name in phase.projections for phase in recording.program.phases])
    pre = projection.pre
    if pre in recording.rasters:
        spikes = recording.by_phase(recording.rasters[pre].sum(axis=0))
        return spikes[:, enabled].sum(axis=(0, 1)).astype(np.float64), True
    total = recording.by_phase(recording.spikes[pre])[:, enabled].sum()
    return np.array([total], np.float64), False
