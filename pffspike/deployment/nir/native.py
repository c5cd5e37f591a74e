"""The profile ``native``: every population and projection of a network, to be read back whole.

A population of Bernoulli neurons is a ``Threshold`` at ``1/2 - b_j``, where a spike is as probable
as none; an input population is an ``Input``; a projection is a ``Linear`` of ``(n_post, n_pre)``
weights and a ``Delay`` of one step; every population with a rule has an ``Output`` behind it. The
metadata hold the card and the rest of a trained network but its history.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np

from pffspike import cards
from pffspike.arithmetic import counter
from pffspike.cards import toml
from pffspike.data import Scaling
from pffspike.deployment.nir.package import nir
from pffspike.errors import FileError
from pffspike.exchange import read_coding, read_identity
from pffspike.network import parameters as parameters_module
from pffspike.network import structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.trained import TrainedNetwork

PROFILE = "native"

#: what the nodes of such a graph do not say
LOST = (
    "the noise: neurons draw a bit with the probability clip(b + I, 0, 1), and a threshold at 1/2 "
    "takes the more probable one; divisive normalization, that is the gain of a sender by its "
    "number of spikes, named in the metadata of its projections; programs, that is which "
    "projections are enabled when, how long a presentation lasts and that it starts from silence; "
    "goodness, the decision between labels, and all learning; the dyadic number formats, but for "
    "exponents in the metadata. The card in the metadata says all of it, and pffspike.from_nir "
    "reads the network back from it and from the nodes, to the bit; other simulators that run "
    "the nodes alone run another network"
)


def native_graph(trained: TrainedNetwork) -> Any:
    """Make the graph of a whole trained network.

    Parameters
    ----------
    trained : TrainedNetwork
        A trained network, whole.

    Returns
    -------
    nir.NIRGraph
        Nodes are called like populations, projections ``projection.NAME``, their delays
        ``projection.NAME.delay`` and outputs ``output.NAME``.

    Examples
    --------
    >>> import pffspike
    >>> network = pffspike.load_network("digits")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    >>> native_graph(trained).nodes["image"].input_type
    {'input': array([64])}
    """
    network, found = trained.network, trained.parameters
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    for population in network.populations:
        size = np.array([population.size])
        if population.input:
            nodes[population.name] = nir.Input({"input": size})
            continue
        nodes[population.name] = nir.Threshold(0.5 - found.biases[population.name])
        if population.rule is not None:
            nodes[f"output.{population.name}"] = nir.Output({"output": size})
            edges.append((population.name, f"output.{population.name}"))
    for projection in network.projections:
        weights = found.weights[structure.weights_of(projection)]
        gain = network.population(projection.pre).normalization
        name = f"projection.{projection.name}"
        nodes[name] = nir.Linear(
            weights.T.copy(),
            metadata={
                "exponent": projection.grid,
                "gain": gain if projection.normalized else "none",
            },
        )
        nodes[f"{name}.delay"] = nir.Delay(np.ones(network.population(projection.post).size))
        edges += [(projection.pre, name), (name, f"{name}.delay")]
        edges.append((f"{name}.delay", projection.post))
    return nir.NIRGraph(nodes, edges, metadata=_metadata(trained))


def _metadata(trained: TrainedNetwork) -> dict[str, Any]:
    """Plain values; places on this machine are left out."""
    network, data = trained.network, trained.data
    plain = toml.plain(dataclasses.replace(data, source=None)) if data else None
    arrays = {
        "coding_mean": trained.coding.mean,
        "scaling_knots": trained.scaling.knots if trained.scaling else None,
    }
    return {
        "network": network.name,
        "profile": PROFILE,
        "hash": cards.network_hash(network),
        "time": "delays are in steps",
        "lost": LOST,
        "card": cards.card_text(network),
        "seed": str(trained.seed),
        "data": json.dumps(plain),
        "provenance": json.dumps(dict(trained.provenance)),
        **{name: np.asarray(array) for name, array in arrays.items() if array is not None},
    }


def read_native(graph: Any, name: str) -> TrainedNetwork:
    """Make the trained network of a graph of `native_graph`.

    Parameters
    ----------
    graph : nir.NIRGraph
        Of the profile ``native``.
    name : str
        Of its file, for errors.

    Returns
    -------
    TrainedNetwork
        With the weights of the graph's nodes.

    Raises
    ------
    FileError, ValidationError
        If card and nodes do not fit.
    """
    metadata = graph.metadata
    card = toml.parse(metadata["card"], f"{name}: card")
    network = cards.read_card(card, f"{name}: card", warn=False)
    if cards.network_hash(network) != metadata["hash"]:
        raise FileError(
            f"{name}: the card does not have the hash that the graph states; it was changed, take "
            f"another copy"
        )
    seed = int(metadata["seed"])
    counter.check_seed(seed)
    data = read_identity(json.loads(metadata["data"]))
    knots = metadata.get("scaling_knots")
    return TrainedNetwork(
        network,
        _parameters(graph, network, name),
        seed,
        engine="nir",
        coding=read_coding(network, metadata.get("coding_mean"), data),
        provenance=json.loads(metadata["provenance"]),
        data=data,
        scaling=None if knots is None else Scaling(np.asarray(knots, np.float64)),
    )


def _parameters(graph: Any, network: Network, name: str) -> Parameters:
    nodes = graph.nodes
    weights = {
        p.name: np.ascontiguousarray(np.asarray(nodes[f"projection.{p.name}"].weight, float).T)
        for p in network.projections
    }
    for p in network.projections:
        owner = structure.weights_of(p)
        if not np.array_equal(weights[p.name], weights[owner]):
            raise FileError(
                f"{name}: projection {p.name!r} is tied to {owner!r}, but their weights differ; "
                f"give both nodes the same"
            )
    found = Parameters(
        {key: weights[key] for key in structure.trainable(network)},
        {p.name: 0.5 - nodes[p.name].threshold for p in network.populations if not p.input},
    )
    parameters_module.check(network, found)
    return found
