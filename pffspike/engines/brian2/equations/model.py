"""The readable model: a program of a network as objects of Brian2 that a person can touch."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import brian2
import numpy as np
import numpy.typing as npt
from brian2 import NeuronGroup, Quantity, SpikeMonitor, StateMonitor, Synapses, linked_var

from pffspike.engines.brian2.equations import events, monitors, projections
from pffspike.engines.brian2.equations import options as options_
from pffspike.engines.brian2.equations.candidates import make_comparison
from pffspike.engines.brian2.equations.context import EquationsContext
from pffspike.engines.brian2.equations.options import Options
from pffspike.engines.brian2.equations.populations import make_pool, make_population
from pffspike.engines.brian2.equations.tables import EquationsTables
from pffspike.engines.given import check_signals, expanded, signal_size
from pffspike.errors import ValidationError
from pffspike.network import exactness, parameters, structure
from pffspike.network.events import Stimulus
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Program
from pffspike.recording import Recording
from pffspike.typing import Array, Floats, Integers, Signals


@dataclass(frozen=True)
class Model:
    """A program of a network in Brian2, by the names of the specification.

    Run it with ``model.network.run(model.duration)``, or put ``model.objects`` into a network of
    your own, beside other groups.

    Parameters
    ----------
    network : brian2.Network
        All objects below.
    populations : dict of str to NeuronGroup
        Variables: ``s`` (spike of this step), ``p`` (its probability), ``c`` (spikes in the
        window), and, as far as they matter, ``I`` (current; before their gains, ``I_image`` what
        ``n_image`` spikes of ``image`` sent), ``b`` (bias), ``n`` (spikes of the population),
        ``g`` (gain), ``a`` (trace up to the last step), ``G`` (goodness), ``m`` (modulator),
        ``f`` (post factor).
    projections : dict of str to Synapses
        Variable: ``w``.
    pools : dict of str to NeuronGroup
        By population, one neuron each: ``n`` and, if a rule depends on it, goodness ``G``.
    spikes : dict of str to SpikeMonitor
        By population.
    states : dict of str to StateMonitor
        Of the populations and projections that `Probes` ask for: ``p``, ``I`` and ``b`` in every
        step, before neurons draw; ``w`` at the begin of every sample.
    duration : Quantity
        All presentations, and one step if something is learned from the last of them.
    parts : tuple
        What else the network consists of.
    """

    network: brian2.Network
    populations: Mapping[str, NeuronGroup]
    projections: Mapping[str, Synapses]
    pools: Mapping[str, NeuronGroup]
    spikes: Mapping[str, SpikeMonitor]
    states: Mapping[str, StateMonitor]
    duration: Quantity
    parts: tuple[Any, ...]
    choice: StateMonitor | None = field(repr=False)
    _context: EquationsContext = field(repr=False)
    _signals: Signals = field(repr=False)
    _samples: Integers = field(repr=False)

    @property
    def objects(self) -> tuple[Any, ...]:
        """All Brian2 objects, for a network of one's own."""
        return tuple(self.network.objects)

    @property
    def presentation(self) -> Quantity:
        """Duration of a presentation."""
        return self._context.presentations.dt

    @property
    def presentations(self) -> brian2.Clock:
        """Clock that ticks at the first step of every presentation."""
        return self._context.presentations

    @property
    def specification(self) -> Network:
        """The network of the project that the model was written from."""
        return self._context.network

    @property
    def program(self) -> Program:
        """The program that the model runs."""
        return self._context.program

    @property
    def tables(self) -> Mapping[str, brian2.TimedArray]:
        """Inputs and schedule of learning by time."""
        return self._context.timed

    @property
    def dt(self) -> Quantity:
        """Duration of a step."""
        return self._context.clock.dt

    def events(self) -> dict[str, tuple[Array, Array]]:
        """Neuron and step of every spike so far, by population."""
        return {
            name: (np.array(monitor.i), np.asarray(monitor.t / self.dt).round().astype(int))
            for name, monitor in self.spikes.items()
        }

    def observed(self) -> dict[str, Floats]:
        """What the monitors of ``states`` hold: time first, by "population.variable"."""
        return {
            f"{name}.{variable}": np.array(getattr(monitor, variable)).T
            for name, monitor in self.states.items()
            for variable in monitor.record_variables
        }

    def parameters(self) -> Parameters:
        """Weights and biases as they are now; those that the program does not use as they were."""
        start = self._context.start
        weights, biases = dict(start.weights), dict(start.biases)
        for name, synapses in self.projections.items():
            if self._context.network.projection(name).tied is None:
                weights[name] = projections.weights_of(synapses, weights[name].shape)
        for name in biases.keys() & self.populations.keys():
            biases[name] = np.array(self.populations[name].b)
        return Parameters(weights, biases).fixed_as(start)

    def recording(self) -> Recording:
        """What was presented since the start, as every engine returns it, with all spikes.

        Returns
        -------
        Recording
            With counts and rasters of all populations of the program, and what its ``states`` hold.
        """
        context = self._context
        names = tuple(self.spikes)
        kept = dataclasses.replace(context.options.probes, counts=names, rasters=names)
        losses = None if self.choice is None else np.asarray(self.choice.losses).T
        return events.recording(
            context.network,
            context.program,
            self._samples,
            self.events(),
            self.observed(),
            events.hard_negatives(context.program, self._signals, len(self._samples), losses),
            kept,
        )

    def text(self) -> str:
        """The whole model as a person would write it: equations and statements, part by part.

        Returns
        -------
        str
        """
        return "\n\n".join(
            f"{'=' * 20} {name}\n" + "\n\n".join(part for part in parts if part.count("\n"))
            for name, parts in self._context.texts.items()
        )


def to_brian2(
    network: Any,
    program: str,
    signals: Mapping[str, Stimulus] | None = None,
    samples: npt.ArrayLike | None = None,
    *,
    seed: int | None = None,
    learning_scale: float = 1.0,
    options: Options = Options(),  # noqa: B008  (frozen)
) -> Model:
    """Write a program of a network as a Brian2 model: equations, groups and synapses.

    There is one `NeuronGroup` a population, one `Synapses` a projection, and a pool of one neuron
    where divisive normalization or goodness needs a sum. With the default options the spikes and
    the learned weights are those of every engine, bit for bit.

    Parameters
    ----------
    network : Network or TrainedNetwork
        A network alone starts from its initial weights.
    program : str
        Name of one of its programs.
    signals : mapping of str to ndarray or Events
        As for `pffspike.engines.base.Session.run`: ``(samples,)`` integers, ``(samples, units)``
        spike probabilities, or ``(samples, steps, units)`` those of each step. Populations that are
        driven from outside need none.
    samples : (samples,) array_like of int or None
        Numbers that key the random numbers; 0, 1, 2, ... if they are not given.
    seed : int or None
        Of all random numbers; that of the trained network, or 0, if it is not given.
    learning_scale : float
        Factor of all learning rates.
    options : Options
        Other neurons, rules, sources, names; what is recorded beside spikes.

    Returns
    -------
    Model

    Raises
    ------
    ValidationError
        If a signal, a sample, a program or an option does not suit the network.

    Examples
    --------
    >>> import brian2
    >>> import numpy as np
    >>> from pffspike.cards import load_network
    >>> brian2.prefs.codegen.target = "numpy"  # Cython would compile for a minute first
    >>> digits = load_network("digits")
    >>> model = to_brian2(digits, "one_pass", {"image": np.full((1, 64), 0.25)}, seed=1)
    >>> model.populations["hidden_1"].N, model.projections["image_to_hidden_1"].source.name
    (..., 'image')
    """
    trained = network
    network = getattr(trained, "network", trained)
    chosen = network.program(program)
    if seed is None:
        seed = int(getattr(trained, "seed", 0))
    start = getattr(trained, "parameters", None) or parameters.initial(network, seed)
    options_.check(options, network, chosen)
    exactness.check(network)
    parameters.check(network, start)
    checked, numbers = _given(network, chosen, signals or {}, samples, options.external)
    in_time = any(values.ndim == 3 for values in checked.values())
    frames, scale = chosen.steps if in_time else 1, learning_scale
    tables = EquationsTables(network, chosen, checked, numbers, scale, len(numbers), frames)
    values = tables.write(options.external)
    context = EquationsContext(network, chosen, start, seed, values, options, frames)
    return build(context, checked, numbers)


def build(context: EquationsContext, signals: Signals, samples: Integers) -> Model:
    """Make all objects of a model in the Brian2 device that is active.

    Parameters
    ----------
    context : EquationsContext
        What all parts of the build share.
    signals, samples
        Already checked.

    Returns
    -------
    Model
    """
    extent, hard_negative = context.extent, context.program.hard_negative
    start = context.start
    populations = {p.name: make_population(context, p) for p in extent.populations}
    pools: dict[str, NeuronGroup] = {}
    parts: list[Any] = []
    for p in extent.populations:
        if not p.input:
            populations[p.name].b = start.biases[p.name]
        if "b_fixed" in populations[p.name].variables:
            populations[p.name].b_fixed = start.fixed_biases[p.name]
        made = make_pool(context, p, populations[p.name])
        pools |= {p.name: made[0]} if made else {}
        parts += made
    synapses: dict[str, Synapses] = {}
    for q in sorted(extent.projections, key=lambda q: q.tied is not None):
        source = structure.weights_of(q)
        synapses[q.name] = projections.make_projection(
            context,
            q,
            populations[q.pre],
            populations[q.post],
            synapses.get(source),
        )
    choice = None
    if hard_negative:
        deciding = populations[hard_negative.population]
        choice = StateMonitor(
            deciding,
            "losses",
            record=True,
            clock=context.presentations,
            name=context.name("choice"),
        )
        parts += [make_comparison(context, deciding), choice]
    _link(context, populations, pools)
    spikes = {
        name: SpikeMonitor(group, name=context.name(f"{name}_spikes"))
        for name, group in populations.items()
    }
    states = monitors.make_monitors(context, populations, synapses)
    steps = (
        len(samples) * len(context.program.phases) * context.program.steps + context.program.learns
    )
    return Model(
        brian2.Network(
            *populations.values(),
            *synapses.values(),
            *parts,
            *spikes.values(),
            *states.values(),
        ),
        populations,
        {q.name: synapses[q.name] for q in extent.projections},
        pools,
        spikes,
        states,
        steps * context.options.dt,
        tuple(parts),
        choice,
        context,
        signals,
        samples,
    )


def _link(
    context: EquationsContext,
    populations: Mapping[str, NeuronGroup],
    pools: Mapping[str, NeuronGroup],
) -> None:
    """Numbers of spikes that arrive, targets of the delta rule, and the hard negative."""
    chosen = context.program.hard_negative
    for p in context.extent.populations:
        group = populations[p.name]
        for sender in context.normalized_senders(p):
            everyone = np.zeros(p.size, int)
            linked = linked_var(pools[sender.name], "n", index=everyone)
            setattr(group, f"n_{sender.name}", linked)
        if "c_target" in group.equations.names and p.rule is not None:
            group.c_target = linked_var(populations[str(p.rule.target_population)], "c")
        if chosen and chosen.population != p.name and "losses" in group.equations.names:
            group.losses = linked_var(populations[chosen.population], "losses")


def _given(
    network: Network,
    program: Program,
    signals: Mapping[str, Stimulus],
    samples: npt.ArrayLike | None,
    external: tuple[str, ...],
) -> tuple[dict[str, Array], Integers]:
    """Check signals and samples; what only external populations would follow is made up."""
    if samples is None:
        lengths = {len(values) for values in signals.values()} or {1}
        samples = np.arange(max(lengths))
    count = len(np.asarray(samples))
    made_up: dict[str, Stimulus] = {}
    for phase in program.phases:
        for name, source in phase.inputs.items():
            if name in external and isinstance(source, str) and source not in signals:
                made_up[source] = np.zeros((count, signal_size(network, program, source)))
    if not count:
        raise ValidationError(f"program {program.name!r} was given no samples; give at least one")
    checked, numbers = check_signals(network, program, {**made_up, **signals}, samples)
    return expanded(checked, program), numbers
