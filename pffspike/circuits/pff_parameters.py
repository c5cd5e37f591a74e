"""The parameters of predictive forward-forward learning, see `pffspike.circuits.pff`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pffspike.arithmetic import grids
from pffspike.circuits import layers
from pffspike.circuits.layers import GoodnessLayers
from pffspike.errors import ValidationError, shortened

#: parameters that need latent states, and their values without
_OF_LATENTS: dict[str, Any] = {
    "latent_to": "top",
    "latent_free": False,
    "latent_window": None,
    "own_predictions": False,
}


@dataclass(frozen=True)
class PFF(GoodnessLayers):
    """Parameters of the circuit, beside those of `pffspike.circuits.layers.GoodnessLayers`.

    Parameters
    ----------
    latent : int
        Size of the latent population above the generative circuit; 0: none.
    latent_to : {"top", "all"}
        Predictions that latent neurons reach: that of the top hidden population, or those of all.
    latent_free : bool
        Whether latent states are found and learned while no label drives the representation
        circuit; it drives the prediction of the top population in any case. Under its own label,
        activity says less of the image, for low goodness silences what is typical.
    latent_window : int or None
        Steps of the window in which predictions from latent states are learned; None: as inference.
    own_predictions : bool
        Whether predictions that follow from predictions alone, as in synthesis and down the chain,
        have weights of their own, learned together with latent states, and down the chain on the
        same images; else, and where latent neurons predict too, these synapses share the weights
        with which spikes of the hidden populations predict. (Beside latent neurons, own weights
        would learn only what those leave over, and the chain, which has no latent state, would
        fail.)
    top_down_scale : float
        Initial scale of the weights from above.
    top_down_factor, lateral_factor : float
        Of the learning rate, for projections from above and for the lateral competition, which
        feed activity back and may have to learn more slowly.
    bias_limit : float
        Largest bias of the hidden populations. Where it is too small for homeostasis to win
        against the weights, some neurons end up spiking in every step.
    homeostasis_free : tuple of bool
        Whether homeostasis acts on each hidden population in the free phase too, so that its
        activity does not come to depend on a label; one value serves all.
    label_below_factor : float
        Of the learning rate, for projections from the label into hidden populations below the
        top one; 0: there are none.
    lateral : int
        Group size of the lateral competition; 0: none.
    lateral_inhibition, self_excitation : float
        Initial weights of the competition.
    lateral_normalized : bool
        Whether the competition is weighted by the gain.
    generative_rate, generative_bias_rate : float
        Learning rates of the generative circuit.
    generative_free : bool
        Whether the predictions below the top learn in the free phase too, so that they hold for
        activity that no label has shaped.
    common_noise : bool
        Whether the presentations of a training sample share their random numbers.
    top_down : bool
        Whether hidden populations hear the ones above them.
    generative : bool
        Whether there is a generative circuit; without it there are no programs ``reconstruct``
        and ``synthesize``.
    weight_grid : int
        All weights are multiples of ``2^weight_grid``.
    weight_limit : float
        All weights lie within ``[-weight_limit, weight_limit]``.
    """

    burn_in: int = 4
    positive: Literal["low", "high"] = "low"
    latent: int = 0
    latent_to: Literal["top", "all"] = "top"
    latent_free: bool = False
    latent_window: int | None = None
    own_predictions: bool = False
    top_down_scale: float = 2.0
    top_down_factor: float = 1.0
    lateral_factor: float = 1.0
    bias_limit: float = 8.0
    homeostasis_free: tuple[bool, ...] = (False,)
    label_below_factor: float = 0.0
    lateral: int = 10
    lateral_inhibition: float = 0.0625
    self_excitation: float = 0.0625
    lateral_normalized: bool = False
    generative_rate: float = 0.0625
    generative_bias_rate: float = 0.0625
    generative_free: bool = True
    common_noise: bool = False
    top_down: bool = True
    generative: bool = True
    weight_grid: int = -16
    weight_limit: float = 8.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_each("homeostasis_free")
        if not 0 <= self.latent <= layers.MOST_NEURONS:
            raise ValidationError(
                f"latent = {shortened(self.latent)} must be from 0 to {layers.MOST_NEURONS}"
            )
        for key, usual in _OF_LATENTS.items():
            if getattr(self, key) != usual and not self.latent:
                raise ValidationError(
                    f"{key} = {str(getattr(self, key)).lower()} needs a latent population; set "
                    f"latent to, say, 100"
                )
        if not grids.on_grid(self.bias_limit, grids.DRIVE_GRID):
            raise ValidationError(
                f"bias_limit = {self.bias_limit} must be a multiple of 2^{grids.DRIVE_GRID}, as "
                f"biases are; the nearest is "
                f"{grids.nearest_scalar(self.bias_limit, grids.DRIVE_GRID)!r}"
            )
        if self.lateral < 0 or (self.lateral and any(n % self.lateral for n in self.hidden)):
            raise ValidationError(
                f"lateral = {self.lateral} must be 0 or divide the sizes hidden = {self.hidden}"
            )


def without_latents() -> dict[str, dict[str, Any]]:
    """Changes that leave latent states out of a card of this circuit.

    Returns
    -------
    dict
        By the table of the card, see `pffspike.load_network`; a new one, to which others may be
        added.

    Examples
    --------
    >>> import pffspike
    >>> pffspike.load_network("digits").has_role("latent")
    True
    >>> pffspike.load_network("digits", without_latents()).has_role("latent")
    False
    """
    return {
        "pff": {"latent": 0, **_OF_LATENTS},
        "training": {"latent_images": 0, "latent_decay": 1.0},
    }
