"""What follows from a network by counting: masks, fan-outs, activity of a program."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from pffspike import limits
from pffspike.errors import ValidationError
from pffspike.network import rules, signs
from pffspike.network.roles import NAMES
from pffspike.network.spec import Network, Phase, Population, Program, Projection
from pffspike.typing import Bools

_COPIES = 3  #: of all weights that exist at the same time


def mask(network: Network, projection: Projection) -> Bools:
    """Which synapses exist.

    Parameters
    ----------
    network : Network
        Specification of the network.
    projection : Projection
        One of its projections.

    Returns
    -------
    (n_pre, n_post) ndarray of bool
    """
    shape = (
        network.population(projection.pre).size,
        network.population(projection.post).size,
    )
    if projection.connectivity == "dense":
        return np.ones(shape, bool)
    if projection.connectivity == "one_to_one":
        return np.eye(shape[0], dtype=bool)
    group = np.arange(shape[0]) // projection.block
    return (group[:, None] == group[None, :]) & ~np.eye(shape[0], dtype=bool)


def reciprocal(network: Network, projection: Projection) -> Projection:
    """Find the projection that leads back, whose initial weights are a projection's transposed.

    Parameters
    ----------
    network : Network
        Specification of the network.
    projection : Projection
        One of its projections, whose ``initial`` is ``"transposed"``.

    Returns
    -------
    Projection

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> network = load_network("digits")
    >>> reciprocal(network, network.projection("hidden_2_to_hidden_1")).name
    'hidden_1_to_hidden_2'
    """
    ends = (projection.post, projection.pre)
    return next(
        p
        for p in network.projections
        if (p.pre, p.post) == ends and p.tied is None and p.initial != "transposed"
    )


def fan_out(network: Network, projection: Projection) -> int:
    """Synapses that one sending neuron has in a projection (the same for each)."""
    if projection.connectivity == "dense":
        return network.population(projection.post).size
    return 1 if projection.connectivity == "one_to_one" else projection.block - 1


def fan_in(network: Network, projection: Projection) -> int:
    """Synapses that one receiving neuron has in a projection (the same for each)."""
    if projection.connectivity == "dense":
        return network.population(projection.pre).size
    return fan_out(network, projection)


def check_memory(network: Network) -> None:
    """Refuse a network whose weights would need more memory than the limit.

    A matrix of weights is kept in full, whatever its connectivity; an engine works on a copy, and
    a change of all weights is as large again.

    Parameters
    ----------
    network : Network
        Specification of the network.

    Raises
    ------
    ValidationError
        If the estimate is above `pffspike.limits.limit`.

    Examples
    --------
    >>> from pffspike import load_network
    >>> check_memory(load_network("digits"))
    """
    sizes = {p.name: p.size for p in network.populations}
    numbers = sum(sizes[p.pre] * sizes[p.post] for p in network.projections if p.tied is None)
    limits.check(numbers * 8.0 * _COPIES, f"network {network.name!r}")


def weights_of(projection: Projection) -> str:
    """Name of the projection whose weights this one uses: itself unless it is tied."""
    return projection.tied or projection.name


def scaled(network: Network, population: Population) -> bool:
    """Whether a gain other than 1 can scale what a population receives.

    Parameters
    ----------
    network : Network
        Specification of the network.
    population : Population
        Of the network; inputs receive nothing.

    Returns
    -------
    bool

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> digits = load_network("digits")
    >>> scaled(digits, digits.population("hidden_1"))
    True
    """
    return any(
        p.normalized and network.population(p.pre).normalization != "none"
        for p in network.projections
        if p.post == population.name
    )


def active(network: Network, phase: Phase) -> frozenset[str]:
    """Names of the populations that are active in a phase."""
    posts = {network.projection(name).post for name in phase.projections}
    return frozenset(posts | set(phase.inputs))


@dataclass(frozen=True)
class Extent:
    """The part of a network that a program uses, in the network's order.

    Parameters
    ----------
    populations : tuple of Population
        Those that are active in any of its phases.
    projections : tuple of Projection
        One of its projections.
    signals : tuple of str
        Names of the arrays that a run needs: inputs, targets, the hard negative's truth, and signs
        of phases that are data.
    """

    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    signals: tuple[str, ...]


def extent(network: Network, program: Program) -> Extent:
    """Find the populations, projections and signals that a program uses."""
    used = frozenset().union(*(active(network, phase) for phase in program.phases))
    enabled = {name for phase in program.phases for name in phase.projections}
    signals: dict[str, None] = {}
    for phase in program.phases:
        for source in phase.inputs.values():
            if isinstance(source, str):
                signals[source] = None
        for name in phase.learn:
            _, signal = rules.targets(network.population(name).rule)
            if signal is not None:
                signals[signal] = None
    if program.hard_negative:
        signals[program.hard_negative.truth] = None
    signals.update(dict.fromkeys(signs.named(program)))
    return Extent(
        tuple(p for p in network.populations if p.name in used),
        tuple(p for p in network.projections if p.name in enabled),
        tuple(signals),
    )


def roles(network: Network) -> dict[str, str]:
    """Names of the populations that have a role, by role.

    Parameters
    ----------
    network : Network
        Specification of the network.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> roles(load_network("digits"))
    {'input': 'image', 'label': 'label', 'readout': 'readout', 'latent': 'latent'}
    """
    return {role: network.role(role).name for role in NAMES if network.has_role(role)}


def prediction_of(network: Network, program: str, predicted: str) -> Population:
    """Find the population of a program that learns to predict another one.

    Parameters
    ----------
    network : Network
        Specification of the network.
    program : str
        Name of one of its programs.
    predicted : str
        Name of the population that is predicted.

    Returns
    -------
    Population
        The first, if there are several.

    Raises
    ------
    ValidationError
        If there is none.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> prediction_of(load_network("digits"), "reconstruct", "image").name
    'image_prediction'
    """
    for population in extent(network, network.program(program)).populations:
        if rules.targets(population.rule)[0] == predicted:
            return population
    raise ValidationError(
        f"program {program!r} of network {network.name!r} has no population that predicts "
        f"{predicted!r}; give one of its populations a rule such as Delta(population={predicted!r})"
    )


def check_signals(network: Network, program: str, *given: str) -> None:
    """Refuse a program that needs other signals than it will be given.

    Parameters
    ----------
    network : Network
        Specification of the network.
    program : str
        Name of one of its programs.
    *given : str
        Names of the signals, see `pffspike.network.signals`.

    Raises
    ------
    ValidationError
        One sentence with the signal and those that there are.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> check_signals(load_network("digits"), "one_pass", "image")
    """
    for name in extent(network, network.program(program)).signals:
        if name not in given:
            raise ValidationError(
                f"program {program!r} of network {network.name!r} needs the signal {name!r}, but "
                f"it is given {', '.join(given)}; let its phases take one of these (a signal is "
                f"called by what it holds, not by the population that follows it)"
            )


def enabled(program: Program) -> tuple[str, ...]:
    """Names of the projections that a program enables in any of its phases, each once.

    Parameters
    ----------
    program : Program
        Any program of a network.

    Returns
    -------
    tuple of str
        In the order of the phases.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> enabled(load_network("digits").program("reconstruct"))[0]
    'image_to_hidden_1'
    """
    return tuple(dict.fromkeys(name for phase in program.phases for name in phase.projections))


def learns_in(projection: Projection, phase: Phase) -> bool:
    """Whether a phase may change the weights of a projection.

    Parameters
    ----------
    projection : Projection
        Of a network.
    phase : Phase
        Of one of its programs.

    Returns
    -------
    bool

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> network = load_network("digits")
    >>> projection = network.projection("label_to_hidden_2")
    >>> [learns_in(projection, phase) for phase in network.program("train").phases]
    [False, True, True]
    """
    return (
        projection.learning_rate > 0
        and projection.name in phase.projections
        and projection.post in phase.learn
    )


def trainable(network: Network) -> tuple[str, ...]:
    """Names of the projections that have weights of their own, in order."""
    return tuple(p.name for p in network.projections if p.tied is None)


def goodness_thresholds(network: Network) -> dict[str, float]:
    """Goodness thresholds of the populations whose rule has one, by name.

    Parameters
    ----------
    network : Network
        Specification of the network.

    Returns
    -------
    dict of str to float
        Sums of squared rates, on the grid 2^-8.
    """
    found = {p.name: p.rule.goodness_threshold for p in network.populations if p.rule is not None}
    return {name: value for name, value in found.items() if value is not None}


def with_window(network: Network, window: int) -> Network:
    """Give the programs that learn nothing another window: a power of two."""
    programs = tuple(
        p if p.learns else dataclasses.replace(p, window=window) for p in network.programs
    )
    return network.replace(programs=programs)


def populations_of(network: Network, program: str) -> tuple[str, ...]:
    """Names of the populations that are active in a program.

    Parameters
    ----------
    network : Network
        The specification.
    program : str
        Name of one of its programs.

    Returns
    -------
    tuple of str
        In the order of the network.

    Examples
    --------
    >>> import pffspike
    >>> populations_of(pffspike.load_network("digits"), "one_pass")[0]
    'image'
    """
    return tuple(p.name for p in extent(network, network.program(program)).populations)
