"""The specification transcribed into loops over exact fractions.

Slow and literal on purpose: no NumPy in the dynamics, no floating point, nothing shared with
the engines but the keys of the random numbers. Whatever an engine rounds, this does not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any

from pffspike.arithmetic import counter, grids
from pffspike.network import structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import HardNegative, Network, Phase, Population, Projection
from pffspike.typing import Array, Signals

Numbers = list[Fraction]
#: by population: spikes in the window, and their sum weighted by the gain
Counts = dict[str, tuple[list[int], Numbers]]
#: by signal: a class, spike probabilities, or those of each step
Current = dict[str, Any]


def on_grid(value: float | Fraction, exponent: int, scale: float = 1.0) -> Fraction:
    """Multiply, as doubles do, and round to the nearest multiple of ``2^exponent``."""
    return Fraction(floor(Fraction(value * scale) / Fraction(2) ** exponent + Fraction(1, 2))) * (
        Fraction(2) ** exponent
    )


def _fractions(values: Array) -> Any:
    """Numbers of an array, nested as its axes are."""
    return [_fractions(v) if v.ndim else Fraction(float(v)) for v in values]


def uniform(key: int, position: int) -> Fraction:
    """Uniform number in [0, 1) of a key and a position."""
    return Fraction(counter.derive_key(key, position) >> 40, 2**24)


def clip(x: Fraction, low: float, high: float) -> Fraction:
    """Saturate at two numbers."""
    return min(max(x, Fraction(low)), Fraction(high))


class Oracle:
    """One network learning or running sample by sample.

    Parameters
    ----------
    network : Network
        The network.
    program : str
        Name of one of its programs.
    parameters : Parameters
        The weights and biases at the start; they are copied.
    seed : int
        Of the spikes and of stochastic rounding.

    Attributes
    ----------
    weights, biases : dict of str to list
        As they are now, in fractions.
    rasters : list of dict
        By presentation and active population: ``(steps, units)`` spikes.
    goodness : list of dict
        By presentation and active population.
    hard_negatives : list of int
        By sample; -1 where the program has none.
    """

    def __init__(self, network: Network, program: str, parameters: Parameters, seed: int) -> None:
        self.network, self.program, self.seed = network, network.program(program), seed
        self.weights = {
            name: [[Fraction(float(x)) for x in row] for row in w]
            for name, w in parameters.weights.items()
        }
        self.biases = {n: [Fraction(float(x)) for x in b] for n, b in parameters.biases.items()}
        self.masks = {p.name: structure.mask(network, p).tolist() for p in network.projections}
        self.fixed_weights, self.fixed_biases = parameters.fixed_weights, parameters.fixed_biases
        self.rasters: list[dict[str, list[list[bool]]]] = []
        self.goodness: list[dict[str, Fraction]] = []
        self.hard_negatives: list[int] = []

    def run(
        self,
        signals: Signals,
        samples: Array,
        learning_scale: float = 1.0,
    ) -> None:
        """Run samples, see `pffspike.engines.base.Session.run`; results are attributes."""
        for row, sample in enumerate(samples):
            current: Current = {
                name: (int(v[row]) if v.ndim == 1 else _fractions(v[row]))
                for name, v in signals.items()
            }
            hard_negative = -1
            for index, phase in enumerate(self.program.phases):
                counts = self._present(phase, current, int(sample))
                if phase.learn:
                    key = counter.derive_key(self.seed, counter.ROUNDING, int(sample), index)
                    self._learn(phase, key, counts, current, learning_scale)
                spec = self.program.hard_negative
                if spec and spec.phase == phase.name:
                    hard_negative = self._choose(
                        spec, counts[spec.population][0], current, int(sample)
                    )
                    current[spec.signal] = hard_negative
            self.hard_negatives.append(hard_negative)

    def _probability(
        self,
        population: Population,
        phase: Phase,
        current: Current,
        drive: Fraction,
        step: int,
        j: int,
    ) -> Fraction:
        if not population.input:
            return clip(self.biases[population.name][j] + drive, 0, 1)
        source = phase.inputs[population.name]
        value = current[source] if isinstance(source, str) else source
        if isinstance(value, int):
            return Fraction(int(j == value))
        now = value[step] if isinstance(value[0], list) else value
        return now[j]

    def _present(self, phase: Phase, current: Current, sample: int) -> Counts:
        active = structure.active(self.network, phase)
        populations = [p for p in self.network.populations if p.name in active]
        tables = {p.name: grids.gain_table(p.normalization, p.size) for p in populations}
        counts: Counts = {p.name: ([0] * p.size, [Fraction(0)] * p.size) for p in populations}
        drive = {p.name: [Fraction(0)] * p.size for p in populations}
        history: dict[str, list[list[bool]]] = {p.name: [] for p in populations}
        for step in range(self.program.steps):
            key = counter.derive_key(self.seed, counter.SPIKES, phase.stream, sample, step)
            spikes, gains = {}, {}
            for p in populations:
                first = self.network.index(p.name) << 32
                spikes[p.name] = [
                    uniform(key, first + j)
                    < self._probability(p, phase, current, drive[p.name][j], step, j)
                    for j in range(p.size)
                ]
                gains[p.name] = Fraction(float(tables[p.name][sum(spikes[p.name])]))
                history[p.name].append(spikes[p.name])
                if step >= self.program.burn_in:
                    for j, s in enumerate(spikes[p.name]):
                        counts[p.name][0][j] += s
                        counts[p.name][1][j] += s * gains[p.name]
            drive = {p.name: [Fraction(0)] * p.size for p in populations}
            for name in phase.projections:
                self._deliver(self.network.projection(name), spikes, gains, drive)
        self.rasters.append(history)
        self.goodness.append(
            {
                name: sum((Fraction(n, self.program.window) ** 2 for n in c), Fraction(0))
                for name, (c, _) in counts.items()
            }
        )
        return counts

    def _deliver(
        self,
        projection: Projection,
        spikes: Mapping[str, list[bool]],
        gains: Mapping[str, Fraction],
        drive: Mapping[str, Numbers],
    ) -> None:
        w = self.weights[structure.weights_of(projection)]
        gain = gains[projection.pre] if projection.normalized else 1
        for i, s in enumerate(spikes[projection.pre]):
            if s:
                for j, x in enumerate(w[i]):
                    drive[projection.post][j] += gain * x

    def _learn(
        self, phase: Phase, key: int, counts: Counts, current: Current, scale: float
    ) -> None:
        window = self.program.window
        for name in phase.learn:
            population = self.network.population(name)
            rates = [Fraction(n, window) for n in counts[name][0]]
            factors = self._factors(population, phase, rates, counts, current)
            for projection in self.network.projections:
                if (
                    projection.post == name
                    and projection.learning_rate
                    and projection.name in phase.projections
                ):
                    self._change(projection, factors, counts, key, scale)
            bias = population.bias
            drift = on_grid(bias.homeostasis, -20)
            fixed = self.fixed_biases.get(name)
            for j, b in enumerate(self.biases[name]):
                if fixed is not None and fixed[j]:
                    continue
                excess = rates[j] - on_grid(bias.target_rate, -20)
                new = b + on_grid(bias.learning_rate, -20, scale) * factors[j] - drift * excess
                self.biases[name][j] = clip(on_grid(new, -24), -bias.limit, bias.limit)

    def _factors(
        self,
        population: Population,
        phase: Phase,
        rates: Numbers,
        counts: Counts,
        current: Current,
    ) -> Numbers:
        rule = population.rule
        if rule is None:
            return [Fraction(0)] * population.size
        sign = current[phase.sign] if isinstance(phase.sign, str) else phase.sign
        found = rule.coefficients(sign)
        offset, gain, slope, theta = (Fraction(x) for x in dataclasses.astuple(found))
        distance = theta - sum(q * q for q in rates)
        modulator = offset + gain * clip(Fraction(1, 2) + slope * distance, 0, 1)
        targets = [Fraction(0)] * population.size
        if rule.target_population is not None:
            others = counts[rule.target_population][0]
            targets = [Fraction(n, self.program.window) for n in others]
        if rule.target_signal is not None:
            targets = [Fraction(j == current[rule.target_signal]) for j in range(population.size)]
        return [modulator * q + t for q, t in zip(rates, targets, strict=True)]

    def _change(
        self, projection: Projection, factors: Numbers, counts: Counts, key: int, scale: float
    ) -> None:
        rate = on_grid(projection.learning_rate, -20, scale)
        step = Fraction(2) ** projection.grid
        pres = counts[projection.pre][1 if projection.normalized else 0]
        first = [self.network.index(n) << 32 for n in (projection.pre, projection.post)]
        fixed = self.fixed_weights.get(projection.name)
        for i, a in enumerate(map(Fraction, pres)):
            for j, f in enumerate(factors):
                if not self.masks[projection.name][i][j] or (fixed is not None and fixed[i, j]):
                    continue
                noise = uniform(counter.derive_key(key, 0), first[0] + i)
                noise += uniform(counter.derive_key(key, 1), first[1] + j)
                exact = rate * f * a / self.program.window / step
                w = self.weights[projection.name]
                changed = w[i][j] + floor(exact + noise % 1) * step
                w[i][j] = clip(changed, projection.low, projection.high)

    def _choose(self, spec: HardNegative, counts: list[int], current: Current, sample: int) -> int:
        given = current[spec.signal]
        assert isinstance(given, int)
        if given >= 0:
            return given
        key = counter.derive_key(self.seed, counter.HARD_NEGATIVES, sample)
        noise = on_grid(spec.noise, -8)
        scores = [
            Fraction(n) + noise * uniform(key, j) if j != current[spec.truth] else Fraction(-1)
            for j, n in enumerate(counts)
        ]
        return scores.index(max(scores))
