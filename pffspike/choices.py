"""Names that a user chooses among or is told, apart from what they stand for: nothing is loaded."""

from __future__ import annotations

from typing import Literal, get_args

MODES = ("goodness", "one_pass", "feedback", "proposal", "early", "late")  #: ways to classify
CALIBRATED = ("early", "late")  #: modes that need a stopping rule
PROPOSED = 3  #: labels that the read-out proposes in mode ``proposal``, by default
TRIALS = 5  #: presentations in mode ``late``, at most, by default
STATES = ("free", "inferred", "neutral", "true")  #: labels under which to reconstruct

COMPILING = "compiling (kept)"  #: stage that engines tell of, which may take half a minute
LATENTS = "learning latent states"  #: stage of a training at an epoch's end, and of a prior

Rounding = Literal["feedback", "nearest"]
ROUNDINGS: tuple[Rounding, ...] = get_args(Rounding)  #: ways to quantize

Objective = Literal["cores", "speed", "energy"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)  #: of a placement on cores
