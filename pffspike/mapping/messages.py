"""Messages that spikes cause, on the core they come from and beyond."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.devices import Device
from pffspike.energy import Load, Traffic
from pffspike.mapping.mapper import place
from pffspike.mapping.placement import Placement
from pffspike.mapping.rules import shortfalls
from pffspike.network import structure
from pffspike.network.spec import Network, Projection
from pffspike.trace import Trace

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
        different numbers of messages and the trace does not say which of them sent: then its
        spikes count as spread evenly.
    """

    within: dict[str, float]
    between: dict[str, float]
    off_chip: dict[str, float]
    hops_x: dict[str, float]
    hops_y: dict[str, float]
    exact: bool


_FIELDS = ("within", "between", "off_chip", "hops_x", "hops_y")


def messages(placement: Placement, traces: Sequence[Trace], inferences: int) -> Messages:
    """Count the messages that inferences caused.

    Parameters
    ----------
    placement : Placement
    traces : sequence of Trace
        All that the inferences presented, of the network placed. Rasters of a population make its
        counts exact wherever they are not so anyhow.
    inferences : int
        Their number.

    Returns
    -------
    Messages

    Raises
    ------
    ValueError
        If a trace has a projection that is not placed.
    """
    found: dict[str, dict[str, float]] = {field: {} for field in _FIELDS}
    exact = True
    for trace in traces:
        for name in dict.fromkeys(n for phase in trace.program.phases for n in phase.projections):
            if name not in placement.routes:
                raise ValueError(
                    f"projection {name!r} is not placed; place the network with learning = True"
                )
            projection, route = placement.network.projection(name), placement.routes[name]
            sent, known = _sent(trace, projection)
            for field in _FIELDS:
                ways = getattr(route, field)
                exact &= known or bool(np.all(ways == ways[0]))
                table = found[field]
                total = float(sent @ ways) if known else float(sent.sum() * ways.sum()) / len(ways)
                table[name] = table.get(name, 0.0) + total / max(1, inferences)
    return Messages(**found, exact=exact)


def traffic(
    network: Network, device: Device, traces: Sequence[Trace], inferences: int
) -> Traffic | None:
    """Place what inferences use, and count its messages, as `pffspike.energy.energy` prices them.

    Parameters
    ----------
    network : Network
        The programs of the traces are placed, and nothing else.
    device : Device
    traces : sequence of Trace
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
    programs = {trace.program.name: trace.program for trace in traces}
    used = network.replace(programs=tuple(programs.values()))
    placed = place(used, device, learning=any(p.learns for p in programs.values()))
    sent = messages(placed, traces, inferences)
    return Traffic(
        on_core=sum(sent.within.values()),
        off_core=sum(sent.between.values()) + sum(sent.off_chip.values()),
        hops_x=sum(sent.hops_x.values()),
        hops_y=sum(sent.hops_y.values()),
        chips=placed.chips,
        cores=loads(placed, traces, inferences),
        notes=shortfalls(placed, device),
    )


def loads(placement: Placement, traces: Sequence[Trace], inferences: int) -> tuple[Load, ...]:
    """What each core does per inference; arguments as of `messages`.

    Spikes count as spread evenly over their population unless the trace has its raster.
    """
    network, size = placement.network, len(placement.cores)
    found = {field.name: np.zeros(size) for field in dataclasses.fields(Load)}
    for trace in traces:
        for population in structure.extent(network, trace.program).populations:
            where = placement.cores_of(population.name)
            held = np.bincount(where, minlength=size)
            found["neuron_update"] += held * float(trace.program.steps * trace.presentations)
            if population.name in trace.rasters:
                spikes = trace.rasters[population.name].sum(axis=(0, 1)).astype(np.float64)
                found["spike"] += np.bincount(where, spikes, size)
            else:
                found["spike"] += held * (trace.spikes[population.name].sum() / population.size)
        for name in dict.fromkeys(n for phase in trace.program.phases for n in phase.projections):
            projection = network.projection(name)
            sent, known = _sent(trace, projection)
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


def _sent(trace: Trace, projection: Projection) -> tuple[Floats, bool]:
    """Spikes while a projection is enabled: each sender's, or else (and False) their sum."""
    enabled = np.array([projection.name in phase.projections for phase in trace.program.phases])
    pre = projection.pre
    if pre in trace.rasters:
        spikes = trace.by_phase(trace.rasters[pre].sum(axis=0))
        return spikes[:, enabled].sum(axis=(0, 1)).astype(np.float64), True
    total = trace.by_phase(trace.spikes[pre])[:, enabled].sum()
    return np.array([total], np.float64), False
