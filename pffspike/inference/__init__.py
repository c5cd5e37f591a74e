"""Inference: ways to classify, confidence, reconstruction."""

from pffspike.inference.classification import (
    CALIBRATED,
    MODES,
    PROPOSED,
    Classification,
    check_mode,
    classify,
)
from pffspike.inference.goodness import goodness_scores
from pffspike.inference.keys import content_keys
from pffspike.inference.reconstruction import STATES, Reconstruction, label_state, reconstruct
from pffspike.inference.stopping import Stopping, calibrate, default_draws, default_trials

__all__ = [
    "CALIBRATED",
    "MODES",
    "PROPOSED",
    "STATES",
    "Classification",
    "Reconstruction",
    "Stopping",
    "calibrate",
    "check_mode",
    "classify",
    "content_keys",
    "default_draws",
    "default_trials",
    "goodness_scores",
    "label_state",
    "reconstruct",
]
