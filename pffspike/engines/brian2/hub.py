"""The hub: one member a population, for what its neurons have in common."""

from __future__ import annotations

import numpy as np
from brian2 import NeuronGroup

from pffspike.engines.brian2 import functions
from pffspike.engines.brian2.frame import Frame, Order, Synaptic
from pffspike.network import constants

_HUB_LEARNING = """
    homeostasis : 1 (constant)
    target_rate : 1 (constant)
    limit : 1 (constant)
    bias_rate : 1
    alpha : 1
    desired : 1
    learning : 1
    rule_offset : 1
    rule_gain : 1
    rule_slope : 1
    rule_theta : 1
"""


def make_hub(frame: Frame) -> NeuronGroup:
    """One member a population: what its neurons have in common."""
    populations, c = frame.layout.populations, frame.columns
    tables, starts = functions.gain_tables([(p.normalization, p.size) for p in populations])
    equations = """
        head : integer (constant)
        size : integer (constant)
        number : 1
        gain : 1
        total : 1
        squares : 1
        table : 1 (constant)
        place : integer (constant)
        offset : 1
        clamp : 1
        first : 1
    """
    begin = f"""
        offset = schedule(t, {c.offset} + place)
        clamp = schedule(t, {c.clamp} + place)
        first = schedule(t, {c.first} + place)
        total = 0
    """
    shared = ""  # Brian2 wants shared variables written first
    if frame.standalone:
        equations += "stopped : 1 (shared)\n"
        shared += f"stopped = pffspike_stop(schedule(t, {c.stop}))\n"
    if frame.learns:
        equations += _HUB_LEARNING
        begin += f"""
        desired = schedule(t, {c.desired} + place)
        learning = schedule(t, {c.learning} + place)
        rule_offset = schedule(t, {c.rule_offset} + place)
        rule_gain = schedule(t, {c.rule_gain} + place)
        rule_slope = schedule(t, {c.rule_slope} + place)
        rule_theta = schedule(t, {c.rule_theta} + place)
        """
    hub = NeuronGroup(
        len(populations),
        equations,
        clock=frame.clock,
        name="hub",
        namespace={
            **frame.namespace,
            "pffspike_gain": functions.gain_function(tables),
            "pffspike_stop": functions.stop_function(),
        },
    )
    hub.place = np.arange(len(populations))
    hub.head = [frame.layout.slices[p.name].start for p in populations]
    hub.size = [p.size for p in populations]
    hub.table = starts
    hub.run_regularly(
        """
        number = pffspike_spikes(head, size)
        gain = pffspike_gain(table + number)
        total += number
        """,
        when="synapses",
        order=Synaptic.GAIN,
        name="hub_gain",
    )
    compare = "squares = pffspike_square(head, size)\n"
    if frame.learns:
        _set_biases(frame, hub)
        compare += _modulator(frame)
    frame.each_presentation(hub, compare, Order.MODULATE, "hub_modulate")
    frame.each_presentation(hub, shared + begin, Order.BEGIN, "hub_begin")
    return hub


def _set_biases(frame: Frame, hub: NeuronGroup) -> None:
    """Constants of the populations' biases."""
    biases = [p.bias for p in frame.layout.populations]
    hub.homeostasis = [constants.rate(b.homeostasis) for b in biases]
    hub.target_rate = [constants.rate(b.target_rate) for b in biases]
    hub.limit = [b.limit for b in biases]


def _modulator(frame: Frame) -> str:
    """What multiplies the rates, see `pffspike.network.rules`."""
    return f"""
        line = 0.5 + rule_slope * (rule_theta - squares * {frame.program.window**-2!r})
        alpha = learning * (rule_offset + rule_gain * clip(line, 0, 1))
    """
