"""The same network under other names, which nothing that is computed may depend on."""

from __future__ import annotations

import dataclasses

from pffspike.network import Delta, Network, Phase, Population, Projection, Roles

#: Names that no code can expect.
OTHER = {
    "image": "eye",
    "label": "told",
    "hidden_1": "lower",
    "hidden_2": "upper",
    "readout": "vote",
    "image_prediction": "guessed_eye",
    "hidden_1_prediction": "guessed_lower",
    "hidden_2_prediction": "guessed_upper",
    "latent": "dream",
}
#: The usual names, each for another population.
CROSSED = {
    "image": "label",
    "label": "readout",
    "hidden_1": "latent",
    "hidden_2": "image_prediction",
    "readout": "image",
    "image_prediction": "hidden_1",
    "hidden_1_prediction": "hidden_2",
    "hidden_2_prediction": "hidden_1_prediction",
    "latent": "hidden_2_prediction",
}


def renamed(network: Network, names: dict[str, str]) -> Network:
    """Give populations other names and projections new ones; the roles go with the populations."""
    synapses = {p.name: f"synapses_{index}" for index, p in enumerate(network.projections)}

    def population(p: Population) -> Population:
        rule = p.rule
        if isinstance(rule, Delta) and rule.population:
            rule = dataclasses.replace(rule, population=names[rule.population])
        return dataclasses.replace(p, name=names[p.name], rule=rule)

    def projection(p: Projection) -> Projection:
        ends = {"pre": names[p.pre], "post": names[p.post]}
        tied = synapses[p.tied] if p.tied else None
        return dataclasses.replace(p, name=synapses[p.name], tied=tied, **ends)

    def phase(p: Phase) -> Phase:
        return dataclasses.replace(
            p,
            inputs={names[name]: source for name, source in p.inputs.items()},
            projections=tuple(synapses[name] for name in p.projections),
            learn=tuple(names[name] for name in p.learn),
        )

    programs = []
    for program in network.programs:
        hard = program.hard_negative
        if hard:
            hard = dataclasses.replace(hard, population=names[hard.population])
        phases = tuple(phase(p) for p in program.phases)
        programs.append(dataclasses.replace(program, phases=phases, hard_negative=hard))
    there = {p.name for p in network.populations}
    roles = {role: names[name] for role, name in vars(network.roles).items() if name in there}
    return network.replace(
        populations=tuple(population(p) for p in network.populations),
        projections=tuple(projection(p) for p in network.projections),
        programs=tuple(programs),
        roles=Roles(**{"latent": "", **roles}),
    )
