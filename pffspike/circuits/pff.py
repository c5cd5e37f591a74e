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

from pffspike.circuits import layers
from pffspike.circuits.pff_parameters import PFF
from pffspike.circuits.pff_programs import latent_projections, programs
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


def pff(circuit: PFF, name: str, training: Training, description: str = "") -> Network:
    """Build the network of predictive forward-forward learning.

    Parameters
    ----------
    circuit : PFF
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
        With the programs ``train``, ``one_pass`` (no label, the read-out answers), ``goodness``
        (one phase a label), ``reconstruct`` (phase ``below``: the image predicted from hidden_1;
        phase ``chain``: from the top population down) and ``synthesize`` (from a label, and from
        the signal ``latent`` if there is such a population).

    Examples
    --------
    >>> network = pff(PFF(64, 10, (20, 20), lateral=0), "small", Training("digits", epochs=1))
    >>> [program.name for program in network.programs]
    ['train', 'one_pass', 'goodness', 'reconstruct', 'synthesize']
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
        layers.ROLES,
    )
    return network if circuit.generative else without(network, {p.post for p in generative})


def _populations(circuit: PFF) -> tuple[Population, ...]:
    kind = circuit.normalization
    hidden_bias = Bias(
        initial=circuit.bias,
        homeostasis=circuit.homeostasis,
        target_rate=circuit.target_rate,
        limit=circuit.bias_limit,
    )
    prediction_bias = Bias(learning_rate=circuit.generative_bias_rate)
    thresholds = circuit.each(circuit.threshold)
    sizes = [("image", circuit.image), *zip(circuit.names, circuit.hidden, strict=True)]
    hidden = [
        Population(
            name,
            size,
            kind,
            bias=hidden_bias,
            rule=Goodness(thresholds[name], circuit.slope, circuit.positive),
        )
        for name, size in sizes[1:]
    ]
    predictions = [
        Population(
            f"{name}_prediction", size, kind, bias=prediction_bias, rule=Delta(population=name)
        )
        for name, size in sizes
    ]
    # Without normalization: see `pffspike.generation.latent`.
    latent = [Population("latent", circuit.latent, "none", input=True)] if circuit.latent else []
    return (
        *layers.input_populations(circuit),
        *hidden,
        layers.readout(circuit),
        *predictions,
        *latent,
    )


def _representation(circuit: PFF) -> tuple[Projection, ...]:
    names = circuit.names
    rates = circuit.each(circuit.learning_rate)
    projections = layers.feedforward(circuit)
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
    return (*projections, *layers.readout_projections(circuit))


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
    names, rate = circuit.names, circuit.generative_rate
    projections, chained = [], []
    for below, name in zip(["image", *names], names, strict=False):
        learned = layers.zero_initialized(name, f"{below}_prediction", rate)
        projections.append(learned)
        own = layers.zero_initialized(f"{name}_prediction", f"{below}_prediction", rate)
        shared = Projection(own.name, own.pre, own.post, tied=learned.name)
        reached = f"latent_to_{own.post}" in latent_projections(circuit)
        chained.append(own if circuit.own_predictions and not reached else shared)
    top = f"{names[-1]}_prediction"
    projections.append(layers.zero_initialized("label", top, rate))
    projections += [
        Projection(name, "latent", name.removeprefix("latent_to_"), learning_rate=rate)
        for name in latent_projections(circuit)
    ]
    return tuple(projections + chained)
