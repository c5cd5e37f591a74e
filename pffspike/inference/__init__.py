"""Inference: four ways to classify, reconstruction."""

from pffspike.inference.classification import (
    MODES,
    PROPOSED,
    Classification,
    check_mode,
    classify,
)
from pffspike.inference.goodness import goodness_scores
from pffspike.inference.reconstruction import Reconstruction, reconstruct
from pffspike.inference.stopping import Stopping, calibrate, default_draws

__all__ = [
    "MODES",
    "PROPOSED",
    "Classification",
    "Reconstruction",
    "Stopping",
    "calibrate",
    "check_mode",
    "classify",
    "default_draws",
    "goodness_scores",
    "reconstruct",
]
