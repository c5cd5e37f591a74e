"""Compiled learning: compare, learn, and the choice of a hard negative."""

from __future__ import annotations

import numpy as np

from pffspike.arithmetic import counter
from pffspike.engines.numba.compiled import contracted, inner
from pffspike.engines.numba.kernel import UNIT, fill, nearest
from pffspike.engines.numba.random import bits, derive, mix, mixed

_NOISE = 2.0**-32
_HIGH = np.uint64(32)
_BITS = np.uint32(2**32 - 2 ** (32 - counter.UNIFORM_BITS))  #: a uniform number's, times 2^32
_HALF = np.uint32(2**31)


@inner
def squares(counts):  # type: ignore[no-untyped-def]
    """Sum of squared counts."""
    total = 0
    for j in range(len(counts)):
        total += counts[j] * counts[j]
    return total


@inner
def is_any(values):  # type: ignore[no-untyped-def]
    """Whether one is not 0."""
    count = 0
    for j in range(len(values)):
        count += values[j] != 0
    return count > 0


@inner
def compare(memory, populations, phases, phase, p, window, classes):  # type: ignore[no-untyped-def]
    """Post factors of a population, see `pffspike.network.rules`; whether any is not 0."""
    start, size = populations.start[p], populations.size[p]
    counts, factors = memory.counts[start : start + size], memory.factors[start : start + size]
    sign = phases.sign[phase] if phases.signed_by[phase] < 0 else classes[phases.signed_by[phase]]
    row, unit = 1 + sign, 1.0 / window
    modulator = populations.offset[row, p]
    if populations.line[row, p] != 0:
        distance = populations.theta[row, p] - squares(counts) * unit * unit
        line = 0.5 + populations.slope[row, p] * distance
        modulator += populations.line[row, p] * min(max(line, 0.0), 1.0)
    target, teacher = populations.target[p], phases.teacher[phase, p]
    if target >= 0:
        first = populations.start[target]
        targets = memory.counts[first : first + size]
        for j in range(size):
            factors[j] = unit * (modulator * counts[j] + targets[j])
    else:
        for j in range(size):
            factors[j] = modulator * unit * counts[j]
    if teacher >= 0:
        factors[classes[teacher]] += 1.0
    return is_any(factors)


@inner
def change_biases(biases, memory, populations, p, rate, window):  # type: ignore[no-untyped-def]
    """Learning and homeostasis of the biases of a population."""
    start, stop = populations.start[p], populations.start[p] + populations.size[p]
    b, counts, factors = biases[start:stop], memory.counts[start:stop], memory.factors[start:stop]
    limit, unit = populations.limit[p], 1.0 / window
    homeostasis, aim = populations.homeostasis[p], populations.rate[p]
    for j in range(stop - start):
        step = rate * factors[j] - homeostasis * (unit * counts[j] - aim)
        b[j] = min(max(nearest(b[j] + step), -limit), limit)


@contracted
def change_row(row, scale, factors, noise, noises, low, high):  # type: ignore[no-untyped-def]
    """Add ``scale * factors``, rounded stochastically, and clip; all in units of the grid.

    ``noise`` and ``noises`` are times 2^32: their sum wraps around at 1. That of the sender is a
    half less, so that the sum is a number with a sign, which processors convert in one instruction.
    """
    whole = row.dtype.type  # Numba would make any sum 64 bits wide
    for j in range(len(row)):
        random = np.float64(np.int32(noise + noises[j])) * _NOISE + 0.5
        new = whole(row[j] + whole(np.floor(scale * factors[j] + random)))
        row[j] = min(max(new, low), high)


@inner
def change_weights(weights, memory, populations, projections, r, rate, window):  # type: ignore[no-untyped-def]
    """Change the weights of a projection whose senders were active."""
    pre, post = projections.pre[r], projections.post[r]
    first, n_senders = populations.start[pre], populations.size[pre]
    start, padded = populations.start[post], populations.padded[post]
    scale = rate / (projections.unit[r] * window)
    traces = memory.pre_traces[:n_senders]
    for i in range(n_senders):
        pace = memory.traces[first + i] if projections.normalized[r] else memory.counts[first + i]
        traces[i] = scale * pace
    factors, receivers = (
        memory.factors[start : start + padded],
        memory.receivers[start : start + padded],
    )
    senders, offset = memory.senders[first : first + n_senders], projections.offset[r]
    low, high = weights.dtype.type(projections.low[r]), weights.dtype.type(projections.high[r])
    block = projections.block[r]
    if block == 0:
        for i in range(n_senders):
            if traces[i] != 0:
                row = weights[offset + i * padded : offset + (i + 1) * padded]
                change_row(row, traces[i], factors, senders[i], receivers, low, high)
    elif block == 1 and not projections.zero_diagonal[r]:
        own, receivers = weights[offset : offset + n_senders], receivers[:n_senders]
        change_own(own, traces, factors, senders, receivers, low, high)
    else:
        change_blocks(
            weights[offset : offset + n_senders * block],
            traces,
            factors,
            senders,
            receivers,
            block,
            projections.zero_diagonal[r],
            low,
            high,
            memory.listed,
            memory.receiving,
        )


@inner
def list_nonzero(values, listed):  # type: ignore[no-untyped-def]
    """List where values are not 0; their number."""
    count = 0
    for j in range(len(values)):
        listed[count] = j
        count += values[j] != 0
    return count


@contracted
def change_own(weights, traces, factors, senders, receivers, low, high):  # type: ignore[no-untyped-def]
    """See `change_row`, for a synapse from each neuron to itself."""
    whole = weights.dtype.type
    for j in range(len(weights)):
        random = np.float64(np.int32(senders[j] + receivers[j])) * _NOISE + 0.5
        new = whole(weights[j] + whole(np.floor(traces[j] * factors[j] + random)))
        weights[j] = min(max(new, low), high)


@inner
def change_blocks(  # type: ignore[no-untyped-def]
    weights,
    traces,
    factors,
    senders,
    receivers,
    block,
    zero_diagonal,
    low,
    high,
    sending,
    receiving,
):
    """See `change_row`, for projections in blocks; ``sending`` and ``receiving`` are memory."""
    for begin in range(0, len(traces), block):
        posts, noises = factors[begin : begin + block], receivers[begin : begin + block]
        n_receiving = list_nonzero(posts, receiving)
        n_sending = list_nonzero(traces[begin : begin + block], sending)
        for s in range(n_sending):
            own = sending[s]
            i = begin + own
            row = weights[i * block : (i + 1) * block]
            kept = row[own]
            for k in range(n_receiving):
                j = receiving[k]
                random = np.float64(np.int32(senders[i] + noises[j])) * _NOISE + 0.5
                change = np.int64(np.floor(traces[i] * posts[j] + random))
                row[j] = min(max(row[j] + change, low), high)
            if zero_diagonal:
                row[own] = kept


@inner
def draw_noise(noise, offsets, begin, added):  # type: ignore[no-untyped-def]
    """Uniform numbers of the neurons of a population, times 2^32, more by what is ``added``.

    ``begin`` is what the random number of the first one mixes.
    """
    for j in range(len(noise)):
        noise[j] = (np.uint32(mix(begin + offsets[j]) >> _HIGH) & _BITS) + added


@inner
def learn(weights, biases, memory, plan, phase, key, classes, rates, bias_rates):  # type: ignore[no-untyped-def]
    """Apply the rules of the populations that learn in a phase."""
    populations, projections, phases, schedule, fixed = plan
    window = schedule.window
    sender_key, receiver_key = derive(key, np.uint64(0)), derive(key, np.uint64(1))
    fill(memory.drawn, False)
    for p in range(len(populations.start)):
        if not phases.learns[phase, p]:
            continue
        if compare(memory, populations, phases, phase, p, window, classes):
            start, size = populations.start[p], populations.size[p]
            begin = mixed(receiver_key, populations.counter[p])
            receivers = memory.receivers[start : start + size]
            draw_noise(receivers, populations.offsets, begin, np.uint32(0))
            for r in range(len(projections.pre)):
                if projections.post[r] != p or not phases.plastic[phase, r]:
                    continue
                q = projections.pre[r]
                if not memory.drawn[q]:
                    start, size = populations.start[q], populations.size[q]
                    begin = mixed(sender_key, populations.counter[q])
                    senders = memory.senders[start : start + size]
                    draw_noise(senders, populations.offsets, begin, _HALF)
                    memory.drawn[q] = True
                change_weights(weights, memory, populations, projections, r, rates[r], window)
                for k in range(fixed.first[r], fixed.first[r + 1]):
                    weights[fixed.weights[k]] = fixed.weight_values[k]
        change_biases(biases, memory, populations, p, bias_rates[p], window)
    for k in range(len(fixed.biases)):
        biases[fixed.biases[k]] = fixed.bias_values[k]


@inner
def strongest_hard_negative(memory, populations, schedule, truth, sample):  # type: ignore[no-untyped-def]
    """The most convincing wrong class, see `pffspike.network.spec.HardNegative`."""
    key = derive(schedule.hard_negatives, sample)
    start, size = populations.start[schedule.population], populations.size[schedule.population]
    best, highest = 0, -1.0
    for j in range(size):
        if j == truth:
            continue
        score = memory.counts[start + j] + schedule.noise * (bits(key, np.uint64(j)) * UNIT)
        if score > highest:
            best, highest = j, score
    return best
