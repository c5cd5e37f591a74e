r"""Predictive forward-forward learning: both circuits as one network.

The *representation circuit* is image -> hidden_1 <-> hidden_2 <- label, with lateral
competition in groups, a read-out of the hidden activity, and the goodness rule in every hidden
population. The *generative circuit* predicts each population from the one above it: the image
from hidden_1, hidden_1 from hidden_2, the top from the label (and from a latent population, if
there is one); each prediction learns by the delta rule from its own error and does not act
back. Source: Ororbia and Mali, arXiv 2301.01452, carried over to Bernoulli neurons.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

from pffspike.circuits.pff_programs import hidden_names, programs
from pffspike.circuits.variants import stored, without
from pffspike.network.spec import (
    Bias,
    Delta,
    Goodness,
    Network,
    Population,
    Projection,
    Training,
)


@dataclass(frozen=True)
class PFF:
    """Parameters of the circuit.

    Parameters
    ----------
    image, classes : int
        Pixels and classes of the data.
    hidden : tuple of int
        Sizes of the hidden populations, from the bottom up.
    latent : int
        Size of the latent population above the generative circuit; 0: none.
    burn_in, window : int
        Steps of a presentation before and inside the window of the traces.
    threshold : tuple of float
        Goodness threshold of each hidden population; one value serves all.
    slope : float
        Of the hard-sigmoid modulator.
    positive : {"low", "high"}
        Goodness of positive samples.
    normalization : {"sqrt", "shift", "none"}
        Of every population.
    scale : tuple of float
        Initial scale of the weights from below into each hidden population; one serves all.
    label_scale, top_down_scale : float
        Initial scale of the weights from the label, and from above.
    learning_rate : tuple of float
        Of the projections into each hidden population, but for the next two; one serves all.
    top_down_factor, lateral_factor : float
        Of the learning rate, for projections from above and for the lateral competition, which
        feed activity back and may have to learn more slowly.
    bias, bias_limit : float
        Initial bias of the hidden populations, and its largest size. Where the limit is too small
        for homeostasis to win against the weights, some neurons end up spiking in every step.
    homeostasis, target_rate : float
        Of the hidden populations' biases.
    homeostasis_free : bool
        Whether homeostasis acts in the free phase too, so that activity does not come to depend on
        a label.
    label_below_factor : float
        Of the learning rate, for projections from the label into hidden populations below the
        top one; 0: there are none.
    lateral : int
        Group size of the lateral competition; 0: none.
    lateral_inhibition, self_excitation : float
        Initial weights of the competition.
    lateral_normalized : bool
        Whether the competition is weighted by the gain.
    readout_from : {"top", "all"}
        Hidden populations that the read-out hears.
    readout_rate, readout_bias_rate : float
        Learning rates of the read-out.
    generative_rate, generative_bias_rate : float
        Learning rates of the generative circuit.
    generative_free : bool
        Whether the predictions below the top learn in the free phase too, so that they hold for
        activity that no label has shaped.
    rival_noise : float
        Of the choice of hard negatives, in spikes.
    common_noise : bool
        Whether the presentations of a training sample share their random numbers.
    inference_burn_in, inference_window : int or None
        Steps of inference, if they differ from training.
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

    image: int
    classes: int
    hidden: tuple[int, ...]
    latent: int = 0
    burn_in: int = 4
    window: int = 8
    threshold: tuple[float, ...] = (4.0,)
    slope: float = 0.25
    positive: Literal["low", "high"] = "low"
    normalization: Literal["sqrt", "shift", "none"] = "sqrt"
    scale: tuple[float, ...] = (2.0,)
    label_scale: float = 2.0
    top_down_scale: float = 2.0
    learning_rate: tuple[float, ...] = (0.0625,)
    top_down_factor: float = 1.0
    lateral_factor: float = 1.0
    bias: float = 0.0
    bias_limit: float = 8.0
    homeostasis: float = 0.00390625
    target_rate: float = 0.05
    homeostasis_free: bool = False
    label_below_factor: float = 0.0
    lateral: int = 10
    lateral_inhibition: float = 0.0625
    self_excitation: float = 0.0625
    lateral_normalized: bool = False
    readout_from: Literal["top", "all"] = "all"
    readout_rate: float = 0.0625
    readout_bias_rate: float = 0.0
    generative_rate: float = 0.0625
    generative_bias_rate: float = 0.0625
    generative_free: bool = True
    rival_noise: float = 1.0
    common_noise: bool = False
    inference_burn_in: int | None = None
    inference_window: int | None = None
    top_down: bool = True
    generative: bool = True
    weight_grid: int = -16
    weight_limit: float = 8.0

    def __post_init__(self) -> None:
        if not self.hidden:
            raise ValueError("hidden = () must name the size of at least one population")
        for key in ("threshold", "scale", "learning_rate"):
            if len(getattr(self, key)) not in (1, len(self.hidden)):
                raise ValueError(
                    f"{key} = {getattr(self, key)} must have one value, or one for each of the "
                    f"{len(self.hidden)} hidden populations"
                )


def pff(circuit: PFF, name: str, training: Training, description: str = "") -> Network:
    """Build the network of predictive forward-forward learning.

    Parameters
    ----------
    circuit : PFF
    name : str
    training : Training
    description : str

    Returns
    -------
    Network
        With the programs ``train``, ``one_pass`` (no label, the read-out answers), ``goodness``
        (one phase a label), ``reconstruct`` (phase ``below``: the image predicted from hidden_1;
        phase ``chain``: from the top population down) and ``synthesize`` (from a label, and from
        the signal ``latent`` if there is such a population).
    """
    representation = _representation(circuit)
    generative = _generative(circuit)
    network = Network(
        name,
        _populations(circuit),
        tuple(
            stored(projection, circuit.weight_grid, circuit.weight_limit)
            for projection in representation + generative
        ),
        programs(circuit, representation, generative),
        training,
        description,
    )
    return network if circuit.generative else without(network, {p.post for p in generative})


def _each(circuit: PFF, values: tuple[float, ...]) -> dict[str, float]:
    """One value for each hidden population."""
    return dict(zip(hidden_names(circuit), itertools.cycle(values), strict=False))


def _populations(circuit: PFF) -> tuple[Population, ...]:
    kind = circuit.normalization
    hidden_bias = Bias(
        initial=circuit.bias,
        homeostasis=circuit.homeostasis,
        target_rate=circuit.target_rate,
        limit=circuit.bias_limit,
    )
    prediction_bias = Bias(learning_rate=circuit.generative_bias_rate)
    predicted = [
        ("image", circuit.image),
        *zip(hidden_names(circuit), circuit.hidden, strict=True),
    ]
    populations = [
        Population("image", circuit.image, kind, driven=True),
        Population("label", circuit.classes, kind, driven=True),
    ]
    thresholds = _each(circuit, circuit.threshold)
    populations += [
        Population(
            name,
            size,
            kind,
            bias=hidden_bias,
            rule=Goodness(thresholds[name], circuit.slope, circuit.positive),
        )
        for name, size in predicted[1:]
    ]
    populations.append(
        Population(
            "readout",
            circuit.classes,
            kind,
            bias=Bias(learning_rate=circuit.readout_bias_rate),
            rule=Delta(signal="label"),
        )
    )
    populations += [
        Population(
            f"{name}_prediction",
            size,
            kind,
            bias=prediction_bias,
            rule=Delta(population=name),
        )
        for name, size in predicted
    ]
    if circuit.latent:
        # Without normalization: see `pffspike.generation.latent`.
        populations.append(Population("latent", circuit.latent, "none", driven=True))
    return tuple(populations)


def _representation(circuit: PFF) -> tuple[Projection, ...]:
    names = hidden_names(circuit)
    rates, scales = _each(circuit, circuit.learning_rate), _each(circuit, circuit.scale)
    projections = []
    for below, name in zip(["image", *names], names, strict=False):
        projections.append(
            Projection(
                f"{below}_to_{name}",
                below,
                name,
                scale=scales[name],
                learning_rate=rates[name],
            )
        )
    for name in names if circuit.label_below_factor else names[-1:]:
        factor = 1.0 if name == names[-1] else circuit.label_below_factor
        projections.append(
            Projection(
                f"label_to_{name}",
                "label",
                name,
                scale=circuit.label_scale,
                learning_rate=rates[name] * factor,
            )
        )
    for name, above in itertools.pairwise(names if circuit.top_down else ()):
        projections.append(
            Projection(
                f"{above}_to_{name}",
                above,
                name,
                scale=circuit.top_down_scale,
                learning_rate=rates[name] * circuit.top_down_factor,
            )
        )
    if circuit.lateral:
        for name in names:
            projections += _competition(circuit, name, rates[name] * circuit.lateral_factor)
    heard = names if circuit.readout_from == "all" else names[-1:]
    projections += [
        Projection(
            f"{name}_to_readout",
            name,
            "readout",
            initial="constant",
            scale=0.0,
            learning_rate=circuit.readout_rate,
        )
        for name in heard
    ]
    return tuple(projections)


def _competition(circuit: PFF, name: str, rate: float) -> list[Projection]:
    return [
        Projection(
            f"{name}_lateral",
            name,
            name,
            connectivity="blocks",
            block=circuit.lateral,
            normalized=circuit.lateral_normalized,
            initial="constant",
            scale=-circuit.lateral_inhibition,
            learning_rate=rate,
            high=0.0,
        ),
        Projection(
            f"{name}_self",
            name,
            name,
            connectivity="one_to_one",
            normalized=circuit.lateral_normalized,
            initial="constant",
            scale=circuit.self_excitation,
            learning_rate=rate,
            low=0.0,
        ),
    ]


def _generative(circuit: PFF) -> tuple[Projection, ...]:
    names = hidden_names(circuit)
    rate = circuit.generative_rate
    projections, chained = [], []
    for below, name in zip(["image", *names], names, strict=False):
        learned = f"{name}_to_{below}_prediction"
        projections.append(
            Projection(
                learned,
                name,
                f"{below}_prediction",
                initial="constant",
                scale=0.0,
                learning_rate=rate,
            )
        )
        chained.append(
            Projection(
                f"{name}_prediction_to_{below}_prediction",
                f"{name}_prediction",
                f"{below}_prediction",
                tied=learned,
            )
        )
    top = f"{names[-1]}_prediction"
    projections.append(
        Projection(
            f"label_to_{top}",
            "label",
            top,
            initial="constant",
            scale=0.0,
            learning_rate=rate,
        )
    )
    if circuit.latent:
        projections.append(Projection(f"latent_to_{top}", "latent", top, learning_rate=rate))
    return tuple(projections + chained)
