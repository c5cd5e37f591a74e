"""A population as a `NeuronGroup`, and the pool that counts its spikes.

The order of a step, in Brian2's slots:

====================  =============================================================
``start``             at the first step of a presentation only: compare, choose a
                      hard negative, learn (see `context.EquationsOrder`)
``groups``            integrate the neuron's own equations, if it has any; draw, count
``thresholds``        spikes
``after_thresholds``  number of spikes ``n``, gain ``g`` and trace ``a``, goodness ``G``
``synapses``          deliver
====================  =============================================================
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import NeuronGroup, Synapses, linked_var

from pffspike.engines.brian2.equations import projections, tables
from pffspike.engines.brian2.equations.context import EquationsContext, EquationsOrder, constant
from pffspike.engines.brian2.equations.options import Neuron
from pffspike.network import constants, structure
from pffspike.network.spec import Population

_KEY = "key = child(child({stream}, sample(t)), t_in_timesteps % steps) : integer (shared)"
_ENDED = "child(child(rounding, ended(t)), (t_in_timesteps // steps - 1) % phases)"
_BIAS = "b = clip(floor((b {change})*2**24 + 0.5)/2**24, -b_max, b_max)"
_CHOSEN = f" + int({{table}}(t) == {tables.CHOSEN})*int(losses == 0)"


def make_population(context: EquationsContext, population: Population) -> NeuronGroup:
    """Make the group of a population; what it is linked to comes later (`link`).

    Parameters
    ----------
    context : EquationsContext
        What all parts of the build share.
    population : Population
        What the group is made for.

    Returns
    -------
    NeuronGroup
    """
    name, neuron = population.name, context.options.neurons.get(population.name, Neuron())
    space = context.namespace | {"population": constant(context.network.index(name))}
    lines = _input(context, population, space) if population.input else _neuron(neuron)
    lines += _recorded(context, population) + _learning(context, population, space)
    same_stream = len({phase.stream for phase in context.program.phases}) == 1
    stream = context.program.phases[0].stream if same_stream else "stream(t)"
    lines.append(_KEY.format(stream=f"child(spikes, {stream})"))
    group = NeuronGroup(
        population.size,
        context.document(name, "equations", "\n".join(lines)),
        clock=context.clock,
        threshold="s > 0",
        reset=_reset(context, population, neuron),
        dtype={"key": np.int64},
        namespace=space,
        name=context.name(name),
    )
    if "spike" in group.resetter:
        group.resetter["spike"].when = "after_thresholds"
    _run(context, group, population, neuron)
    return group


def _neuron(neuron: Neuron) -> list[str]:
    return [
        "I : 1                       # current: what arrived in the last step",
        "b : 1                       # bias",
        *neuron.equations.strip().splitlines(),
        f"p = {neuron.p} : 1",
    ]


def _input(context: EquationsContext, population: Population, space: dict[str, Any]) -> list[str]:
    """Spike probability of an input population: a stimulus, one neuron of a class, or ``I``."""
    name, sources = population.name, tables.sources(context.program, population)
    if name in context.options.external:
        return ["I : 1                       # given from outside", "p = clip(I, 0, 1) : 1"]
    terms, lines = [], []
    clamped = [s for s in sources if isinstance(s, int) or s in context.classes]
    if len(clamped) < len(sources):
        space["stimulus"] = context.table(f"{name}.stimulus", context.frame)
        terms.append("stimulus(t, i)")
    if clamped:
        space["neuron"] = context.table(f"{name}.neuron")
        terms.append("int(i == neuron(t))")
    chosen = context.program.hard_negative
    if chosen and chosen.signal in sources:
        terms.append(_CHOSEN.format(table="neuron").removeprefix(" + "))
        lines.append("losses : 1 (linked)         # 0: the hard negative")
    return [*lines, f"p = {' + '.join(terms)} : 1"]


def _recorded(context: EquationsContext, population: Population) -> list[str]:
    lines = [
        "s : 1                       # 1 if the neuron spikes in this step",
        "c : 1                       # spikes in the window",
    ]
    if context.has_gain(population):
        lines += [
            "n : 1 (linked)              # spikes of the population in this step",
            "g : 1                       # gain: divisive normalization by n",
            "a : 1                       # trace: spikes in the window, each times its gain",
        ]
    if context.sends_plastic(population):
        lines.append("u_out : 1                   # rounds changes of weights, with u_in")
    if context.receives_plastic(population):
        lines.append("u_in : 1")
    return lines


def _learning(
    context: EquationsContext, population: Population, space: dict[str, Any]
) -> list[str]:
    """Modulator, target and post factor ``f`` of a population that learns."""
    rule, phases = population.rule, context.learning_phases(population)
    if population.input or rule is None or not phases:
        return []

    def coefficient(key: str) -> str:
        values = {getattr(rule.coefficients(phase.sign), key) for phase in phases}
        if len(values) == 1:
            space[key] = values.pop()
            return key
        space[key] = context.table(f"{population.name}.{key}")
        return f"{key}(t)"

    lines, modulator = [], coefficient("offset")
    if any(rule.coefficients(phase.sign).gain for phase in phases):
        gain, slope, theta = (coefficient(key) for key in ("gain", "slope", "theta"))
        modulator += f" + {gain}*clip(0.5 + {slope}*({theta} - G), 0, 1)"
        lines.append("G : 1 (linked)              # goodness: sum of squared rates")
    lines += [
        f"m = {modulator} : 1",
        "f : 1                       # post-synaptic factor: m c/T, and a target if there is one",
    ]
    if rule.target_population is not None:
        lines += ["c_target : 1 (linked)", "target = c_target/T : 1"]
    if rule.target_signal is not None:
        space["label"] = context.table(f"{population.name}.label")
        chosen = context.program.hard_negative
        wanted = "int(i == label(t))"
        if chosen and chosen.signal == rule.target_signal:
            wanted += _CHOSEN.format(table="label")
            lines.append("losses : 1 (linked)         # 0: the hard negative")
        lines.append(f"target = {wanted} : 1")
    return lines


def _reset(context: EquationsContext, population: Population, neuron: Neuron) -> str | None:
    """What a spike changes: the trace, once it is known how many there are; None for nothing."""
    lines = [neuron.reset] if neuron.reset else []
    if context.has_gain(population):
        gain = gain_equation(population.normalization, population.size)
        lines[:0] = [f"g = {gain}", f"a = a + g{_inside(context)}"]
    if not lines:
        return None
    return context.document(population.name, "of neurons that spike", "\n".join(lines))


def _inside(context: EquationsContext) -> str:
    """Factor of what counts in the window only."""
    return "*int(t_in_timesteps % steps >= burn_in)" if context.program.burn_in else ""


def gain_equation(normalization: str, size: int) -> str:
    """Divisive normalization by the number of spikes ``n``, at least 1, as an expression.

    Parameters
    ----------
    normalization : {"sqrt", "shift"}
        Of the sending population.
    size : int
        Of the population.

    Returns
    -------
    str
        What `pffspike.arithmetic.grids.gain_table` holds.

    Examples
    --------
    >>> gain_equation("shift", 20)
    '0.5**(int(n >= 2) + int(n >= 8))'
    """
    if normalization == "sqrt":
        return "floor(2**8/sqrt(n) + 0.5)/2**8"
    steps = [f"int(n >= {2**k})" for k in range(1, size.bit_length(), 2)]
    return f"0.5**({' + '.join(steps) or 0})"


def _run(
    context: EquationsContext, group: NeuronGroup, population: Population, neuron: Neuron
) -> None:
    name, variables = population.name, group.variables
    always = context.always(lambda phase: name in structure.active(context.network, phase))
    # After the last presentation a program that learns goes on for one step, in silence.
    active = population.input or (always and not context.program.learns)
    if not active:
        group.namespace["active"] = context.table(f"{name}.active")
    again = "*int(t_in_timesteps % steps > 0)"  # 0 at the first step of a presentation
    draw = [
        f"s = int(uniform(key, population, i) < p){'' if active else '*active(t)'}",
        f"c = c{again} + s{_inside(context)}",
        *([f"a = a{again}"] if "a" in variables else []),
        *(["I = 0"] if "I" in variables else []),
    ]
    group.run_regularly(
        context.document(name, "every step", "\n".join(draw)),
        clock=context.clock,
        when="groups",
        order=2,  # monitors of what they draw from come before
        name=context.name(f"{name}_draw"),
    )
    _between_presentations(context, group, population)
    if neuron.begin:
        group.run_regularly(
            context.document(name, "at the begin of a presentation", neuron.begin),
            clock=context.presentations,
            when="start",
            order=EquationsOrder.BEGIN,
            name=context.name(f"{name}_begin"),
        )


def _between_presentations(
    context: EquationsContext, group: NeuronGroup, population: Population
) -> None:
    """Post factors and biases of a population that learns, numbers that round, silence."""
    name, bias, variables = population.name, population.bias, group.variables
    lines, change = [], ""
    if "f" in variables:
        lines.append("f = m*c/T" + (" + target" if "target" in variables else ""))
        change += "+ eta_b(t)*f" if bias.learning_rate else ""
    if bias.homeostasis and context.learning_phases(population):
        change += " - h(t)*(c/T - rho)"
    if change:
        lines.append(_BIAS.format(change=change.strip()))
        group.namespace |= {
            "eta_b": context.table(f"{name}.eta_b"),
            "h": context.table(f"{name}.h"),
            "rho": constants.rate(bias.target_rate),
            "b_max": bias.limit,
        }
    for side, number in enumerate(("u_out", "u_in")):
        if number in variables:
            lines.append(f"{number} = uniform(child({_ENDED}, {side}), population, i)")
    lines += ["I = 0"] if "I" in variables else []
    if lines:
        group.run_regularly(
            context.document(name, "at the end of a presentation", "\n".join(lines)),
            clock=context.presentations,
            when="start",
            order=EquationsOrder.COMPARE,
            name=context.name(f"{name}_compare"),
        )


def make_pool(context: EquationsContext, population: Population, group: NeuronGroup) -> list[Any]:
    """Make the pool that a population is linked to; nothing if nobody reads it.

    Returns
    -------
    list
        The pool, a `NeuronGroup` of one, and the `Synapses` that count for it; or nothing.
    """
    sums = {}
    if context.has_gain(population):
        sums["n"] = "n_post = s_pre : 1 (summed)"
    if context.has_goodness(population):
        sums["G"] = "G_post = (c_pre/T)**2 : 1 (summed)"
    if not sums:
        return []
    name = context.name(f"{population.name}_pool")
    model = "\n".join(f"{variable} : 1" for variable in sums)
    pool = NeuronGroup(1, model, clock=context.clock, namespace={}, name=name)
    count = Synapses(
        group,
        pool,
        context.document(population.name, "its pool", "\n".join(sums.values())),
        clock=context.clock,
        namespace={"T": context.program.window},
        name=f"{name}_sums",
    )
    projections.connect(count)
    for variable, order in (("n_post", -1), ("G_post", 1)):
        if variable in count.summed_updaters:
            updater = count.summed_updaters[variable]
            updater.when, updater.order = "after_thresholds", order
    for variable in sums:
        if variable in group.equations.names:
            setattr(group, variable, linked_var(pool, variable, index=np.zeros(len(group), int)))
    return [pool, count]
