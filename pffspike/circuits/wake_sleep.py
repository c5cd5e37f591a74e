r"""Wake-sleep: a generative and a recognition circuit, each taught by the other with delta rules.

Awake, an image drives hidden_1, hidden_2, ... through the recognition weights, and each prediction
learns the population below from the generative weights, the top one from the label. Asleep, the
predictions are the dream: the label drives the top one, each drives the one below, down to
the image, and the hidden populations, driven by the dream in the place of the image, learn to find
it. So a population learns in one phase from what it teaches in the other, and two projections share
one set of weights wherever the source of the input changes (`Projection.tied`).

What a hidden population says awake, and a prediction asleep, is drawn once in a presentation
and held: a cause of an image stays what it is while the populations that it drives are averaged.
Synapses hold it. The population ``onset_k``, of one neuron, is silent before step ``k`` and spikes
in every step from then on. Biases lie far below 0, so a population is silent until one onset lifts
it to where its drive decides; a step later the next onset inhibits it, and a neuron goes on only if
it has spiked, by an excitation of its own. The read-out, which learns the label awake, receives
the top population. Inference draws in every step instead.
Source: Hinton, Dayan, Frey and Neal, "The wake-sleep algorithm for unsupervised neural networks"
(Science 268, 1158, 1995), carried over to Bernoulli neurons, with a label as the topmost cause.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from pffspike.circuits import layers
from pffspike.circuits.layers import Layers
from pffspike.errors import ValidationError
from pffspike.network.spec import (
    Bias,
    Delta,
    Network,
    Phase,
    Population,
    Program,
    Projection,
    Training,
)

_REST = 4.0  #: biases begin so far below 0, and as much lifts a population when it shall be drawn
_HOLD = 64.0  #: weight of a held neuron to itself; half of it, more than any drive, inhibits


@dataclass(frozen=True)
class WakeSleep(Layers):
    """Parameters of the circuit, beside those of `pffspike.circuits.layers.Layers`.

    ``learning_rate`` is that of the recognition weights.

    Parameters
    ----------
    bias_rate : float
        Learning rate of the biases of hidden populations.
    generative_rate, generative_bias_rate : float
        Learning rates of the predictions.
    held : bool
        Whether hidden populations awake, and predictions asleep, are drawn once in a presentation;
        if not, they are drawn in every step, and a dream is nothing but the mean of its class.

    Raises
    ------
    ValidationError
        If the burn-in is shorter than the way from one end of the circuit to the other.

    Examples
    --------
    >>> WakeSleep(64, 10, (20, 20)).names
    ['hidden_1', 'hidden_2']
    """

    burn_in: int = 4
    bias_rate: float = 0.0
    generative_rate: float = 0.0625
    generative_bias_rate: float = 0.0625
    held: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        needed = len(self.hidden) + 2
        if self.burn_in < needed:
            raise ValidationError(
                f"burn_in = {self.burn_in} must be at least {needed}, the steps that a dream takes "
                f"from the label through {len(self.hidden)} hidden populations and back from the "
                f"image"
            )
        if abs(self.bias) >= _REST:
            raise ValidationError(f"bias = {self.bias} must lie between -{_REST} and {_REST}")


def wake_sleep(circuit: WakeSleep, name: str, training: Training, description: str = "") -> Network:
    """Build the network of the wake-sleep algorithm.

    Parameters
    ----------
    circuit : WakeSleep
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
        With the programs ``train`` (the phases ``wake`` and ``sleep``), ``one_pass`` (no label,
        the read-out answers) and ``synthesize`` (a dream).

    Examples
    --------
    >>> network = wake_sleep(WakeSleep(64, 10, (20, 20)), "small", Training("digits", epochs=1))
    >>> network.projection("image_to_hidden_1").tied
    'image_prediction_to_hidden_1'
    """
    parts = _Parts(circuit)
    projections = (
        *parts.recognition,
        *parts.generative,
        *parts.readout,
        *parts.onsets,
        *parts.held_awake,
        *parts.held_asleep,
    )
    return Network(
        name,
        _populations(circuit),
        projections,
        _programs(circuit, parts),
        training,
        description,
        layers.ROLES,
    )


def _predictions(circuit: Layers) -> list[str]:
    """Names of the predictions, that of the image first."""
    return [f"{name}_prediction" for name in ("image", *circuit.names)]


def _populations(circuit: WakeSleep) -> tuple[Population, ...]:
    kind = circuit.normalization
    recognition = Bias(
        circuit.bias - _REST, circuit.bias_rate, circuit.homeostasis, circuit.target_rate
    )
    sizes = [("image", circuit.image), *zip(circuit.names, circuit.hidden, strict=True)]
    hidden = [
        Population(name, size, kind, bias=recognition, rule=Delta(f"{name}_prediction"))
        for name, size in sizes[1:]
    ]
    predictions = [
        Population(
            f"{name}_prediction",
            size,
            kind,
            bias=Bias(0.0 if name == "image" else -_REST, circuit.generative_bias_rate),
            rule=Delta(name),
        )
        for name, size in sizes
    ]
    # Without normalization, as every spike of one neuron counts alike.
    onsets = [
        Population(f"onset_{step}", 1, "none", input=step == 0)
        for step in range(len(circuit.hidden) + 1)
    ]
    return (
        *layers.input_populations(circuit),
        *hidden,
        layers.readout(circuit),
        *predictions,
        *onsets,
    )


class _Parts:
    """Projections of the circuit, by what they do."""

    def __init__(self, circuit: WakeSleep) -> None:
        names, predictions = circuit.names, _predictions(circuit)
        depth = len(names)
        rates, scales = circuit.each(circuit.learning_rate), circuit.each(circuit.scale)
        dreamt = Projection(
            f"image_prediction_to_{names[0]}",
            "image_prediction",
            names[0],
            scale=scales[names[0]],
            learning_rate=rates[names[0]],
        )
        self.recognition = (dreamt, _tied(dreamt, "image"), *layers.feedforward(circuit)[1:])
        self.wake_recognition = tuple(p.name for p in self.recognition[1:])
        self.sleep_recognition = (dreamt.name, *(p.name for p in self.recognition[2:]))
        rate = circuit.generative_rate
        awake = [
            layers.zero_initialized(name, below, rate)
            for name, below in zip(names, predictions, strict=False)
        ]
        asleep = [_tied(p, f"{p.pre}_prediction") for p in awake]
        top = layers.zero_initialized("label", predictions[-1], rate)
        self.generative = (*awake, top, *asleep)
        self.predict = (*(p.name for p in awake), top.name)
        self.dream = (top.name, *(p.name for p in reversed(asleep)))
        self.readout = (layers.zero_initialized(names[-1], "readout", circuit.readout_rate),)
        steps = dict(enumerate(names, start=1)), dict(enumerate(predictions[:0:-1], start=1))
        self.onsets = tuple(
            _constant(f"onset_{k}", f"onset_{k + 1}", _REST) for k in range(depth)
        ) + tuple(
            _constant(f"onset_{k - 1}", name, _REST) for each in steps for k, name in each.items()
        )
        self.held_awake, self.held_asleep = (
            tuple(p for k, name in each.items() for p in _held(name, k)) if circuit.held else ()
            for each in steps
        )


def _tied(projection: Projection, pre: str) -> Projection:
    """Projection from another population with the same weights."""
    return dataclasses.replace(
        projection,
        name=f"{pre}_to_{projection.post}",
        pre=pre,
        learning_rate=0.0,
        tied=projection.name,
    )


def _constant(pre: str, post: str, weight: float) -> Projection:
    return Projection(
        f"{pre}_to_{post}",
        pre,
        post,
        normalized=False,
        initial="constant",
        scale=weight,
        low=-_HOLD,
        high=_HOLD,
    )


def _held(name: str, step: int) -> tuple[Projection, Projection]:
    """Projections by which a population keeps the spikes of a step."""
    inhibition = _constant(f"onset_{step}", name, -_HOLD / 2)
    excitation = _constant(name, name, _HOLD)
    return (
        dataclasses.replace(inhibition, name=f"onset_{step}_holds_{name}"),
        dataclasses.replace(excitation, name=f"{name}_self", connectivity="one_to_one"),
    )


def _programs(circuit: WakeSleep, parts: _Parts) -> tuple[Program, ...]:
    def names(*groups: tuple[Projection, ...]) -> tuple[str, ...]:
        return tuple(p.name for group in groups for p in group)

    def onsets(*populations: str) -> tuple[str, ...]:
        return tuple(p.name for p in parts.onsets if p.post in populations)

    hidden, predictions = circuit.names, _predictions(circuit)
    chain = tuple(f"onset_{step + 1}" for step in range(len(hidden)))
    everywhere, start = names(parts.onsets), {"onset_0": 0}
    answer = (*parts.wake_recognition, *names(parts.readout))
    wake = Phase(
        "wake",
        {"image": "image", "label": "label", **start},
        (*answer, *parts.predict, *everywhere, *names(parts.held_awake)),
        learn=("readout", *predictions),
    )
    sleep = Phase(
        "sleep",
        {"label": "label", **start},
        (*parts.dream, *parts.sleep_recognition, *everywhere, *names(parts.held_asleep)),
        learn=tuple(hidden),
        stream=1,
    )
    free = Phase("free", {"image": "image", **start}, (*answer, *onsets(*chain[:-1], *hidden)))
    dream = Phase(
        "synthesize",
        {"label": "label", **start},
        (*parts.dream, *onsets(*chain, *predictions), *names(parts.held_asleep)),
    )
    return (
        Program("train", circuit.burn_in, circuit.window, (wake, sleep)),
        Program("one_pass", *circuit.inference, (free,)),
        Program("synthesize", *circuit.inference, (dream,)),
    )
