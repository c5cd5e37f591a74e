"""From counts of events to the energy of an inference, term by term."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pffspike.devices import Device, Profile, Quantity
from pffspike.energies.counts import Spread, counts_of
from pffspike.energies.events import EventCount, Traffic, count_events
from pffspike.energies.result import Energy, ProfileEnergy, Term
from pffspike.energies.steps import cores_power, step_time
from pffspike.recording import Recording
from pffspike.text import unit

#: events that say the same as others: a profile that has an energy of one has that of both
_SAME = {
    "synaptic_operation": ("dense_operation",),
    "multiply_accumulate": ("dense_operation",),
    "dense_operation": ("synaptic_operation", "multiply_accumulate"),
}
_OPERATIONS = {"synaptic_operation", "multiply_accumulate", "dense_operation"}


def energy(
    recordings: Sequence[Recording],
    device: Device,
    *,
    traffic: Traffic | None = None,
    step: float | None = None,
) -> Energy:
    """Compute the energy of inferences with the values of a device card.

    For example, two neurons (of them one driven) in a presentation of 10 steps, one projection
    of one synapse, 4 spikes of the sender and 3 of the receiver, on Loihi 1 by Davies's values:
    4 x 23.6 pJ of synaptic operations + 20 x 52 pJ of neuron updates + 7 x 29 pJ of spikes
    = 1337.4 pJ, and 10 x 10 us x 104.4 mW = 10.44 µJ of static power of the whole chip.

    Parameters
    ----------
    recordings : sequence of Recording
        All that the inferences presented, as `pffspike.inference.Classification.recordings` has it;
        of a program that learns, inferences are training samples.
    device : Device
        The card.
    traffic : Traffic or None
        Messages per inference, chips and the work of cores, as a placement counts them; without,
        messages have no energy, and the static power is that of one whole chip.
    step : float or None
        Duration of a step, s. By default what the busiest core takes by the card's times (one
        thing after the other, the mean over the steps), or the card's own if it has none.

    Returns
    -------
    Energy
        Of the events that the card has an energy for, and of the static power during all steps;
        ``not_counted`` and ``unpriced`` list the rest. There is no value where a profile has no
        energy for the operations that occur, nor for any event.

    Examples
    --------
    >>> import pffspike
    >>> from pffspike.devices import load_device
    >>> network = pffspike.load_network("digits")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)
    >>> answer = pffspike.classify(
    ...     trained, np.full((2, 64), [[0.25], [0.5]]), "one_pass",
    ...     execution=pffspike.Execution("numpy"))
    >>> found = energy(answer.recordings, load_device("loihi1"))
    >>> found.events < found.total == found.whole_chip  # no placement: the whole chip
    True
    """
    return energy_of_events(count_events(recordings), device, traffic=traffic, step=step)


def energy_of_events(
    counted: Sequence[EventCount],
    device: Device,
    *,
    traffic: Traffic | None = None,
    step: float | None = None,
) -> Energy:
    """Compute the energy of any counts of events, see `energy`.

    Parameters
    ----------
    counted : sequence of EventCount
        All of the same inferences; without any there is no value.
    device : Device
        The card.
    traffic : Traffic or None
        As of `energy`.
    step : float or None
        As of `energy`.

    Returns
    -------
    Energy
        Per inference.

    Examples
    --------
    Frady et al. measured 1.33 mJ for a query of some 51 million synaptic events and 4.6 million
    neuron updates on Loihi; the values of Davies et al. give 8 % more:

    >>> from pffspike.devices import load_device
    >>> query = [
    ...     EventCount(event, "representation", "search", "query", np.array([number]))
    ...     for event, number in (("synaptic_operation", 51e6), ("neuron_update", 4.6e6))
    ... ]
    >>> f"{1e3 * energy_of_events(query, load_device('loihi1')).events:.2f} mJ"
    '1.44 mJ'
    """
    inferences = len(counted[0].by_inference) if counted else 0
    placed = traffic or Traffic(0.0, 0.0)
    everything = (*counted, *placed.counts(inferences))
    profiles = {
        name: _by_profile(everything, profile, device, placed, step)
        for name, profile in device.profiles.items()
    }
    occurring = {count.event for count in everything if count.number}
    default = device.profiles[device.default]
    return Energy(
        device.name,
        device.default,
        profiles,
        counts_of(counted),
        (*placed.notes, *device.not_counted),
        tuple(
            name
            for name, profile in device.profiles.items()
            if all(
                _has(profile, event) or not _has(default, event)
                for event in occurring
                if event != "step"
            )
        ),
    )


def _has(profile: Profile, event: str) -> bool:
    return bool(profile.energies.keys() & {event, *_SAME.get(event, ())})


def _by_profile(
    counted: Sequence[EventCount],
    profile: Profile,
    device: Device,
    traffic: Traffic,
    step: float | None,
) -> ProfileEnergy:
    inferences = len(counted[0].by_inference)
    events = [count for count in counted if count.event != "step"]
    unpriced = tuple(
        dict.fromkeys(c.event for c in events if c.number and not _has(profile, c.event))
    )
    shown = {*profile.energies, *unpriced}
    terms = [_term(count, profile) for count in events if count.event in shown]
    occurring = {count.event for count in events if count.number}
    if not occurring - {*unpriced} or (occurring & _OPERATIONS and {*unpriced} & _OPERATIONS):
        return ProfileEnergy(None, None, None, tuple(terms), None, unpriced)
    by_inference = np.zeros(inferences)
    for count in events:
        if value := profile.energies.get(count.event):
            by_inference += count.by_inference * value.si
    dynamic = sum(term.energy for term in terms)
    used = whole = 0.0
    steps = [count for count in counted if count.event == "step"]
    if steps and device.static and not profile.contains_static:
        total_steps = np.sum([count.by_inference for count in steps], axis=0)
        lasting = step_time(device.static, float(total_steps.mean()), step, traffic)
        term, whole = _static(device, float(total_steps.mean()), lasting, traffic)
        terms.append(term)
        used = term.energy
        by_inference += total_steps * (used / total_steps.mean())
    spread = Spread.of(by_inference)
    return ProfileEnergy(
        dynamic, dynamic + used, dynamic + whole, tuple(terms), spread, unpriced, by_inference
    )


def _term(count: EventCount, profile: Profile) -> Term:
    value = profile.energies.get(count.event)
    mean = count.number / max(1, len(count.by_inference))
    joule = 0.0 if value is None else mean * value.si
    return Term(count.event, count.part, count.place, count.phase, mean, value, joule)


def _static(
    device: Device, steps: float, lasting: Quantity, traffic: Traffic
) -> tuple[Term, float]:
    """Static power of the cores in use times the time of all steps; the same of whole chips, J."""
    assert device.static is not None
    power, place = cores_power(device.static, traffic)
    value = Quantity(
        power.si * lasting.si * 1e6,
        "uJ",
        f"{power.value:.4g} {unit(power.unit)} ({power.source}; {power.kind}) times a step of "
        f"{lasting.value:.4g} {unit(lasting.unit)} ({lasting.source})",
        lasting.kind,
    )
    term = Term("static", "static", place, "all", steps, value, steps * value.si)
    return term, steps * lasting.si * traffic.chips * device.static.power.si
