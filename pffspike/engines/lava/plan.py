"""What each Lava process has to know, worked out from a network before Lava comes in."""

from __future__ import annotations

from dataclasses import dataclass

from pffspike.arithmetic import counter, grids
from pffspike.engines.lava.arithmetic import Arithmetic
from pffspike.engines.lava.learning import PopulationPlasticity, SynapticPlasticity
from pffspike.network import exactness, rows, structure
from pffspike.network.spec import Network, Population, Program, Projection
from pffspike.typing import Array, Integers


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

    def at(self, time_step: int) -> tuple[int, int]:
        """Phase and step in the presentation, both from 0."""
        presentation, step = divmod(time_step - 1, self.steps)
        return presentation % self.phases, step


@dataclass(frozen=True)
class Neurons:
    """A population of Bernoulli neurons.

    Parameters
    ----------
    name : str
        Of the population.
    shape : (lanes, units)
        Samples side by side, and neurons.
    clock : Clock
        Which step, phase and sample it is.
    counters : (units,) ndarray of int64
        Positions in the stream of random numbers of a step.
    streams : tuple of int
        By phase: the key whose children are the samples.
    active : tuple of bool
        By phase.
    shifts : tuple of int
        By phase: the grid of the drive is ``2^-(24 + shift)``.
    gains : (units + 1,) ndarray
        By number of spikes, what a graded spike carries.
    plasticity : PopulationPlasticity or None
        None: learns in no phase.
    """

    name: str
    shape: tuple[int, int]
    clock: Clock
    counters: Integers
    streams: tuple[int, ...]
    active: tuple[bool, ...]
    shifts: tuple[int, ...]
    gains: Array
    arithmetic: Arithmetic
    plasticity: PopulationPlasticity | None


@dataclass(frozen=True)
class Synapses:
    """The synapses of a projection, a row for each sending neuron.

    Dense, one-to-one and block connectivity are the same thing: senders come in groups, and
    the neurons of a group share ``width`` targets.

    Parameters
    ----------
    name, pre, post : str
        Of the projection, and its populations.
    owner : str
        Projection whose weights these are.
    clock : Clock
        Which step, phase and sample it is.
    shape_in, shape_out : (lanes, units)
        Samples side by side, and neurons.
    arithmetic : Arithmetic
        Integers, or floating point.
    group : int
        Senders of a group.
    graded : bool
        Whether a spike counts as much as its payload says (normalized projections), or 1.
    shifts : tuple of (int or None)
        By phase: left shift from the grid of weight times payload to that of the drive, None
        where the projection is not enabled.
    plasticity : SynapticPlasticity or None
        None: the weights stay as they are.
    """

    name: str
    pre: str
    post: str
    owner: str
    clock: Clock
    shape_in: tuple[int, int]
    shape_out: tuple[int, int]
    arithmetic: Arithmetic
    group: int
    graded: bool
    shifts: tuple[int | None, ...]
    plasticity: SynapticPlasticity | None


@dataclass(frozen=True)
class Plan:
    """All processes of a program: input populations, other populations, projections."""

    clock: Clock
    arithmetic: Arithmetic
    sources: tuple[Neurons, ...]
    populations: tuple[Neurons, ...]
    projections: tuple[Synapses, ...]

    @property
    def neurons(self) -> tuple[Neurons, ...]:
        """Both kinds of populations."""
        return self.sources + self.populations


def make_plan(
    network: Network,
    program: Program,
    seed: int,
    arithmetic: Arithmetic,
    lanes: int,
) -> Plan:
    """Work out the processes of a program.

    Parameters
    ----------
    network : Network
        Specification of the network.
    program : Program
        One of its programs.
    seed : int
        Of everything random.
    arithmetic : Arithmetic
        Integers, or floating point.
    lanes : int
        Copies of the network side by side.

    Returns
    -------
    Plan
    """
    extent = structure.extent(network, program)
    clock = Clock(len(program.phases), program.steps, program.burn_in)
    neurons = [
        _neurons(network, program, population, seed, arithmetic, lanes)
        for population in extent.populations
    ]
    inputs = {population.name for population in extent.populations if population.input}
    return Plan(
        clock,
        arithmetic,
        tuple(each for each in neurons if each.name in inputs),
        tuple(each for each in neurons if each.name not in inputs),
        tuple(
            _synapses(network, program, projection, seed, arithmetic, lanes)
            for projection in extent.projections
        ),
    )


def _drive_grids(network: Network, program: Program, post: str) -> tuple[int, ...]:
    """Finest grid of a population's drive, by phase.

    By phase, because that is how `pffspike.network.exactness` bounds the drive: on the finest
    grid of all phases a sum could need more bits than 53.
    """
    grid = []
    for phase in program.phases:
        enabled = [network.projection(name) for name in phase.projections]
        fine = [exactness.drive(network, p).grid for p in enabled if p.post == post]
        grid.append(min([grids.DRIVE_GRID, *fine]))
    return tuple(grid)


def _gain_grid(population: Population, arithmetic: Arithmetic) -> int:
    if arithmetic.gain_bits is not None:
        return -arithmetic.gain_bits
    if population.normalization == "shift":
        return -(population.size.bit_length() // 2)
    return grids.GAIN_GRID if population.normalization == "sqrt" else 0


def _neurons(
    network: Network,
    program: Program,
    population: Population,
    seed: int,
    arithmetic: Arithmetic,
    lanes: int,
) -> Neurons:
    name, size = population.name, population.size
    table = grids.gain_table(population.normalization, size)
    if arithmetic.gain_bits is not None:
        table = grids.nearest(table, -arithmetic.gain_bits)
    return Neurons(
        name,
        (lanes, size),
        Clock(len(program.phases), program.steps, program.burn_in),
        counter.neuron_counters(network.index(name), size),
        tuple(counter.derive_key(seed, counter.SPIKES, phase.stream) for phase in program.phases),
        tuple(name in structure.active(network, phase) for phase in program.phases),
        tuple(grids.DRIVE_GRID - grid for grid in _drive_grids(network, program, name)),
        arithmetic.encode(table, _gain_grid(population, arithmetic)).astype(arithmetic.payload),
        arithmetic,
        _population_plasticity(program, population, arithmetic),
    )


def _exponent(program: Program) -> int:
    return program.window.bit_length() - 1


def _population_plasticity(
    program: Program, population: Population, arithmetic: Arithmetic
) -> PopulationPlasticity | None:
    learns = tuple(population.name in phase.learn for phase in program.phases)
    if not any(learns):
        return None
    sign = tuple(phase.sign for phase in program.phases)
    return PopulationPlasticity(population, arithmetic, _exponent(program), learns, sign)


def _synapses(
    network: Network,
    program: Program,
    projection: Projection,
    seed: int,
    arithmetic: Arithmetic,
    lanes: int,
) -> Synapses:
    pre, post = network.population(projection.pre), network.population(projection.post)
    fine = projection.grid + (_gain_grid(pre, arithmetic) if projection.normalized else 0)
    drive = _drive_grids(network, program, projection.post)
    return Synapses(
        projection.name,
        projection.pre,
        projection.post,
        structure.weights_of(projection),
        Clock(len(program.phases), program.steps, program.burn_in),
        (lanes, pre.size),
        (lanes, post.size),
        arithmetic,
        rows.block_size(projection) or pre.size,
        projection.normalized,
        tuple(
            fine - grid if projection.name in phase.projections else None
            for phase, grid in zip(program.phases, drive, strict=True)
        ),
        _plasticity(network, program, projection, seed, arithmetic),
    )


def _plasticity(
    network: Network,
    program: Program,
    projection: Projection,
    seed: int,
    arithmetic: Arithmetic,
) -> SynapticPlasticity | None:
    pre, post = network.population(projection.pre), network.population(projection.post)
    teaching = _population_plasticity(program, post, arithmetic)
    if teaching is None or projection.learning_rate == 0:
        return None
    enabled = [projection.name in phase.projections for phase in program.phases]
    learns = tuple(a and b for a, b in zip(enabled, teaching.learns, strict=True))
    low, high = (
        arithmetic.encode(limit, projection.grid) for limit in (projection.low, projection.high)
    )
    return SynapticPlasticity(
        arithmetic,
        learns,
        teaching.learns,
        _exponent(program),
        projection.grid,
        _gain_grid(pre, arithmetic) if projection.normalized else 0,
        teaching.factor_grid,
        low,
        high,
        counter.derive_key(seed, counter.ROUNDING),
        counter.neuron_counters(network.index(pre.name), pre.size),
        counter.neuron_counters(network.index(post.name), post.size),
        rows.receivers(projection, pre.size),
        projection.connectivity == "blocks",
    )
