"""The plan of a program: what each Lava process has to know, worked out before Lava comes in."""

from __future__ import annotations

import dataclasses

from pffspike.arithmetic import grids
from pffspike.engines.lava.processes.arithmetic import Arithmetic
from pffspike.engines.lava.processes.plan import (
    Clock,
    Neurons,
    Plan,
    PopulationPlasticity,
    Synapses,
    SynapticPlasticity,
    WrongClass,
)
from pffspike.network import exactness, rules, structure
from pffspike.network.spec import Network, Population, Program, Projection


def make_plan(network: Network, program: Program, arithmetic: Arithmetic) -> Plan:
    """Work out the processes of a program.

    Parameters
    ----------
    network : Network
        Specification of the network.
    program : Program
        One of its programs.
    arithmetic : Arithmetic
        Whose gains the plan has.

    Returns
    -------
    Plan

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> network = load_network("digits")
    >>> plan = make_plan(network, network.program("one_pass"), Arithmetic("fixed"))
    >>> [each.name for each in plan.populations]
    ['hidden_1', 'hidden_2', 'readout']
    """
    extent = structure.extent(network, program)
    neurons = [_neurons(network, program, each, arithmetic) for each in extent.populations]
    return Plan(
        program.name,
        Clock(len(program.phases), program.steps, program.burn_in),
        tuple(each for each in neurons if each.inputs is not None),
        tuple(each for each in neurons if each.inputs is None),
        tuple(_synapses(network, program, each, arithmetic) for each in extent.projections),
        _wrong_class(program),
    )


def _wrong_class(program: Program) -> WrongClass | None:
    chosen = program.hard_negative
    if chosen is None:
        return None
    phase = [each.name for each in program.phases].index(chosen.phase)
    return WrongClass(chosen.signal, chosen.population, phase, chosen.truth, chosen.noise)


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
    network: Network, program: Program, population: Population, arithmetic: Arithmetic
) -> Neurons:
    name, phases = population.name, program.phases
    table = grids.gain_table(population.normalization, population.size)
    if arithmetic.gain_bits is not None:
        table = grids.nearest(table, -arithmetic.gain_bits)
    return Neurons(
        name,
        population.size,
        network.index(name),
        tuple(phase.stream for phase in phases),
        tuple(name in structure.active(network, phase) for phase in phases),
        tuple(phase.inputs.get(name) for phase in phases) if population.input else None,
        tuple(grids.DRIVE_GRID - grid for grid in _drive_grids(network, program, name)),
        tuple(table.tolist()),
        _gain_grid(population, arithmetic),
        _population_plasticity(program, population),
    )


def _population_plasticity(program: Program, population: Population) -> PopulationPlasticity | None:
    learns = tuple(population.name in phase.learn for phase in program.phases)
    if not any(learns):
        return None
    rule, bias = population.rule, population.bias
    return PopulationPlasticity(
        learns,
        tuple(phase.sign for phase in program.phases),
        None
        if rule is None
        else tuple(dataclasses.astuple(rule.coefficients(sign)) for sign in rules.SIGNS),
        min(exactness.post_factor(population, s, program.window).grid for s in rules.SIGNS),
        *rules.targets(rule),
        bias.learning_rate,
        bias.homeostasis,
        bias.target_rate,
        bias.limit,
    )


def _synapses(
    network: Network, program: Program, projection: Projection, arithmetic: Arithmetic
) -> Synapses:
    pre, post = network.population(projection.pre), network.population(projection.post)
    fine = projection.grid + (_gain_grid(pre, arithmetic) if projection.normalized else 0)
    drive = _drive_grids(network, program, projection.post)
    return Synapses(
        projection.name,
        projection.pre,
        projection.post,
        structure.weights_of(projection),
        (pre.size, post.size),
        (network.index(pre.name), network.index(post.name)),
        projection.connectivity,
        projection.block,
        projection.grid,
        projection.normalized,
        tuple(
            fine - grid if projection.name in phase.projections else None
            for phase, grid in zip(program.phases, drive, strict=True)
        ),
        _synaptic_plasticity(network, program, projection, arithmetic),
    )


def _synaptic_plasticity(
    network: Network, program: Program, projection: Projection, arithmetic: Arithmetic
) -> SynapticPlasticity | None:
    pre, post = network.population(projection.pre), network.population(projection.post)
    teaching = _population_plasticity(program, post)
    if teaching is None or projection.learning_rate == 0:
        return None
    enabled = [projection.name in phase.projections for phase in program.phases]
    return SynapticPlasticity(
        tuple(a and b for a, b in zip(enabled, teaching.learns, strict=True)),
        teaching.learns,
        _gain_grid(pre, arithmetic) if projection.normalized else 0,
        teaching.factor_grid,
        projection.learning_rate,
        projection.low,
        projection.high,
    )
