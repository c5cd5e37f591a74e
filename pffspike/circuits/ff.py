r"""The forward-forward algorithm: the label is a part of the input, activity only rises.

The circuit is (image, label) -> hidden_1 -> hidden_2, with the goodness rule in every hidden
population and a read-out of the hidden activity, which also supplies the hard negatives. There
is no feedback, no lateral competition and no generative circuit. Positive samples shall have
high goodness. Source: Hinton, "The Forward-Forward Algorithm", arXiv 2212.13345, carried over
to Bernoulli neurons.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

from pffspike.network.spec import (
    Bias,
    Delta,
    Goodness,
    Network,
    Phase,
    Population,
    Program,
    Projection,
    Rival,
    Training,
)


@dataclass(frozen=True)
class FF:
    """Parameters of the circuit.

    Parameters
    ----------
    image, classes : int
        Pixels and classes of the data.
    hidden : tuple of int
        Sizes of the hidden populations, from the bottom up.
    burn_in, window : int
        Steps of a presentation before and inside the window of the traces.
    threshold : tuple of float
        Goodness threshold of each hidden population; one value serves all.
    slope : float
        Of the hard-sigmoid modulator.
    positive : {"low", "high"}
        Goodness of positive samples.
    first_decides : bool
        Whether the lowest hidden population counts in the decision; Hinton leaves it out.
    normalization : {"sqrt", "shift", "none"}
        Of every population.
    scale : tuple of float
        Initial scale of the weights from below into each hidden population; one serves all.
    label_scale : float
        Initial scale of the weights from the label.
    learning_rate : tuple of float
        Of the projections into each hidden population; one serves all.
    bias : float
        Initial bias of the hidden populations.
    homeostasis, target_rate : float
        Of the hidden populations' biases.
    readout_from : {"top", "all"}
        Hidden populations that the read-out hears.
    readout_rate, readout_bias_rate : float
        Learning rates of the read-out.
    rival_noise : float
        Of the choice of hard negatives, in spikes.
    inference_burn_in, inference_window : int or None
        Steps of inference, if they differ from training.
    """

    image: int
    classes: int
    hidden: tuple[int, ...]
    burn_in: int = 2
    window: int = 8
    threshold: tuple[float, ...] = (4.0,)
    slope: float = 0.25
    positive: Literal["low", "high"] = "high"
    first_decides: bool = True
    normalization: Literal["sqrt", "shift", "none"] = "sqrt"
    scale: tuple[float, ...] = (2.0,)
    label_scale: float = 2.0
    learning_rate: tuple[float, ...] = (0.0625,)
    bias: float = 0.0
    homeostasis: float = 0.00390625
    target_rate: float = 0.05
    readout_from: Literal["top", "all"] = "all"
    readout_rate: float = 0.0625
    readout_bias_rate: float = 0.0
    rival_noise: float = 1.0
    inference_burn_in: int | None = None
    inference_window: int | None = None

    def __post_init__(self) -> None:
        if not self.hidden:
            raise ValueError("hidden = () must name the size of at least one population")
        for key in ("threshold", "scale", "learning_rate"):
            if len(getattr(self, key)) not in (1, len(self.hidden)):
                raise ValueError(
                    f"{key} = {getattr(self, key)} must have one value, or one for each of the "
                    f"{len(self.hidden)} hidden populations"
                )


def ff(circuit: FF, name: str, training: Training, description: str = "") -> Network:
    """Build the network of forward-forward learning.

    Parameters
    ----------
    circuit : FF
    name : str
    training : Training
    description : str

    Returns
    -------
    Network
        With the programs ``train``, ``one_pass`` (no label, the read-out answers) and
        ``goodness`` (one phase a label).
    """
    projections = _projections(circuit)
    return Network(
        name,
        _populations(circuit),
        projections,
        _programs(circuit, projections),
        training,
        description,
    )


def _hidden(circuit: FF) -> list[str]:
    return [f"hidden_{layer + 1}" for layer in range(len(circuit.hidden))]


def _each(circuit: FF, values: tuple[float, ...]) -> dict[str, float]:
    """One value for each hidden population."""
    return dict(zip(_hidden(circuit), itertools.cycle(values), strict=False))


def _populations(circuit: FF) -> tuple[Population, ...]:
    kind = circuit.normalization
    bias = Bias(circuit.bias, 0.0, circuit.homeostasis, circuit.target_rate)
    thresholds = _each(circuit, circuit.threshold)
    hidden = [
        Population(
            name,
            size,
            kind,
            bias=bias,
            rule=Goodness(
                thresholds[name],
                circuit.slope,
                circuit.positive,
                decides=circuit.first_decides or index > 0 or len(circuit.hidden) == 1,
            ),
        )
        for index, (name, size) in enumerate(zip(_hidden(circuit), circuit.hidden, strict=True))
    ]
    return (
        Population("image", circuit.image, kind, driven=True),
        Population("label", circuit.classes, kind, driven=True),
        *hidden,
        Population(
            "readout",
            circuit.classes,
            kind,
            bias=Bias(learning_rate=circuit.readout_bias_rate),
            rule=Delta(signal="label"),
        ),
    )


def _projections(circuit: FF) -> tuple[Projection, ...]:
    names = _hidden(circuit)
    rates, scales = _each(circuit, circuit.learning_rate), _each(circuit, circuit.scale)
    rising = [
        Projection(f"{below}_to_{name}", below, name, scale=scales[name], learning_rate=rates[name])
        for below, name in zip(["image", *names], names, strict=False)
    ]
    label = Projection(
        f"label_to_{names[0]}",
        "label",
        names[0],
        scale=circuit.label_scale,
        learning_rate=rates[names[0]],
    )
    readout = [
        Projection(
            f"{name}_to_readout",
            name,
            "readout",
            initial="constant",
            scale=0.0,
            learning_rate=circuit.readout_rate,
        )
        for name in (names if circuit.readout_from == "all" else names[-1:])
    ]
    return (*rising, label, *readout)


def _programs(circuit: FF, projections: tuple[Projection, ...]) -> tuple[Program, ...]:
    hidden = tuple(p.name for p in projections if p.post != "readout")
    free = tuple(p.name for p in projections if p.pre != "label")
    names = tuple(_hidden(circuit))
    burn_in = circuit.burn_in if circuit.inference_burn_in is None else circuit.inference_burn_in
    window = circuit.window if circuit.inference_window is None else circuit.inference_window
    image = {"image": "image"}
    train = (
        Phase("free", image, free, learn=("readout",)),
        Phase("positive", {**image, "label": "label"}, hidden, 1, names, stream=1),
        Phase("negative", {**image, "label": "negative"}, hidden, -1, names, stream=2),
    )
    candidates = tuple(
        Phase(f"label_{label}", {**image, "label": label}, hidden)
        for label in range(circuit.classes)
    )
    rival = Rival("negative", "readout", "free", noise=circuit.rival_noise)
    return (
        Program("train", circuit.burn_in, circuit.window, train, rival),
        Program("one_pass", burn_in, window, (Phase("free", image, free),)),
        Program("goodness", burn_in, window, candidates),
    )
