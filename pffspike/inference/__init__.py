"""Inference: ways to classify, confidence, reconstruction."""

from pffspike.inference.classification import (
    CALIBRATED,
    MODES,
    PROPOSED,
    Classification,
    check_mode,
    classify,
)
from pffspike.inference.confidence import (
    Confidence,
    calibration_error,
    coverage,
    fit_confidence,
)
from pffspike.inference.feedback import feedback_network
from pffspike.inference.goodness import goodness_scores
from pffspike.inference.keys import content_keys
from pffspike.inference.reconstruction import STATES, Reconstruction, label_state, reconstruct
from pffspike.inference.stopping import Stopping, calibrate, default_draws, default_trials
from pffspike.inference.views import ShiftedViews, Views, views_of

__all__ = [
    "CALIBRATED",
    "MODES",
    "PROPOSED",
    "STATES",
    "Classification",
    "Confidence",
    "Reconstruction",
    "ShiftedViews",
    "Stopping",
    "Views",
    "calibrate",
    "calibration_error",
    "check_mode",
    "classify",
    "content_keys",
    "coverage",
    "default_draws",
    "default_trials",
    "feedback_network",
    "fit_confidence",
    "goodness_scores",
    "label_state",
    "reconstruct",
    "views_of",
]
