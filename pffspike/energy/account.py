"""From counts to joule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pffspike.devices import Device, Figure, Profile
from pffspike.network import structure
from pffspike.trace import Trace


@dataclass(frozen=True)
class Counts:
    """Events per inference, means over the inferences.

    Parameters
    ----------
    synaptic_operations : float
        Spikes that arrive at synapses of enabled projections.
    neuron_updates : float
        Neurons of the program times steps; each draws one random number.
    spikes : float
    steps : float
        Sum over presentations, whether a device runs them side by side or one after the other.
    """

    synaptic_operations: float
    neuron_updates: float
    spikes: float
    steps: float


@dataclass(frozen=True)
class Energy:
    """Energy per inference on a device.

    Parameters
    ----------
    device : str
    joule : float
        By the default profile.
    low, high : float
        Least and most over the profiles of the card, joule.
    parts : mapping of str to float
        Of ``joule``, by kind of event.
    counts : Counts
    not_counted : tuple of str
    """

    device: str
    joule: float
    low: float
    high: float
    parts: dict[str, float]
    counts: Counts
    not_counted: tuple[str, ...]


def counts(traces: Sequence[Trace], inferences: int) -> Counts:
    """Count the events of all traces together, per inference."""
    operations = spikes = updates = steps = 0
    for trace in traces:
        operations += sum(int(values.sum()) for values in trace.synaptic_operations().values())
        spikes += sum(int(values.sum()) for values in trace.spikes.values())
        neurons = sum(p.size for p in structure.extent(trace.network, trace.program).populations)
        presented = trace.program.steps * trace.presentations
        updates += neurons * presented
        steps += presented
    total = max(1, inferences)
    return Counts(operations / total, updates / total, spikes / total, steps / total)


def energy(traces: Sequence[Trace], inferences: int, device: Device) -> Energy:
    """Price inferences with the figures of a device card.

    Parameters
    ----------
    traces : sequence of Trace
        All that the inferences presented, as `pffspike.inference.Classification.traces` has it.
    inferences : int
        Their number.
    device : Device

    Returns
    -------
    Energy
        Dynamic energy of the events that the card prices; ``not_counted`` lists the rest.
    """
    events = counts(traces, inferences)
    parts = {name: _parts(events, profile) for name, profile in device.profiles.items()}
    totals = {name: sum(values.values()) for name, values in parts.items()}
    chosen = parts[device.default]
    return Energy(
        device.name,
        totals[device.default],
        min(totals.values()),
        max(totals.values()),
        chosen,
        events,
        device.not_counted,
    )


def _parts(events: Counts, profile: Profile) -> dict[str, float]:
    def joule(number: float, figure: Figure | None) -> float:
        return 0.0 if figure is None else number * figure.joule

    return {
        "synaptic_operations": joule(events.synaptic_operations, profile.synaptic_operation),
        "neuron_updates": joule(events.neuron_updates, profile.neuron_update),
        "spikes": joule(events.spikes, profile.spike),
        "random_numbers": joule(events.neuron_updates, profile.random_number),
    }
