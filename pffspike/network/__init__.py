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
    Roles,
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
    "Roles",
    "Training",
    "initial",
]
