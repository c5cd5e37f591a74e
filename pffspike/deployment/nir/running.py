"""Run a NIR graph of affine maps and leaky integrate-and-fire neurons, step by step.

As snnTorch and Norse run it: all nodes once a step, each after those that it hears from, and an
edge that closes a circle carries the value of the step before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from pffspike.deployment.nir.package import nir
from pffspike.errors import ValidationError
from pffspike.typing import Floats

_KNOWN = ("Input", "Affine", "Linear", "LIF", "Output")


def run_graph(graph: Any, rasters: Iterable[Floats], dt: float) -> Iterator[Floats]:
    """Run a graph from silence, a step at a time.

    Parameters
    ----------
    graph : nir.NIRGraph
        Of one ``Input``, one ``Output``, and ``Affine``, ``Linear`` and ``LIF`` nodes.
    rasters : iterable of (samples, n_input) ndarray of float64
        What the input receives in each step.
    dt : float
        Length of a step, in the unit of the nodes' time constants (seconds).

    Yields
    ------
    (samples, n_output) ndarray of float64
        What the output receives in the step.

    Raises
    ------
    ValidationError
        If the graph has other nodes.

    Notes
    -----
    A step of a neuron is the Euler step of NIR's equation, ``v += dt / tau (v_leak - v + r x)``; a
    spike where ``v > v_threshold``, which then resets it to ``v_reset``.

    Examples
    --------
    >>> import nir
    >>> one = np.ones(1)
    >>> neuron = nir.LIF(tau=one, r=one, v_leak=0 * one, v_threshold=one / 2)
    >>> nodes = {"input": nir.Input({"input": np.array([1])}), "neuron": neuron}
    >>> nodes["output"] = nir.Output({"output": np.array([1])})
    >>> graph = nir.NIRGraph(nodes, [("input", "neuron"), ("neuron", "output")])
    >>> [float(out[0, 0]) for out in run_graph(graph, [np.ones((1, 1)), np.zeros((1, 1))], 1.0)]
    [1.0, 0.0]
    """
    for name, node in graph.nodes.items():
        if type(node).__name__ not in _KNOWN:
            raise ValidationError(
                f"node {name!r} is of type {type(node).__name__}, which is not run here; give a "
                f"graph of {', '.join(_KNOWN)}"
            )
    order, delayed = _order(graph)
    heard = {name: [pre for pre, post in graph.edges if post == name] for name in order}
    last: dict[str, Floats] = {}
    state: dict[str, Floats] = {}
    for raster in rasters:
        now: dict[str, Floats] = {}
        for name in order:
            node = graph.nodes[name]
            values = [
                last.get(pre, np.zeros(1)) if (pre, name) in delayed else now[pre]
                for pre in heard[name]
            ]
            given = (
                raster if isinstance(node, nir.Input) else np.sum(np.broadcast_arrays(*values), 0)
            )
            now[name] = _value(node, given, state, name, dt)
            if isinstance(node, nir.Output):
                result = now[name]
        last = now
        yield result


def _order(graph: Any) -> tuple[list[str], set[tuple[str, str]]]:
    """Names in the order of a step, and the edges that close circles."""
    order: list[str] = []
    delayed: set[tuple[str, str]] = set()
    unfinished: set[str] = set()

    def visit(name: str) -> None:
        unfinished.add(name)
        for pre, post in graph.edges:
            if pre == name and post in unfinished:
                delayed.add((pre, post))
            elif pre == name and post not in order:
                visit(post)
        unfinished.discard(name)
        order.insert(0, name)

    visit(next(name for name, node in graph.nodes.items() if isinstance(node, nir.Input)))
    return order, delayed


def _value(node: Any, given: Floats, state: dict[str, Floats], name: str, dt: float) -> Floats:
    """Output of a node in a step; membranes are in ``state``."""
    if isinstance(node, nir.Affine):
        return np.asarray(given @ node.weight.T + node.bias)
    if isinstance(node, nir.Linear):
        return np.asarray(given @ node.weight.T)
    if not isinstance(node, nir.LIF):
        return given
    v = state.get(name, np.zeros_like(given))
    v = v + dt / node.tau * (node.v_leak - v + node.r * given)
    spikes = v > node.v_threshold
    state[name] = np.where(spikes, node.v_reset, v)
    return spikes.astype(np.float64)
