"""The end of a presentation: compare and learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from pffspike.arithmetic import counter, grids
from pffspike.engines.reference.presentation import Activity
from pffspike.network import constants, signs, structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import (
    Network,
    Phase,
    Population,
    Program,
    Projection,
)
from pffspike.typing import Bools, Floats, Signals


def goodness(counts: Floats, window: int) -> Floats:
    """Sum over neurons of the squared rate: ``(batch, units)`` counts to ``(batch,)``."""
    return np.square(counts).sum(axis=1) / window**2


def post_factors(
    population: Population,
    phase: Phase,
    activity: Activity,
    signals: Signals,
    window: int,
) -> Floats:
    """Factors ``f_j`` of a population that learns, see `pffspike.network.rules`.

    Returns
    -------
    (batch, units) ndarray of float64
    """
    counts, rule = activity.counts[population.name], population.rule
    rates = counts / window
    if rule is None:
        return np.zeros_like(rates)
    c = signs.coefficients(rule, phase, signals)
    distance = c["theta"] - goodness(counts, window)
    modulator = grids.saturate(0.5 + c["slope"] * distance, 0.0, 1.0)
    factors = (c["offset"] + c["gain"] * modulator)[:, None] * rates
    if rule.target_population is not None:
        factors += activity.counts[rule.target_population] / window
    if rule.target_signal is not None:
        factors += signals[rule.target_signal][:, None] == np.arange(population.size)
    return factors


def learn(
    network: Network,
    program: Program,
    phase: Phase,
    activity: Activity,
    signals: Signals,
    parameters: Parameters,
    key: int,
    learning_scale: float,
) -> None:
    """Apply the rules of a phase to ``parameters``, in place.

    The changes of a batch are added and rounded once.

    Parameters
    ----------
    key : int
        Of the rounding of this presentation: child 0 gives a number for each sender, child 1
        one for each receiver. Their sum modulo 1 rounds a synapse: uniform, and independent
        from synapse to synapse in pairs, at the cost of a draw a neuron.
    """
    window = program.window
    for name in phase.learn:
        population = network.population(name)
        counts = activity.counts[name]
        factors = post_factors(population, phase, activity, signals, window)
        for projection in network.projections:
            if (
                projection.post != name
                or projection.learning_rate == 0
                or projection.name not in phase.projections
            ):
                continue
            source = activity.traces if projection.normalized else activity.counts
            rate = constants.rate(projection.learning_rate, learning_scale)
            with _kept(parameters.weights, parameters.fixed_weights, projection.name) as w:
                _change_weights(
                    network, projection, w, source[projection.pre] / window, rate * factors, key
                )
        bias = population.bias
        step = constants.rate(bias.learning_rate, learning_scale) * factors.sum(axis=0)
        excess = counts / window - constants.rate(bias.target_rate)
        step = step - constants.rate(bias.homeostasis) * excess.sum(axis=0)
        with _kept(parameters.biases, parameters.fixed_biases, name) as b:
            near = grids.nearest(b + step, grids.DRIVE_GRID)
            b[:] = grids.saturate(near, -bias.limit, bias.limit)


@contextmanager
def _kept(values: Mapping[str, Floats], fixed: Mapping[str, Bools], name: str) -> Iterator[Floats]:
    """Weights or biases to be changed, of which those that are fixed are put back."""
    changed = values[name]
    before = changed[fixed[name]] if name in fixed else None
    yield changed
    if before is not None:
        changed[fixed[name]] = before


def _change_weights(
    network: Network,
    projection: Projection,
    w: Floats,
    pre: Floats,
    post: Floats,
    key: int,
) -> None:
    rows = np.flatnonzero(pre.any(axis=0))  # a change of zero is rounded to zero
    senders, receivers = (
        counter.uniform(
            counter.derive_key(key, side),
            counter.neuron_counters(network.index(name), network.population(name).size),
        )
        for side, name in enumerate((projection.pre, projection.post))
    )
    noise = senders[rows, None] + receivers
    noise -= np.floor(noise)
    new = w[rows] + grids.stochastic(pre[:, rows].T @ post, noise, projection.grid)
    new = grids.saturate(new, projection.low, projection.high)
    if projection.connectivity != "dense":
        new *= structure.mask(network, projection)[rows]
    w[rows] = new
