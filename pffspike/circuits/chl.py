r"""Contrastive Hebbian learning: the same Hebbian product twice, with opposite signs.

The circuit is image -> hidden_1 <-> hidden_2 <-> readout, every arrow between these populations
being a pair of projections. In the free phase (sign -1) the image alone acts, and the answer is
what the read-out does; in the clamped phase (sign +1) the label drives the read-out. Every
population has the rule `Contrast`, so a synapse changes by the product of the rates at its two
ends, clamped less free. The two projections of a pair begin as each other's transpose and receive
the same products, so they stay so but for rounding, whose noise is drawn for each. They are not
normalized, for a gain of the sending side would tell the two directions apart. There is no false
label, no stored activity and no derivative. Source: Movellan, "Contrastive Hebbian learning in the
continuous Hopfield model" (Connectionist Models, 1990), carried over to Bernoulli neurons, whose
phases have a fixed length and need not settle.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from pffspike.arithmetic import grids
from pffspike.circuits import layers
from pffspike.circuits.layers import Layers
from pffspike.errors import ValidationError
from pffspike.network.spec import (
    Bias,
    Contrast,
    Network,
    Phase,
    Population,
    Program,
    Projection,
    Training,
)

_CLAMP = 64.0  #: weight from the label: more than whatever else drives the read-out


@dataclass(frozen=True)
class CHL(Layers):
    """Parameters of the circuit, beside those of `pffspike.circuits.layers.Layers`.

    ``normalization`` is that of the image; ``readout_rate`` is the learning rate of the pair
    between the top population and the read-out, whose homeostasis aims at one spike in as many
    steps as there are classes.

    Parameters
    ----------
    pair_rate : float
        Learning rate of the pairs between hidden populations. It is lower than ``learning_rate``,
        that of the weights from the image, because these pairs have no gain.
    readout_scale : float
        Initial scale of the weights between the top population and the read-out.
    readout_bias : float
        Initial bias of the read-out.
    bias_rate : float
        Learning rate of the biases of hidden populations.

    Raises
    ------
    ValidationError
        If the burn-in leaves no step to clamp the read-out, or a tuple is not of the number of
        hidden populations.

    Examples
    --------
    >>> CHL(64, 10, (20, 20)).names
    ['hidden_1', 'hidden_2']
    """

    burn_in: int = 4
    pair_rate: float = 0.0078125
    readout_scale: float = 1.0
    readout_bias: float = 0.1015625
    bias_rate: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.burn_in < 1:
            raise ValidationError(
                f"burn_in = {self.burn_in} must be at least 1, for the label clamps the read-out "
                f"one step later"
            )


def chl(circuit: CHL, name: str, training: Training, description: str = "") -> Network:
    """Build the network of contrastive Hebbian learning.

    Parameters
    ----------
    circuit : CHL
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
        With the programs ``train`` (the phases ``free`` and ``clamped``) and ``one_pass`` (no
        label, the read-out answers).

    Examples
    --------
    >>> network = chl(CHL(64, 10, (20, 20)), "small", Training("digits", epochs=1))
    >>> [(phase.name, phase.sign) for phase in network.program("train").phases]
    [('free', -1), ('clamped', 1)]
    """
    chain, clamp = _chain(circuit), _clamp()
    free = tuple(p.name for p in chain)
    learned, image = (*circuit.names, "readout"), {"image": "image"}
    train = (
        Phase("free", image, free, -1, learned),
        Phase(
            "clamped",
            {**image, "label": "label"},
            (*free, *(p.name for p in clamp)),
            1,
            learned,
        ),
    )
    return Network(
        name,
        _populations(circuit),
        (*chain, *clamp),
        (
            Program("train", circuit.burn_in, circuit.window, train),
            Program("one_pass", *circuit.inference, (Phase("free", image, free),)),
        ),
        training,
        description,
        layers.ROLES,
    )


def _populations(circuit: CHL) -> tuple[Population, ...]:
    hidden = Bias(circuit.bias, circuit.bias_rate, circuit.homeostasis, circuit.target_rate)
    readout = Bias(
        circuit.readout_bias,
        circuit.readout_bias_rate,
        circuit.homeostasis,
        grids.nearest_scalar(1 / circuit.classes, grids.THRESHOLD_GRID),
    )
    return (
        *layers.input_populations(circuit),
        *(
            Population(name, size, bias=hidden, rule=Contrast())
            for name, size in zip(circuit.names, circuit.hidden, strict=True)
        ),
        Population("readout", circuit.classes, bias=readout, rule=Contrast()),
    )


def _chain(circuit: CHL) -> tuple[Projection, ...]:
    """Projections of a free phase: from the image, then upwards and downwards pair by pair."""
    first, scales = circuit.names[0], circuit.each(circuit.scale)
    rate = circuit.each(circuit.learning_rate)[first]
    found = [
        Projection(f"image_to_{first}", "image", first, scale=scales[first], learning_rate=rate)
    ]
    for below, above in itertools.pairwise((*circuit.names, "readout")):
        top = above == "readout"
        found += _pair(
            below,
            above,
            circuit.readout_scale if top else scales[above],
            circuit.readout_rate if top else circuit.pair_rate,
        )
    return tuple(found)


def _pair(below: str, above: str, scale: float, rate: float) -> tuple[Projection, Projection]:
    up, down = f"{below}_to_{above}", f"{above}_to_{below}"
    return (
        Projection(up, below, above, normalized=False, scale=scale, learning_rate=rate),
        Projection(down, above, below, normalized=False, initial="transposed", learning_rate=rate),
    )


def _clamp() -> tuple[Projection, Projection]:
    """Projections by which the neuron of the label fires in every step and the others never."""
    return (
        Projection(
            "label_silences_readout",
            "label",
            "readout",
            normalized=False,
            initial="constant",
            scale=-_CLAMP / 2,
            low=-_CLAMP,
            high=_CLAMP,
        ),
        Projection(
            "label_drives_readout",
            "label",
            "readout",
            "one_to_one",
            normalized=False,
            initial="constant",
            scale=_CLAMP,
            low=-_CLAMP,
            high=_CLAMP,
        ),
    )
