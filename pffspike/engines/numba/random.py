"""The counter of `pffspike.arithmetic.counter`, compiled."""

from __future__ import annotations

import numpy as np

from pffspike.arithmetic import counter
from pffspike.engines.numba.compiled import inner

_ONE = np.uint64(1)
GOLDEN = np.uint64(counter.GOLDEN)
_FACTORS = tuple(np.uint64(factor) for factor in counter.FACTORS)
_SHIFTS = tuple(np.uint64(shift) for shift in counter.SHIFTS)
_DROPPED = np.uint64(64 - counter.UNIFORM_BITS)


@inner
def mix(x):  # type: ignore[no-untyped-def]
    """See `pffspike.arithmetic.counter.mix`."""
    x = (x ^ (x >> _SHIFTS[0])) * _FACTORS[0]
    x = (x ^ (x >> _SHIFTS[1])) * _FACTORS[1]
    return x ^ (x >> _SHIFTS[2])


@inner
def mixed(key, position):  # type: ignore[no-untyped-def]
    """Sum that the output at a position mixes; ``j`` positions on it is ``j * GOLDEN`` more."""
    return key + (position + _ONE) * GOLDEN


@inner
def derive(key, index):  # type: ignore[no-untyped-def]
    """Child ``index`` of a key, both uint64."""
    return mix(mixed(key, index))


@inner
def bits(key, position):  # type: ignore[no-untyped-def]
    """Uniform number times 2^24, as a signed integer."""
    return np.int64(derive(key, position) >> _DROPPED)
