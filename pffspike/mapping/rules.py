"""Design rules: what a device can't hold (an error), and what it does differently (a warning).

A rule is a function of the network as placed, its parameters and the device; it yields the
violations that it sees.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from pffspike.arithmetic import grids
from pffspike.devices import Device, Formats, Limits
from pffspike.errors import ValidationError
from pffspike.mapping.demand import format_bits
from pffspike.mapping.placement import Placement, Usage
from pffspike.network import exactness
from pffspike.network.parameters import Parameters


@dataclass(frozen=True)
class Violation:
    """A design rule that a network breaks on a device.

    Parameters
    ----------
    rule : str
        Name of the rule, see `RULES`.
    severity : {"error", "warning"}
        An error: the device can't hold it. A warning: it runs, but not the same.
    message : str
        One sentence, with the remedy.

    Examples
    --------
    >>> Violation("one_chip", "warning", "130 cores are needed and a chip has 128").severity
    'warning'
    """

    rule: str
    severity: Literal["error", "warning"]
    message: str


@dataclass(frozen=True)
class Design:
    """A placed network, its parameters and the formats and limits of the device, for the rules."""

    placement: Placement
    parameters: Parameters
    formats: Formats
    limits: Limits


Found = Iterator[tuple[Literal["error", "warning"], str]]
Rule = Callable[[Design], Found]


def check(placement: Placement, parameters: Parameters, device: Device) -> list[Violation]:
    """Apply every rule.

    Parameters
    ----------
    placement : Placement
        Of the network on the device.
    parameters : Parameters
        Of the network placed.
    device : Device
        With formats and limits.

    Returns
    -------
    list of Violation
        Errors first.

    Raises
    ------
    ValidationError
        If the card gives no formats or no limits.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> from pffspike.devices import load_device
    >>> from pffspike.mapping import place
    >>> from pffspike.network import initial
    >>> network, loihi = load_network("digits"), load_device("loihi1")
    >>> broken = check(place(network, loihi), initial(network, 0), loihi)
    >>> broken[0].rule, broken[0].severity
    ('weight_bits', 'error')
    """
    if device.formats is None or device.limits is None:
        raise ValidationError(f"device {device.name!r} gives no formats or no limits")
    design = Design(placement, parameters, device.formats, device.limits)
    violations = [
        Violation(name, severity, message)
        for name, rule in RULES.items()
        for severity, message in rule(design)
    ]
    return sorted(violations, key=lambda violation: violation.severity)


def unmet_constraints(placement: Placement, device: Device) -> tuple[str, ...]:
    """Say what keeps a placed network from running on the device as it is, for its energy.

    Parameters
    ----------
    placement : Placement
        Of the network on the device.
    device : Device
        With formats.

    Returns
    -------
    tuple of str
        One sentence for each constraint; see `check` for every violation by itself.

    Raises
    ------
    ValidationError
        If the card gives no formats.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> from pffspike.devices import load_device
    >>> from pffspike.mapping import place
    >>> loihi = load_device("loihi1")
    >>> unmet_constraints(place(load_network("digits"), loihi), loihi)[0][:38]
    'as it is the network does not fit: its'
    """
    if device.formats is None:
        raise ValidationError(f"device {device.name!r} gives no formats")
    most = device.formats.weight_bits.value
    sizes = [format_bits(placement.network.projection(name)) for name in placement.routes]
    bits = max(sizes, default=0)
    found = []
    if bits > most:
        found.append(
            f"as it is the network does not fit: its weights need {bits} bits and the device has "
            f"{most} (`pffspike quantize` rounds them, `pffspike export --device` checks all)"
        )
    if placement.learning:
        found.append(
            "learning on the device is hypothetical: goodness and its modulator are no sums of "
            "products of traces, which is what the device has"
        )
    return tuple(found)


def weight_bits(design: Design) -> Found:
    """Weights fit the bits of the device."""
    most = design.formats.weight_bits.value
    for name in design.placement.routes:
        bits = format_bits(design.placement.network.projection(name))
        if bits > most:
            yield (
                "error",
                f"weights of {name!r} need {bits} bits and the device has {most}; run "
                f"`pffspike quantize --bits {most}` first",
            )


def weight_exponents(design: Design) -> Found:
    """Exponents lie in the range of the device."""
    low = design.formats.weight_exponent_low.value
    high = design.formats.weight_exponent_high.value
    for name, exponent in design.placement.weight_exponents.items():
        if not low <= exponent <= high:
            yield (
                "error",
                f"weights of {name!r} need exponent {exponent}, and the device has {low} to "
                f"{high}; quantize with more nearly equal exponents",
            )


def biases(design: Design) -> Found:
    """Biases fit the bits of the device."""
    stated = design.formats.bias_bits
    for name, values in design.parameters.biases.items() if stated else ():
        grid = _grid(values)
        bits = 1 + int(np.abs(values * 2.0**-grid).max(initial=0)).bit_length()
        if stated and bits > stated.value:
            yield (
                "warning",
                f"biases of {name!r} need {bits} bits and the device has {stated.value}: they will "
                f"be rounded; `pffspike quantize --device` does so in the network itself",
            )


def _grid(values: np.ndarray) -> int:
    grid = 0
    while grid > grids.DRIVE_GRID and not grids.on_grid(values, grid):
        grid -= 1
    return grid


def normalization(design: Design) -> Found:
    """Divisive normalization needs a number on a spike."""
    network, payload = design.placement.network, design.formats.payload_bits.value
    kinds: dict[str, set[str]] = {}
    for name in design.placement.routes:
        pre = network.population(network.projection(name).pre)
        if network.projection(name).normalized and pre.normalization != "none":
            kinds.setdefault(pre.normalization, set()).add(pre.name)
    for kind, names in kinds.items():
        listed = ", ".join(sorted(names))
        needed = -grids.GAIN_GRID + 1 if kind == "sqrt" else 0
        if not payload:
            yield (
                "warning",
                f"{listed} send spikes with a gain ({kind}), and spikes of the device carry no "
                f"number: an interneuron must count and broadcast, one step late, which this "
                f"network does not model",
            )
        elif payload < needed:
            yield (
                "warning",
                f"the gain of {listed} needs {needed} bits and a spike of the device carries "
                f"{payload}",
            )


def random_numbers(design: Design) -> Found:
    """Random numbers of the device are as fine as the spike probabilities of the network.

    Where weights and biases are multiples of 2^-8 and nothing is normalized, so are spike
    probabilities, and random numbers of 8 bits give exactly these. Populations that are driven are
    left out: their spikes come from the host.
    """
    stated, network = design.formats.random_bits, design.placement.network
    if stated is None:
        return
    placed = {block.population for core in design.placement.cores for block in core.blocks}
    grids_of = {
        name: probability_grid(design, name)
        for name in sorted(placed)
        if not network.population(name).input
    }
    finest = min(grids_of.values(), default=0)
    if finest < -stated.value:
        fine = ", ".join(name for name, grid in grids_of.items() if grid < -stated.value)
        yield (
            "warning",
            f"spike probabilities of {fine} are multiples of 2^{finest}, and neurons of the device "
            f"draw {stated.value} bits: a probability is rounded up to a multiple of "
            f"2^-{stated.value}; train without normalization and run `pffspike quantize --device`",
        )


def probability_grid(design: Design, name: str) -> int:
    """Exponent of the power of two of which a population's spike probabilities are multiples."""
    network = design.placement.network
    arriving = [
        exactness.drive(network, network.projection(p)).grid
        for p in design.placement.routes
        if network.projection(p).post == name
    ]
    return min([_grid(design.parameters.biases[name]), *arriving])


def state_range(design: Design) -> Found:
    """The largest possible drive fits the state of a neuron."""
    stated = design.formats.state_bits
    placement = design.placement
    units = {b.population: c.noise for c in placement.cores for b in c.blocks}
    for population in placement.network.populations:
        unit = units.get(population.name)
        arriving = [
            exactness.drive(placement.network, placement.network.projection(name)).largest
            for name in placement.routes
            if placement.network.projection(name).post == population.name
        ]
        if stated is None or unit is None or not arriving:
            continue
        needed = 2 + math.floor(math.log2(population.bias.limit + sum(arriving)) + unit.one)
        if needed > stated.value:
            yield (
                "warning",
                f"the drive of {population.name!r} could need {needed} bits and the state has "
                f"{stated.value}: it would saturate if nearly all inputs spiked at once",
            )


def capacity(design: Design) -> Found:
    """No core holds more than it can."""
    worst: dict[str, tuple[int, str]] = {}
    for core in design.placement.cores:
        for field in fields(Usage):
            used = getattr(core.usage, field.name)
            if used > max(getattr(design.limits, field.name).value, worst.get(field.name, (0,))[0]):
                worst[field.name] = (used, core.blocks[0].population)
    for key, (used, population) in worst.items():
        most = getattr(design.limits, key).value
        yield (
            "error",
            f"a core of {population!r} needs {used} of {key} and has {most}; the inputs of one "
            f"neuron can't be split between cores, so make the populations that drive it smaller",
        )


def one_chip(design: Design) -> Found:
    """The network fits on a chip."""
    if design.placement.chips > 1:
        yield (
            "warning",
            f"{len(design.placement.cores)} cores are needed and a chip has "
            f"{design.limits.cores.value}: there are {design.placement.chips} chips, with spikes "
            f"between them",
        )


def learning(design: Design) -> Found:
    """The rule of this project is not that of the device."""
    if design.placement.learning:
        yield (
            "warning",
            "synapses have room to learn, but the rules of the device are sums of products of "
            "traces: goodness and its modulator must be computed and sent by neurons",
        )


#: every rule by its name
RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        weight_bits,
        weight_exponents,
        capacity,
        one_chip,
        biases,
        normalization,
        random_numbers,
        state_range,
        learning,
    )
}
