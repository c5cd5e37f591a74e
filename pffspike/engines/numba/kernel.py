"""Compiled presentations: draw, deliver, trace.

Weights and their sums are integers, so that order does not matter; drives are double-precision
numbers whose sums are exact (`pffspike.network.exactness`). A step costs what its spikes cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from pffspike.arithmetic import counter, grids
from pffspike.engines.numba.plan import CLAMPED, COMPUTED, FOLLOWING, INACTIVE
from pffspike.engines.numba.random import bits, derive

UNIT = 2.0**-counter.UNIFORM_BITS  #: of uniform numbers
_ONES = 2.0**counter.UNIFORM_BITS
_NEAREST = 2.0**-grids.DRIVE_GRID
_CHUNK = 512  #: receivers whose sums in all steps stay in the fastest cache
_GATHER = np.uint64(0x0102040810204080)


@intrinsic
def trailing_zeros(typing_context, word):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Number of zeros below the lowest bit that is set."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return builder.cttz(arguments[0], cgutils.true_bit)

    return types.int64(types.uint64), generate


class Memory(NamedTuple):
    """Working arrays of one thread.

    ``fired`` holds in each step the spiking neurons of every population, from its first place
    on, and ``many`` their number. ``kept`` holds the sums that later phases of a sample use again.
    """

    fired: np.ndarray  #: (steps, neurons) int32
    many: np.ndarray  #: (steps, populations) int64
    sums: np.ndarray  #: (accumulators,) of the weights' type
    kept: np.ndarray  #: (steps, accumulators) of the weights' type
    drive: np.ndarray  #: (neurons,) float64
    counts: np.ndarray  #: (neurons,) int64
    traces: np.ndarray  #: (neurons,) float64
    factors: np.ndarray  #: (neurons,) float64
    bright: np.ndarray  #: (probabilities,) int64: places whose probability is above 0
    levels: np.ndarray  #: (probabilities,) int64: these probabilities times 2^24
    senders: np.ndarray  #: (neurons,) uint32: noise of rounding times 2^32
    receivers: np.ndarray  #: (neurons,) uint32
    ahead: np.ndarray  #: (projections,) bool: whose sums in all steps are kept already
    steps_of: np.ndarray  #: (probabilities,) uint64: a bit for each step with a spike
    listed: np.ndarray  #: (64,) int64
    drawn: np.ndarray  #: (populations,) bool: whose senders have their noise
    active: np.ndarray  #: (neurons,) float64: pre traces
    words: np.ndarray  #: (neurons / 8,) uint64
    hits: np.ndarray  #: (neurons,) uint8: the same memory as ``words``


@numba.njit(nogil=True)
def add_rows(sums, weights, offset, senders, many):  # type: ignore[no-untyped-def]
    """Add up whole rows of weights, eight at a time."""
    width = len(sums)
    sums[:] = 0
    k = 0
    while k + 8 <= many:
        a, b = offset + senders[k] * width, offset + senders[k + 1] * width
        c, d = offset + senders[k + 2] * width, offset + senders[k + 3] * width
        e, f = offset + senders[k + 4] * width, offset + senders[k + 5] * width
        g, h = offset + senders[k + 6] * width, offset + senders[k + 7] * width
        w0, w1 = weights[a : a + width], weights[b : b + width]
        w2, w3 = weights[c : c + width], weights[d : d + width]
        w4, w5 = weights[e : e + width], weights[f : f + width]
        w6, w7 = weights[g : g + width], weights[h : h + width]
        for j in range(width):
            sums[j] += (w0[j] + w1[j]) + (w2[j] + w3[j]) + (w4[j] + w5[j]) + (w6[j] + w7[j])
        k += 8
    if k + 4 <= many:
        a, b = offset + senders[k] * width, offset + senders[k + 1] * width
        c, d = offset + senders[k + 2] * width, offset + senders[k + 3] * width
        w0, w1 = weights[a : a + width], weights[b : b + width]
        w2, w3 = weights[c : c + width], weights[d : d + width]
        for j in range(width):
            sums[j] += (w0[j] + w1[j]) + (w2[j] + w3[j])
        k += 4
    while k < many:
        a = offset + senders[k] * width
        row = weights[a : a + width]
        for j in range(width):
            sums[j] += row[j]
        k += 1


@numba.njit(nogil=True)
def add_blocks(drive, weights, offset, block, factor, senders, many):  # type: ignore[no-untyped-def]
    """Add to a drive rows that cover the receivers of a block only."""
    if block == 1:
        row = weights[offset : offset + len(drive)]
        for k in range(many):
            drive[senders[k]] += factor * row[senders[k]]
        return
    for k in range(many):
        sender = np.int64(senders[k])
        begin = sender // block * block
        part, row = drive[begin : begin + block], weights[offset + sender * block :]
        for j in range(block):
            part[j] += factor * row[j]


@numba.njit(nogil=True)
def add_ahead(kept, place, room, weights, offset, bright, steps_of, steps):  # type: ignore[no-untyped-def]
    """Add up rows of weights for all steps at once, sender by sender.

    Where senders do not depend on the network, a row is read once, and not in every step in which
    its sender spikes. ``steps_of`` has a bit for each of them; ``steps`` is room for a list.
    """
    for t in range(len(kept)):
        kept[t, place : place + room] = 0
    for first in range(0, room, _CHUNK):
        width = min(_CHUNK, room - first)
        begin = place + first
        for k in range(len(bright)):
            a = offset + bright[k] * room + first
            row, left = weights[a : a + width], steps_of[k]
            many = 0
            while left != 0:
                steps[many] = trailing_zeros(left)
                left &= left - np.uint64(1)
                many += 1
            for n in range(0, many - many % 4, 4):
                s0 = kept[steps[n], begin : begin + width]
                s1 = kept[steps[n + 1], begin : begin + width]
                s2 = kept[steps[n + 2], begin : begin + width]
                s3 = kept[steps[n + 3], begin : begin + width]
                for j in range(width):
                    s0[j] += row[j]
                    s1[j] += row[j]
                    s2[j] += row[j]
                    s3[j] += row[j]
            for n in range(many - many % 4, many):
                s0 = kept[steps[n], begin : begin + width]
                for j in range(width):
                    s0[j] += row[j]


@numba.njit(nogil=True, fastmath={"contract"})
def add_drive(drive, sums, factor):  # type: ignore[no-untyped-def]
    """Add sums of weights to a drive."""
    for j in range(len(drive)):
        drive[j] += factor * sums[j]


@numba.njit(nogil=True)
def draw(drive, key, position, fired, hits, words):  # type: ignore[no-untyped-def]
    """List the neurons that spike; their number. ``words`` is ``hits``, eight at a time."""
    size = len(drive)
    for j in range(size):
        hits[j] = drive[j] * _ONES > bits(key, position + np.uint64(j))
    return collect(size, hits, words, fired)


@numba.njit(nogil=True)
def draw_signal(bright, levels, key, position, fired, hits, steps_of, step):  # type: ignore[no-untyped-def]
    """List the neurons that spike, of those with a probability above 0; their number."""
    for k in range(len(bright)):
        hits[k] = levels[k] > bits(key, position + np.uint64(bright[k]))
    many = 0
    for k in range(len(bright)):
        fired[many] = bright[k]
        many += hits[k]
    for k in range(len(bright)):
        steps_of[k] |= np.uint64(hits[k]) << np.uint64(step)
    return many


@numba.njit(nogil=True)
def collect(size, hits, words, fired):  # type: ignore[no-untyped-def]
    """List the places of hits (1, others 0), 64 at a time; their number."""
    hits[size : -(-size // 64) * 64] = 0
    many = 0
    for k in range(0, size, 64):
        mask = np.uint64(0)
        for j in range(8):
            # The product moves the lowest bits of eight bytes into the highest byte.
            mask |= ((words[k // 8 + j] * _GATHER) >> np.uint64(56)) << np.uint64(8 * j)
        while mask != 0:
            fired[many] = k + trailing_zeros(mask)
            mask &= mask - np.uint64(1)
            many += 1
    return many


@numba.njit(nogil=True)
def deliver(weights, memory, projections, populations, phases, phase, step):  # type: ignore[no-untyped-def]
    """Add to the drives what the spikes of ``step`` cause."""
    for r in range(len(projections.pre)):
        if not phases.enabled[phase, r]:
            continue
        pre, post = projections.pre[r], projections.post[r]
        many = memory.many[step, pre]
        if many == 0:
            continue
        factor = projections.unit[r]
        if projections.normalized[r]:
            factor *= populations.gains[populations.gain[pre] + many]
        start, room = populations.start[post], populations.room[post]
        place = projections.sums[r]
        sums = memory.sums[place : place + room]
        if phases.known_sums[phase, r] or memory.ahead[r]:
            sums = memory.kept[step, place : place + room]
        else:
            begin = populations.start[pre]
            senders = memory.fired[step, begin : begin + many]
            offset, block = projections.offset[r], projections.block[r]
            if block != 0:
                drive = memory.drive[start : start + room]
                add_blocks(drive, weights, offset, block, factor, senders, many)
                continue
            add_rows(sums, weights, offset, senders, many)
            if projections.kept[r]:
                memory.kept[step, place : place + room] = sums
        add_drive(memory.drive[start : start + room], sums, factor)


@numba.njit(nogil=True)
def look_ahead(  # type: ignore[no-untyped-def]
    weights, memory, populations, projections, phases, phase, steps, key, columns, widths
):
    """Draw the spikes of signals of probabilities for all steps, and add up what they cause."""
    memory.ahead[:] = False
    for p in range(len(populations.start)):
        source = phases.source[phase, p]
        if (
            phases.state[phase, p] != FOLLOWING
            or widths[source] < 0
            or phases.known_spikes[phase, p]
        ):
            continue
        start, size = populations.start[p], populations.size[p]
        first, last = columns[source], columns[source] + widths[source]
        bright, levels = memory.bright[first:last], memory.levels[first:last]
        steps_of = memory.steps_of[: last - first]
        steps_of[:] = 0
        for t in range(steps):
            fired, step_key = memory.fired[t, start : start + size], derive(key, np.uint64(t))
            position = populations.counter[p]
            memory.many[t, p] = draw_signal(
                bright, levels, step_key, position, fired, memory.hits, steps_of, t
            )
        for r in range(len(projections.pre)):
            if projections.pre[r] == p and phases.enabled[phase, r] and projections.ahead[r]:
                room, place = populations.room[projections.post[r]], projections.sums[r]
                offset = projections.offset[r]
                add_ahead(
                    memory.kept, place, room, weights, offset, bright, steps_of, memory.listed
                )
                memory.ahead[r] = True


@numba.njit(nogil=True)
def fire(memory, populations, phases, phase, step, key, classes, widths):  # type: ignore[no-untyped-def]
    """Draw the spikes of the other populations in a step; ``classes`` holds those of signals."""
    for p in range(len(populations.start)):
        if phases.known_spikes[phase, p]:
            continue
        start, size = populations.start[p], populations.size[p]
        fired = memory.fired[step, start : start + size]
        state, source, many = phases.state[phase, p], phases.source[phase, p], 0
        if state == COMPUTED:
            drive = memory.drive[start : start + size]
            many = draw(drive, key, populations.counter[p], fired, memory.hits, memory.words)
        elif state == FOLLOWING and widths[source] >= 0:
            continue
        elif state != INACTIVE:
            fired[0] = source if state == CLAMPED else classes[source]
            many = 1
        memory.many[step, p] = many


@numba.njit(nogil=True)
def trace(memory, populations, step):  # type: ignore[no-untyped-def]
    """Count spikes, and count them weighted by the gain."""
    for p in range(len(populations.start)):
        start, many = populations.start[p], memory.many[step, p]
        gain = populations.gains[populations.gain[p] + many]
        fired = memory.fired[step, start : start + many]
        for k in range(many):
            j = start + fired[k]
            memory.counts[j] += 1
            memory.traces[j] += gain


@numba.njit(nogil=True)
def rest(biases, memory, populations, phases, phase):  # type: ignore[no-untyped-def]
    """Set the drives that a phase uses to the biases."""
    for p in range(len(populations.start)):
        if phases.state[phase, p] == COMPUTED:
            start, stop = populations.start[p], populations.start[p] + populations.size[p]
            memory.drive[start:stop] = biases[start:stop]


@numba.njit(nogil=True)
def present(weights, biases, memory, plan, phase, key, classes, columns, widths):  # type: ignore[no-untyped-def]
    """One phase of one sample, from silence; leaves spikes, counts and traces in ``memory``.

    ``plan`` is a tuple of populations, projections, phases and the course; ``columns`` and
    ``widths`` say where the bright places of a signal of probabilities lie and how many there are
    (-1: a signal of classes, which are in ``classes``).
    """
    populations, projections, phases, course = plan
    memory.counts[:] = 0
    memory.traces[:] = 0.0
    steps = course.burn_in + course.window
    look_ahead(
        weights, memory, populations, projections, phases, phase, steps, key, columns, widths
    )
    for step in range(steps):
        rest(biases, memory, populations, phases, phase)
        if step > 0:
            deliver(weights, memory, projections, populations, phases, phase, step - 1)
        step_key = derive(key, np.uint64(step))
        fire(memory, populations, phases, phase, step, step_key, classes, widths)
        if step >= course.burn_in:
            trace(memory, populations, step)


@numba.njit(nogil=True)
def brighten(row, bright, levels):  # type: ignore[no-untyped-def]
    """List the places of a row whose probability is above 0, and it times 2^24; their number."""
    many = 0
    for j in range(len(row)):
        bright[many] = j
        levels[many] = np.int64(row[j] * _ONES)
        many += row[j] > 0
    return many


@numba.njit(nogil=True)
def nearest(x):  # type: ignore[no-untyped-def]
    """Round to the grid of drives."""
    return np.floor(x * _NEAREST + 0.5) * (1.0 / _NEAREST)
