"""Counts of events, by what caused them and by inference: what every energy is computed from.

Every event is counted in full for the presentations of a recording, as a device would have it that
holds the populations and projections of the program and nothing else:

- ``synaptic_operation``: spikes of the sending population times its fan-out, of the projections
  that are enabled in the phase. A synapse whose weight happens to be 0 counts.
- ``dense_operation``: the same had every sender spiked in every step.
- ``neuron_update``: neurons of the program times steps, silent populations included, for a chip
  updates what is mapped onto it.
- ``spike``: spikes.
- ``random_number``: one for each neuron of an active population in each step; where a phase
  learns, one for each neuron that sends to what learns and one for each that learns, which round
  the changes (`pffspike.engines.reference.learning`).
- ``learning_update``: synapses and biases of the populations that learn in a phase; only
  synapses of senders that spiked in the window, where the recording has kept their counts. A
  rule whose post factors are 0 in a phase changes no synapse there.
- ``message_on_core``, ``message_off_core``, ``hop_x``, ``hop_y``: from a placement, see `Traffic`.
- ``step``: steps, for the static power.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pffspike.network import rules, signs, structure
from pffspike.network.spec import Network, Phase, Population, Projection
from pffspike.recording import Recording
from pffspike.typing import Floats, Integers

PARTS = ("input", "representation", "readout", "generative", "learning", "routing", "static")


@dataclass(frozen=True, eq=False)
class EventCount:
    """Events of one kind, from one cause.

    Parameters
    ----------
    event : str
        One of `pffspike.devices.EVENTS` or ``step``.
    part : str
        One of `PARTS`: driven populations, the circuit of the receiving population, learning,
        messages, or steps.
    place : str
        Name of the population, the projection or the program.
    phase : str
        Program and phase.
    by_inference : (inferences,) ndarray of float64
        Number of events of each inference, over all its presentations.

    Examples
    --------
    >>> EventCount("spike", "readout", "readout", "one_pass/free", np.array([3.0, 5.0])).number
    8.0
    """

    event: str
    part: str
    place: str
    phase: str
    by_inference: Floats

    @property
    def number(self) -> float:
        """Events of all inferences together."""
        return float(self.by_inference.sum())


@dataclass(frozen=True)
class CoreLoad:
    """Work of a core per inference; its events are those of `pffspike.devices.Times`.

    Parameters
    ----------
    synaptic_operation : float
        Spikes that arrive at synapses onto its neurons.
    neuron_update : float
        Neurons of the core times steps.
    spike : float
        Spikes of its neurons.
    message_in : float
        Messages that it takes, those from itself included.
    message_out : float
        Messages that it sends, those to itself included.

    Examples
    --------
    >>> CoreLoad(synaptic_operation=4, neuron_update=10).message_in
    0.0
    """

    synaptic_operation: float = 0.0
    neuron_update: float = 0.0
    spike: float = 0.0
    message_in: float = 0.0
    message_out: float = 0.0


@dataclass(frozen=True, eq=False)
class Traffic:
    """Messages between cores per inference, as a placement counts them, and the work of cores.

    A number stands for the same number of messages in each inference.

    Parameters
    ----------
    on_core : float or (inferences,) ndarray of float64
        Messages that stay on their core: one for each spike, projection and core with targets.
    off_core : float or (inferences,) ndarray of float64
        Messages that leave their core.
    hops_x, hops_y : float or (inferences,) ndarray of float64
        Ways from router to router, east or west, and north or south.
    chips : int
        Chips that the network takes.
    tiles : int
        Tiles of the mesh on which the network has cores.
    cores : tuple of CoreLoad
        Work of each core in use; empty: not known.
    notes : tuple of str
        What keeps the network from running on the device as it is.

    Examples
    --------
    >>> Traffic(on_core=2, off_core=4.0).counts(2)[1].number
    8.0
    """

    on_core: float | Floats
    off_core: float | Floats
    hops_x: float | Floats = 0.0
    hops_y: float | Floats = 0.0
    chips: int = 1
    tiles: int = 1
    cores: tuple[CoreLoad, ...] = ()
    notes: tuple[str, ...] = ()

    def counts(self, inferences: int) -> tuple[EventCount, ...]:
        """Give the messages as counts of events.

        Parameters
        ----------
        inferences : int
            Number of inferences.

        Returns
        -------
        tuple of EventCount
            One for each kind of message and of hop.
        """
        return tuple(
            EventCount(
                event,
                "routing",
                "placement",
                "all",
                np.broadcast_to(np.asarray(number, np.float64), inferences),
            )
            for event, number in (
                ("message_on_core", self.on_core),
                ("message_off_core", self.off_core),
                ("hop_x", self.hops_x),
                ("hop_y", self.hops_y),
            )
        )


def inference_numbers(recordings: Sequence[Recording]) -> Integers:
    """Give the numbers of the inferences of some recordings: those of their samples, each once.

    Parameters
    ----------
    recordings : sequence of Recording
        All that some inferences presented.

    Returns
    -------
    (inferences,) ndarray of int64
        In ascending order.

    Examples
    --------
    >>> inference_numbers([]).size
    0
    """
    samples = [recording.samples for recording in recordings]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *samples]))


def count_events(recordings: Sequence[Recording]) -> tuple[EventCount, ...]:
    """Count the events of recordings by population or projection, by phase, and by inference.

    Parameters
    ----------
    recordings : sequence of Recording
        All that some inferences presented; samples of the same number are one inference, so equal
        images count apart only if they have numbers of their own (``samples=range(n)`` of
        `pffspike.inference.classify`).

    Returns
    -------
    tuple of EventCount
        Counts of all events that occurred, inferences in the order of their numbers.

    Examples
    --------
    >>> from pffspike.network import Program, Training
    >>> neurons = Population("sender", 1, input=True), Population("receiver", 1)
    >>> run = Program("run", 2, 8, (Phase("one", {"sender": "rate"}, ("synapse",)),))
    >>> synapse = Projection("synapse", "sender", "receiver")
    >>> network = Network("two", neurons, (synapse,), (run,), Training("digits", 1))
    >>> spikes = {"sender": np.array([4]), "receiver": np.array([3])}
    >>> recording = Recording(network, run, np.array([0]), spikes, {}, np.array([-1]))
    >>> [(c.event, c.place, c.number) for c in count_events([recording])][-2:]
    [('synaptic_operation', 'synapse', 4.0), ('dense_operation', 'synapse', 10.0)]
    """
    numbers = inference_numbers(recordings)
    found: dict[tuple[str, str, str, str], Floats] = {}
    for recording in recordings:
        which = np.searchsorted(numbers, recording.samples)
        for count in _counts(recording):
            key = (count.event, count.part, count.place, count.phase)
            added = np.bincount(which, count.by_inference, len(numbers))
            found[key] = found[key] + added if key in found else added
    return tuple(EventCount(*key, number) for key, number in found.items() if number.any())


def part_of(population: Population) -> str:
    """Name the part of a network that a population belongs to, by what teaches it.

    Parameters
    ----------
    population : Population
        Any population of a network.

    Returns
    -------
    str
        One of `PARTS`.

    Examples
    --------
    >>> part_of(Population("image", 64, input=True))
    'input'
    """
    if population.input:
        return "input"
    source, signal = rules.targets(population.rule)
    return "readout" if signal else "generative" if source else "representation"


def _counts(recording: Recording) -> Iterable[EventCount]:
    """Events of a recording, by sample."""
    network, program = recording.network, recording.program
    extent = structure.extent(network, program)
    samples, steps = len(recording.samples), program.steps

    def same(number: float) -> Floats:
        return np.full(samples, float(number))

    for index, phase in enumerate(program.phases):
        name = f"{program.name}/{phase.name}"
        spikes = {
            p: recording.by_phase(n)[:, index].astype(np.float64)
            for p, n in recording.spikes.items()
        }
        active = structure.active(network, phase)
        yield EventCount("step", "static", program.name, name, same(steps))
        for population in extent.populations:
            part, updates = part_of(population), same(population.size * steps)
            place = population.name
            yield EventCount("neuron_update", part, place, name, updates)
            yield EventCount("spike", part, place, name, spikes[place])
            if place in active:
                yield EventCount("random_number", part, place, name, updates)
        for projection in map(network.projection, phase.projections):
            part = part_of(network.population(projection.post))
            arrived = spikes[projection.pre] * structure.fan_out(network, projection)
            dense = same(synapses(network, projection) * steps)
            yield EventCount("synaptic_operation", part, projection.name, name, arrived)
            yield EventCount("dense_operation", part, projection.name, name, dense)
        yield from _learning(recording, index, phase, name)


def _learning(recording: Recording, index: int, phase: Phase, name: str) -> Iterable[EventCount]:
    network, each = recording.network, np.ones(len(recording.samples))
    rounded: set[tuple[int, str]] = set()  # side of a synapse, population
    for population in map(network.population, phase.learn):
        if population.bias.learning_rate or population.bias.homeostasis:
            number = population.size * each
            yield EventCount("learning_update", "learning", population.name, name, number)
        rule = population.rule  # of a sign that is data, the largest number that it can cause
        if rule is not None and not any(map(rule.changes, signs.possible(phase))):
            continue
        for projection in map(network.projection, phase.projections):
            if projection.post == population.name and projection.learning_rate:
                rounded |= {(0, projection.pre), (1, projection.post)}
                number = _senders(recording, index, projection) * structure.fan_out(
                    network, projection
                )
                yield EventCount("learning_update", "learning", projection.name, name, number)
    for _, place in sorted(rounded):
        number = network.population(place).size * each
        yield EventCount("random_number", "learning", place, name, number)


def _senders(recording: Recording, index: int, projection: Projection) -> Floats:
    """Senders whose synapses a phase may change, by sample."""
    counted = recording.counts.get(projection.pre)
    if counted is None:
        return np.full(
            len(recording.samples), float(recording.network.population(projection.pre).size)
        )
    return np.count_nonzero(recording.by_phase(counted)[:, index], axis=1).astype(np.float64)


def synapses(network: Network, projection: Projection) -> int:
    """Count the synapses of a projection.

    Parameters
    ----------
    network : Network
        The network of the projection.
    projection : Projection
        Any of its projections.

    Returns
    -------
    int
        Synapses that exist, whatever their weight.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> digits = load_network("digits")
    >>> synapses(digits, digits.projection("image_to_hidden_1"))
    16000
    """
    return network.population(projection.pre).size * structure.fan_out(network, projection)
