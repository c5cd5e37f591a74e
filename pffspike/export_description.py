"""Content of ``network.json`` in an export folder: a network in plain values.

`pffspike.export_text` says what each key means.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from pffspike import cards
from pffspike.arithmetic import grids
from pffspike.cards import toml
from pffspike.data import Identity
from pffspike.network import structure
from pffspike.network.rules import SIGNS, Rule
from pffspike.network.spec import Network, Program, Projection
from pffspike.trained import TrainedNetwork

FORMAT, VERSION = "pffspike export", 6
_NOTHING_FIXED = 5  #: version of folders without anything fixed, which older programs read too
_GAIN_EXPONENT = -10  #: fine enough for both kinds of normalization


def describe_network(trained: TrainedNetwork) -> dict[str, Any]:
    """Content of ``network.json``.

    Parameters
    ----------
    trained : TrainedNetwork
        Its weights and biases are not part of it.

    Returns
    -------
    dict
        Plain values, as `pffspike.export_text` describes them.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> from pffspike.network import initial
    >>> network = load_network("digits")
    >>> content = describe_network(TrainedNetwork(network, initial(network, 0), 0))
    >>> content["decisions"]
    {'goodness': {'hidden_1': -1, 'hidden_2': -1}, 'one_pass': 'readout'}
    """
    network, parameters = trained.network, trained.parameters
    fixed = parameters.fixed_weights or parameters.fixed_biases
    return {
        "format": FORMAT,
        "version": VERSION if fixed else _NOTHING_FIXED,
        "hash": cards.network_hash(network),
        "seed": str(trained.seed),
        "populations": [_population(network, p.name) for p in network.populations],
        "projections": [_projection(p) for p in network.projections],
        "programs": [_program(network, p) for p in network.programs],
        "training": toml.plain(network.training),
        "roles": structure.roles(network),
        "decisions": _decisions(network),
        "card": cards.card_text(network),
        "provenance": dict(trained.provenance),
        "data": _identity(trained.data) if trained.data else None,
    }


def _identity(data: Identity) -> dict[str, Any]:
    """What is known of the data, without places on this machine: an export is for others, too."""
    plain: dict[str, Any] = toml.plain(dataclasses.replace(data, source=None))
    return plain


def _population(network: Network, name: str) -> dict[str, Any]:
    population = network.population(name)
    table = grids.gain_table(population.normalization, population.size)
    return {
        "name": name,
        "index": network.index(name),
        "size": population.size,
        "input": population.input,
        "normalization": population.normalization,
        "gain_exponent": _GAIN_EXPONENT,
        "gain": (table * 2.0**-_GAIN_EXPONENT).astype(int).tolist(),
        "bias_exponent": grids.DRIVE_GRID,
        "bias": toml.plain(population.bias),
        "rule": None if population.rule is None else _rule(population.rule),
    }


def _rule(rule: Rule) -> dict[str, Any]:
    parameters = toml.plain(rule)
    return {
        "kind": parameters.pop("kind"),
        "parameters": parameters,
        "coefficients": {f"{sign:+d}": toml.plain(rule.coefficients(sign)) for sign in SIGNS},
        "target_population": rule.target_population,
        "target_signal": rule.target_signal,
    }


def _projection(projection: Projection) -> dict[str, Any]:
    plain = toml.plain(projection)
    unit = 2.0**projection.grid
    return {
        **{key: plain[key] for key in ("name", "pre", "post", "connectivity", "block")},
        "weights": structure.weights_of(projection),
        "tied": projection.tied,
        "exponent": projection.grid,
        "low": round(projection.low / unit),
        "high": round(projection.high / unit),
        "weighted_by_gain": projection.normalized,
        **{key: plain[key] for key in ("learning_rate", "initial", "scale")},
    }


def _program(network: Network, program: Program) -> dict[str, Any]:
    plain: dict[str, Any] = toml.plain(program)
    for content, phase in zip(plain["phases"], program.phases, strict=True):
        active = structure.active(network, phase)
        content["active"] = [p.name for p in network.populations if p.name in active]
    return plain


def _decisions(network: Network) -> dict[str, Any]:
    rules = {p.name: p.rule for p in network.populations if p.rule is not None}
    signs = {name: rule.evidence for name, rule in rules.items() if rule.evidence}
    found: dict[str, Any] = {"goodness": signs}
    if network.has_role("readout"):
        found["one_pass"] = network.role("readout").name
    programs = {program.name for program in network.programs}
    return {name: value for name, value in found.items() if name in programs}
