"""The rules of a network at the end of a presentation, as the processes apply them.

Each formula is that of `pffspike.network.spec`, in the arithmetic of the models.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from pffspike.arithmetic import counter, grids
from pffspike.engines.lava.arithmetic import Arithmetic, Dyadic, Number
from pffspike.network import constants, exactness, rules
from pffspike.network.spec import Population
from pffspike.typing import Array, Integers

_MASK = np.int64((1 << counter.UNIFORM_BITS) - 1)


@dataclass(frozen=True)
class PopulationPlasticity:
    """What a population does at the end of a presentation.

    Parameters
    ----------
    population : Population
        Whose neurons learn.
    arithmetic : Arithmetic
        Integers, or floating point.
    exponent : int
        The window lasts ``2^exponent`` steps.
    learns : tuple of bool
        By phase.
    sign : tuple of int
        By phase.
    """

    population: Population
    arithmetic: Arithmetic
    exponent: int
    learns: tuple[bool, ...]
    sign: tuple[int, ...]

    @property
    def target_population(self) -> str | None:
        """Population whose rates are targets."""
        return rules.targets(self.population.rule)[0]

    @property
    def signal(self) -> str | None:
        """Signal of the class that is a target."""
        return rules.targets(self.population.rule)[1]

    @functools.cached_property
    def factor_grid(self) -> int:
        """Grid of the post factors in fixed point, the same for all phases."""
        return min(
            exactness.post_factor(self.population, sign, 2**self.exponent).grid
            for sign in rules.SIGNS
        )

    def factors(self, phase: int, counts: Array, target: Array | None) -> Array:
        """Post factors of a phase.

        Parameters
        ----------
        phase : int
            Which phase of the program.
        counts : (units,) ndarray of int64
            Spikes in the window.
        target : (units,) ndarray of int64 or None
            Spikes of the population whose rates are targets, or the window's length at the neuron
            of the class that is a target and 0 elsewhere.

        Returns
        -------
        (units,) ndarray
            Raw, on `factor_grid`.
        """
        rule, reckon = self.population.rule, self.arithmetic
        number = reckon.ratio(np.zeros_like(counts), self.exponent)
        if rule is not None:
            c = rule.coefficients(self.sign[phase])
            number = self._modulator(c, counts) * reckon.ratio(counts, self.exponent)
        if target is not None:
            number = number + reckon.ratio(target, self.exponent)
        return np.asarray(reckon.floor(number, self.factor_grid))

    def signed_traces(self, factors: Array, bits: int) -> tuple[Array, Array]:
        """Positive and negative part of post factors, as traces of 7 bits without a sign.

        Parameters
        ----------
        factors : (units,) ndarray of int64
            Raw.
        bits : int
            A factor of 1 is ``2^bits``.

        Returns
        -------
        (units,), (units,) ndarray of int64
        """
        half = Dyadic(1, -bits - 1)
        size = (Dyadic(np.abs(factors), self.factor_grid) + half).floor(-bits)
        size = np.minimum(size, 127)
        return np.where(factors > 0, size, 0), np.where(factors < 0, size, 0)

    def _modulator(self, c: rules.Coefficients, counts: Array) -> Number:
        reckon = self.arithmetic
        goodness = reckon.ratio(int(np.square(counts).sum()), 2 * self.exponent)
        distance = reckon.constant(c.theta) - goodness
        line = reckon.constant(0.5) + reckon.constant(c.slope) * distance
        return reckon.constant(c.offset) + reckon.constant(c.gain) * reckon.clip(line, 0, 1)

    def changed_biases(self, bias: Array, counts: Array, factors: Array, rate: Array) -> Array:
        """Biases after a presentation.

        Parameters
        ----------
        bias : (units,) ndarray
            Raw, on the grid 2^-24.
        counts : (units,) ndarray of int64
            Spikes in the window.
        factors : (units,) ndarray
            Raw.
        rate : (1,) ndarray
            Raw, on the grid 2^-20.

        Returns
        -------
        (units,) ndarray
            Raw.
        """
        reckon, card = self.arithmetic, self.population.bias
        total = reckon.number(bias, grids.DRIVE_GRID)
        if self.population.rule is not None and card.learning_rate:
            total = total + reckon.number(rate, grids.RATE_GRID) * reckon.number(
                factors, self.factor_grid
            )
        if card.homeostasis:
            aim = reckon.constant(constants.rate(card.target_rate))
            excess = reckon.ratio(counts, self.exponent) - aim
            total = total - reckon.constant(constants.rate(card.homeostasis)) * excess
        nearest = total + reckon.constant(2.0 ** (grids.DRIVE_GRID - 1))
        limit = reckon.encode(card.limit, grids.DRIVE_GRID)
        return np.clip(reckon.floor(nearest, grids.DRIVE_GRID), -limit, limit)


@dataclass(frozen=True)
class SynapticPlasticity:
    """How the weights of a projection change at the end of a presentation.

    Parameters
    ----------
    arithmetic : Arithmetic
        Integers, or floating point.
    learns : tuple of bool
        By phase: whether the weights change.
    receives : tuple of bool
        By phase: whether post factors arrive, though the projection may not be enabled.
    exponent : int
        The window lasts ``2^exponent`` steps.
    grid : int
        Of the weights.
    trace_grid, factor_grid : int
        Of what a spike carries, and of the post factors.
    low, high : ndarray
        Raw range of the weights.
    key : int
        Of rounding; its children are the samples, theirs the phases.
    senders, receivers : (n_pre,), (n_post,) ndarray of int64
        Counters of the neurons.
    columns : (n_pre, width) ndarray of int64 or None
        Receiver of each synapse; None: dense.
    hollow : bool
        Whether neurons have no synapse with themselves.
    """

    arithmetic: Arithmetic
    learns: tuple[bool, ...]
    receives: tuple[bool, ...]
    exponent: int
    grid: int
    trace_grid: int
    factor_grid: int
    low: Array
    high: Array
    key: int
    senders: Integers
    receivers: Integers
    columns: Integers | None
    hollow: bool

    def change(
        self, weights: Array, trace: Array, factors: Array, rate: Array, sample: int, phase: int
    ) -> None:
        """Change raw weights in place, rounded stochastically.

        Parameters
        ----------
        weights : (n_pre, width) ndarray
            Weights, changed in place.
        trace : (n_pre,) ndarray
            Raw sum of the payloads in the window.
        factors : (n_post,) ndarray
            Raw post factors.
        rate : (1,) ndarray
            Raw, on the grid 2^-20.
        sample, phase : int
            Number of the sample, and phase of the program.
        """
        reckon = self.arithmetic
        rows = np.flatnonzero(trace)
        if not len(rows) or not factors.any():
            return  # a change of 0 is rounded to 0
        columns: Array | slice = slice(None) if self.columns is None else self.columns[rows]
        pre = reckon.number(trace[rows, None], self.trace_grid)
        pre = pre * reckon.constant(2.0**-self.exponent)
        post = reckon.number(rate, grids.RATE_GRID) * reckon.number(factors, self.factor_grid)
        total = pre * post[columns] + self._noise(rows, columns, sample, phase)
        new = weights[rows] + reckon.floor(total, self.grid)
        np.clip(new, self.low, self.high, out=new)
        if self.hollow and self.columns is not None:
            new[self.columns[rows] == rows[:, None]] = 0
        weights[rows] = new

    def _noise(self, rows: Integers, columns: Array | slice, sample: int, phase: int) -> Number:
        key = counter.derive_key(self.key, sample, phase)
        senders, receivers = (
            (
                counter.derive_keys(counter.derive_key(key, side), counters)
                >> np.uint64(64 - counter.UNIFORM_BITS)
            ).astype(np.int64)
            for side, counters in enumerate((self.senders[rows], self.receivers))
        )
        bits = (senders[:, None] + receivers[columns]) & _MASK
        return self.arithmetic.ratio(bits, counter.UNIFORM_BITS - self.grid)
