"""The choice of a hard negative inside the run: neurons of the read-out compete, pair by pair."""

from __future__ import annotations

from typing import Any

from brian2 import NeuronGroup, Synapses

from pffspike.engines.brian2.equations import projections
from pffspike.engines.brian2.equations.context import EquationsContext, EquationsOrder
from pffspike.network import constants
from pffspike.network.spec import HardNegative

#: Equations of the population that decides.
EQUATIONS = [
    "score : 1                   # of its class as a hard negative",
    "losses : 1                  # to how many others; the hard negative loses to none",
]
#: What it does at the end of a presentation.
STATEMENTS = [
    "fresh = int(i != truth(t))*(c + noise*uniform(child(choices, ended(t)), 0, i))"
    " - int(i == truth(t))",
    "score = int(chooses(t) > 0)*fresh + int(chooses(t) == 0)*score",
]
_COMPETE = (
    "losses_post = int(score_pre > score_post) + int(score_pre == score_post)*int(i < j)"
    " : 1 (summed)"
)


def candidates_namespace(context: EquationsContext, hard_negative: HardNegative) -> dict[str, Any]:
    """Names in `STATEMENTS`: noise of the choice, when it is made, and the true class."""
    tables = {key: context.table(f"candidates.{key}") for key in ("chooses", "truth")}
    return {"noise": constants.noise(hard_negative), **tables}


def make_comparison(context: EquationsContext, group: NeuronGroup) -> Synapses:
    """Make the synapses by which the neurons of a population compare their scores.

    Parameters
    ----------
    context : EquationsContext
        What all parts of the build share.
    group : NeuronGroup
        Of the population whose spikes decide.

    Returns
    -------
    Synapses
    """
    comparison = Synapses(
        group,
        group,
        context.document("hard negative", "each against each", _COMPETE),
        clock=context.presentations,
        namespace={},
        name=context.name("comparison"),
    )
    projections.connect(comparison)
    updater = comparison.summed_updaters["losses_post"]
    updater.when, updater.order = "start", EquationsOrder.COMPETE
    return comparison
