"""The specification transcribed into loops over exact fractions.

Slow and literal on purpose: no NumPy in the dynamics, no floating point, nothing shared with
the engines but the keys of the random numbers. Whatever an engine rounds, this does not.
"""

import dataclasses
from fractions import Fraction
from math import floor

from pffspike.arithmetic import counter, grids
from pffspike.network import structure


def on_grid(value, exponent, scale=1.0):
    return Fraction(floor(Fraction(value * scale) / Fraction(2) ** exponent + Fraction(1, 2))) * (
        Fraction(2) ** exponent
    )


def uniform(key, position):
    return Fraction(counter.derive_key(key, position) >> 40, 2**24)


def clip(x, low, high):
    return min(max(x, Fraction(low)), Fraction(high))


class Oracle:
    """One network learning or running sample by sample."""

    def __init__(self, network, program, parameters, seed):
        self.network, self.program, self.seed = network, network.program(program), seed
        self.weights = {
            name: [[Fraction(float(x)) for x in row] for row in w]
            for name, w in parameters.weights.items()
        }
        self.biases = {n: [Fraction(float(x)) for x in b] for n, b in parameters.biases.items()}
        self.masks = {p.name: structure.mask(network, p).tolist() for p in network.projections}
        self.rasters, self.goodness, self.hard_negatives = [], [], []

    def run(self, signals, samples, learning_scale=1.0):
        for row, sample in enumerate(samples):
            current = {
                name: (int(v[row]) if v.ndim == 1 else [Fraction(float(x)) for x in v[row]])
                for name, v in signals.items()
            }
            hard_negative = -1
            for index, phase in enumerate(self.program.phases):
                counts = self.present(phase, current, int(sample))
                if phase.learn:
                    self.learn(phase, index, counts, current, int(sample), learning_scale)
                spec = self.program.hard_negative
                if spec and spec.phase == phase.name:
                    hard_negative = self.choose(
                        spec, counts[spec.population][0], current, int(sample)
                    )
                    current[spec.signal] = hard_negative
            self.hard_negatives.append(hard_negative)

    def probability(self, population, phase, current, drive, j):
        if not population.input:
            return clip(self.biases[population.name][j] + drive, 0, 1)
        source = phase.inputs[population.name]
        value = current[source] if isinstance(source, str) else source
        return Fraction(int(j == value)) if isinstance(value, int) else value[j]

    def present(self, phase, current, sample):
        active = structure.active(self.network, phase)
        populations = [p for p in self.network.populations if p.name in active]
        tables = {p.name: grids.gain_table(p.normalization, p.size) for p in populations}
        counts = {p.name: ([0] * p.size, [Fraction(0)] * p.size) for p in populations}
        drive = {p.name: [Fraction(0)] * p.size for p in populations}
        history = {p.name: [] for p in populations}
        for step in range(self.program.steps):
            key = counter.derive_key(self.seed, counter.SPIKES, phase.stream, sample, step)
            spikes, gains = {}, {}
            for p in populations:
                first = self.network.index(p.name) << 32
                spikes[p.name] = [
                    uniform(key, first + j)
                    < self.probability(p, phase, current, drive[p.name][j], j)
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
                self.deliver(self.network.projection(name), spikes, gains, drive)
        self.rasters.append(history)
        self.goodness.append(
            {
                name: sum(Fraction(n, self.program.window) ** 2 for n in c)
                for name, (c, _) in counts.items()
            }
        )
        return counts

    def deliver(self, projection, spikes, gains, drive):
        w = self.weights[structure.weights_of(projection)]
        gain = gains[projection.pre] if projection.normalized else 1
        for i, s in enumerate(spikes[projection.pre]):
            if s:
                for j, x in enumerate(w[i]):
                    drive[projection.post][j] += gain * x

    def learn(self, phase, index, counts, current, sample, scale):
        key = counter.derive_key(self.seed, counter.ROUNDING, sample, index)
        window = self.program.window
        for name in phase.learn:
            population = self.network.population(name)
            rates = [Fraction(n, window) for n in counts[name][0]]
            factors = self.factors(population, phase, rates, counts, current)
            for projection in self.network.projections:
                if (
                    projection.post == name
                    and projection.learning_rate
                    and projection.name in phase.projections
                ):
                    self.change(projection, factors, counts, key, scale)
            bias = population.bias
            for j, b in enumerate(self.biases[name]):
                b += on_grid(bias.learning_rate, -20, scale) * factors[j]
                b -= on_grid(bias.homeostasis, -20) * (rates[j] - on_grid(bias.target_rate, -20))
                limit = bias.limit
                self.biases[name][j] = clip(on_grid(b, -24, 1), -limit, limit)

    def factors(self, population, phase, rates, counts, current):
        rule = population.rule
        if rule is None:
            return [Fraction(0)] * population.size
        found = rule.coefficients(phase.sign)
        offset, gain, slope, theta = (Fraction(x) for x in dataclasses.astuple(found))
        distance = theta - sum(q * q for q in rates)
        modulator = offset + gain * clip(Fraction(1, 2) + slope * distance, 0, 1)
        targets = [Fraction(0)] * population.size
        if rule.target_population is not None:
            others = counts[rule.target_population][0]
            targets = [Fraction(n, self.program.window) for n in others]
        if rule.target_signal is not None:
            targets = [int(j == current[rule.target_signal]) for j in range(population.size)]
        return [modulator * q + t for q, t in zip(rates, targets, strict=True)]

    def change(self, projection, factors, counts, key, scale):
        rate = on_grid(projection.learning_rate, -20, scale)
        step = Fraction(2) ** projection.grid
        pres = counts[projection.pre][1 if projection.normalized else 0]
        first = [self.network.index(n) << 32 for n in (projection.pre, projection.post)]
        for i, a in enumerate(pres):
            for j, f in enumerate(factors):
                if not self.masks[projection.name][i][j]:
                    continue
                noise = uniform(counter.derive_key(key, 0), first[0] + i)
                noise += uniform(counter.derive_key(key, 1), first[1] + j)
                exact = rate * f * a / self.program.window / step
                w = self.weights[projection.name]
                changed = w[i][j] + floor(exact + noise % 1) * step
                w[i][j] = clip(changed, projection.low, projection.high)

    def choose(self, spec, counts, current, sample):
        given = current[spec.signal]
        if given >= 0:
            return given
        key = counter.derive_key(self.seed, counter.HARD_NEGATIVES, sample)
        noise = on_grid(spec.noise, -8)
        scores = [
            n + noise * uniform(key, j) if j != current[spec.truth] else Fraction(-1)
            for j, n in enumerate(counts)
        ]
        return scores.index(max(scores))
