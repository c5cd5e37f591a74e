"""What a user may replace in the readable model: neurons, inputs, rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from brian2 import Quantity, ms

from pffspike.errors import ValidationError, unknown
from pffspike.network import structure
from pffspike.network.spec import Network, Program
from pffspike.recording import NOTHING, Probes


@dataclass(frozen=True)
class Neuron:
    """A stochastic neuron in Brian2's syntax, in place of the clipped line ``clip(b + I, 0, 1)``.

    Once a step, after Brian2 has integrated the differential equations, a neuron spikes if a
    uniform number is below ``p``. Plasticity goes on from the spikes, as for every other neuron.

    Parameters
    ----------
    p : str
        Expression of the spike probability of a step. It may use the bias ``b``, the current
        ``I`` (what arrived in the last step) and what ``equations`` defines.
    equations : str
        More lines of the model: differential equations, parameters, subexpressions.
    reset : str
        Statements for neurons that spike.
    begin : str
        Statements at the begin of a presentation, which starts from silence.

    Examples
    --------
    A leaky integrate-and-fire neuron with escape noise:

    >>> Neuron(
    ...     p="1 - exp(-exp((v - 1)/0.25))",
    ...     equations="dv/dt = (4*(b + I) - v)/(2*ms) : 1",
    ...     reset="v = 0",
    ...     begin="v = 0",
    ... ).reset
    'v = 0'
    """

    p: str = "clip(b + I, 0, 1)"
    equations: str = ""
    reset: str = ""
    begin: str = ""


@dataclass(frozen=True)
class Options:
    """What differs from the specification in a readable model, and how it is embedded.

    Parameters
    ----------
    neurons : mapping of str to Neuron
        By population that is no input: another neuron. Results are then those of another model.
    external : tuple of str
        Input populations that the user drives: a neuron spikes with probability ``clip(I, 0, 1)``,
        and ``I`` is what the user's own synapses or statements have added since the last step.
    rules : mapping of str to str
        By plastic projection: statements in Brian2's syntax that change ``w`` at the end of a
        presentation. They may use ``c_pre``, ``c_post``, ``a_pre`` (trace, if the projection is
        normalized), ``f_post``, ``eta(t)`` (learning rate, 0 where nothing is learned), ``T``, and
        ``u_out_pre``, ``u_in_post`` (uniform numbers for stochastic rounding).
    namespace : mapping of str to object
        Constants and functions that these texts use.
    dt : Quantity
        Duration of a step. It has no effect on spikes unless ``neurons`` use physical time.
    prefix : str
        Before the names of all Brian2 objects, so that several models can share a network.
    probes : Probes
        Drives, spike probabilities and weights that monitors keep beside all spikes.

    Examples
    --------
    >>> Options(external=("image",)).external
    ('image',)
    """

    neurons: Mapping[str, Neuron] = field(default_factory=dict)
    external: tuple[str, ...] = ()
    rules: Mapping[str, str] = field(default_factory=dict)
    namespace: Mapping[str, object] = field(default_factory=dict)
    dt: Quantity = field(default_factory=lambda: 1 * ms)
    prefix: str = ""
    probes: Probes = NOTHING


def check(options: Options, network: Network, program: Program) -> None:
    """Raise `ValidationError` for a population or projection that can't be replaced."""
    extent = structure.extent(network, program)
    inputs = [p.name for p in extent.populations if p.input]
    others = [p.name for p in extent.populations if not p.input]
    plastic = [p.name for p in extent.projections if p.learning_rate]
    for kind, names, known in (
        ("population to replace the neuron of", options.neurons, others),
        ("input population to drive from outside", options.external, inputs),
        ("plastic projection", options.rules, plastic),
    ):
        for name in names:
            if name not in known:
                raise unknown(f"program {program.name!r}: {kind}", name, known)
    if options.rules and not program.learns:
        raise ValidationError(
            f"program {program.name!r} learns nothing, so the rules for "
            f"{', '.join(options.rules)} would have no effect; choose a program that learns"
        )


def restricted(options: Options, network: Network, program: Program) -> Options:
    """Options without what another program than this one uses; names must be of the network.

    Parameters
    ----------
    options : Options
        Of an engine, for all programs.
    network : Network
        Whose names they refer to.
    program : Program
        The one that runs.

    Returns
    -------
    Options

    Raises
    ------
    ValidationError
        If there is no such population or projection.
    """
    extent = structure.extent(network, program)
    for population in options.neurons:
        network.population(population)
    for projection in options.rules:
        network.projection(projection)
    used = {p.name for p in extent.populations}
    enabled = {p.name for p in extent.projections} if program.learns else set()
    kept = dataclasses.replace(
        options,
        neurons={name: neuron for name, neuron in options.neurons.items() if name in used},
        rules={name: rule for name, rule in options.rules.items() if name in enabled},
    )
    check(kept, network, program)
    return kept
