"""The population state: one member a population, for what its neurons have in common."""

from __future__ import annotations

import numpy as np
from brian2 import NeuronGroup

from pffspike.engines.brian2 import functions
from pffspike.engines.brian2.context import BuildContext, Order, Synaptic
from pffspike.network import constants

_LEARNING_STATE = """
    homeostasis : 1 (constant)
    target_rate : 1 (constant)
    limit : 1 (constant)
    bias_rate : 1
    alpha : 1
    target_class : 1
    learning : 1
    rule_offset : 1
    rule_gain : 1
    rule_slope : 1
    rule_theta : 1
"""


def make_population_state(context: BuildContext) -> NeuronGroup:
    """One member a population: what its neurons have in common."""
    populations, c = context.layout.populations, context.columns
    tables, starts = functions.gain_tables([(p.normalization, p.size) for p in populations])
    equations = """
        first_neuron : integer (constant)
        size : integer (constant)
        number : 1
        gain : 1
        total : 1
        squares : 1
        table : 1 (constant)
        index : integer (constant)
        offset : 1
        clamped : 1
        column : 1
    """
    begin = f"""
        offset = schedule(t, {c.offset} + index)
        clamped = schedule(t, {c.clamped} + index)
        column = schedule(t, {c.column} + index)
        total = 0
    """
    shared = ""  # Brian2 requires that shared variables are written first
    if context.standalone:
        equations += "stopped : 1 (shared)\n"
        shared += f"stopped = pffspike_stop(schedule(t, {c.stop}))\n"
    if context.learns:
        equations += _LEARNING_STATE
        begin += f"""
        target_class = schedule(t, {c.target_class} + index)
        learning = schedule(t, {c.learning} + index)
        rule_offset = schedule(t, {c.rule_offset} + index)
        rule_gain = schedule(t, {c.rule_gain} + index)
        rule_slope = schedule(t, {c.rule_slope} + index)
        rule_theta = schedule(t, {c.rule_theta} + index)
        """
    population_state = NeuronGroup(
        len(populations),
        equations,
        clock=context.clock,
        name="population_state",
        namespace={
            **context.namespace,
            "pffspike_gain": functions.gain_function(tables),
            "pffspike_stop": functions.stop_function(),
        },
    )
    population_state.index = np.arange(len(populations))
    population_state.first_neuron = [context.layout.slices[p.name].start for p in populations]
    population_state.size = [p.size for p in populations]
    population_state.table = starts
    population_state.run_regularly(
        """
        number = pffspike_spikes(first_neuron, size)
        gain = pffspike_gain(table + number)
        total += number
        """,
        when="synapses",
        order=Synaptic.GAIN,
        name="population_state_gain",
    )
    compare = "squares = pffspike_square(first_neuron, size)\n"
    if context.learns:
        _set_biases(context, population_state)
        compare += _modulator(context)
    context.each_presentation(
        population_state, compare, Order.MODULATE, "population_state_modulate"
    )
    context.each_presentation(
        population_state, shared + begin, Order.BEGIN, "population_state_begin"
    )
    return population_state


def _set_biases(context: BuildContext, population_state: NeuronGroup) -> None:
    """Constants of the populations' biases."""
    biases = [p.bias for p in context.layout.populations]
    population_state.homeostasis = [constants.rate(b.homeostasis) for b in biases]
    population_state.target_rate = [constants.rate(b.target_rate) for b in biases]
    population_state.limit = [b.limit for b in biases]


def _modulator(context: BuildContext) -> str:
    """What multiplies the rates, see `pffspike.network.rules`."""
    return f"""
        line = 0.5 + rule_slope * (rule_theta - squares * {context.program.window**-2!r})
        alpha = learning * (rule_offset + rule_gain * clip(line, 0, 1))
    """
