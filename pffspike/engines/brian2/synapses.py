"""Synapses: counting, delivery on spikes, and learning from the senders that were active."""

from __future__ import annotations

import numpy as np
from brian2 import NeuronGroup, Synapses, second

from pffspike.engines.brian2.frame import Frame, Order, Synaptic, set_schedule
from pffspike.engines.brian2.layout import Bundle


def make_counting(frame: Frame, neurons: NeuronGroup, hub: NeuronGroup) -> Synapses:
    """Count the spikes of populations, and in the window the sum of squared counts."""
    # (c + 1)^2 - c^2 = 2 c + 1: a spike at a time.
    counting = Synapses(
        neurons,
        hub,
        on_pre="number_post += 1\nsquares_post += windowed_pre * (2 * c_pre + 1)",
        delay=0 * second,
        clock=frame.clock,
        namespace={},
        name="counting",
    )
    counting.connect(i=np.arange(frame.layout.neurons), j=frame.layout.population_of)
    set_schedule(counting.pre, "synapses", Synaptic.COUNT)
    return counting


def make_bundle(
    frame: Frame, bundle: Bundle, neurons: NeuronGroup, synapses: dict[str, Synapses]
) -> Synapses:
    """Make the synapses of a bundle; ``synapses`` holds those made before, by name."""
    gain = "g_pre * " if bundle.normalized else ""
    actions = {"pre": f"current_post += {gain}w"}
    events = {"pre": f"open_{bundle.name}" if bundle.gated else "spike"}
    equations = "w : 1\n" if bundle.live is None else "shared : integer (constant)\n"
    if bundle.plastic:
        equations += _plastic_equations(bundle)
        actions["learn"] = _learning_rule(bundle)
        events["learn"] = f"learn_{bundle.name}"
    made = Synapses(
        neurons,
        neurons,
        equations,
        on_pre=actions,
        on_event=events,
        delay=dict.fromkeys(actions, 0 * second),
        clock=frame.clock,
        namespace={},
        name=bundle.name,
    )
    pre, post = frame.layout.endpoints(bundle)
    made.connect(i=pre, j=post)
    set_schedule(made.pre, "synapses", Synaptic.DELIVER)
    if bundle.plastic:
        set_schedule(made.learn, "start", Order.LEARN)
    for field in ("low", "high"):
        if bundle.plastic and not bundle.shared(field):
            values = [getattr(p, field) for p in bundle.projections]
            setattr(made, field, frame.layout.per_synapse(bundle, values))
    if bundle.live is not None:
        source, start = frame.layout.place_in_bundle(bundle.live)
        # What a linked variable is, which Brian2 offers for neurons only.
        made.shared = start + np.arange(len(pre))
        made.variables.add_reference("w", synapses[source.name], "w", index="shared")
    return made


def _plastic_equations(bundle: Bundle) -> str:
    text = "rate : 1 (shared)\n" if bundle.shared("learning_rate") else "rate : 1\n"
    return text + "".join(f"{field} : 1\n" for field in ("low", "high") if not bundle.shared(field))


def _learning_rule(bundle: Bundle) -> str:
    """Change of a weight; ``rate`` is already divided by the window and the grid."""
    first = bundle.projections[0]
    low = repr(first.low) if bundle.shared("low") else "low"
    high = repr(first.high) if bundle.shared("high") else "high"
    trace = "a_pre" if bundle.normalized else "c_pre"
    return f"""
        noise = sender_draw_pre + receiver_draw_post
        noise = noise - int(noise >= 1)
        w = clip(w + floor(rate * {trace} * f_post + noise) * {2.0**first.grid!r}, {low}, {high})
    """
