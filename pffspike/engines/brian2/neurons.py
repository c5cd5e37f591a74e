"""All neurons of a program as one group: draw, trace, compare."""

from __future__ import annotations

import numpy as np
from brian2 import NeuronGroup, linked_var

from pffspike.arithmetic import grids
from pffspike.engines.brian2.context import STEP, BuildContext, Order, Synaptic
from pffspike.engines.brian2.rows import sum_type
from pffspike.engines.brian2.schedule import CHOSEN, PROBABILITIES
from pffspike.network import rules
from pffspike.typing import Integers

_ROUNDING_KEYS = ("rounding_key", "sender_key", "receiver_key")
_NEURONS = """
    base : 1
    current : 1
    counter : integer (constant)
    index : integer (constant)
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
    clamped : 1 (linked)
    column : 1 (linked)
"""
_NEURON_LEARNING = """
    a : 1
    f : 1
    has_target : 1 (constant)
    sender_draw : 1
    receiver_draw : 1
    rounding_key : integer (shared)
    sender_key : integer (shared)
    receiver_key : integer (shared)
    target_count : 1 (linked)
    alpha : 1 (linked)
    target_class : 1 (linked)
    learning : 1 (linked)
    bias_rate : 1 (linked)
    homeostasis : 1 (linked)
    target_rate : 1 (linked)
    limit : 1 (linked)
"""


def make_neurons(
    context: BuildContext, population_state: NeuronGroup, candidates: NeuronGroup | None
) -> NeuronGroup:
    """Make the group; its links to the population state and the candidates included."""
    layout = context.layout
    equations = _NEURONS + (_NEURON_LEARNING if context.learns else "")
    equations += "fixed : 1\n" if layout.fixed_biases else ""
    equations += "losses : 1 (linked)\n" if candidates is not None else ""
    equations += "follows : integer\n" if context.has_signals and context.in_time else ""
    trace = "c += windowed"
    if context.learns:
        trace += "\na += windowed * gain"
    neurons = NeuronGroup(
        layout.neurons,
        equations,
        clock=context.clock,
        threshold="fires",
        reset=trace,
        dtype={
            "key": np.int64,
            "sample_key": np.int64,
            "counter": np.int64,
            "sum": sum_type(layout),
        }
        | dict.fromkeys(_ROUNDING_KEYS if context.learns else (), np.int64),
        namespace=dict(context.namespace),
        name="neurons",
    )
    neurons.resetter["spike"].when = "synapses"
    neurons.resetter["spike"].order = Synaptic.TRACE
    _constants(context, neurons, population_state, candidates)
    _steps(context, neurons)
    _begin(context, neurons, candidates)
    if context.learns:
        _compare(context, neurons, candidates)
    return neurons


def _constants(
    context: BuildContext,
    neurons: NeuronGroup,
    population_state: NeuronGroup,
    candidates: NeuronGroup | None,
) -> None:
    layout = context.layout
    index = np.array([layout.network.index(p.name) for p in layout.populations])
    neurons.counter = (index[layout.population_of] << 32) + layout.index_of
    neurons.index = layout.index_of
    inputs = np.array([p.input for p in layout.populations])
    neurons.biased = ~inputs[layout.population_of]
    linked = ["gain", "offset", "clamped", "column"]
    if context.learns:
        linked += ["alpha", "target_class", "learning", "bias_rate"]
        linked += ["homeostasis", "target_rate", "limit"]
        neurons.target_count = linked_var(neurons, "c", index=_targets(context))
        neurons.has_target = np.array(
            [rules.targets(p.rule)[0] is not None for p in layout.populations]
        )[layout.population_of]
    for name in linked:
        setattr(neurons, name, linked_var(population_state, name, index=layout.population_of))
    if candidates is not None:
        # A population with more neurons than there are classes can't be the hard negative
        # (`_hard_negative`).
        indices = np.minimum(layout.index_of, len(candidates) - 1)
        neurons.losses = linked_var(candidates, "losses", index=indices)


def _hard_negative(candidates: NeuronGroup) -> str:
    """Expression: 1 for the neuron of the class that was chosen, 0 for the others."""
    return f"int(losses == 0) * int(index < {len(candidates)})"


def _targets(context: BuildContext) -> Integers:
    """Neuron whose rate each neuron shall reproduce; itself where there is none."""
    targets = np.arange(context.layout.neurons)
    for p in context.layout.populations:
        other = context.layout.slices.get(rules.targets(p.rule)[0] or "")
        if other is not None:
            targets[context.layout.slices[p.name]] = np.arange(other.start, other.stop)
    return targets


def _steps(context: BuildContext, neurons: NeuronGroup) -> None:
    drive = "base + current"
    if context.has_signals and context.in_time:
        sample = f"(t_in_timesteps // {context.program.steps * len(context.program.phases)})"
        row = f"({sample} * {context.program.steps} + step) * {float(STEP)!r} * second"
        drive += f" + follows * signals({row}, int(follows * (column + index)))"
    neurons.run_regularly(
        f"""
        step = t_in_timesteps % {context.program.steps}
        key = pffspike_derive(sample_key, step)
        windowed = int(step >= {context.program.burn_in})
        fires = pffspike_uniform(key, counter) < {drive}
        current = 0
        """,
        when="groups",
        name="neurons_draw",
    )


def _begin(
    context: BuildContext,
    neurons: NeuronGroup,
    candidates: NeuronGroup | None,
) -> None:
    c = context.columns
    # Brian2 requires that shared variables are written first.
    shared = f"sample_key = pffspike_join(schedule(t, {c.key}), schedule(t, {c.key + 1}))\n"
    code = """
        c = 0
        current = 0
        base = offset + biased * b + int(clamped == index)
    """
    if context.has_signals:
        # Where a neuron follows no signal, it reads the first column and ignores it.
        code += f"""
        follows = int(clamped == {PROBABILITIES})
        """
        if not context.in_time:
            code += "base += follows * signals(t, int(follows * (column + index)))\n"
    if candidates is not None:
        code += f"base += int(clamped == {CHOSEN}) * {_hard_negative(candidates)}\n"
    if context.learns:
        key = c.rounding
        code += "a = 0\n"
        shared += f"""
        rounding_key = pffspike_join(schedule(t, {key}), schedule(t, {key + 1}))
        sender_key = pffspike_derive(rounding_key, 0)
        receiver_key = pffspike_derive(rounding_key, 1)
        """
    code = shared + code
    context.each_presentation(neurons, code, Order.BEGIN_NEURONS, "neurons_begin")


def _compare(
    context: BuildContext,
    neurons: NeuronGroup,
    candidates: NeuronGroup | None,
) -> None:
    window, fine = 1.0 / context.program.window, 2.0**grids.DRIVE_GRID
    of_class = "int(target_class == index)"
    if candidates is not None:
        of_class += f" + int(target_class == {CHOSEN}) * {_hard_negative(candidates)}"
    changed = "clip(nearest, -limit, limit)"
    if context.layout.fixed_biases:
        changed = f"fixed * b + (1 - fixed) * {changed}"
    code = f"""
        target = learning * (has_target * target_count * {window!r} + {of_class})
        f = alpha * c * {window!r} + target
        drift = bias_rate * f - learning * homeostasis * (c * {window!r} - target_rate)
        nearest = floor((b + drift) * {1 / fine!r} + 0.5) * {fine!r}
        b = {changed}
        sender_draw = pffspike_uniform(sender_key, counter)
        receiver_draw = pffspike_uniform(receiver_key, counter)
    """
    context.each_presentation(neurons, code, Order.COMPARE, "neurons_compare")
