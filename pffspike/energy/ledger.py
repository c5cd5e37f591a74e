"""Counts of events, by what caused them: the ground that every joule stands on.

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
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pffspike.network import rules, structure
from pffspike.network.spec import Network, Phase, Population, Projection
from pffspike.recording import Recording

PARTS = ("input", "representation", "readout", "generative", "learning", "routing", "static")


@dataclass(frozen=True)
class Entry:
    """Events of one kind, from one cause.

    Parameters
    ----------
    event : str
        One of `pffspike.devices.EVENTS`, but ``multiply_accumulate``: spikes need none.
    part : str
        One of `PARTS`: driven populations, the circuit of the receiving population, or learning.
    place : str
        Name of the population or the projection.
    phase : str
        Program and phase.
    number : float
        Over all presentations.
    """

    event: str
    part: str
    place: str
    phase: str
    number: float


@dataclass(frozen=True)
class Load:
    """What a core does per inference; its events are those of `pffspike.devices.Times`.

    Parameters
    ----------
    synaptic_operation : float
        At synapses onto its neurons.
    neuron_update, spike : float
        Of its neurons.
    message_in, message_out : float
        That it takes and sends, those to itself included.
    """

    synaptic_operation: float = 0.0
    neuron_update: float = 0.0
    spike: float = 0.0
    message_in: float = 0.0
    message_out: float = 0.0


@dataclass(frozen=True)
class Traffic:
    """Messages between cores per inference, as a placement counts them, and what cores do.

    Parameters
    ----------
    on_core, off_core : float
        Messages that stay on their core, and that leave it: one for each spike, projection and
        core with targets.
    hops_x, hops_y : float
        From router to router, east or west, and north or south.
    chips : int
        That the network takes.
    cores : tuple of Load
        Of each core; empty: not known.
    notes : tuple of str
        What keeps the network from running on the device as it is.
    """

    on_core: float
    off_core: float
    hops_x: float = 0.0
    hops_y: float = 0.0
    chips: int = 1
    cores: tuple[Load, ...] = ()
    notes: tuple[str, ...] = ()

    def entries(self, inferences: int) -> tuple[Entry, ...]:
        """Give the messages of so many inferences as entries of a ledger."""
        return tuple(
            Entry(event, "routing", "placement", "all", number * inferences)
            for event, number in (
                ("message_on_core", self.on_core),
                ("message_off_core", self.off_core),
                ("hop_x", self.hops_x),
                ("hop_y", self.hops_y),
            )
        )


def ledger(recordings: Sequence[Recording]) -> tuple[Entry, ...]:
    """Count the events of recordings by population or projection, and by phase.

    Parameters
    ----------
    recordings : sequence of Recording

    Returns
    -------
    tuple of Entry
        Without those that did not occur.
    """
    found: dict[tuple[str, str, str, str], float] = {}
    for recording in recordings:
        for entry in _entries(recording):
            key = (entry.event, entry.part, entry.place, entry.phase)
            found[key] = found.get(key, 0) + entry.number
    return tuple(Entry(*key, number) for key, number in found.items() if number)


def part_of(population: Population) -> str:
    """Part of a network that a population belongs to, by what teaches it."""
    if population.input:
        return "input"
    source, signal = rules.targets(population.rule)
    return "readout" if signal else "generative" if source else "representation"


def _entries(recording: Recording) -> Iterable[Entry]:
    network, program = recording.network, recording.program
    extent = structure.extent(network, program)
    samples, steps = len(recording.samples), program.steps
    for index, phase in enumerate(program.phases):
        name = f"{program.name}/{phase.name}"
        spikes = {
            p: int(recording.by_phase(n)[:, index].sum()) for p, n in recording.spikes.items()
        }
        active = structure.active(network, phase)
        for population in extent.populations:
            part, updates = part_of(population), population.size * steps * samples
            place = population.name
            yield Entry("neuron_update", part, place, name, updates)
            yield Entry("spike", part, place, name, spikes[place])
            if place in active:
                yield Entry("random_number", part, place, name, updates)
        for projection in map(network.projection, phase.projections):
            part = part_of(network.population(projection.post))
            arrived = spikes[projection.pre] * structure.fan_out(network, projection)
            dense = synapses(network, projection) * steps * samples
            yield Entry("synaptic_operation", part, projection.name, name, arrived)
            yield Entry("dense_operation", part, projection.name, name, dense)
        yield from _learning(recording, index, phase, name)


def _learning(recording: Recording, index: int, phase: Phase, name: str) -> Iterable[Entry]:
    network, samples = recording.network, len(recording.samples)
    rounded: set[tuple[int, str]] = set()  # side of a synapse, population
    for population in map(network.population, phase.learn):
        if population.bias.learning_rate or population.bias.homeostasis:
            number = population.size * samples
            yield Entry("learning_update", "learning", population.name, name, number)
        if population.rule is not None and not population.rule.changes(phase.sign):
            continue
        for projection in map(network.projection, phase.projections):
            if projection.post == population.name and projection.learning_rate:
                rounded |= {(0, projection.pre), (1, projection.post)}
                number = _senders(recording, index, projection) * structure.fan_out(
                    network, projection
                )
                yield Entry("learning_update", "learning", projection.name, name, number)
    for _, place in sorted(rounded):
        number = network.population(place).size * samples
        yield Entry("random_number", "learning", place, name, number)


def _senders(recording: Recording, index: int, projection: Projection) -> int:
    """Senders whose synapses a phase may change, over all samples."""
    counted = recording.counts.get(projection.pre)
    if counted is None:
        return recording.network.population(projection.pre).size * len(recording.samples)
    return int(np.count_nonzero(recording.by_phase(counted)[:, index]))


def synapses(network: Network, projection: Projection) -> int:
    """Synapses that a projection has."""
    return network.population(projection.pre).size * structure.fan_out(network, projection)
