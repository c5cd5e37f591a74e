"""Compiled learning: compare, learn, and the choice of a rival."""

from __future__ import annotations

import numba
import numpy as np

from pffspike.engines.numba.kernel import UNIT, nearest
from pffspike.engines.numba.plan import CONTRAST, COPY, GOODNESS, TEACH
from pffspike.engines.numba.random import bits, derive


@numba.njit(cache=True, nogil=True)
def squares(counts):  # type: ignore[no-untyped-def]
    """Sum of squared counts."""
    total = 0
    for j in range(len(counts)):
        total += counts[j] * counts[j]
    return total


@numba.njit(cache=True, nogil=True)
def modulator(goodness, threshold, slope, low, contrast):  # type: ignore[no-untyped-def]
    """Third factor, see `pffspike.network.spec.Goodness`."""
    label = 1.0 if contrast > 0 else 0.0
    distance = slope * (threshold - goodness)
    if low:
        return min(max(0.5 + distance, 0.0), 1.0) - label
    return label - min(max(0.5 - distance, 0.0), 1.0)


@numba.njit(cache=True, nogil=True)
def compare(memory, populations, phases, phase, p, window, classes):  # type: ignore[no-untyped-def]
    """Post factors of a population; whether any is not 0."""
    start, size = populations.start[p], populations.size[p]
    counts, factors = memory.counts[start : start + size], memory.factors[start : start + size]
    rule = populations.rule[p]
    if rule == GOODNESS:
        third = modulator(
            squares(counts) / window**2,
            populations.threshold[p],
            populations.slope[p],
            populations.low[p],
            phases.contrast[phase],
        )
        factors[:] = 2.0 * third * (counts / window)
    elif rule == CONTRAST:
        factors[:] = phases.contrast[phase] * (counts / window)
    elif rule == COPY:
        first = populations.start[populations.target[p]]
        factors[:] = (memory.counts[first : first + size] - counts) / window
    elif rule == TEACH:
        factors[:] = counts / -window
        factors[classes[phases.teacher[phase, p]]] += 1.0
    else:
        factors[:] = 0.0
    return factors.any()


@numba.njit(cache=True, nogil=True)
def change_biases(biases, memory, populations, p, rate, window):  # type: ignore[no-untyped-def]
    """Learning and homeostasis of the biases of a population."""
    for j in range(populations.start[p], populations.start[p] + populations.size[p]):
        excess = memory.counts[j] / window - populations.rate[p]
        step = rate * memory.factors[j] - populations.homeostasis[p] * excess
        limit = populations.limit[p]
        biases[j] = min(max(nearest(biases[j] + step), -limit), limit)


@numba.njit(cache=True, nogil=True)
def change_row(row, pre, post, sender, receivers, low, high):  # type: ignore[no-untyped-def]
    """Add ``pre * post``, rounded stochastically, and clip; all in units of the grid."""
    for j in range(len(row)):
        noise = sender + receivers[j]
        noise -= 1.0 if noise >= 1.0 else 0.0
        row[j] = min(max(row[j] + np.floor(pre * post[j] + noise), low), high)


@numba.njit(cache=True, nogil=True)
def change_weights(weights, memory, populations, projections, r, rate, window):  # type: ignore[no-untyped-def]
    """Change the rows of a projection whose senders were active."""
    pre, post = projections.pre[r], projections.post[r]
    first, start, size = populations.start[pre], populations.start[post], populations.size[post]
    factors, receivers = (
        memory.factors[start : start + size],
        memory.receivers[start : start + size],
    )
    width, block, offset = projections.width[r], projections.block[r], projections.offset[r]
    scale = rate / projections.unit[r]
    low, high = projections.low[r], projections.high[r]
    for i in range(populations.size[pre]):
        if memory.counts[first + i] == 0:
            continue
        active = memory.traces[first + i]
        if not projections.normalized[r]:
            active = np.float64(memory.counts[first + i])
        active *= scale / window
        sender = memory.senders[first + i]
        row = weights[offset + i * width : offset + (i + 1) * width]
        if block == 0:
            change_row(row, active, factors, sender, receivers, low, high)
            continue
        begin = i // block * block
        own = row[i - begin]
        end = begin + width
        change_row(row, active, factors[begin:end], sender, receivers[begin:end], low, high)
        if projections.hollow[r]:
            row[i - begin] = own


@numba.njit(cache=True, nogil=True)
def draw_noise(noise, key, position):  # type: ignore[no-untyped-def]
    """Uniform numbers of the neurons of a population."""
    for j in range(len(noise)):
        noise[j] = bits(key, position + np.uint64(j)) * UNIT


@numba.njit(cache=True, nogil=True)
def learn(weights, biases, memory, plan, phase, key, classes, rates, bias_rates):  # type: ignore[no-untyped-def]
    """Apply the rules of the populations that learn in a phase."""
    populations, projections, phases, course = plan
    window = course.window
    sender_key, receiver_key = derive(key, np.uint64(0)), derive(key, np.uint64(1))
    drawn = False
    for p in range(len(populations.start)):
        if not phases.learns[phase, p]:
            continue
        if compare(memory, populations, phases, phase, p, window, classes):
            if not drawn:
                drawn = True
                for q in range(len(populations.start)):
                    start, size = populations.start[q], populations.size[q]
                    position = populations.counter[q]
                    draw_noise(memory.senders[start : start + size], sender_key, position)
                    draw_noise(memory.receivers[start : start + size], receiver_key, position)
            for r in range(len(projections.pre)):
                if projections.post[r] == p and phases.plastic[phase, r]:
                    change_weights(weights, memory, populations, projections, r, rates[r], window)
        change_biases(biases, memory, populations, p, bias_rates[p], window)


@numba.njit(cache=True, nogil=True)
def strongest_rival(memory, populations, course, truth, sample):  # type: ignore[no-untyped-def]
    """The most convincing wrong class, see `pffspike.network.spec.Rival`."""
    key = derive(course.rivals, sample)
    start, size = populations.start[course.population], populations.size[course.population]
    best, highest = 0, -1.0
    for j in range(size):
        if j == truth:
            continue
        score = memory.counts[start + j] + course.noise * (bits(key, np.uint64(j)) * UNIT)
        if score > highest:
            best, highest = j, score
    return best
