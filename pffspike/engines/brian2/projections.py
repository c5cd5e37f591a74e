"""Projections: synapses that hold the weights, and what happens to their rows and when."""

from __future__ import annotations

import numpy as np
from brian2 import NeuronGroup, Synapses, linked_var

from pffspike.engines.brian2.context import BuildContext, Order, Synaptic
from pffspike.network.spec import Projection

_PROJECTIONS = """
    index : integer (constant)
    unit : 1 (constant)
    normalized : 1 (constant)
    enabled : boolean
    gain : 1 (linked)
"""
_LEARNING = """
    rate : 1
    plastic : 1
"""


def make_synapses(context: BuildContext, neurons: NeuronGroup) -> dict[str, Synapses]:
    """Make the synapses of all weights of the program, by name of the weights.

    They hold numbers only, as integers in units of their grid: ``multiple`` to be set, ``w`` to
    be read or recorded, and ``kept`` where some are fixed. No pathway is attached to them, hence no
    queue of spikes.
    """
    return {
        name: _hold(context, name, holder, neurons)
        for name, holder in context.layout.holders.items()
    }


def _hold(context: BuildContext, name: str, holder: Projection, neurons: NeuronGroup) -> Synapses:
    layout = context.layout
    equations = f"multiple : integer\nw = multiple * {layout.grid(holder)!r} : 1"
    kept = {"kept": np.int32} if name in layout.fixed_weights else {}
    made = Synapses(
        neurons,
        neurons,
        equations + "".join(f"\n{variable} : integer" for variable in kept),
        dtype={"multiple": np.int32, **kept},
        clock=context.clock,
        namespace={},
        name=f"synapses_{name}",
    )
    pre, post = layout.slices[holder.pre], layout.slices[holder.post]
    # Always row by row: Brian2 goes through the senders, and for each through its receivers.
    sends = f"int(i >= {pre.start} and i < {pre.stop})"
    same = f"i + ({post.start - pre.start})"
    first, size, unless = f"{post.start}", post.stop - post.start, ""
    if holder.connectivity == "one_to_one":
        first, size = same, 1
    elif holder.connectivity == "blocks":
        size, unless = holder.block, f" if k != {same}"
        first += f" + ((i - {pre.start}) // {size}) * {size}"
    made.connect(j=f"k for k in range({first}, {first} + {size} * {sends}){unless}")
    return made


def make_projections(context: BuildContext, population_state: NeuronGroup) -> NeuronGroup:
    """Make a group with one member a projection."""
    layout, c = context.layout, context.columns
    group = NeuronGroup(
        len(layout.projections),
        _PROJECTIONS + (_LEARNING if context.learns else ""),
        clock=context.clock,
        namespace=dict(context.namespace),
        name="projections",
    )
    group.index = np.arange(len(layout.projections))
    group.unit = [layout.grid(p) for p in layout.projections]
    group.normalized = [float(p.normalized) for p in layout.projections]
    senders = [layout.population_index(p.pre) for p in layout.projections]
    group.gain = linked_var(population_state, "gain", index=np.array(senders))
    group.run_regularly(
        """
        factor = int(enabled) * unit * (normalized * gain + (1 - normalized))
        arrived = pffspike_deliver(index, factor)
        """,
        when="synapses",
        order=Synaptic.DELIVER,
        name="projections_deliver",
    )
    begin = f"enabled = schedule(t, {c.enabled} + index) > 0\n"
    if context.learns:
        begin += f"plastic = schedule(t, {c.plastic} + index)\n"
        context.each_presentation(
            group,
            "changed = pffspike_learn(index, plastic * rate)",
            Order.LEARN,
            "projections_learn",
        )
    context.each_presentation(group, begin, Order.BEGIN, "projections_begin")
    return group
