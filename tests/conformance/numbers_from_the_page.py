"""Random numbers and grids by the page ``model.md`` alone, for `from_the_page`."""

from __future__ import annotations

import numpy as np

# --- section 1: random numbers

SPIKES, ROUNDING, TIES, WEIGHTS, ORDER, LABELS, _, _, SHIFTS, TRIALS = range(10)
HYBRIDS = 12
U64 = np.uint64


def output(key, n):
    """64 bits at every position ``n``, an array (1)."""
    x = U64(key) + (np.array(n, U64, ndmin=1) + U64(1)) * U64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> U64(30))) * U64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> U64(27))) * U64(0x94D049BB133111EB)
    return x ^ (x >> U64(31))


def uniform(key, n):
    """Uniform numbers in [0, 1) (2)."""
    return (output(key, n) >> U64(40)) * 2.0**-24


def derive(key, *indices):
    """Key of a purpose (3)."""
    for index in indices:
        key = int(output(key, index)[0])
    return key


def rounded(x, grid):
    """The nearest multiple of ``2^grid``, halves upwards."""
    return np.floor(x * 2.0**-grid + 0.5) * 2.0**grid
