"""A population as a `NeuronGroup`, and the pool that counts its spikes.

The order of a step, in Brian2's slots:

====================  =============================================================
``start``             at the first step of a presentation only: compare, choose a
                      hard negative, learn (see `context.EquationsOrder`)
``groups``            integrate the neuron's own equations, if it has any; draw, count
``thresholds``        spikes
``after_thresholds``  number of spikes ``n``, goodness ``G``
``synapses``          deliver
====================  =============================================================

Divisive normalization needs the number of spikes of a step, which is known after the draw. What
spikes of a population send is therefore summed first, and takes its gain where it is received, in
the next step; so does the trace of the sender.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import NeuronGroup, Synapses, linked_var
from brian2.utils.logger import catch_logs

from pffspike.engines.brian2.equations import candidates, projections, tables
from pffspike.engines.brian2.equations.context import EquationsContext, EquationsOrder, constant
from pffspike.engines.brian2.equations.options import Neuron
from pffspike.network import constants, signs, structure
from pffspike.network.spec import Population

_KEY = "key = child(child({stream}, sample(t)), t_in_timesteps % steps) : integer (shared)"
_ENDED = "child(child(rounding, ended(t)), (t_in_timesteps // steps - 1) % phases)"
_BIAS = "clip(floor((b {change})*2**24 + 0.5)/2**24, -b_max, b_max)"
_LOSSES = "losses : 1 (linked)         # 0: the hard negative"
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
    if population.input:
        lines = _input(context, population, space)
    else:
        lines = [*_currents(context, population), *_neuron(neuron)]
    lines += _recorded(context, population) + _learning(context, population, space)
    same_stream = len({phase.stream for phase in context.program.phases}) == 1
    stream = context.program.phases[0].stream if same_stream else "stream(t)"
    lines.append(_KEY.format(stream=f"child(spikes, {stream})"))
    with catch_logs():  # of a threshold without a reset: that is meant
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
    _run(context, group, population, neuron)
    return group


def _currents(context: EquationsContext, population: Population) -> list[str]:
    """What arrived in the last step: from each sender with a gain, and from the others."""
    senders = context.normalized_senders(population)
    if not senders:
        return ["I : 1                       # current: what arrived in the last step"]
    lines = ["I_direct : 1                # what arrived in the last step without a gain"]
    for sender in senders:
        name = sender.name
        gain = gain_equation(sender.normalization, sender.size, f"n_{name}")
        lines += [
            f"I_{name} : 1".ljust(28) + f"# what spikes of {name} sent in the last step",
            f"n_{name} : 1 (linked)".ljust(28) + "# how many they were",
            f"g_{name} = {gain} : 1  # their gain: divisive normalization",
        ]
    terms = " + ".join(f"g_{sender.name}*I_{sender.name}" for sender in senders)
    return [*lines, f"I = I_direct + {terms} : 1  # current"]


def _neuron(neuron: Neuron) -> list[str]:
    return [
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
        lines.append(_LOSSES)
    return [*lines, f"p = {' + '.join(terms)} : 1"]


def _recorded(context: EquationsContext, population: Population) -> list[str]:
    lines = [
        "s : 1                       # 1 if the neuron spikes in this step",
        "c : 1                       # spikes in the window",
    ]
    if context.has_trace(population):
        gain = gain_equation(population.normalization, population.size)
        lines += [
            "n : 1 (linked)              # spikes of the population in this step",
            f"g = {gain} : 1  # gain of this step",
            "a : 1                       # trace: spikes in the window, each times its gain",
        ]
    if context.program.learns and population.name in context.start.fixed_biases:
        lines.append("b_fixed : 1                 # 1 where learning leaves the bias as it is")
    if context.decides(population):
        lines += candidates.EQUATIONS
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
    found = {sign for phase in phases for sign in signs.possible(phase)}

    def coefficient(key: str) -> str:
        values = {getattr(rule.coefficients(sign), key) for sign in found}
        if len(values) == 1:
            space[key] = values.pop()
            return key
        space[key] = context.table(f"{population.name}.{key}")
        return f"{key}(t)"

    lines, modulator = [], coefficient("offset")
    if any(rule.coefficients(sign).gain for sign in found):
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
            if not context.decides(population):
                lines.append(_LOSSES)
        lines.append(f"target = {wanted} : 1")
    return lines


def _reset(context: EquationsContext, population: Population, neuron: Neuron) -> str | None:
    """What a spike changes in the user's neuron; None for nothing."""
    if not neuron.reset:
        return None
    return context.document(population.name, "of neurons that spike", neuron.reset)


def _silence(group: NeuronGroup) -> list[str]:
    """Statements that forget what has arrived."""
    arrived = [name for name in group.variables if name == "I" or name.startswith("I_")]
    return [f"{name} = 0" for name in arrived if group.variables[name].array]


def _inside(context: EquationsContext) -> str:
    """Factor of what counts in the window only."""
    return "*int(t_in_timesteps % steps >= burn_in)" if context.program.burn_in else ""


def gain_equation(normalization: str, size: int, n: str = "n") -> str:
    """Divisive normalization by the number of spikes, as an expression.

    Parameters
    ----------
    normalization : {"sqrt", "shift"}
        Of the sending population.
    size : int
        Of the population.
    n : str
        Variable that holds the number; 0 counts as 1.

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
        return f"floor(2**8/sqrt(clip({n}, 1, {size})) + 0.5)/2**8"
    steps = [f"int({n} >= {2**k})" for k in range(1, size.bit_length(), 2)]
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
        *_silence(group),
    ]
    if "a" in variables:  # of the last step, for now the number of its spikes is known
        draw.insert(0, f"a = int(t_in_timesteps % steps > {context.program.burn_in})*(a + g*s)")
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
    if "a" in variables:
        lines.append("a = a + g*s")
    if "f" in variables:
        lines.append("f = m*c/T" + (" + target" if "target" in variables else ""))
        change += "+ eta_b(t)*f" if bias.learning_rate else ""
    if bias.homeostasis and context.learning_phases(population):
        change += " - h(t)*(c/T - rho)"
    if change:
        changed = _BIAS.format(change=change.strip())
        fixed = "b_fixed" in variables
        lines.append(f"b = b_fixed*b + (1 - b_fixed)*{changed}" if fixed else f"b = {changed}")
        group.namespace |= {
            "eta_b": context.table(f"{name}.eta_b"),
            "h": context.table(f"{name}.h"),
            "rho": constants.rate(bias.target_rate),
            "b_max": bias.limit,
        }
    if context.decides(population) and context.program.hard_negative:
        lines += candidates.STATEMENTS
        group.namespace |= candidates.candidates_namespace(context, context.program.hard_negative)
    for side, number in enumerate(("u_out", "u_in")):
        if number in variables:
            lines.append(f"{number} = uniform(child({_ENDED}, {side}), population, i)")
    lines += _silence(group)
    if lines:
        group.run_regularly(
            context.document(name, "at the end of a presentation", "\n".join(lines)),
            clock=context.presentations,
            when="start",
            order=EquationsOrder.COMPARE,
            name=context.name(f"{name}_compare"),
        )


def make_pool(context: EquationsContext, population: Population, group: NeuronGroup) -> list[Any]:
    """Make the pool that sums over a population; nothing if nobody reads it.

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
    for updater in count.summed_updaters.values():
        updater.when = "after_thresholds"
    for variable in sums:
        if variable in group.equations.names:
            setattr(group, variable, linked_var(pool, variable, index=np.zeros(len(group), int)))
    return [pool, count]
