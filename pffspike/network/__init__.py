"""Floor 1: the specification of networks, what follows from it, and cards."""

from pffspike.network.parameters import Parameters, initial
from pffspike.network.spec import (
    Bias,
    Contrast,
    Delta,
    Goodness,
    Network,
    Phase,
    Population,
    Program,
    Projection,
    Rival,
    Training,
)

__all__ = [
    "Bias",
    "Contrast",
    "Delta",
    "Goodness",
    "Network",
    "Parameters",
    "Phase",
    "Population",
    "Program",
    "Projection",
    "Rival",
    "Training",
    "initial",
]
