"""The generative circuit at work: latent states, their prior, synthesis."""

from pffspike.generation.latent import ROUNDS, LatentStates, infer_latents, learn_latents
from pffspike.generation.prior import draw_labels, draw_latents, fit_prior
from pffspike.generation.synthesis import synthesize
from pffspike.trained import Prior

__all__ = [
    "ROUNDS",
    "LatentStates",
    "Prior",
    "draw_labels",
    "draw_latents",
    "fit_prior",
    "infer_latents",
    "learn_latents",
    "synthesize",
]
