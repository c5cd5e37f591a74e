"""Systems that a study compares: every kind by its name, with its settings and how it is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pffspike.baselines import (
    activation_relaxation,
    cascaded_forward,
    contrastive_divergence,
    csdp,
    equilibrium_propagation,
    logistic,
    neighbours,
    perceptron,
    predictive_coding,
    rate_ff,
    rate_pff,
    spiking,
    straight_through,
    unsupervised_ff,
    wake_sleep,
)
from pffspike.baselines.rate_pff_circuit import RatePFF
from pffspike.baselines.result import Operations, Outcome, Report, SystemResult
from pffspike.cards import toml

__all__ = ["KINDS", "Kind", "Operations", "Outcome", "Report", "SystemResult"]


def _settings(config: Any, _dataset: str) -> dict[str, Any]:
    """All settings of a system: what its result depends on, beside data and seed."""
    settings: dict[str, Any] = toml.plain(config)
    return settings


@dataclass(frozen=True)
class Kind:
    """A kind of system.

    Parameters
    ----------
    settings : type
        Frozen dataclass.
    run : callable
        ``run(settings, dataset, seed, store, report)`` gives a `SystemResult`; ``store`` is a path,
        without an ending, of whatever it keeps of an unfinished or a finished training.
    seeded : bool
        Whether anything is random.
    inputs, training_inputs : callable
        ``inputs(settings, name of the data set)``: what the result, and what the training,
        depends on, beside data and seed, as plain data.
    """

    settings: type
    run: Callable[..., SystemResult]
    seeded: bool = True
    inputs: Callable[[Any, str], Mapping[str, Any]] = _settings
    training_inputs: Callable[[Any, str], Mapping[str, Any]] = _settings


KINDS = {
    "neighbours": Kind(neighbours.Neighbours, neighbours.run, seeded=False),
    "logistic": Kind(logistic.Logistic, logistic.run, seeded=False),
    "perceptron": Kind(perceptron.Perceptron, perceptron.run),
    "predictive_coding": Kind(predictive_coding.PredictiveCoding, predictive_coding.run),
    "activation_relaxation": Kind(
        activation_relaxation.ActivationRelaxation, activation_relaxation.run
    ),
    "equilibrium_propagation": Kind(
        equilibrium_propagation.EquilibriumPropagation, equilibrium_propagation.run
    ),
    "contrastive_divergence": Kind(
        contrastive_divergence.ContrastiveDivergence, contrastive_divergence.run
    ),
    "wake_sleep": Kind(wake_sleep.HelmholtzMachine, wake_sleep.run),
    "cascaded_forward": Kind(cascaded_forward.CascadedForward, cascaded_forward.run),
    "rate_pff": Kind(RatePFF, rate_pff.run),
    "rate_ff": Kind(rate_ff.RateFF, rate_ff.run),
    "unsupervised_ff": Kind(unsupervised_ff.UnsupervisedFF, unsupervised_ff.run),
    "csdp": Kind(csdp.CSDP, csdp.run),
    "straight_through": Kind(straight_through.StraightThrough, straight_through.run),
    "spiking": Kind(
        spiking.Spiking,
        spiking.run,
        inputs=spiking.inputs,
        training_inputs=spiking.training_inputs,
    ),
}  #: by the name that a study's config gives
