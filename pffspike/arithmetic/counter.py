r"""Counter-based random numbers: SplitMix64, read at any position.

SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
OOPSLA 2014) is a counter put through a finaliser: output ``n`` of the stream with seed
``key`` is ``mix(key + (n + 1) * GOLDEN)`` modulo 2^64, where ``mix`` is variant 13 of
David Stafford's 64-bit finalisers. There is no hidden state, so every engine computes the
same number from the same key, in any order and on any number of processes.

Keys form a tree: the key of child ``n`` is output ``n`` of its parent's stream
(`derive_key`), for example ``derive_key(seed, SPIKES, stream, sample, step)``.
A uniform number is the upper 24 bits of an output times 2^-24: the grid on which spike
probabilities lie, so ``uniform < p`` has probability ``p`` exactly.

`cpp_source` and `cython_source` write the same functions for compiled engines from the
constants of this file.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pffspike.errors import ValidationError

GOLDEN = 0x9E3779B97F4A7C15  #: odd integer next to 2^64 over the golden ratio
FACTORS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)  #: multipliers of the finaliser
SHIFTS = (30, 27, 31)  #: right shifts of the finaliser, in bits
UNIFORM_BITS = 24  #: a uniform number is a multiple of 2^-24

# First index under the seed: one branch of the key tree a purpose.
SPIKES, ROUNDING, HARD_NEGATIVES, WEIGHTS, ORDER = range(5)
NEGATIVES, CALIBRATION, LATENTS, MOVES, TRIALS, PARTS, SPECIMENS, HYBRIDS = range(5, 13)

_DRAWN = 1 << 16  #: normal numbers at a time: each takes twelve draws
_MASK = (1 << 64) - 1
MAX_SEED = _MASK  #: a larger seed would be the same as a smaller one


def check_seed(seed: int) -> None:
    """Refuse a seed that is no integer of 64 bits.

    Parameters
    ----------
    seed : int
        Given by the user.

    Raises
    ------
    ValidationError
        If it is not from 0 to `MAX_SEED`.

    Examples
    --------
    >>> check_seed(0)
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ValidationError(f"seed = {seed!r} must be a whole number from 0 to {MAX_SEED}")
    if not 0 <= seed <= MAX_SEED:
        raise ValidationError(f"seed = {seed} must be from 0 to {MAX_SEED}")


def mix(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Apply the finaliser of SplitMix64.

    Parameters
    ----------
    x : ndarray of uint64, any shape
        The words to mix.

    Returns
    -------
    ndarray of uint64, same shape
        A bijection of ``x``.
    """
    x = x ^ (x >> np.uint64(SHIFTS[0]))
    x *= np.uint64(FACTORS[0])
    x ^= x >> np.uint64(SHIFTS[1])
    x *= np.uint64(FACTORS[1])
    x ^= x >> np.uint64(SHIFTS[2])
    return x


def offsets(position: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    """What is added to a key to read its stream: ``mix(key + offsets(position))`` is the output.

    Parameters
    ----------
    position : array_like of int
        Positions in the stream, from 0.

    Returns
    -------
    ndarray of uint64, at least one-dimensional
    """
    positions = np.atleast_1d(np.asarray(position).astype(np.uint64, copy=False))
    return (positions + np.uint64(1)) * np.uint64(GOLDEN)


def _output(key: npt.ArrayLike, position: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    keys = np.atleast_1d(np.asarray(key).astype(np.uint64, copy=False))
    return mix(keys + offsets(position))


def derive_key(key: int, *path: int) -> int:
    """Key at the end of a path of indices below ``key``.

    Parameters
    ----------
    key : int
        A seed or a key, taken modulo 2^64.
    *path : int
        Indices, one a level of the key tree.

    Returns
    -------
    int
        In ``[0, 2^64)``.
    """
    key &= _MASK
    for index in path:
        x = (key + (index + 1) * GOLDEN) & _MASK
        x = ((x ^ (x >> SHIFTS[0])) * FACTORS[0]) & _MASK
        x = ((x ^ (x >> SHIFTS[1])) * FACTORS[1]) & _MASK
        key = x ^ (x >> SHIFTS[2])
    return key


def derive_keys(keys: npt.ArrayLike, index: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    """Child keys of an array of keys; the array form of `derive_key` for one level.

    Parameters
    ----------
    keys, index : array_like of integers, shapes that broadcast
        Parents, and which child of each.

    Returns
    -------
    ndarray of uint64
    """
    return _output(keys, index)


def uniform(keys: npt.ArrayLike, counters: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Uniform numbers in [0, 1) on the grid 2^-24.

    Parameters
    ----------
    keys, counters : array_like of integers, shapes that broadcast
        Stream and position in the stream.

    Returns
    -------
    ndarray of float64
    """
    bits = _output(keys, counters) >> np.uint64(64 - UNIFORM_BITS)
    return bits.astype(np.float64) * 2.0**-UNIFORM_BITS


def neuron_counters(population: int, size: int) -> npt.NDArray[np.int64]:
    """Positions that the neurons of a population read in the stream of a step.

    Parameters
    ----------
    population : int
        Index of the population in its network, below 2^31.
    size : int
        Number of neurons.

    Returns
    -------
    (size,) ndarray of int64
        ``population * 2^32 + neuron``.
    """
    return (np.int64(population) << np.int64(32)) + np.arange(size, dtype=np.int64)


def permutation(n: int, key: int) -> npt.NDArray[np.int64]:
    """Random order of ``n`` things: the order of the first ``n`` outputs of a stream.

    Parameters
    ----------
    n : int
        How many things.
    key : int
        Of the stream, see `derive_key`.

    Returns
    -------
    (n,) ndarray of int64
    """
    return np.argsort(_output(key, np.arange(n)), kind="stable").astype(np.int64)


def integers(keys: npt.ArrayLike, counters: npt.ArrayLike, below: int) -> npt.NDArray[np.int64]:
    """Integers in ``[0, below)``: the integer part of ``below`` times a uniform number.

    Parameters
    ----------
    keys, counters : array_like of integers, shapes that broadcast
        Stream and position in the stream.
    below : int
        Every value's probability is within 2^-24 of ``1/below``.

    Returns
    -------
    ndarray of int64
    """
    return np.floor(uniform(keys, counters) * below).astype(np.int64)


def normal(key: int, n: int) -> npt.NDArray[np.float64]:
    """Approximately normal numbers with mean 0 and variance 1, exact on every machine.

    The sum of twelve uniform numbers less six (Irwin-Hall): no logarithm or cosine whose
    last bit depends on a library.

    Parameters
    ----------
    key : int
        Of the stream, see `derive_key`.
    n : int
        How many numbers.

    Returns
    -------
    (n,) ndarray of float64, within [-6, 6], multiples of 2^-24
    """
    found = np.empty(n)
    for start in range(0, n, _DRAWN):
        part = found[start : start + _DRAWN]
        counters = 12 * start + np.arange(12 * len(part), dtype=np.int64)
        part[:] = uniform(key, counters).reshape(-1, 12).sum(axis=1) - 6.0
    return found


def signed(key: int) -> int:
    """Give a key as the signed 64-bit integer with the same bits, for engines without uint64."""
    key &= _MASK
    return key - (1 << 64) if key >> 63 else key


def cpp_source() -> str:
    """C++ text of ``pffspike_derive`` and ``pffspike_uniform`` (arguments of any integer type)."""
    return f"""
#include <cstdint>
static inline uint64_t pffspike_output(uint64_t key, uint64_t position)
{{
    uint64_t x = key + (position + 1ULL) * {GOLDEN}ULL;
    x = (x ^ (x >> {SHIFTS[0]})) * {FACTORS[0]}ULL;
    x = (x ^ (x >> {SHIFTS[1]})) * {FACTORS[1]}ULL;
    return x ^ (x >> {SHIFTS[2]});
}}
static inline int64_t pffspike_derive(int64_t key, int64_t index)
{{
    return (int64_t)pffspike_output((uint64_t)key, (uint64_t)index);
}}
static inline double pffspike_uniform(int64_t key, int64_t position)
{{
    return (double)(pffspike_output((uint64_t)key, (uint64_t)position) >> {64 - UNIFORM_BITS})
        * {2.0**-UNIFORM_BITS!r};
}}
"""


def cython_source() -> str:
    """Cython text of ``pffspike_derive`` and ``pffspike_uniform``."""
    return f"""
from libc.stdint cimport int64_t, uint64_t
cdef inline uint64_t pffspike_output(uint64_t key, uint64_t position) noexcept nogil:
    cdef uint64_t x = key + (position + <uint64_t>1) * <uint64_t>{GOLDEN}ULL
    x = (x ^ (x >> {SHIFTS[0]})) * <uint64_t>{FACTORS[0]}ULL
    x = (x ^ (x >> {SHIFTS[1]})) * <uint64_t>{FACTORS[1]}ULL
    return x ^ (x >> {SHIFTS[2]})
cdef inline int64_t pffspike_derive(int64_t key, int64_t index) noexcept nogil:
    return <int64_t>pffspike_output(<uint64_t>key, <uint64_t>index)
cdef inline double pffspike_uniform(int64_t key, int64_t position) noexcept nogil:
    return <double>(pffspike_output(<uint64_t>key, <uint64_t>position) >> {64 - UNIFORM_BITS}) \
        * {2.0**-UNIFORM_BITS!r}
"""
