"""Compiled presentations: draw, deliver, trace.

Weights and their sums are integers, so that order does not matter; drives are double-precision
numbers whose sums are exact (`pffspike.network.exactness`). A step costs what its spikes cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pffspike.arithmetic import counter, grids
from pffspike.engines.numba.compiled import contracted, inner
from pffspike.engines.numba.lanes import (
    LANES,
    NARROW,
    WIDE,
    count_ones,
    spike_bits,
    sum_columns,
    trailing_zeros,
)
from pffspike.engines.numba.plan import CLAMPED, COMPUTED, FOLLOWING, INACTIVE
from pffspike.engines.numba.random import GOLDEN, derive, mixed

UNIT = 2.0**-counter.UNIFORM_BITS  #: of uniform numbers
_ONES = 2.0**counter.UNIFORM_BITS
_NEAREST = 2.0**-grids.DRIVE_GRID
_SHORT = 256  #: columns of rows that stay in a fast cache
_CHUNK = 512  #: receivers whose sums in all steps stay in the fastest cache
_WORD = 64  #: neurons whose spikes are bits of one number
_ONE, _EVERY = np.uint64(1), np.uint64(2**64 - 1)


class WorkingArrays(NamedTuple):
    """Working arrays of one thread.

    ``fired`` holds in each step the spiking neurons of every population, from its first index
    on, and ``n_spikes`` their number. ``cached`` holds the sums that later phases of a sample use
    again.
    """

    fired: np.ndarray  #: (steps, neurons) int32
    n_spikes: np.ndarray  #: (steps, populations) int64
    sums: np.ndarray  #: (accumulators,) of the weights' type
    cached: np.ndarray  #: (steps, accumulators) of the weights' type
    drive: np.ndarray  #: (neurons,) float64
    counts: np.ndarray  #: (neurons,) int64
    traces: np.ndarray  #: (neurons,) float64
    factors: np.ndarray  #: (neurons,) float64
    active_inputs: np.ndarray  #: (probabilities,) int64: units whose probability is above 0
    active_offsets: np.ndarray  #: (probabilities,) uint64: of their random numbers, see `draw`
    levels: np.ndarray  #: (steps, probabilities) float64: these probabilities
    senders: np.ndarray  #: (neurons,) uint32: noise of rounding times 2^32
    receivers: np.ndarray  #: (neurons,) uint32
    precomputed: np.ndarray  #: (projections,) bool: whose sums in all steps are cached already
    steps_of: np.ndarray  #: (probabilities,) uint64: a bit for each step with a spike
    widths: np.ndarray  #: (signals,) int64: of their active inputs
    listed: np.ndarray  #: (64 or neurons,) int64
    receiving: np.ndarray  #: (neurons,) int64
    drawn: np.ndarray  #: (populations,) bool: whose senders have their noise
    pre_traces: np.ndarray  #: (neurons,) float64: times the learning rate


@inner
def fill(array, value):  # type: ignore[no-untyped-def]
    """Set all to a value; Numba takes longer to compile it where it is written with a slice."""
    for j in range(len(array)):
        array[j] = value


@inner
def copy(array, values):  # type: ignore[no-untyped-def]
    """Set all to the values of another array."""
    for j in range(len(array)):
        array[j] = values[j]


@inner
def add_wide_rows(sums, weights, offset, senders, n_spikes):  # type: ignore[no-untyped-def]
    """Add up whole rows of weights, eight at a time: the order in which memory is read fastest."""
    width = len(sums)
    fill(sums, 0)
    k = 0
    while k + 8 <= n_spikes:
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
    if k + 4 <= n_spikes:
        a, b = offset + senders[k] * width, offset + senders[k + 1] * width
        c, d = offset + senders[k + 2] * width, offset + senders[k + 3] * width
        w0, w1 = weights[a : a + width], weights[b : b + width]
        w2, w3 = weights[c : c + width], weights[d : d + width]
        for j in range(width):
            sums[j] += (w0[j] + w1[j]) + (w2[j] + w3[j])
        k += 4
    while k < n_spikes:
        a = offset + senders[k] * width
        row = weights[a : a + width]
        for j in range(width):
            sums[j] += row[j]
        k += 1


@inner
def add_rows(sums, weights, offset, senders, n_spikes):  # type: ignore[no-untyped-def]
    """Add up whole rows of weights; short ones as many columns at a time as stay in registers."""
    width = len(sums)
    if width > _SHORT:
        add_wide_rows(sums, weights, offset, senders, n_spikes)
    elif width % WIDE == 0:
        for column in range(0, width, WIDE):
            sum_columns(sums, weights, offset, width, column, senders, n_spikes, WIDE)
    else:
        for column in range(0, width, NARROW):
            sum_columns(sums, weights, offset, width, column, senders, n_spikes, NARROW)


@inner
def add_blocks(drive, weights, offset, block, factor, senders, n_spikes):  # type: ignore[no-untyped-def]
    """Add to a drive rows that cover the receivers of a block only."""
    if block == 1:
        row = weights[offset : offset + len(drive)]
        for k in range(n_spikes):
            drive[senders[k]] += factor * row[senders[k]]
        return
    for k in range(n_spikes):
        sender = np.int64(senders[k])
        begin = sender // block * block
        part, row = drive[begin : begin + block], weights[offset + sender * block :]
        for j in range(block):
            part[j] += factor * row[j]


@inner
def list_bits(bits, listed):  # type: ignore[no-untyped-def]
    """List the bits that are set, the lowest first; their number."""
    count = 0
    while bits != 0:
        listed[count] = trailing_zeros(bits)
        bits &= bits - _ONE
        count += 1
    return count


@inner
def add_precomputed(  # type: ignore[no-untyped-def]
    cached, sums, column, weights, offset, active_inputs, steps_of, steps
):
    """Add up rows of weights for all steps at once, sender by sender.

    Where senders do not depend on the network, a row is read once, and not in every step in which
    its sender spikes. That of a sender that spikes in most steps is added to all of them, and taken
    off where it is silent. ``steps_of`` has a bit for each step; ``steps`` is memory for a list,
    ``sums`` for what all steps have in common.
    """
    padded = len(sums)
    fill(sums, 0)
    for t in range(len(cached)):
        fill(cached[t, column : column + padded], 0)
    every = _EVERY >> np.uint64(_WORD - len(cached))
    for first in range(0, padded, _CHUNK):
        width = min(_CHUNK, padded - first)
        begin = column + first
        common = sums[first : first + width]
        for k in range(len(active_inputs)):
            a = offset + active_inputs[k] * padded + first
            row, left, sign = weights[a : a + width], steps_of[k], 1
            if 2 * count_ones(left) > len(cached) + 1:
                left, sign = left ^ every, -1
                for j in range(width):
                    common[j] += row[j]
            n_listed = list_bits(left, steps)
            for n in range(0, n_listed - n_listed % 4, 4):
                s0 = cached[steps[n], begin : begin + width]
                s1 = cached[steps[n + 1], begin : begin + width]
                s2 = cached[steps[n + 2], begin : begin + width]
                s3 = cached[steps[n + 3], begin : begin + width]
                for j in range(width):
                    change = sign * row[j]
                    s0[j] += change
                    s1[j] += change
                    s2[j] += change
                    s3[j] += change
            for n in range(n_listed - n_listed % 4, n_listed):
                s0 = cached[steps[n], begin : begin + width]
                for j in range(width):
                    s0[j] += sign * row[j]
        for t in range(len(cached)):
            s0 = cached[t, begin : begin + width]
            for j in range(width):
                s0[j] += common[j]


@contracted
def add_drive(drive, sums, factor):  # type: ignore[no-untyped-def]
    """Add sums of weights to a drive."""
    for j in range(len(drive)):
        drive[j] += factor * sums[j]


@inner
def draw(probabilities, offsets, size, key, fired):  # type: ignore[no-untyped-def]
    """List the neurons that spike; their number.

    ``key + offsets[j]`` is what the random number of neuron ``j`` mixes. Both arrays go on up to
    the next multiple of `LANES`.
    """
    n_spikes = 0
    for first in range(0, size, _WORD):
        width = min(_WORD, size - first)
        spikes = np.uint64(0)
        for j in range(0, width, LANES):
            spikes |= spike_bits(probabilities, offsets, first + j, key) << np.uint64(j)
        if width < _WORD:
            spikes &= (_ONE << np.uint64(width)) - _ONE
        while spikes != 0:
            fired[n_spikes] = first + trailing_zeros(spikes)
            spikes &= spikes - _ONE
            n_spikes += 1
    return n_spikes


@inner
def deliver(weights, memory, projections, populations, phases, phase, step):  # type: ignore[no-untyped-def]
    """Add to the drives what the spikes of ``step`` cause."""
    for r in range(len(projections.pre)):
        if not phases.enabled[phase, r]:
            continue
        pre, post = projections.pre[r], projections.post[r]
        n_spikes = memory.n_spikes[step, pre]
        if n_spikes == 0:
            continue
        factor = projections.unit[r]
        if projections.normalized[r]:
            factor *= populations.gains[populations.gain[pre] + n_spikes]
        start, padded = populations.start[post], populations.padded[post]
        column = projections.sums[r]
        sums = memory.sums[column : column + padded]
        if phases.reused_sums[phase, r] or memory.precomputed[r]:
            sums = memory.cached[step, column : column + padded]
        else:
            begin = populations.start[pre]
            senders = memory.fired[step, begin : begin + n_spikes]
            offset, block = projections.offset[r], projections.block[r]
            if block != 0:
                drive = memory.drive[start : start + padded]
                add_blocks(drive, weights, offset, block, factor, senders, n_spikes)
                continue
            add_rows(sums, weights, offset, senders, n_spikes)
            if projections.cached[r]:
                copy(memory.cached[step, column : column + padded], sums)
        add_drive(memory.drive[start : start + padded], sums, factor)


@inner
def precompute(weights, memory, populations, projections, phases, phase, steps, key, inputs):  # type: ignore[no-untyped-def]
    """Draw the spikes of signals of probabilities for all steps, and add up what they cause.

    ``inputs`` are columns, widths and frames, as `present` takes them.
    """
    columns, widths, frames = inputs
    fill(memory.precomputed, False)
    for p in range(len(populations.start)):
        source = phases.source[phase, p]
        if (
            phases.state[phase, p] != FOLLOWING
            or widths[source] < 0
            or phases.reused_spikes[phase, p]
        ):
            continue
        start, size = populations.start[p], populations.size[p]
        first, last = columns[source], columns[source] + widths[source]
        active_inputs = memory.active_inputs[first:last]
        steps_of = memory.steps_of[: last - first]
        fill(steps_of, 0)
        for t in range(steps):
            fired, step_key = memory.fired[t, start : start + size], derive(key, np.uint64(t))
            begin, levels = (
                mixed(step_key, populations.counter[p]),
                memory.levels[min(t, frames - 1), first:],
            )
            n_spikes = draw(levels, memory.active_offsets[first:], last - first, begin, fired)
            memory.n_spikes[t, p] = n_spikes
            for k in range(n_spikes):
                steps_of[fired[k]] |= _ONE << np.uint64(t)
                fired[k] = active_inputs[fired[k]]
        for r in range(len(projections.pre)):
            if projections.pre[r] == p and phases.enabled[phase, r] and projections.precomputed[r]:
                padded, column = populations.padded[projections.post[r]], projections.sums[r]
                offset = projections.offset[r]
                add_precomputed(
                    memory.cached,
                    memory.sums[column : column + padded],
                    column,
                    weights,
                    offset,
                    active_inputs,
                    steps_of,
                    memory.listed,
                )
                memory.precomputed[r] = True


@inner
def fire(biases, memory, populations, phases, phase, step, key, classes, widths):  # type: ignore[no-untyped-def]
    """Draw the spikes of the other populations in a step, which drives then begin anew for.

    ``classes`` holds the neurons of signals.
    """
    for p in range(len(populations.start)):
        if phases.reused_spikes[phase, p]:
            continue
        start, size = populations.start[p], populations.size[p]
        fired = memory.fired[step, start : start + size]
        state, source, n_spikes = phases.state[phase, p], phases.source[phase, p], 0
        if state == COMPUTED:
            drive = memory.drive[start : start + populations.padded[p]]
            begin = mixed(key, populations.counter[p])
            n_spikes = draw(drive, populations.offsets, size, begin, fired)
            copy(drive, biases[start : start + populations.padded[p]])
        elif state == FOLLOWING and widths[source] >= 0:
            continue
        elif state != INACTIVE:
            fired[0] = source if state == CLAMPED else classes[source]
            n_spikes = 1
        memory.n_spikes[step, p] = n_spikes


@inner
def trace(memory, populations, step):  # type: ignore[no-untyped-def]
    """Count spikes, and count them weighted by the gain."""
    for p in range(len(populations.start)):
        start, n_spikes = populations.start[p], memory.n_spikes[step, p]
        gain = populations.gains[populations.gain[p] + n_spikes]
        fired = memory.fired[step, start : start + n_spikes]
        for k in range(n_spikes):
            j = start + fired[k]
            memory.counts[j] += 1
            memory.traces[j] += gain


@inner
def present(weights, biases, memory, plan, phase, key, classes, columns, widths, frames):  # type: ignore[no-untyped-def]
    """One phase of one sample, from silence; leaves spikes, counts and traces in ``memory``.

    ``plan`` is a tuple of populations, projections, phases and the schedule; ``columns`` and
    ``widths`` say where the active inputs of a signal of probabilities lie and how many there are
    (-1: a signal of classes, which are in ``classes``), ``frames`` how many rows of ``levels`` are
    used: 1 where no signal is in time, else one a step.
    """
    populations, projections, phases, schedule, _ = plan
    fill(memory.counts, 0)
    fill(memory.traces, 0.0)
    steps = schedule.burn_in + schedule.window
    inputs = columns, widths, frames
    precompute(weights, memory, populations, projections, phases, phase, steps, key, inputs)
    copy(memory.drive, biases)
    for step in range(steps):
        if step > 0:
            deliver(weights, memory, projections, populations, phases, phase, step - 1)
        step_key = derive(key, np.uint64(step))
        fire(biases, memory, populations, phases, phase, step, step_key, classes, widths)
        if step >= schedule.burn_in:
            trace(memory, populations, step)


@inner
def list_active_inputs(rows, active_inputs, active_offsets, levels):  # type: ignore[no-untyped-def]
    """List the units with a probability above 0 in any row; their number."""
    count = 0
    for j in range(rows.shape[1]):
        active_inputs[count] = j
        active_offsets[count] = np.uint64(j) * GOLDEN
        active = False
        for t in range(len(rows)):
            levels[t, count] = np.floor(rows[t, j] * _ONES) * UNIT
            active |= rows[t, j] > 0
        count += active
    return count


@inner
def nearest(x):  # type: ignore[no-untyped-def]
    """Round to the grid of drives."""
    return np.floor(x * _NEAREST + 0.5) * (1.0 / _NEAREST)
