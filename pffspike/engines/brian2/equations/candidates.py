"""The choice of a hard negative inside the run: candidates compete, pair by pair."""

from __future__ import annotations

from brian2 import NeuronGroup, Synapses, linked_var

from pffspike.engines.brian2.equations import projections
from pffspike.engines.brian2.equations.context import EquationsContext, EquationsOrder
from pffspike.network import constants
from pffspike.network.spec import HardNegative

_MODEL = """
c : 1 (linked)              # spikes of its read-out neuron in the window
score : 1
losses : 1                  # to how many others; the hard negative loses to none
"""
_SCORE = """
fresh = int(i != truth(t))*(c + noise*uniform(child(choices, ended(t)), 0, i)) - int(i == truth(t))
score = int(chooses(t) > 0)*fresh + int(chooses(t) == 0)*score
"""
_COMPETE = (
    "losses_post = int(score_pre > score_post) + int(score_pre == score_post)*int(i < j)"
    " : 1 (summed)"
)


def make_candidates(
    context: EquationsContext, hard_negative: HardNegative, group: NeuronGroup
) -> tuple[NeuronGroup, Synapses]:
    """Make one candidate a class, and the synapses by which they compare their scores.

    Parameters
    ----------
    context : EquationsContext
        What all parts of the build share.
    hard_negative : HardNegative
        How the wrong class is chosen.
    group : NeuronGroup
        Of the population whose spikes decide.

    Returns
    -------
    tuple of NeuronGroup and Synapses
    """
    space = context.namespace | {"noise": constants.noise(hard_negative)}
    space |= {key: context.table(f"candidates.{key}") for key in ("chooses", "truth")}
    candidates = NeuronGroup(
        len(group),
        context.document("candidates", "equations", _MODEL),
        clock=context.presentations,
        namespace=space,
        name=context.name("candidates"),
    )
    candidates.c = linked_var(group, "c")
    candidates.run_regularly(
        context.document("candidates", "at the end of a presentation", _SCORE),
        clock=context.presentations,
        when="start",
        order=EquationsOrder.SCORE,
        name=context.name("candidates_score"),
    )
    comparison = Synapses(
        candidates,
        candidates,
        context.document("candidates", "each against each", _COMPETE),
        clock=context.presentations,
        namespace={},
        name=context.name("candidates_comparison"),
    )
    projections.connect(comparison)
    updater = comparison.summed_updaters["losses_post"]
    updater.when, updater.order = "start", EquationsOrder.COMPETE
    return candidates, comparison
