"""A projection as `Synapses`: it delivers every spike, and learns at the end of a presentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import NeuronGroup, Synapses, get_device, prefs, second
from brian2.devices.device import runtime_device

from pffspike.engines.brian2.equations.context import EquationsContext, EquationsOrder
from pffspike.network import structure
from pffspike.network.spec import Projection
from pffspike.typing import Floats

_LEARN = """
dw = eta(t)*f_post*{trace}_pre/T
w = clip(w + unit*floor(dw/unit + (u_out_pre + u_in_post) % 1), w_min, w_max)
"""
_FIXED = "w : 1\nw_fixed : 1                 # 1 where learning leaves the weight as it is"
_KEEP = """
before = w
{rule}
w = w_fixed*before + (1 - w_fixed)*w
"""
_CONNECT: Mapping[str, Mapping[str, str]] = {
    "dense": {},
    "one_to_one": {"j": "i"},
    "blocks": {"condition": "i // block == j // block and i != j"},
}


def make_projection(
    context: EquationsContext,
    projection: Projection,
    pre: NeuronGroup,
    post: NeuronGroup,
    tied: Synapses | None,
) -> Synapses:
    """Make the synapses of a projection.

    Parameters
    ----------
    context : EquationsContext
        What all parts of the build share.
    projection : Projection
        What the synapses are made for.
    pre, post : NeuronGroup
        Groups of its populations.
    tied : Synapses or None
        Those whose weights these use.

    Returns
    -------
    Synapses
    """
    name = projection.name
    space = context.namespace | {
        "enabled": context.table(f"{name}.enabled"),
        "eta": context.table(f"{name}.eta"),
        "unit": 2.0**projection.grid,
        "w_min": projection.low,
        "w_max": projection.high,
        "block": max(1, projection.block),
    }
    enabled = context.always(lambda phase: name in phase.projections)
    weighted = context.weighted(projection)
    fixed = context.start.fixed_weights.get(name) if context.plastic(projection) else None
    equations = "w : 1" if fixed is None else _FIXED
    deliver = f"{context.current(projection)}_post += {'' if enabled else 'enabled(t)*'}w"
    synapses = Synapses(
        pre,
        post,
        context.document(name, "equations", "" if tied is not None else equations),
        on_pre=context.document(name, "every spike", deliver),
        delay=0 * second,
        clock=context.clock,
        namespace=space,
        name=context.name(name),
    )
    connect(synapses, **_CONNECT[projection.connectivity])
    if tied is not None:
        synapses.variables.add_reference("w", tied, "w")  # linked_var serves no synapses
        return synapses
    present = structure.mask(context.network, projection)
    w = context.start.weights[structure.weights_of(projection)]
    synapses.w = w[present]  # sender by sender
    if fixed is not None:
        synapses.w_fixed = fixed[present]
    if context.plastic(projection):
        rule = context.options.rules.get(name, _LEARN.format(trace="a" if weighted else "c"))
        rule = rule if fixed is None else _KEEP.format(rule=rule.strip())
        synapses.run_regularly(
            context.document(name, "at the end of a presentation", rule),
            clock=context.presentations,
            when="start",
            order=EquationsOrder.LEARN,
            name=context.name(f"{name}_learn"),
        )
    return synapses


def connect(synapses: Synapses, **how: Any) -> None:
    """Connect synapses; in this process by NumPy, for it happens once: not worth a Cython module.

    Parameters
    ----------
    synapses : Synapses
        Without any connection yet.
    **how : str
        For `brian2.Synapses.connect`.
    """
    target = prefs["codegen.target"]
    if get_device() is runtime_device:
        prefs["codegen.target"] = "numpy"
    try:
        synapses.connect(**how)
    finally:
        prefs["codegen.target"] = target


def weights_of(synapses: Synapses, shape: tuple[int, int]) -> Floats:
    """Weights as a matrix: 0 where there is no synapse."""
    matrix = np.zeros(shape)
    matrix[np.asarray(synapses.i), np.asarray(synapses.j)] = np.asarray(synapses.w)
    return matrix
