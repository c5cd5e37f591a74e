"""The choice of a hard negative inside the run: candidates compete, pair by pair."""

from __future__ import annotations

import numpy as np
from brian2 import NeuronGroup, Synapses, second

from pffspike.engines.brian2.frame import Frame, Order, set_schedule
from pffspike.network import constants
from pffspike.network.spec import HardNegative


def make_voters(frame: Frame, hard_negative: HardNegative) -> NeuronGroup:
    """One member a class, to choose the hard negative: who is beaten by nobody."""
    c = frame.columns
    size = frame.layout.network.population(hard_negative.population).size
    voters = NeuronGroup(
        size,
        """
        votes : 1 (linked)
        score : 1
        beaten : 1
        place : integer (constant)
        chooses : boolean (shared)
        truth : 1 (shared)
        choice_key : integer (shared)
        """,
        clock=frame.presentations,
        threshold="chooses",
        reset="",
        dtype={"choice_key": np.int64},
        namespace=frame.namespace,
        name="voters",
    )
    voters.place = np.arange(size)
    set_schedule(voters.thresholder["spike"], "start", Order.ELECT)
    frame.each_presentation(
        voters,
        f"""
        score = votes + {constants.noise(hard_negative)!r} * pffspike_uniform(choice_key, place)
        score = int(place != truth) * score - int(place == truth)
        beaten = beaten * int(not chooses)
        """,
        Order.SCORE,
        "voters_score",
    )
    frame.each_presentation(
        voters,
        f"""
        chooses = schedule(t, {c.chooses}) > 0
        truth = schedule(t, {c.truth})
        choice_key = pffspike_join(schedule(t, {c.choice_key}), schedule(t, {c.choice_key + 1}))
        """,
        Order.BEGIN,
        "voters_begin",
    )
    return voters


def make_election(frame: Frame, voters: NeuronGroup) -> Synapses:
    """Let every voter beat those of a lower score, and of equals those further back."""
    election = Synapses(
        voters,
        voters,
        on_pre="beaten_post += int(score_pre > score_post)"
        " + int(score_pre == score_post) * int(place_pre < place_post)",
        delay=0 * second,
        clock=frame.presentations,
        namespace={},
        name="election",
    )
    size = len(voters)
    election.connect(i=np.repeat(np.arange(size), size), j=np.tile(np.arange(size), size))
    set_schedule(election.pre, "start", Order.VOTE)
    return election
