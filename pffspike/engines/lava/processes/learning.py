"""The rules of a network at the end of a presentation, as the processes apply them.

Each formula is that of `pffspike.network.spec`, in the arithmetic of the models.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from pffspike.arithmetic import counter, grids
from pffspike.engines.lava.processes.arithmetic import Dyadic, Number
from pffspike.engines.lava.processes.plan import (
    Clock,
    PopulationPlasticity,
    Setting,
    Synapses,
    SynapticPlasticity,
)
from pffspike.network import constants, rows
from pffspike.typing import Array, Bools, Integers

FACTOR_BITS = 6  #: of a post factor of 1, where it is sent as a trace of 7 bits
_MASK = np.int64((1 << counter.UNIFORM_BITS) - 1)


@contextmanager
def kept(values: Array, fixed: Bools | None) -> Iterator[None]:
    """Put back, after a change of weights or biases, those that are fixed; None: nothing is."""
    before = None if fixed is None else values[fixed]
    yield
    if fixed is not None:
        values[fixed] = before


class PopulationLearning:
    """What a population does at the end of a presentation.

    Parameters
    ----------
    plasticity : PopulationPlasticity
        Of its neurons.
    clock : Clock
        Of the program.
    setting : Setting
        How it is run.
    """

    def __init__(self, plasticity: PopulationPlasticity, clock: Clock, setting: Setting) -> None:
        self.plasticity, self.exponent = plasticity, clock.exponent
        self.arithmetic = setting.arithmetic

    def factors(self, sign: int, counts: Array, target: Array | None) -> Array:
        """Post factors of a phase.

        Parameters
        ----------
        sign : {-1, 0, 1}
            Of the phase.
        counts : (units,) ndarray of int64
            Spikes in the window.
        target : (units,) ndarray of int64 or None
            Spikes of the population whose rates are targets, or the window's length at the neuron
            of the class that is a target and 0 elsewhere.

        Returns
        -------
        (units,) ndarray
            Raw, on the grid of the factors.
        """
        reckon, coefficients = self.arithmetic, self.plasticity.coefficients
        number = reckon.ratio(np.zeros_like(counts), self.exponent)
        if coefficients is not None:
            modulator = self._modulator(*coefficients[1 + sign], counts=counts)
            number = modulator * reckon.ratio(counts, self.exponent)
        if target is not None:
            number = number + reckon.ratio(target, self.exponent)
        return np.asarray(reckon.floor(number, self.plasticity.factor_grid))

    def _modulator(
        self, offset: float, gain: float, slope: float, theta: float, *, counts: Array
    ) -> Number:
        reckon = self.arithmetic
        goodness = reckon.ratio(int(np.square(counts).sum()), 2 * self.exponent)
        distance = reckon.constant(theta) - goodness
        line = reckon.constant(0.5) + reckon.constant(slope) * distance
        return reckon.constant(offset) + reckon.constant(gain) * reckon.clip(line, 0, 1)

    def signed_traces(self, factors: Array) -> tuple[Array, Array]:
        """Positive and negative part of post factors, as traces of 7 bits without a sign.

        Parameters
        ----------
        factors : (units,) ndarray of int64
            Raw.

        Returns
        -------
        (units,), (units,) ndarray of int64
            A factor of 1 is ``2^FACTOR_BITS``.
        """
        half = Dyadic(1, -FACTOR_BITS - 1)
        size = Dyadic(np.abs(factors), self.plasticity.factor_grid) + half
        size = np.minimum(size.floor(-FACTOR_BITS), 127)
        return np.where(factors > 0, size, 0), np.where(factors < 0, size, 0)

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
        reckon, card = self.arithmetic, self.plasticity
        total = reckon.number(bias, grids.DRIVE_GRID)
        if card.coefficients is not None and card.learning_rate:
            total = total + reckon.number(rate, grids.RATE_GRID) * reckon.number(
                factors, card.factor_grid
            )
        if card.homeostasis:
            aim = reckon.constant(constants.rate(card.target_rate))
            excess = reckon.ratio(counts, self.exponent) - aim
            total = total - reckon.constant(constants.rate(card.homeostasis)) * excess
        nearest = total + reckon.constant(2.0 ** (grids.DRIVE_GRID - 1))
        limit = reckon.encode(card.limit, grids.DRIVE_GRID)
        return np.clip(reckon.floor(nearest, grids.DRIVE_GRID), -limit, limit)


class SynapticLearning:
    """How the weights of a projection change at the end of a presentation.

    Parameters
    ----------
    synapses : Synapses
        That learn.
    plasticity : SynapticPlasticity
        Theirs.
    clock : Clock
        Of the program.
    setting : Setting
        How it is run.
    """

    def __init__(
        self,
        synapses: Synapses,
        plasticity: SynapticPlasticity,
        clock: Clock,
        setting: Setting,
    ) -> None:
        self.plasticity, self.exponent, self.grid = plasticity, clock.exponent, synapses.grid
        self.arithmetic = setting.arithmetic
        self.low, self.high = (
            self.arithmetic.encode(limit, synapses.grid)
            for limit in (plasticity.low, plasticity.high)
        )
        self.key = counter.derive_key(setting.seed, counter.ROUNDING)
        self.senders, self.receivers = (
            counter.neuron_counters(index, size)
            for index, size in zip(synapses.indices, synapses.sizes, strict=True)
        )
        self.columns = rows.receivers(synapses, synapses.sizes[0])
        #: whether neurons have no synapse with themselves
        self.hollow = synapses.connectivity == "blocks"

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
        active = np.flatnonzero(trace)
        if not len(active) or not factors.any():
            return  # a change of 0 is rounded to 0
        columns: Array | slice = slice(None) if self.columns is None else self.columns[active]
        pre = reckon.number(trace[active, None], self.plasticity.trace_grid)
        pre = pre * reckon.constant(2.0**-self.exponent)
        post = reckon.number(rate, grids.RATE_GRID)
        post = post * reckon.number(factors, self.plasticity.factor_grid)
        total = pre * post[columns] + self._noise(active, columns, sample, phase)
        new = weights[active] + reckon.floor(total, self.grid)
        np.clip(new, self.low, self.high, out=new)
        if self.hollow and self.columns is not None:
            new[self.columns[active] == active[:, None]] = 0
        weights[active] = new

    def _noise(self, active: Integers, columns: Array | slice, sample: int, phase: int) -> Number:
        key = counter.derive_key(self.key, sample, phase)
        senders, receivers = (
            (
                counter.derive_keys(counter.derive_key(key, side), counters)
                >> np.uint64(64 - counter.UNIFORM_BITS)
            ).astype(np.int64)
            for side, counters in enumerate((self.senders[active], self.receivers))
        )
        bits = (senders[:, None] + receivers[columns]) & _MASK
        return self.arithmetic.ratio(bits, counter.UNIFORM_BITS - self.grid)
