"""Floor 1: the specification of networks, what follows from it, and cards."""

from pffspike.network.parameters import Parameters, initial
from pffspike.network.spec import (
    Bias,
    Contrast,
    Delta,
    Goodness,
    HardNegative,
    Network,
    Phase,
    Population,
    Program,
    Projection,
    Training,
)

__all__ = [
    "Bias",
    "Contrast",
    "Delta",
    "Goodness",
    "HardNegative",
    "Network",
    "Parameters",
    "Phase",
    "Population",
    "Program",
    "Projection",
    "Training",
    "initial",
]
