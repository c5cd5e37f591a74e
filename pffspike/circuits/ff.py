r"""The forward-forward algorithm: the label is a part of the input, activity only rises.

The circuit is (image, label) -> hidden_1 -> hidden_2, with the goodness rule in every hidden
population and a read-out of the hidden activity, which also supplies the hard negatives. There
is no feedback, no lateral competition and no generative circuit. Positive samples shall have
high goodness. Source: Hinton, "The Forward-Forward Algorithm", arXiv 2212.13345, carried over
to Bernoulli neurons.

Without labels (`FF.negatives`, section 3.2 of the source), positive samples are images and negative
ones hybrids of two images; the label reaches the read-out alone, which then supplies nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pffspike.circuits import layers
from pffspike.circuits.layers import GoodnessLayers
from pffspike.network.spec import (
    Bias,
    Goodness,
    HardNegative,
    Network,
    Phase,
    Population,
    Program,
    Projection,
    Training,
)


@dataclass(frozen=True)
class FF(GoodnessLayers):
    """Parameters of the circuit, beside those of `pffspike.circuits.layers.GoodnessLayers`.

    Parameters
    ----------
    first_decides : bool
        Whether the lowest hidden population counts in the decision; Hinton leaves it out.
    negatives : {"labels", "hybrids"}
        Negative samples: images under wrong labels, or hybrids of two images without a label
        (`pffspike.data.hybrids`).
    """

    first_decides: bool = True
    negatives: Literal["labels", "hybrids"] = "labels"


def ff(circuit: FF, name: str, training: Training, description: str = "") -> Network:
    """Build the network of forward-forward learning.

    Parameters
    ----------
    circuit : FF
        Parameters of the circuit.
    name : str
        Of the network.
    training : Training
        The schedule, kept with the network.
    description : str
        For people; no part of the network's hash.

    Returns
    -------
    Network
        With the programs ``train``, ``one_pass`` (no label, the read-out answers) and, unless
        negatives are hybrids, ``goodness`` (one phase a label).

    Examples
    --------
    >>> network = ff(FF(64, 10, (20, 20)), "small", Training("digits", epochs=1))
    >>> [program.name for program in network.programs]
    ['train', 'one_pass', 'goodness']
    """
    projections = _projections(circuit)
    return Network(
        name,
        _populations(circuit),
        projections,
        _programs(circuit, projections),
        training,
        description,
        layers.ROLES,
    )


def _populations(circuit: FF) -> tuple[Population, ...]:
    bias = Bias(circuit.bias, 0.0, circuit.homeostasis, circuit.target_rate)
    thresholds = circuit.each(circuit.threshold)
    hidden = [
        Population(
            name,
            size,
            circuit.normalization,
            bias=bias,
            rule=Goodness(
                thresholds[name],
                circuit.slope,
                circuit.positive,
                decides=circuit.first_decides or index > 0 or len(circuit.hidden) == 1,
            ),
        )
        for index, (name, size) in enumerate(zip(circuit.names, circuit.hidden, strict=True))
    ]
    return (*layers.input_populations(circuit), *hidden, layers.readout(circuit))


def _projections(circuit: FF) -> tuple[Projection, ...]:
    first = circuit.names[0]
    label = Projection(
        f"label_to_{first}",
        "label",
        first,
        scale=circuit.label_scale,
        learning_rate=circuit.each(circuit.learning_rate)[first],
    )
    heard = (label,) if circuit.negatives == "labels" else ()
    return (*layers.feedforward(circuit), *heard, *layers.readout_projections(circuit))


def _programs(circuit: FF, projections: tuple[Projection, ...]) -> tuple[Program, ...]:
    hidden, names = layers.labelled(projections), tuple(circuit.names)
    image = {"image": "image"}
    if circuit.negatives == "hybrids":
        everything = layers.unlabelled(projections)
        seen = (
            Phase("positive", image, everything, 1, (*names, "readout"), stream=1),
            Phase("negative", {"image": "hybrid"}, hidden, -1, names, stream=2),
        )
        one_pass, _ = layers.inference_programs(circuit, projections)
        return (Program("train", circuit.burn_in, circuit.window, seen), one_pass)
    train = (
        Phase("free", image, layers.unlabelled(projections), learn=("readout",)),
        Phase("positive", {**image, "label": "label"}, hidden, 1, names, stream=1),
        Phase("negative", {**image, "label": "negative"}, hidden, -1, names, stream=2),
    )
    hard_negative = HardNegative("negative", "readout", "free", noise=circuit.hard_negative_noise)
    return (
        Program("train", circuit.burn_in, circuit.window, train, hard_negative),
        *layers.inference_programs(circuit, projections),
    )
