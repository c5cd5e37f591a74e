"""Read a NIR graph as a network of ours."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from pffspike.deployment.nir.native import PROFILE, read_native
from pffspike.deployment.nir.package import nir
from pffspike.errors import FileError, PffspikeError
from pffspike.files import read_regular
from pffspike.trained import TrainedNetwork


def from_nir(source: str | Path | Any) -> TrainedNetwork:
    """Read a trained network from a NIR graph of the profile ``native``.

    Network, weights, biases, seed, coding, and what is known of the data are the same as before,
    bit for bit; the history of the training and a prior are not in the graph.

    Parameters
    ----------
    source : str, Path or nir.NIRGraph
        A file, or a graph.

    Returns
    -------
    TrainedNetwork
        With the weights and biases that the nodes of the graph have.

    Raises
    ------
    FileError
        One sentence, if the file is none, or damaged, or its nodes are foreign.
    ValidationError
        If weights do not lie on the grid that the card gives them.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pffspike
    >>> network = pffspike.load_network("digits")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "digits.nir"
    ...     exported = pffspike.export(trained, nir=path, profile="native")
    ...     pffspike.from_nir(path).parameters.equal(trained.parameters)
    True
    """
    graph, name = source, "the NIR graph"
    if isinstance(source, (str, Path)):
        graph, name = _read(source), str(source)
    if not isinstance(graph, nir.NIRGraph):
        raise FileError(f"{name} is a {type(graph).__name__} and no NIR graph; give a NIRGraph")
    profile = graph.metadata.get("profile")
    if profile != PROFILE:
        raise FileError(f"{name} {_foreign(graph, profile)}")
    try:
        return read_native(graph, name)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        if isinstance(error, PffspikeError):
            raise
        raise FileError(
            f"{name} lacks a part of the profile {PROFILE!r} ({str(error).splitlines()[0]}); "
            f"export the network again"
        ) from None


def _read(path: str | Path) -> Any:
    content = read_regular(path)
    try:
        return nir.read(io.BytesIO(content))
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        reason = (str(error).strip("'\"") or type(error).__name__).splitlines()[0]
        raise FileError(
            f"{path} is no complete NIR file ({reason}); give one that a program wrote for NIR"
        ) from None


def _foreign(graph: Any, profile: Any) -> str:
    if profile is not None:
        return (
            f"has the profile {profile!r}, which is for other simulators and does not hold the "
            f"whole network; export the network with the profile {PROFILE!r}"
        )
    kinds = sorted({type(node).__name__ for node in graph.nodes.values()})
    return (
        f"is a graph of another program, with nodes {', '.join(kinds)}, and pffspike's neurons are "
        f"none of these; give a graph of pffspike with the profile {PROFILE!r}"
    )
