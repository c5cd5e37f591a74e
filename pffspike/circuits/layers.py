"""What the circuits share: hidden populations in layers, a read-out, two ways to classify."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

from pffspike.errors import ValidationError, shortened
from pffspike.network.spec import (
    Bias,
    Delta,
    Phase,
    Population,
    Program,
    Projection,
    Roles,
)

#: Of the populations that circuits make, by the names that they give them.
ROLES = Roles(input="image", label="label", readout="readout", latent="latent")
_MOST_POPULATIONS = 64  #: hidden ones of a circuit
_MOST_CLASSES = 2**12  #: of a circuit, whose program ``goodness`` has a phase for each
MOST_NEURONS = 2**20 - 1  #: of a population
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Layers:
    """Parameters that all circuits have.

    Parameters
    ----------
    image, classes : int
        Pixels and classes of the data.
    hidden : tuple of int
        Sizes of the hidden populations, from the bottom up.
    burn_in, window : int
        Steps of a presentation before and inside the window of the traces.
    normalization : {"sqrt", "shift", "none"}
        Of every population.
    scale : tuple of float
        Initial scale of the weights from below into each hidden population; one serves all.
    learning_rate : tuple of float
        Of the projections into each hidden population; one serves all.
    bias : float
        Initial bias of the hidden populations.
    homeostasis, target_rate : float
        Of the hidden populations' biases.
    readout_rate, readout_bias_rate : float
        Learning rates of the read-out.
    inference_burn_in, inference_window : int or None
        Steps of inference, if they differ from training.

    Raises
    ------
    ValidationError
        If there is no hidden population, one without neurons, or a tuple is not of their number.
    """

    image: int
    classes: int
    hidden: tuple[int, ...]
    burn_in: int = 2
    window: int = 8
    normalization: Literal["sqrt", "shift", "none"] = "sqrt"
    scale: tuple[float, ...] = (2.0,)
    learning_rate: tuple[float, ...] = (0.0625,)
    bias: float = 0.0
    homeostasis: float = 0.00390625
    target_rate: float = 0.05
    readout_rate: float = 0.0625
    readout_bias_rate: float = 0.0
    inference_burn_in: int | None = None
    inference_window: int | None = None

    def __post_init__(self) -> None:
        if not self.hidden:
            raise ValidationError("hidden = () must name the size of at least one population")
        for key, sizes in (("image", (self.image,)), ("hidden", self.hidden)):
            if min(sizes) < 1 or max(sizes) > MOST_NEURONS:
                raise ValidationError(
                    f"{key} = {shortened(getattr(self, key))} must be at least 1, every size, and "
                    f"at most {MOST_NEURONS}"
                )
        if len(self.hidden) > _MOST_POPULATIONS:
            raise ValidationError(
                f"hidden names {len(self.hidden)} populations; name at most {_MOST_POPULATIONS}"
            )
        if not 2 <= self.classes <= _MOST_CLASSES:
            raise ValidationError(
                f"classes = {self.classes} must be from 2 to {_MOST_CLASSES}: a false label is one "
                f"of the others"
            )
        for key in ("scale", "learning_rate"):
            self.check_each(key)

    def check_each(self, key: str) -> None:
        """Raise `ValidationError` unless a tuple has one value, or one a hidden population."""
        if len(getattr(self, key)) not in (1, len(self.hidden)):
            raise ValidationError(
                f"{key} = {getattr(self, key)} must have one value, or one for each of the "
                f"{len(self.hidden)} hidden populations"
            )

    @property
    def names(self) -> list[str]:
        """Names of the hidden populations, from the bottom up."""
        return [f"hidden_{layer + 1}" for layer in range(len(self.hidden))]

    def each(self, values: tuple[_Value, ...]) -> dict[str, _Value]:
        """One value for each hidden population."""
        return dict(zip(self.names, itertools.cycle(values), strict=False))

    @property
    def inference(self) -> tuple[int, int]:
        """Burn-in and window of inference."""
        burn_in, window = self.inference_burn_in, self.inference_window
        return (
            self.burn_in if burn_in is None else burn_in,
            self.window if window is None else window,
        )


@dataclass(frozen=True)
class GoodnessLayers(Layers):
    """Parameters of circuits whose hidden populations learn by goodness, beside those of `Layers`.

    Parameters
    ----------
    threshold : tuple of float
        Goodness threshold of each hidden population; one value serves all.
    slope : float
        Of the hard-sigmoid modulator.
    positive : {"low", "high"}
        Goodness of positive samples.
    label_scale : float
        Initial scale of the weights from the label.
    readout_from : {"top", "all"}
        Hidden populations that the read-out hears.
    hard_negative_noise : float
        Of the choice of hard negatives, in spikes.

    Raises
    ------
    ValidationError
        As `Layers`, and if ``threshold`` is not of the number of hidden populations.
    """

    threshold: tuple[float, ...] = (4.0,)
    slope: float = 0.25
    positive: Literal["low", "high"] = "high"
    label_scale: float = 2.0
    readout_from: Literal["top", "all"] = "all"
    hard_negative_noise: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_each("threshold")


def input_populations(circuit: Layers) -> tuple[Population, Population]:
    """Make the populations ``image`` and ``label``."""
    return (
        Population("image", circuit.image, circuit.normalization, input=True),
        Population("label", circuit.classes, circuit.normalization, input=True),
    )


def readout(circuit: Layers) -> Population:
    """Make the population ``readout``, which learns the label by the delta rule."""
    return Population(
        "readout",
        circuit.classes,
        circuit.normalization,
        bias=Bias(learning_rate=circuit.readout_bias_rate),
        rule=Delta(signal="label"),
    )


def feedforward(circuit: Layers) -> list[Projection]:
    """Make the projections from the image and between neighbouring hidden populations, upwards."""
    names = circuit.names
    rates, scales = circuit.each(circuit.learning_rate), circuit.each(circuit.scale)
    return [
        Projection(f"{below}_to_{name}", below, name, scale=scales[name], learning_rate=rates[name])
        for below, name in zip(["image", *names], names, strict=False)
    ]


def zero_initialized(pre: str, post: str, rate: float) -> Projection:
    """Make a projection whose weights are 0 before they learn."""
    return Projection(
        f"{pre}_to_{post}", pre, post, initial="constant", scale=0.0, learning_rate=rate
    )


def readout_projections(circuit: GoodnessLayers) -> list[Projection]:
    """Make the projections into the read-out."""
    sources = circuit.names if circuit.readout_from == "all" else circuit.names[-1:]
    return [zero_initialized(name, "readout", circuit.readout_rate) for name in sources]


def unlabelled(projections: Iterable[Projection]) -> tuple[str, ...]:
    """Names of the projections that act where no label is shown."""
    return tuple(p.name for p in projections if p.pre != "label")


def labelled(projections: Iterable[Projection]) -> tuple[str, ...]:
    """Names of the projections that act where a label is shown."""
    return tuple(p.name for p in projections if p.post != "readout")


def inference_programs(
    circuit: Layers, projections: Iterable[Projection]
) -> tuple[Program, Program]:
    """Make the programs ``one_pass`` (the read-out answers) and ``goodness`` (a phase a label)."""
    projections = tuple(projections)
    hidden = labelled(projections)
    candidates = tuple(
        Phase(f"label_{label}", {"image": "image", "label": label}, hidden)
        for label in range(circuit.classes)
    )
    free = Phase("free", {"image": "image"}, unlabelled(projections))
    return (
        Program("one_pass", *circuit.inference, (free,)),
        Program("goodness", *circuit.inference, candidates),
    )
