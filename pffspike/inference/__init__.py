"""Inference: ways to classify, confidence, reconstruction."""

from pffspike.inference.calibration import calibrate, default_samples
from pffspike.inference.classification import Classification, classify
from pffspike.inference.confidence import (
    Confidence,
    calibration_error,
    coverage,
    fit_confidence,
)
from pffspike.inference.feedback import feedback_network
from pffspike.inference.goodness import goodness_scores
from pffspike.inference.keys import content_keys
from pffspike.inference.mode import AnyMode, Mode, as_mode, check_mode
from pffspike.inference.reconstruction import (
    Reconstruction,
    check_reconstruction,
    label_state,
    reconstruct,
)
from pffspike.inference.stopping import Stopping
from pffspike.inference.views import AugmentedViews, Views, views_of

__all__ = [
    "AnyMode",
    "AugmentedViews",
    "Classification",
    "Confidence",
    "Mode",
    "Reconstruction",
    "Stopping",
    "Views",
    "as_mode",
    "calibrate",
    "calibration_error",
    "check_mode",
    "check_reconstruction",
    "classify",
    "content_keys",
    "coverage",
    "default_samples",
    "feedback_network",
    "fit_confidence",
    "goodness_scores",
    "label_state",
    "reconstruct",
    "views_of",
]
