"""Projections: synapses that hold the weights, and what happens to their rows and when."""

from __future__ import annotations

import numpy as np
from brian2 import NeuronGroup, Synapses, linked_var

from pffspike.engines.brian2.frame import Frame, Order, Synaptic
from pffspike.network.spec import Projection

_PROJECTIONS = """
    place : integer (constant)
    unit : 1 (constant)
    normalized : 1 (constant)
    open : boolean
    gain : 1 (linked)
"""
_LEARNING = """
    rate : 1
    due : 1
"""


def make_synapses(frame: Frame, neurons: NeuronGroup) -> dict[str, Synapses]:
    """Make the synapses of all weights of the program, by name of the weights.

    They hold numbers only, as integers in units of their grid: ``multiple`` to be set, ``w`` to
    be read or recorded. No pathway is attached to them, hence no queue of spikes.
    """
    return {
        name: _hold(frame, name, holder, neurons) for name, holder in frame.layout.holders.items()
    }


def _hold(frame: Frame, name: str, holder: Projection, neurons: NeuronGroup) -> Synapses:
    layout = frame.layout
    made = Synapses(
        neurons,
        neurons,
        f"multiple : integer\nw = multiple * {layout.grid(holder)!r} : 1",
        dtype={"multiple": np.int32},
        clock=frame.clock,
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


def make_projections(frame: Frame, hub: NeuronGroup) -> NeuronGroup:
    """Make a group with one member a projection."""
    layout, c = frame.layout, frame.columns
    group = NeuronGroup(
        len(layout.projections),
        _PROJECTIONS + (_LEARNING if frame.learns else ""),
        clock=frame.clock,
        namespace=dict(frame.namespace),
        name="projections",
    )
    group.place = np.arange(len(layout.projections))
    group.unit = [layout.grid(p) for p in layout.projections]
    group.normalized = [float(p.normalized) for p in layout.projections]
    senders = [layout.population_index(p.pre) for p in layout.projections]
    group.gain = linked_var(hub, "gain", index=np.array(senders))
    group.run_regularly(
        """
        factor = int(open) * unit * (normalized * gain + (1 - normalized))
        arrived = pffspike_deliver(place, factor)
        """,
        when="synapses",
        order=Synaptic.DELIVER,
        name="projections_deliver",
    )
    begin = f"open = schedule(t, {c.open} + place) > 0\n"
    if frame.learns:
        begin += f"due = schedule(t, {c.due} + place)\n"
        frame.each_presentation(
            group, "changed = pffspike_learn(place, due * rate)", Order.LEARN, "projections_learn"
        )
    frame.each_presentation(group, begin, Order.BEGIN, "projections_begin")
    return group
