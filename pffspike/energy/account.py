"""From counts to joule."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pffspike.devices import Device, Figure, Profile, Static, Times
from pffspike.energy.ledger import Entry, Load, Traffic, ledger
from pffspike.recording import Recording

#: events that say the same as others: a profile that prices one prices both
_SAME = {
    "synaptic_operation": ("dense_operation",),
    "multiply_accumulate": ("dense_operation",),
    "dense_operation": ("synaptic_operation", "multiply_accumulate"),
}


@dataclass(frozen=True)
class Counts:
    """Events per inference, means over the inferences; see `pffspike.energy.ledger`.

    Parameters
    ----------
    synaptic_operations, dense_operations : float
        Spikes that arrive at synapses of enabled projections, and what it were if every sender
        spiked in every step.
    neuron_updates : float
        Neurons of the program times steps.
    spikes, random_numbers, learning_updates : float
    steps : float
        Sum over presentations, whether a device runs them side by side or one after the other.
    """

    synaptic_operations: float
    neuron_updates: float
    spikes: float
    steps: float
    dense_operations: float = 0.0
    random_numbers: float = 0.0
    learning_updates: float = 0.0


@dataclass(frozen=True)
class Row:
    """A count, its figure and what they come to.

    Parameters
    ----------
    event, part, place, phase : str
        See `pffspike.energy.ledger.Entry`.
    count : float
        Per inference; of part ``static``, steps.
    figure : Figure or None
        Of the device's default profile; None: it has none.
    joule : float
        Per inference; 0 without a figure.
    """

    event: str
    part: str
    place: str
    phase: str
    count: float
    figure: Figure | None
    joule: float


@dataclass(frozen=True)
class Energy:
    """Energy per inference on a device.

    Parameters
    ----------
    device : str
    joule : float
        By the default profile, static energy included.
    low, high : float
        Least over the profiles of the card, without static energy (a chip that serves others too,
        or sleeps); most over the profiles, with it. Profiles that lack a figure which the default
        has, for events that occur, do not count. Joule.
    parts : mapping of str to float
        Of ``joule``, by kind of event and ``static``.
    counts : Counts
    not_counted : tuple of str
        What the figures leave out, and what keeps the network from running there as it is.
    profiles : mapping of str to float
        Dynamic energy by profile, joule.
    rows : tuple of Row
        What ``joule`` is the sum of.
    others : mapping of str to tuple of Row
        What ``profiles`` are the sums of, of all profiles but the default.
    unpriced : tuple of str
        Events that occur and have no figure in the default profile.
    """

    device: str
    joule: float
    low: float
    high: float
    parts: dict[str, float]
    counts: Counts
    not_counted: tuple[str, ...]
    profiles: dict[str, float] = dataclasses.field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    others: dict[str, tuple[Row, ...]] = dataclasses.field(default_factory=dict)
    unpriced: tuple[str, ...] = ()

    @property
    def static(self) -> float:
        """Of ``joule``, what the device burns while it waits."""
        return self.parts.get("static", 0.0)

    @property
    def dynamic(self) -> float:
        """Of ``joule``, what the events cost."""
        return self.joule - self.static

    def by(self, key: Callable[[Row], str]) -> dict[str, float]:
        """Sum the joule of the rows by what ``key`` makes of each: its part, its place, ..."""
        sums: dict[str, float] = {}
        for row in self.rows:
            sums[key(row)] = sums.get(key(row), 0.0) + row.joule
        return sums


def counts(recordings: Sequence[Recording], inferences: int) -> Counts:
    """Count the events of all recordings together, per inference."""
    return _counts(ledger(recordings), recordings, inferences)


def _counts(entries: Sequence[Entry], recordings: Sequence[Recording], inferences: int) -> Counts:
    total: dict[str, float] = {}
    for entry in entries:
        total[entry.event] = total.get(entry.event, 0) + entry.number
    steps = sum(recording.program.steps * recording.presentations for recording in recordings)

    def mean(event: str) -> float:
        return total.get(event, 0) / max(1, inferences)

    return Counts(
        mean("synaptic_operation"),
        mean("neuron_update"),
        mean("spike"),
        steps / max(1, inferences),
        mean("dense_operation"),
        mean("random_number"),
        mean("learning_update"),
    )


def energy(
    recordings: Sequence[Recording],
    inferences: int,
    device: Device,
    *,
    traffic: Traffic | None = None,
    step_time: float | None = None,
) -> Energy:
    """Price inferences with the figures of a device card.

    For example, two neurons (of them one driven) in a presentation of 10 steps, one projection
    of one synapse, 4 spikes of the sender and 3 of the receiver, on Loihi 1 by Davies's figures:
    4 x 23.6 pJ of synaptic operations + 20 x 52 pJ of neuron updates + 7 x 29 pJ of spikes
    = 1337.4 pJ, and 10 x 10 us x 104 mW = 10.4 uJ of static energy.

    Parameters
    ----------
    recordings : sequence of Recording
        All that the inferences presented, as `pffspike.inference.Classification.recordings` has it;
        of a program that learns, inferences are training samples.
    inferences : int
        Their number.
    device : Device
    traffic : Traffic or None
        Messages per inference, chips and what cores do, as a placement counts them; without, no
        messages are priced, and the network takes one chip.
    step_time : float or None
        Seconds. By default what the busiest core takes by the card's times (one thing after the
        other, the mean over the steps), or the card's step time if there are none.

    Returns
    -------
    Energy
        Of the events that the card prices, and of the static power during all steps;
        ``not_counted`` and ``unpriced`` list the rest.
    """
    entries = ledger(recordings)
    counted = _counts(entries, recordings, inferences)
    return price(entries, inferences, device, counted, traffic=traffic, step_time=step_time)


def price(
    entries: Sequence[Entry],
    inferences: int,
    device: Device,
    counted: Counts,
    *,
    traffic: Traffic | None = None,
    step_time: float | None = None,
) -> Energy:
    """Price any ledger, see `energy`; the static energy is that of ``counted.steps``."""
    n = max(1, inferences)
    traffic = traffic or Traffic(0.0, 0.0)
    entries = (*entries, *traffic.entries(n))
    occurring = {entry.event for entry in entries if entry.number}
    chosen = device.profiles[device.default]
    unpriced = tuple(
        event
        for event in dict.fromkeys(entry.event for entry in entries if entry.number)
        if not chosen.figures.keys() & {event, *_SAME.get(event, ())}
    )
    shown = {*chosen.figures, *unpriced}
    rows = [_row(entry, n, chosen) for entry in entries if entry.event in shown]
    priced = {
        name: tuple(_row(entry, n, p) for entry in entries if entry.event in p.figures)
        for name, p in device.profiles.items()
    }
    profiles = {name: sum(row.joule for row in found) for name, found in priced.items()}
    complete = [
        joule
        for name, joule in profiles.items()
        if not _lacking(device.profiles[name], chosen) & occurring
    ]
    rows += _static(device, counted.steps, step_time, traffic)
    static = sum(row.joule for row in rows if row.event == "static")
    parts: dict[str, float] = {}
    for row in rows:
        parts[row.event] = parts.get(row.event, 0.0) + row.joule
    return Energy(
        device.name,
        profiles[device.default] + static,
        min(complete),
        max(complete) + static,
        parts,
        counted,
        (*traffic.notes, *device.not_counted),
        profiles,
        tuple(rows),
        {name: found for name, found in priced.items() if name != device.default},
        unpriced,
    )


def _row(entry: Entry, inferences: int, profile: Profile) -> Row:
    figure: Figure | None = getattr(profile, entry.event)
    count = entry.number / inferences
    joule = 0.0 if figure is None else count * figure.si
    return Row(entry.event, entry.part, entry.place, entry.phase, count, figure, joule)


def _lacking(profile: Profile, default: Profile) -> set[str]:
    """Events that the default profile prices and another one does not."""
    return {
        event
        for event in default.figures
        if not profile.figures.keys() & {event, *_SAME.get(event, ())}
    }


def _static(device: Device, steps: float, step_time: float | None, traffic: Traffic) -> list[Row]:
    """Static power times the time of all steps, if the card states one."""
    if device.static is None or not steps:
        return []
    power, chips = device.static.power, traffic.chips
    step = _step(device.static, steps, step_time, traffic.cores)
    on = f" on {chips} chips" if chips > 1 else ""
    figure = Figure(
        chips * power.si * step.si * 1e6,
        "uJ",
        f"{power.value:g} {power.unit}{on} ({power.source}; {power.kind}) times a step of "
        f"{step.value:.4g} {step.unit} ({step.source})",
        step.kind,
    )
    return [Row("static", "static", "chip", "all", steps, figure, steps * figure.si)]


def _step(static: Static, steps: float, given: float | None, cores: Sequence[Load]) -> Figure:
    """Duration of a step: as given, that of the busiest core, or the card's."""
    if given is not None:
        return Figure(given, "s", "given by the user", "assumed")
    times = static.times
    if times is None or not cores:
        return static.step_time
    busiest = max(cores, key=lambda core: _seconds(core, times))
    seconds = _seconds(busiest, times) / steps + (times.step.si if times.step else 0.0)
    terms = [
        f"{getattr(busiest, event) / steps:,.4g} x {figure.value:g} {figure.unit} "
        f"{event.replace('_', ' ')}"
        for event, figure in times.figures.items()
        if event != "step"
    ]
    terms += [f"{times.step.value:g} {times.step.unit} barrier"] if times.step else []
    sources = "; ".join(dict.fromkeys(f.source for f in times.figures.values()))
    assumed = any(figure.kind == "assumed" for figure in times.figures.values())
    source = f"the busiest of {len(cores)} cores: {' + '.join(terms)}; {sources}"
    return Figure(seconds * 1e6, "us", source, "assumed" if assumed else "published")


def _seconds(core: Load, times: Times) -> float:
    """Time that a core works for an inference."""
    return sum(
        getattr(core, event) * figure.si
        for event, figure in times.figures.items()
        if event != "step"
    )
