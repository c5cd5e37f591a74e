"""When a label is clearly beaten: the calibrated rule of modes ``early`` and ``late``."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pffspike.inference.elimination import Stage, stages

CONFIDENCE = 0.95  #: default


@dataclass(frozen=True)
class Stopping:
    """The rule of modes ``early`` and ``late``.

    After ``S`` steps of windows a label is eliminated whose mean goodness trails the best one by
    more than ``limit / sqrt(S)``; an image is decided when one label is left. Mode ``early``
    compares after 1, 2, 4, ... steps of the first window, ``late`` after the whole of it; an image
    that is not decided then is presented again, up to ``trials`` times in all, under the labels
    that are left.

    Parameters
    ----------
    limit : float
        Infinite: never stop.
    tolerance : float
        Greatest probability that an answer differs from the one of all trials in full.
    confidence : float
        Probability that calibration finds a limit which keeps the tolerance.
    calibration_samples : int
        Images presented to find it.
    candidates : int
        Labels that are compared: all, or those that the read-out proposes.
    window : int
        The full window.
    trials : int
        Presentations of an image under a label, at most.
    mode : {"early", "late"}
        Which mode it is the rule of.
    """

    limit: float
    tolerance: float
    confidence: float
    calibration_samples: int
    candidates: int
    window: int
    trials: int = 1
    mode: str = "early"

    @property
    def stages(self) -> tuple[Stage, ...]:
        """When labels are compared, the last time included."""
        return stages(self.window, self.trials, shorter=self.mode == "early")

    @property
    def thresholds(self) -> dict[int, float]:
        """Margin that decides, by steps of windows, before the last stage."""
        return {stage.steps: self.limit / math.sqrt(stage.steps) for stage in self.stages[:-1]}

    def plain(self) -> dict[str, object]:
        """Give the rule as plain values for a file; a margin of None: never."""
        return {
            "budget": self.tolerance,
            "confidence": self.confidence,
            "draws": self.calibration_samples,
            "candidates": self.candidates,
            "trials": self.trials,
            "lead_by_window": {
                str(steps): margin if math.isfinite(margin) else None
                for steps, margin in self.thresholds.items()
            },
        }
