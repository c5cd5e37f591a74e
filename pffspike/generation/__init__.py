"""The generative circuit at work: latent states, their prior, synthesis, quality."""

from pffspike.generation.assessment import Quality, quality
from pffspike.generation.fitting import FittedPrior, fit_prior
from pffspike.generation.latent import ROUNDS, LatentStates, infer_latents, learn_latents
from pffspike.generation.prior import draw_labels, draw_latents, fit_mixtures, fit_neighbourhoods
from pffspike.generation.sampling import Samples, sample
from pffspike.generation.synthesis import check_synthesis, synthesize

__all__ = [
    "ROUNDS",
    "FittedPrior",
    "LatentStates",
    "Quality",
    "Samples",
    "check_synthesis",
    "draw_labels",
    "draw_latents",
    "fit_mixtures",
    "fit_neighbourhoods",
    "fit_prior",
    "infer_latents",
    "learn_latents",
    "quality",
    "sample",
    "synthesize",
]
