"""The choice of a hard negative inside the run: winner takes all, pair by pair."""

from __future__ import annotations

import numpy as np
from brian2 import NeuronGroup, Synapses, second

from pffspike.engines.brian2.context import BuildContext, Order, set_schedule
from pffspike.network import constants
from pffspike.network.spec import HardNegative


def make_candidates(context: BuildContext, hard_negative: HardNegative) -> NeuronGroup:
    """One member a class, to choose the hard negative: the one that loses to none."""
    c = context.columns
    size = context.layout.network.population(hard_negative.population).size
    candidates = NeuronGroup(
        size,
        """
        count : 1 (linked)
        score : 1
        losses : 1
        index : integer (constant)
        decides : boolean (shared)
        truth : 1 (shared)
        choice_key : integer (shared)
        """,
        clock=context.presentations,
        threshold="decides",
        reset="",
        dtype={"choice_key": np.int64},
        namespace=context.namespace,
        name="candidates",
    )
    candidates.index = np.arange(size)
    set_schedule(candidates.thresholder["spike"], "start", Order.SELECT)
    context.each_presentation(
        candidates,
        f"""
        score = count + {constants.noise(hard_negative)!r} * pffspike_uniform(choice_key, index)
        score = int(index != truth) * score - int(index == truth)
        losses = losses * int(not decides)
        """,
        Order.SCORE,
        "candidates_score",
    )
    context.each_presentation(
        candidates,
        f"""
        decides = schedule(t, {c.decides}) > 0
        truth = schedule(t, {c.truth})
        choice_key = pffspike_join(schedule(t, {c.choice_key}), schedule(t, {c.choice_key + 1}))
        """,
        Order.BEGIN,
        "candidates_begin",
    )
    return candidates


def make_competition(context: BuildContext, candidates: NeuronGroup) -> Synapses:
    """Let every candidate win against those of a lower score, and of equals those behind it."""
    competition = Synapses(
        candidates,
        candidates,
        on_pre="losses_post += int(score_pre > score_post)"
        " + int(score_pre == score_post) * int(index_pre < index_post)",
        delay=0 * second,
        clock=context.presentations,
        namespace={},
        name="competition",
    )
    size = len(candidates)
    competition.connect(i=np.repeat(np.arange(size), size), j=np.tile(np.arange(size), size))
    set_schedule(competition.pre, "start", Order.COMPETE)
    return competition
