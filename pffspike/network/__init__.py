"""The specification of networks, and what follows from it alone."""

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
