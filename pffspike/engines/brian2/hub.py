"""The hub: one member a population, for what its neurons have in common."""

from __future__ import annotations

import numpy as np
from brian2 import NeuronGroup

from pffspike.engines.brian2 import functions
from pffspike.engines.brian2.frame import Frame, Order, Synaptic
from pffspike.network import constants
from pffspike.network.spec import Contrast, Delta, Goodness

_HUB_LEARNING = """
    threshold_of : 1 (constant)
    slope : 1 (constant)
    low : 1 (constant)
    high : 1 (constant)
    hebbian : 1 (constant)
    own : 1 (constant)
    homeostasis : 1 (constant)
    target_rate : 1 (constant)
    limit : 1 (constant)
    bias_rate : 1
    alpha : 1
    phase_sign : 1 (shared)
    desired : 1
    learning : 1
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
        shared += f"phase_sign = schedule(t, {c.sign})\n"
        begin += f"""
        desired = schedule(t, {c.desired} + place)
        learning = schedule(t, {c.learning} + place)
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
        _set_rules(frame, hub)
        compare += _modulator(frame)
    frame.each_presentation(hub, compare, Order.MODULATE, "hub_modulate")
    frame.each_presentation(hub, shared + begin, Order.BEGIN, "hub_begin")
    return hub


def _set_rules(frame: Frame, hub: NeuronGroup) -> None:
    """Constants of the populations' rules and biases."""
    rules = [p.rule for p in frame.layout.populations]
    goodness = [rule if isinstance(rule, Goodness) else None for rule in rules]
    hub.threshold_of = [constants.threshold(r) if r else 0.0 for r in goodness]
    # A modulator enters twice (`Goodness`); whoever has none of this rule has slope 0.
    hub.low = [2.0 * bool(r and r.positive == "low") for r in goodness]
    hub.high = [2.0 * bool(r and r.positive == "high") for r in goodness]
    hub.slope = [constants.slope(r) if r else 0.0 for r in goodness]
    hub.hebbian = [float(isinstance(r, Contrast)) for r in rules]
    hub.own = [-float(isinstance(r, Delta)) for r in rules]
    biases = [p.bias for p in frame.layout.populations]
    hub.homeostasis = [constants.rate(b.homeostasis) for b in biases]
    hub.target_rate = [constants.rate(b.target_rate) for b in biases]
    hub.limit = [b.limit for b in biases]


def _modulator(frame: Frame) -> str:
    """Third factors."""
    return f"""
        distance = slope * (threshold_of - squares * {frame.program.window**-2!r})
        positive = int(phase_sign > 0)
        modulator = low * (clip(0.5 + distance, 0, 1) - positive)
        modulator += high * (positive - clip(0.5 - distance, 0, 1))
        modulator *= int(phase_sign != 0)
        alpha = learning * (modulator + hebbian * phase_sign + own)
    """
