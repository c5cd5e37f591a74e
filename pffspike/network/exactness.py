"""The static check that double precision holds every sum and product of a network.

Engines agree to the bit because no operation ever rounds, except where the specification
says so. `check` bounds each of them from the ranges and grids of the network alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from pffspike.arithmetic import grids
from pffspike.errors import ValidationError
from pffspike.network import constants, rules, signs, structure
from pffspike.network.rules import Coefficients
from pffspike.network.spec import Network, Population, Program, Projection

_COARSEST = 8  #: grid on which a coefficient of a rule is sought first


@dataclass(frozen=True)
class Magnitude:
    """A bound of an exact number: ``abs(x) <= largest``, a multiple of ``2^grid``."""

    largest: float
    grid: int

    @property
    def bits(self) -> int:
        """Bits of the largest integer multiple."""
        return grids.bits(self.largest, self.grid)

    def __add__(self, other: Magnitude) -> Magnitude:
        return Magnitude(self.largest + other.largest, min(self.grid, other.grid))

    def __mul__(self, other: Magnitude) -> Magnitude:
        return Magnitude(self.largest * other.largest, self.grid + other.grid)


def check(network: Network, batch: int = 1, learning_scale: float = 1.0) -> None:
    """Raise `ValidationError` naming the first projection or population that needs over 53 bits.

    Rules that do not have the form of `pffspike.network.rules` are refused before.

    Parameters
    ----------
    network : Network
        Specification of the network.
    batch : int
        Presentations whose changes are added before they are applied.
    learning_scale : float
        Factor of all learning rates.
    """
    check_rules(network)
    for program in network.programs:
        for phase in program.phases:
            for population in network.populations:
                _check_drive(network, population, phase.projections)
            for name in phase.learn:
                for sign in signs.possible(phase):
                    steps = _Steps(program, sign, batch, learning_scale)
                    _check_learning(network, network.population(name), steps)


def check_rules(network: Network) -> None:
    """Raise `ValidationError` naming the first rule that has not the form of all rules."""
    for population in network.populations:
        if population.rule is not None:
            rules.check(population.rule, f"population {population.name!r}")


def drive(network: Network, projection: Projection) -> Magnitude:
    """Bound of what one projection adds to the drive of a neuron in a step."""
    pre = network.population(projection.pre)
    gain = _gain(pre) if projection.normalized else Magnitude(1.0, 0)
    count = Magnitude(float(structure.fan_in(network, projection)), 0)
    source = network.projection(structure.weights_of(projection))
    return count * _weight(source) * gain


def _weight(projection: Projection) -> Magnitude:
    return Magnitude(max(abs(projection.low), abs(projection.high)), projection.grid)


def _gain(population: Population) -> Magnitude:
    if population.normalization == "shift":
        return Magnitude(1.0, -(population.size.bit_length() // 2))
    return Magnitude(1.0, grids.GAIN_GRID if population.normalization == "sqrt" else 0)


def _check_drive(network: Network, population: Population, enabled: tuple[str, ...]) -> None:
    total = Magnitude(population.bias.limit, grids.DRIVE_GRID)
    for name in enabled:
        projection = network.projection(name)
        if projection.post != population.name:
            continue
        total = total + drive(network, projection)
        if total.bits > grids.EXACT_BITS:
            raise ValidationError(
                f"projection {name!r}: the drive of {population.name!r} can reach "
                f"{total.largest:g} in steps of 2^{total.grid}, {total.bits} bits; narrow the "
                f"range of its weights or coarsen their grid until it is {grids.EXACT_BITS}"
            )


def post_factor(population: Population, sign: int, window: int) -> Magnitude:
    """Bound of the post factors of a population, see `pffspike.network.rules`.

    Parameters
    ----------
    population : Population
        Which learns.
    sign : {-1, 0, 1}
        Of the phase.
    window : int
        Steps of the window, a power of two.

    Returns
    -------
    Magnitude
    """
    rates, rule = Magnitude(1.0, -_exponent(window)), population.rule
    if rule is None:
        return Magnitude(0.0, rates.grid)
    c = rule.coefficients(sign)
    has_target = rules.targets(rule) != (None, None)
    lowest, highest = sorted((c.offset, c.offset + c.gain))
    largest = max(-lowest, highest + has_target, float(has_target), 0.0)
    return Magnitude(largest, min(_factor_grid(c, rates.grid), rates.grid))


def _factor_grid(c: Coefficients, rates: int) -> int:
    """Grid of what multiplies the rates, times that of the rates."""
    grid = _grid_of(c.offset)
    if c.gain:
        distance = min(_grid_of(c.theta), 2 * rates)
        grid = min(grid, _grid_of(c.gain) + min(-1, _grid_of(c.slope) + distance))
    return grid + rates


@dataclass(frozen=True)
class _Steps:
    """What changes in a phase are made of beside a population."""

    program: Program
    sign: int
    batch: int
    learning_scale: float

    def rate(self, learning_rate: float) -> Magnitude:
        """Bound of a learning rate."""
        return Magnitude(constants.rate(learning_rate, self.learning_scale), grids.RATE_GRID)


def _check_learning(network: Network, population: Population, steps: _Steps) -> None:
    program = steps.program
    post = post_factor(population, steps.sign, program.window)
    post = post * Magnitude(float(steps.batch), 0)
    for projection in network.projections:
        if projection.post != population.name or projection.learning_rate == 0:
            continue
        pre = Magnitude(1.0, -_exponent(program.window))
        if projection.normalized:
            pre = pre * _gain(network.population(projection.pre))
        change = steps.rate(projection.learning_rate) * post * pre
        scaled = Magnitude(change.largest * 2.0**-projection.grid, change.grid - projection.grid)
        rounded = scaled + Magnitude(1.0, -24)
        needed = max(change.bits, rounded.bits)
        if needed > grids.EXACT_BITS:
            raise ValidationError(
                f"projection {projection.name!r}: a change of its weights in program "
                f"{program.name!r} needs {needed} bits; lower the window ({program.window}) or "
                f"the learning rate ({projection.learning_rate} times {steps.learning_scale:g}) "
                f"until it is {grids.EXACT_BITS}"
            )
    _check_bias(population, steps, post)


def _check_bias(population: Population, steps: _Steps, post: Magnitude) -> None:
    bias, program = population.bias, steps.program
    total = Magnitude(bias.limit, grids.DRIVE_GRID)
    if population.rule is not None and bias.learning_rate:
        total = total + steps.rate(bias.learning_rate) * post
    if bias.homeostasis:
        distance = Magnitude(1.0, min(grids.RATE_GRID, -_exponent(program.window)))
        total = total + Magnitude(constants.rate(bias.homeostasis), grids.RATE_GRID) * distance
    if total.bits > grids.EXACT_BITS:
        raise ValidationError(
            f"population {population.name!r}: a change of its biases in program "
            f"{program.name!r} needs {total.bits} bits; lower the window ({program.window}) or "
            f"the rates of its bias until it is {grids.EXACT_BITS}"
        )


def _exponent(window: int) -> int:
    return window.bit_length() - 1


def _grid_of(value: float) -> int:
    grid = _COARSEST
    while grid > grids.THRESHOLD_GRID and not grids.on_grid(value, grid):
        grid -= 1
    return grid
