"""From counts to joule."""

from __future__ import annotations

from dataclasses import dataclass

from pffspike.energy.device import Device, Figure, Profile
from pffspike.network import structure
from pffspike.trace import Trace


@dataclass(frozen=True)
class Counts:
    """Events per sample, means over the samples of a trace.

    Parameters
    ----------
    synaptic_operations : float
        Spikes that arrive at synapses of enabled projections.
    neuron_updates : float
        Neurons of the program times steps; each draws one random number.
    spikes : float
    steps : float
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


def counts(trace: Trace) -> Counts:
    """Count the events of a trace, per sample."""
    samples = max(1, len(trace.samples))
    operations = sum(int(values.sum()) for values in trace.synaptic_operations().values())
    spikes = sum(int(values.sum()) for values in trace.spikes.values())
    neurons = sum(p.size for p in structure.extent(trace.network, trace.program).populations)
    steps = trace.program.steps * len(trace.program.phases)
    return Counts(operations / samples, float(neurons * steps), spikes / samples, float(steps))


def energy(trace: Trace, device: Device) -> Energy:
    """Price a trace of inferences, one a sample, with the figures of a device card.

    Parameters
    ----------
    trace : Trace
    device : Device

    Returns
    -------
    Energy
        Dynamic energy of the events that the card prices; ``not_counted`` lists the rest.
    """
    events = counts(trace)
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
