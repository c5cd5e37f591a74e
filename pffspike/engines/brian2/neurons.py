"""All neurons of a program as one group: draw, trace, compare."""

from __future__ import annotations

import numpy as np
from brian2 import NeuronGroup, linked_var

from pffspike.arithmetic import grids
from pffspike.engines.brian2.frame import Frame, Order, Synaptic
from pffspike.engines.brian2.rows import sum_type
from pffspike.engines.brian2.schedule import CHOSEN, PROBABILITIES
from pffspike.network import rules
from pffspike.typing import Integers

_ROUNDING_KEYS = ("rounding_key", "sender_key", "receiver_key")
_NEURONS = """
    base : 1
    current : 1
    counter : integer (constant)
    place : integer (constant)
    biased : 1 (constant)
    b : 1
    c : 1
    sum : integer
    fires : boolean
    key : integer (shared)
    sample_key : integer (shared)
    step : integer (shared)
    windowed : 1 (shared)
    gain : 1 (linked)
    offset : 1 (linked)
    clamp : 1 (linked)
    first : 1 (linked)
"""
_NEURON_LEARNING = """
    a : 1
    f : 1
    taught : 1 (constant)
    sender_draw : 1
    receiver_draw : 1
    rounding_key : integer (shared)
    sender_key : integer (shared)
    receiver_key : integer (shared)
    target : 1 (linked)
    alpha : 1 (linked)
    desired : 1 (linked)
    learning : 1 (linked)
    bias_rate : 1 (linked)
    homeostasis : 1 (linked)
    target_rate : 1 (linked)
    limit : 1 (linked)
"""


def make_neurons(frame: Frame, hub: NeuronGroup, voters: NeuronGroup | None) -> NeuronGroup:
    """Make the group; its links to the hub and the voters included."""
    layout = frame.layout
    equations = _NEURONS + (_NEURON_LEARNING if frame.learns else "")
    equations += "beaten : 1 (linked)\n" if voters is not None else ""
    trace = "c += windowed"
    if frame.learns:
        trace += "\na += windowed * gain"
    neurons = NeuronGroup(
        layout.neurons,
        equations,
        clock=frame.clock,
        threshold="fires",
        reset=trace,
        dtype={
            "key": np.int64,
            "sample_key": np.int64,
            "counter": np.int64,
            "sum": sum_type(layout),
        }
        | dict.fromkeys(_ROUNDING_KEYS if frame.learns else (), np.int64),
        namespace=dict(frame.namespace),
        name="neurons",
    )
    neurons.resetter["spike"].when = "synapses"
    neurons.resetter["spike"].order = Synaptic.TRACE
    _constants(frame, neurons, hub, voters)
    _steps(frame, neurons)
    _begin(frame, neurons, voters)
    if frame.learns:
        _compare(frame, neurons, voters)
    return neurons


def _constants(
    frame: Frame, neurons: NeuronGroup, hub: NeuronGroup, voters: NeuronGroup | None
) -> None:
    layout = frame.layout
    index = np.array([layout.network.index(p.name) for p in layout.populations])
    neurons.counter = (index[layout.population_of] << 32) + layout.place_of
    neurons.place = layout.place_of
    driven = np.array([p.input for p in layout.populations])
    neurons.biased = ~driven[layout.population_of]
    linked = ["gain", "offset", "clamp", "first"]
    if frame.learns:
        linked += ["alpha", "desired", "learning", "bias_rate"]
        linked += ["homeostasis", "target_rate", "limit"]
        neurons.target = linked_var(neurons, "c", index=_targets(frame))
        neurons.taught = np.array(
            [rules.targets(p.rule)[0] is not None for p in layout.populations]
        )[layout.population_of]
    for name in linked:
        setattr(neurons, name, linked_var(hub, name, index=layout.population_of))
    if voters is not None:
        # A population with more neurons than there are classes can't be the hard negative
        # (`_hard_negative`).
        places = np.minimum(layout.place_of, len(voters) - 1)
        neurons.beaten = linked_var(voters, "beaten", index=places)


def _hard_negative(voters: NeuronGroup) -> str:
    """Expression: 1 for the neuron of the class that was chosen, 0 for the others."""
    return f"int(beaten == 0) * int(place < {len(voters)})"


def _targets(frame: Frame) -> Integers:
    """Neuron whose rate each neuron shall reproduce; itself where there is none."""
    targets = np.arange(frame.layout.neurons)
    for p in frame.layout.populations:
        other = frame.layout.slices.get(rules.targets(p.rule)[0] or "")
        if other is not None:
            targets[frame.layout.slices[p.name]] = np.arange(other.start, other.stop)
    return targets


def _steps(frame: Frame, neurons: NeuronGroup) -> None:
    neurons.run_regularly(
        f"""
        step = t_in_timesteps % {frame.program.steps}
        key = pffspike_derive(sample_key, step)
        windowed = int(step >= {frame.program.burn_in})
        fires = pffspike_uniform(key, counter) < base + current
        current = 0
        """,
        when="groups",
        name="neurons_draw",
    )


def _begin(
    frame: Frame,
    neurons: NeuronGroup,
    voters: NeuronGroup | None,
) -> None:
    c = frame.columns
    # Brian2 wants shared variables written first.
    shared = f"sample_key = pffspike_join(schedule(t, {c.key}), schedule(t, {c.key + 1}))\n"
    code = """
        c = 0
        current = 0
        base = offset + biased * b + int(clamp == place)
    """
    if frame.has_signals:
        # Where a neuron follows no signal, it reads the first column and ignores it.
        code += f"""
        follows = int(clamp == {PROBABILITIES})
        base += follows * signals(t, int(follows * (first + place)))
        """
    if voters is not None:
        code += f"base += int(clamp == {CHOSEN}) * {_hard_negative(voters)}\n"
    if frame.learns:
        key = c.rounding
        code += "a = 0\n"
        shared += f"""
        rounding_key = pffspike_join(schedule(t, {key}), schedule(t, {key + 1}))
        sender_key = pffspike_derive(rounding_key, 0)
        receiver_key = pffspike_derive(rounding_key, 1)
        """
    code = shared + code
    frame.each_presentation(neurons, code, Order.BEGIN_NEURONS, "neurons_begin")


def _compare(
    frame: Frame,
    neurons: NeuronGroup,
    voters: NeuronGroup | None,
) -> None:
    window, fine = 1.0 / frame.program.window, 2.0**grids.DRIVE_GRID
    wanted = "int(desired == place)"
    if voters is not None:
        wanted += f" + int(desired == {CHOSEN}) * {_hard_negative(voters)}"
    code = f"""
        wish = learning * (taught * target * {window!r} + {wanted})
        f = alpha * c * {window!r} + wish
        drift = bias_rate * f - learning * homeostasis * (c * {window!r} - target_rate)
        nearest = floor((b + drift) * {1 / fine!r} + 0.5) * {fine!r}
        b = clip(nearest, -limit, limit)
        sender_draw = pffspike_uniform(sender_key, counter)
        receiver_draw = pffspike_uniform(receiver_key, counter)
    """
    frame.each_presentation(neurons, code, Order.COMPARE, "neurons_compare")
