"""The choice of a hard negative inside the run: candidates compete, pair by pair."""

from __future__ import annotations

from brian2 import NeuronGroup, Synapses, linked_var

from pffspike.engines.brian2.equations.frame import EquationsOrder, Frame
from pffspike.network import constants
from pffspike.network.spec import HardNegative

_MODEL = """
c : 1 (linked)              # spikes of its read-out neuron in the window
score : 1
beaten : 1                  # by how many others; the hard negative by none
"""
_SCORE = """
fresh = int(i != truth(t))*(c + noise*uniform(child(choices, ended(t)), 0, i)) - int(i == truth(t))
score = int(chooses(t) > 0)*fresh + int(chooses(t) == 0)*score
"""
_BEATEN = (
    "beaten_post = int(score_pre > score_post) + int(score_pre == score_post)*int(i < j)"
    " : 1 (summed)"
)


def make_candidates(
    frame: Frame, hard_negative: HardNegative, group: NeuronGroup
) -> tuple[NeuronGroup, Synapses]:
    """Make one candidate a class, and the synapses by which they compare their scores.

    Parameters
    ----------
    frame : Frame
        What all parts of the build share.
    hard_negative : HardNegative
        How the wrong class is chosen.
    group : NeuronGroup
        Of the population whose spikes decide.

    Returns
    -------
    tuple of NeuronGroup and Synapses
    """
    space = frame.namespace | {"noise": constants.noise(hard_negative)}
    space |= {key: frame.table(f"candidates.{key}") for key in ("chooses", "truth", "ended")}
    candidates = NeuronGroup(
        len(group),
        frame.say("candidates", "equations", _MODEL),
        clock=frame.presentations,
        namespace=space,
        name=frame.name("candidates"),
    )
    candidates.c = linked_var(group, "c")
    candidates.run_regularly(
        frame.say("candidates", "at the end of a presentation", _SCORE),
        clock=frame.presentations,
        when="start",
        order=EquationsOrder.SCORE,
        name=frame.name("candidates_score"),
    )
    comparison = Synapses(
        candidates,
        candidates,
        frame.say("candidates", "each against each", _BEATEN),
        clock=frame.presentations,
        namespace={},
        name=frame.name("candidates_comparison"),
    )
    comparison.connect()
    updater = comparison.summed_updaters["beaten_post"]
    updater.when, updater.order = "start", EquationsOrder.BEAT
    return candidates, comparison
