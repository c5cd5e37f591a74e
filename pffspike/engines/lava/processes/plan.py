"""What each Lava process has to know, as plain values that JSON can hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pffspike.engines.lava.processes.arithmetic import Arithmetic


@dataclass(frozen=True)
class Setting:
    """How a plan is run; spikes and weights do not depend on the first two.

    Parameters
    ----------
    arithmetic : Arithmetic
        Integers, or floating point.
    lanes : int
        Copies of the network side by side, each with samples of its own.
    seed : int
        Of everything random.
    """

    arithmetic: Arithmetic
    lanes: int
    seed: int

    def shape(self, units: int) -> tuple[int, ...]:
        """Shape of a port of so many neurons: (units,), or (lanes, units) with several lanes."""
        return (units,) if self.lanes == 1 else (self.lanes, units)


@dataclass(frozen=True)
class Clock:
    """Where in a program a Lava time step lies; time steps are counted from 1.

    Every process works this out by itself from its number of the time step, so that nothing
    has to be sent. Samples follow each other without a gap.

    Parameters
    ----------
    phases : int
        Presentations of a sample.
    steps : int
        Steps of a presentation.
    burn_in : int
        Of these, before the window.
    """

    phases: int
    steps: int
    burn_in: int

    @property
    def exponent(self) -> int:
        """The window lasts so many steps, as a power of two."""
        return (self.steps - self.burn_in).bit_length() - 1

    def at(self, time_step: int) -> tuple[int, int, int]:
        """Sample, phase, and step in the presentation, each from 0."""
        presentation, step = divmod(time_step - 1, self.steps)
        return (*divmod(presentation, self.phases), step)


@dataclass(frozen=True)
class PopulationPlasticity:
    """What a population does at the end of a presentation.

    Parameters
    ----------
    learns : sequence of bool
        By phase.
    signs : sequence of (int or str)
        By phase: its sign, or the signal that holds it.
    coefficients : sequence of sequence of float, or None
        By sign, -1, 0 and 1: offset, gain, slope and theta of its rule (`pffspike.network.rules`).
        None: it has no rule, and learns by homeostasis alone.
    factor_grid : int
        Grid of the post factors in fixed point, the same for all phases.
    target_population, target_signal : str or None
        Population whose rates are targets; signal of the class that is a target.
    learning_rate, homeostasis, target_rate, limit : float
        Of the biases.
    """

    learns: Sequence[bool]
    signs: Sequence[int | str]
    coefficients: Sequence[Sequence[float]] | None
    factor_grid: int
    target_population: str | None
    target_signal: str | None
    learning_rate: float
    homeostasis: float
    target_rate: float
    limit: float


@dataclass(frozen=True)
class Neurons:
    """A population of Bernoulli neurons.

    Parameters
    ----------
    name : str
        Of the population.
    size : int
        Neurons.
    index : int
        Position of the population in the network, which keys its random numbers.
    streams : sequence of int
        By phase: the stream of random numbers.
    active : sequence of bool
        By phase.
    inputs : sequence of (str, int or None), or None
        By phase: the signal or the class that an input population follows. None: other
        populations drive it.
    shifts : sequence of int
        By phase: the grid of the drive is ``2^-(24 + shift)``.
    gains : sequence of float
        By number of spikes, from 0 to ``size``: what a graded spike carries.
    gain_grid : int
        Grid of the gains.
    plasticity : PopulationPlasticity or None
        None: learns in no phase.
    """

    name: str
    size: int
    index: int
    streams: Sequence[int]
    active: Sequence[bool]
    inputs: Sequence[str | int | None] | None
    shifts: Sequence[int]
    gains: Sequence[float]
    gain_grid: int
    plasticity: PopulationPlasticity | None


@dataclass(frozen=True)
class SynapticPlasticity:
    """How the weights of a projection change at the end of a presentation.

    Parameters
    ----------
    learns : sequence of bool
        By phase: whether the weights change.
    receives : sequence of bool
        By phase: whether post factors arrive, though the projection may not be enabled.
    trace_grid, factor_grid : int
        Of what a spike carries, and of the post factors.
    learning_rate, low, high : float
        Of the weights; their range.
    """

    learns: Sequence[bool]
    receives: Sequence[bool]
    trace_grid: int
    factor_grid: int
    learning_rate: float
    low: float
    high: float


@dataclass(frozen=True)
class Synapses:
    """The synapses of a projection, a row for each sending neuron.

    Dense, one-to-one and block connectivity are the same thing: senders come in groups, and
    the neurons of a group share their targets (`pffspike.network.rows`).

    Parameters
    ----------
    name, pre, post : str
        Of the projection, and its populations.
    owner : str
        Projection whose weights these are.
    sizes, indices : sequence of int
        Of both populations: numbers of neurons, positions in the network.
    connectivity : {"dense", "one_to_one", "blocks"}
        Which neurons are connected.
    block : int
        Neurons of a block.
    grid : int
        Of the weights.
    graded : bool
        Whether a spike counts as much as its payload says (normalized projections), or 1.
    shifts : sequence of (int or None)
        By phase: left shift from the grid of weight times payload to that of the drive, None
        where the projection is not enabled.
    plasticity : SynapticPlasticity or None
        None: the weights stay as they are.
    """

    name: str
    pre: str
    post: str
    owner: str
    sizes: Sequence[int]
    indices: Sequence[int]
    connectivity: str
    block: int
    grid: int
    graded: bool
    shifts: Sequence[int | None]
    plasticity: SynapticPlasticity | None


@dataclass(frozen=True)
class WrongClass:
    """The choice of a hard negative, see `pffspike.network.hard_negatives`.

    Parameters
    ----------
    signal : str
        Takes the class from the next phase on; what is given for it (not -1) stays.
    population : str
        Whose spikes decide.
    phase : int
        In which they are counted.
    truth : str
        Signal of the true classes.
    noise : float
        In spikes.
    """

    signal: str
    population: str
    phase: int
    truth: str
    noise: float


@dataclass(frozen=True)
class Plan:
    """All processes of a program: input populations, other populations, projections.

    Parameters
    ----------
    program : str
        Its name.
    clock : Clock
        Of all processes.
    sources, populations : sequence of Neurons
        Input populations, and the others.
    projections : sequence of Synapses
        All that are enabled in any phase.
    wrong_class : WrongClass or None
        None: no class is chosen.
    """

    program: str
    clock: Clock
    sources: Sequence[Neurons]
    populations: Sequence[Neurons]
    projections: Sequence[Synapses]
    wrong_class: WrongClass | None

    @property
    def neurons(self) -> tuple[Neurons, ...]:
        """Both kinds of populations."""
        return (*self.sources, *self.populations)

    @property
    def learns(self) -> bool:
        """Whether anything changes."""
        return any(each.plasticity for each in self.neurons)

    def followers(self) -> Iterator[Neurons]:
        """Populations that the chosen class drives or teaches, but for the one that chooses it."""
        if self.wrong_class is None:
            return
        for each in self.neurons:
            taught = each.plasticity.target_signal if each.plasticity else None
            signals = (*(each.inputs or ()), taught)
            if self.wrong_class.signal in signals and each.name != self.wrong_class.population:
                yield each

    def parts(self) -> list[str]:
        """One population of each connected part, in order."""
        part = {each.name: {each.name} for each in self.neurons}
        edges = [(each.pre, each.post) for each in self.projections]
        for each in self.neurons:
            if each.plasticity and each.plasticity.target_population:
                edges.append((each.plasticity.target_population, each.name))
        edges += [
            (self.wrong_class.population, e.name) for e in self.followers() if self.wrong_class
        ]
        for pre, post in edges:
            joined = part[pre] | part[post]
            part.update(dict.fromkeys(joined, joined))
        first: dict[int, str] = {}
        for name, names in part.items():
            first.setdefault(id(names), name)
        return list(first.values())


def to_json(plan: Plan) -> dict[str, Any]:
    """Plain values of a plan, for JSON; `from_json` undoes it."""
    return dataclasses.asdict(plan)


def from_json(content: Mapping[str, Any]) -> Plan:
    """Plan of plain values."""

    def part(kind: type, plasticity: type, values: Mapping[str, Any]) -> Any:
        learned = values["plasticity"]
        return kind(**{**values, "plasticity": learned and plasticity(**learned)})

    def neurons(name: str) -> tuple[Neurons, ...]:
        return tuple(part(Neurons, PopulationPlasticity, each) for each in content[name])

    chosen = content["wrong_class"]
    return Plan(
        content["program"],
        Clock(**content["clock"]),
        neurons("sources"),
        neurons("populations"),
        tuple(part(Synapses, SynapticPlasticity, each) for each in content["projections"]),
        chosen and WrongClass(**chosen),
    )
