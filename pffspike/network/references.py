"""Whether the parts of a network fit together: every name refers to something that suits."""

from __future__ import annotations

from typing import Protocol, TypeVar

from pffspike.errors import ValidationError, unknown
from pffspike.network import rules
from pffspike.network.elements import HardNegative, Phase, Population, Program, Projection
from pffspike.network.roles import USUAL, Roles, is_driven


class Parts(Protocol):
    """What is checked: a network, as far as its parts go."""

    @property
    def populations(self) -> tuple[Population, ...]:
        """All populations."""

    @property
    def projections(self) -> tuple[Projection, ...]:
        """All projections."""

    @property
    def programs(self) -> tuple[Program, ...]:
        """All programs."""

    @property
    def roles(self) -> Roles:
        """Which populations have a role."""

    def population(self, name: str) -> Population:
        """Find a population."""

    def projection(self, name: str) -> Projection:
        """Find a projection."""


def check_references(network: Parts) -> None:
    """Raise `ValidationError` with one sentence about the first reference that does not fit."""
    for projection in network.projections:
        _check_projection(network, projection)
    for population in network.populations:
        _check_rule(network, population)
    for program in network.programs:
        for phase in program.phases:
            _check_phase(network, program, phase)
        if program.hard_negative:
            _check_hard_negative(network, program, program.hard_negative)
        _check_sizes(network, program)
        _check_signs(network, program)
    _check_roles(network)


def _check_roles(network: Parts) -> None:
    """A role that a network states is one that a population can have."""
    for role, name in vars(network.roles).items():
        if not name or name == getattr(USUAL, role):
            continue  # nobody has it, or whoever has the usual name and suits
        population = _named(network.populations, name, f"roles: {role}")
        if population.input != is_driven(role):
            needed = "an input population" if is_driven(role) else "no input population"
            raise ValidationError(f"roles: {role} = {name!r} must be {needed}; name another one")


def _check_projection(network: Parts, projection: Projection) -> None:
    where = f"projection {projection.name!r}"
    pre = _named(network.populations, projection.pre, f"{where}: pre")
    post = _named(network.populations, projection.post, f"{where}: post")
    if post.input:
        raise ValidationError(
            f"{where}: post = {post.name!r} is an input, so nothing can project to it"
        )
    if projection.connectivity == "one_to_one" and pre.size != post.size:
        raise ValidationError(
            f"{where}: one_to_one needs equal sizes, but {pre.name!r} has {pre.size} neurons "
            f"and {post.name!r} has {post.size}"
        )
    if projection.connectivity == "blocks" and (
        pre.size != post.size or pre.size % projection.block
    ):
        raise ValidationError(
            f"{where}: block = {projection.block} must divide two equal sizes, but "
            f"{pre.name!r} has {pre.size} neurons and {post.name!r} has {post.size}"
        )
    if projection.learning_rate > 0 and post.rule is None:
        raise ValidationError(
            f"{where}: learning_rate = {projection.learning_rate} needs a rule in population "
            f"{post.name!r}; give it one or set the rate to 0"
        )
    if projection.tied is not None:
        _check_tie(network, projection)
    if projection.initial == "transposed":
        _check_reciprocal(network, projection)


def _check_reciprocal(network: Parts, projection: Projection) -> None:
    ends = (projection.post, projection.pre)
    back = [p for p in network.projections if (p.pre, p.post) == ends and p.tied is None]
    if len([p for p in back if p.initial != "transposed"]) != 1:
        raise ValidationError(
            f"projection {projection.name!r}: initial = 'transposed' needs exactly one untied "
            f"projection from {projection.post!r} to {projection.pre!r} whose weights are drawn or "
            f"constant; add one, or choose 'normal'"
        )


def _check_tie(network: Parts, projection: Projection) -> None:
    where = f"projection {projection.name!r}"
    source = _named(network.projections, projection.tied, f"{where}: tied")
    shapes = [
        (
            network.population(p.pre).size,
            network.population(p.post).size,
            p.connectivity,
            p.block,
        )
        for p in (projection, source)
    ]
    if source.tied is not None or shapes[0] != shapes[1] or projection.grid != source.grid:
        raise ValidationError(
            f"{where}: tied = {source.name!r} must be an untied projection of the same sizes, "
            f"connectivity and grid"
        )


def _check_rule(network: Parts, population: Population) -> None:
    source, _ = rules.targets(population.rule)
    if source is None:
        return
    where = f"population {population.name!r}: rule: population"
    target = _named(network.populations, source, where)
    if target.size != population.size:
        raise ValidationError(
            f"{where} = {target.name!r} has {target.size} neurons; it must have "
            f"{population.size}, one for each that learns from it"
        )


def _check_phase(network: Parts, program: Program, phase: Phase) -> None:
    where = f"program {program.name!r}, phase {phase.name!r}"
    active = set(phase.inputs)
    for name in phase.projections:
        active.add(_named(network.projections, name, f"{where}: projections").post)
    for name, source in phase.inputs.items():
        population = _named(network.populations, name, f"{where}: inputs")
        if not population.input:
            raise ValidationError(
                f"{where}: inputs: population {name!r} is no input; set input = true or "
                f"leave it out"
            )
        if isinstance(source, int) and not 0 <= source < population.size:
            raise ValidationError(
                f"{where}: inputs: {name} = {source} must be a neuron from 0 to "
                f"{population.size - 1}"
            )
    for name in phase.projections:
        pre = network.projection(name).pre
        if pre not in active:
            raise ValidationError(
                f"{where}: projection {name!r} starts at {pre!r}, which is not active; drive it, "
                f"enable a projection to it, or leave {name!r} out"
            )
    for name in phase.learn:
        population = _named(network.populations, name, f"{where}: learn")
        _check_learner(population, active, where)


def _check_learner(population: Population, active: set[str], where: str) -> None:
    if population.name not in active or population.input:
        raise ValidationError(f"{where}: learn: {population.name!r} is an input or not active")
    source, _ = rules.targets(population.rule)
    if source is not None and source not in active:
        raise ValidationError(
            f"{where}: {population.name!r} learns from {source!r}, which is not active"
        )


def _check_hard_negative(network: Parts, program: Program, hard_negative: HardNegative) -> None:
    where = f"program {program.name!r}, hard negative"
    _named(network.populations, hard_negative.population, f"{where}: population")
    names = [phase.name for phase in program.phases]
    if hard_negative.phase not in names:
        raise ValidationError(
            f"{where}: phase = {hard_negative.phase!r} must be one of: {', '.join(names)}"
        )
    if not 0 <= hard_negative.noise <= 4096:
        raise ValidationError(f"{where}: noise = {hard_negative.noise} must be from 0 to 4096")
    deciding = names.index(hard_negative.phase)
    if hard_negative.population not in _active(network, program.phases[deciding]):
        raise ValidationError(
            f"{where}: {hard_negative.population!r} is not active in phase {hard_negative.phase!r}"
        )
    for phase in program.phases[: deciding + 1]:
        if hard_negative.signal in dict(_signals(network, phase)):
            raise ValidationError(
                f"{where}: signal {hard_negative.signal!r} is used in phase {phase.name!r}, before "
                f"the hard negative is known; use it only after phase {hard_negative.phase!r}"
            )
    if not any(hard_negative.signal in dict(_signals(network, phase)) for phase in program.phases):
        raise ValidationError(
            f"{where}: signal {hard_negative.signal!r} is not used after phase "
            f"{hard_negative.phase!r}; drive a population with it or remove the hard negative"
        )


def _signals(network: Parts, phase: Phase) -> list[tuple[str, Population]]:
    """Signals that a phase reads, with the populations that they drive or teach."""
    found = [
        (source, network.population(name))
        for name, source in phase.inputs.items()
        if isinstance(source, str)
    ]
    for name in phase.learn:
        population = network.population(name)
        _, signal = rules.targets(population.rule)
        if signal is not None:
            found.append((signal, population))
    return found


def _check_sizes(network: Parts, program: Program) -> None:
    """All that takes a signal as input or target has the size of the hard negative's population."""
    sizes: dict[str, tuple[str, int]] = {}
    uses = [use for phase in program.phases for use in _signals(network, phase)]
    if program.hard_negative:
        hard_negative = network.population(program.hard_negative.population)
        uses += [
            (program.hard_negative.truth, hard_negative),
            (program.hard_negative.signal, hard_negative),
        ]
    for signal, population in uses:
        name, size = sizes.setdefault(signal, (population.name, population.size))
        if size != population.size:
            raise ValidationError(
                f"program {program.name!r}: signal {signal!r} serves {name!r} with {size} neurons "
                f"and {population.name!r} with {population.size}; they must have the same size"
            )


def _check_signs(network: Parts, program: Program) -> None:
    """A signal of signs is one of its own: -1 is no class, and no probability."""
    others = {name for phase in program.phases for name, _ in _signals(network, phase)}
    if program.hard_negative:
        others |= {program.hard_negative.truth, program.hard_negative.signal}
    for phase in program.phases:
        if phase.sign in others:
            raise ValidationError(
                f"program {program.name!r}, phase {phase.name!r}: sign = {phase.sign!r} is a "
                f"signal that populations follow or learn from; give the signs a name of their own"
            )


def _active(network: Parts, phase: Phase) -> set[str]:
    return set(phase.inputs) | {network.projection(name).post for name in phase.projections}


_Named = TypeVar("_Named", Population, Projection)


def _named(things: tuple[_Named, ...], name: object, where: str) -> _Named:
    for thing in things:
        if thing.name == name:
            return thing
    raise unknown(f"{where} =", name, (thing.name for thing in things))
