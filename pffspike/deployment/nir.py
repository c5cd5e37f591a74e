"""Export to the Neuromorphic Intermediate Representation (NIR), as far as it goes.

NIR has no stochastic node, so a population of Bernoulli neurons becomes its noiseless counterpart:
``Threshold(1/2 - b_j)``, which spikes where the spike probability is above a half. A projection is
a ``Linear`` node of ``(n_post, n_pre)`` weights and a ``Delay`` of one step; a driven population is
an ``Input``; every population with a rule has an ``Output`` behind it. `LOST` says what is left
out, and stands in the metadata of the graph. Source: Pedersen et al., "Neuromorphic intermediate
representation", Nature Communications 15, 8122 (2024).
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike import cards
from pffspike.errors import MissingPackageError
from pffspike.files import write_whole
from pffspike.network import structure
from pffspike.network.spec import Network
from pffspike.trained import TrainedNetwork

try:
    import nir
except ImportError:
    raise MissingPackageError(
        "NIR is not installed, so no NIR file can be written: pip install 'pffspike[nir]'"
    ) from None

#: what a NIR file of this project does not say
LOST = (
    "the noise: neurons draw a bit with the probability clip(b + I, 0, 1), and a threshold at 1/2 "
    "takes the more probable one; divisive normalization, that is the gain of a sender by its "
    "number of spikes, named in the metadata of its projections; programs, that is which "
    "projections are enabled when, how long a presentation lasts and that it starts from silence; "
    "goodness, the decision between labels, and all learning; the dyadic number formats, but for "
    "exponents in the metadata"
)


def write_nir(path: str | Path, trained: TrainedNetwork) -> str:
    """Write the projections that programs without learning use as a NIR graph.

    Parameters
    ----------
    path : str or Path
        Written whole or not at all.
    trained : TrainedNetwork
        A trained network, whole.

    Returns
    -------
    str
        What is lost.
    """
    buffer = io.BytesIO()
    nir.write(buffer, graph(trained))
    write_whole(Path(path), buffer.getvalue())
    return LOST


def graph(trained: TrainedNetwork) -> Any:
    """Make the NIR graph of a trained network.

    Parameters
    ----------
    trained : TrainedNetwork
        A trained network, whole.

    Returns
    -------
    nir.NIRGraph
        Nodes are called like populations, and like projections with ``projection_`` before; a
        delay has ``_delay`` behind, an output ``_output``.
    """
    network, found = trained.network, trained.parameters
    used = [structure.extent(network, p) for p in network.programs if not p.learns]
    names = {p.name for extent in used for p in extent.populations}
    enabled = {p.name for extent in used for p in extent.projections}
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    for population in network.populations:
        if population.name not in names:
            continue
        if population.input:
            nodes[population.name] = nir.Input({"input": _shape(network, population.name)})
            continue
        nodes[population.name] = nir.Threshold(0.5 - found.biases[population.name])
        if population.rule is not None:
            output = f"{population.name}_output"
            nodes[output] = nir.Output({"output": _shape(network, population.name)})
            edges.append((population.name, output))
    for projection in network.projections:
        if projection.name not in enabled:
            continue
        weights = found.weights[structure.weights_of(projection)]
        kind = network.population(projection.pre).normalization
        name, delay = f"projection_{projection.name}", f"projection_{projection.name}_delay"
        nodes[name] = nir.Linear(
            weights.T.copy(),
            metadata={
                "exponent": projection.grid,
                "gain": kind if projection.normalized else "none",
            },
        )
        nodes[delay] = nir.Delay(_ones(network, projection.post))
        edges += [(projection.pre, name), (name, delay), (delay, projection.post)]
    return nir.NIRGraph(
        nodes,
        edges,
        metadata={
            "network": network.name,
            "hash": cards.network_hash(network),
            "time": "delays are in steps",
            "lost": LOST,
        },
    )


def _shape(network: Network, population: str) -> npt.NDArray[np.int64]:
    return np.array([network.population(population).size])


def _ones(network: Network, population: str) -> npt.NDArray[np.float64]:
    return np.ones(network.population(population).size)
