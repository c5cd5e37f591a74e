"""C++ text of what happens to whole rows: the synapses of one sender, side by side in memory.

Generated code handles one synapse at a time, by way of its index, its sender and its receiver;
a row is added with vector instructions, four of them in one pass over the receivers. Weights are
integers in units of their grid, hence half as wide as doubles, and added without rounding.

The text serves C++ standalone and, as a verbatim block, Cython. The same functions for the NumPy
target are in `pffspike.engines.brian2.rows`.
"""

from __future__ import annotations

from collections.abc import Sequence

#: Columns of the table of projections, one row each.
COLUMNS = ("pre", "senders", "post", "receivers", "block", "normalized", "low", "high")

SOURCE = """
#include <cstdint>
#include <cmath>

// Arrays of the group of neurons; its spikes are in ascending order, their number behind them.
struct pffspike_neurons
{
    const int32_t* spikes;
    int64_t size;
    double* current;
    pffspike_sum* sum;  // of weights, wide enough for any fan-in; 0 between deliveries
    const double *c, *a, *f, *sender_draw, *receiver_draw;
};

// Row of the table of projections. Neurons are numbered through the group; block is 0 where all
// pairs are connected, 1 where a neuron is connected to the one at the same index, or the size of
// groups in which each is connected to all others.
struct pffspike_projection
{
    int64_t pre, senders, post, receivers, block, normalized, low, high;
};

// Place in the list of spikes of the first one that belongs to this neuron or a later one.
static inline int64_t pffspike_seek(const pffspike_neurons& n, int64_t neuron)
{
    int64_t low = 0, high = n.spikes[n.size];
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (n.spikes[middle] < neuron)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static inline double pffspike_count(const pffspike_neurons& n, int64_t start, int64_t size)
{
    return (double)(pffspike_seek(n, start + size) - pffspike_seek(n, start));
}

static inline int64_t pffspike_sum_of_squares(const double* __restrict c, int64_t size)
{
    int64_t sum = 0;
    for (int64_t k = 0; k < size; k++)
        sum += (int64_t)(c[k] * c[k]);
    return sum;
}

static inline void pffspike_add(
    pffspike_sum* __restrict sum, const int32_t* __restrict w, int64_t size)
{
    for (int64_t k = 0; k < size; k++)
        sum[k] += w[k];
}

static inline void pffspike_add_four(
    pffspike_sum* __restrict sum,
    const int32_t* __restrict w0, const int32_t* __restrict w1,
    const int32_t* __restrict w2, const int32_t* __restrict w3, int64_t size)
{
    for (int64_t k = 0; k < size; k++)
        sum[k] += ((pffspike_sum)w0[k] + w1[k]) + ((pffspike_sum)w2[k] + w3[k]);
}

// Turn sums into currents.
static inline void pffspike_settle(
    double* __restrict current, pffspike_sum* __restrict sum, double factor, int64_t size)
{
    for (int64_t k = 0; k < size; k++) {
        current[k] += factor * (double)sum[k];
        sum[k] = 0;
    }
}

static void pffspike_deliver_dense(
    const pffspike_neurons& n, const pffspike_projection& p, const int32_t* w, double factor,
    const int32_t* spike, const int32_t* end)
{
    pffspike_sum* const sum = n.sum + p.post;
    const int64_t size = p.receivers;
    w -= p.pre * size;
    for (; end - spike >= 4; spike += 4)
        pffspike_add_four(
            sum, w + spike[0] * size, w + spike[1] * size, w + spike[2] * size,
            w + spike[3] * size, size);
    for (; spike < end; spike++)
        pffspike_add(sum, w + *spike * size, size);
    pffspike_settle(n.current + p.post, sum, factor, size);
}

static void pffspike_deliver_block(
    const pffspike_neurons& n, const pffspike_projection& p, const int32_t* w, double factor,
    const int32_t* spike, const int32_t* end)
{
    double* const current = n.current + p.post;
    const int64_t length = p.block == 1 ? 1 : p.block - 1;
    for (; spike < end; spike++) {
        const int64_t index = *spike - p.pre, first = index / p.block * p.block;
        const int32_t* const row = w + index * length;
        // Those before the neuron itself and those behind it.
        const int64_t before = p.block == 1 ? 1 : index - first;
        for (int64_t k = 0; k < before; k++)
            current[first + k] += factor * row[k];
        for (int64_t k = before; k < length; k++)
            current[first + k + 1] += factor * row[k];
    }
}

// Deliver the spikes of one step through one projection; factor is the unit of its weights,
// times the gain of the sender where it is normalized.
static double pffspike_deliver_rows(
    const pffspike_neurons& n, const pffspike_projection& p, const int32_t* w, double factor)
{
    if (factor == 0.0)
        return 0.0;
    const int32_t* const first = n.spikes + pffspike_seek(n, p.pre);
    const int32_t* const end = n.spikes + pffspike_seek(n, p.pre + p.senders);
    if (first != end && p.block)
        pffspike_deliver_block(n, p, w, factor, first, end);
    else if (first != end)
        pffspike_deliver_dense(n, p, w, factor, first, end);
    return (double)(end - first);
}

static inline void pffspike_learn_row(
    int32_t* __restrict w, const double* __restrict f, const double* __restrict receiver_draw,
    double sender_draw, double scale, double low, double high, int64_t size)
{
    for (int64_t k = 0; k < size; k++) {
        double noise = sender_draw + receiver_draw[k];
        noise -= std::floor(noise);  // no comparison, which would keep it from being vectorised
        double changed = w[k] + std::floor(scale * f[k] + noise);
        changed = changed < low ? low : changed;
        changed = changed > high ? high : changed;
        w[k] = (int32_t)changed;
    }
}

// Put back the weights that are fixed.
static inline void pffspike_keep_row(
    int32_t* __restrict w, const int32_t* __restrict kept, int64_t size)
{
    for (int64_t k = 0; k < size; k++)
        w[k] = kept[k] == INT32_MIN ? w[k] : kept[k];
}

// Change the weights of one projection; only the rows of senders that were active, for a change
// of 0 is rounded to 0, and nothing if no receiver asks for a change. The rate is already divided
// by the window and by the unit of the weights. What is fixed is put back; null: nothing is.
static double pffspike_learn_rows(
    const pffspike_neurons& n, const pffspike_projection& p, int32_t* w, const int32_t* kept,
    double rate)
{
    if (rate == 0.0)
        return 0.0;
    bool wanted = false;
    for (int64_t k = p.post; k < p.post + p.receivers; k++)
        wanted |= n.f[k] != 0.0;
    if (!wanted)
        return 0.0;
    const double* const trace = p.normalized ? n.a : n.c;
    const int64_t length = p.block == 0 ? p.receivers : p.block == 1 ? 1 : p.block - 1;
    for (int64_t index = 0; index < p.senders; index++) {
        const double scale = rate * trace[p.pre + index], draw = n.sender_draw[p.pre + index];
        if (scale == 0.0)
            continue;
        int32_t* const row = w + index * length;
        // The receivers of a row: up to two stretches, before and behind the neuron itself.
        const int64_t first = p.block ? index / p.block * p.block : 0;
        const int64_t before = p.block > 1 ? index - first : length;
        const int64_t post = p.post + first, behind = post + before + 1;
        pffspike_learn_row(
            row, n.f + post, n.receiver_draw + post, draw, scale, p.low, p.high, before);
        if (p.block > 1)
            pffspike_learn_row(
                row + before, n.f + behind, n.receiver_draw + behind, draw, scale, p.low, p.high,
                length - before);
        if (kept)
            pffspike_keep_row(row, kept + index * length, length);
    }
    return 1.0;
}
"""

_CPP = """
static inline pffspike_neurons pffspike_here()
{
    return {<fields>};
}
static const pffspike_projection pffspike_table[] = {<table>};
static int32_t* pffspike_weights(int64_t k)
{
    int32_t* const all[] = {<weights>};
    return all[k];
}
static const int32_t* pffspike_kept(int64_t k)
{
    const int32_t* const all[] = {<kept>};
    return all[k];
}
static inline double pffspike_spikes(int64_t start, int64_t size)
{
    return pffspike_count(pffspike_here(), start, size);
}
static inline double pffspike_square(int64_t start, int64_t size)
{
    return (double)pffspike_sum_of_squares(pffspike_here().c + start, size);
}
static inline double pffspike_deliver(int64_t k, double factor)
{
    return pffspike_deliver_rows(
        pffspike_here(), pffspike_table[k], pffspike_weights(k), factor);
}
static inline double pffspike_learn(int64_t k, double rate)
{
    return pffspike_learn_rows(
        pffspike_here(), pffspike_table[k], pffspike_weights(k), pffspike_kept(k), rate);
}
"""

_CYTHON = '''
from libc.stdint cimport int64_t
cdef extern from *:
    """
    <source>
    static inline pffspike_neurons pffspike_at(const int64_t* p)
    {
        return {
            (const int32_t*)p[0], p[1], (double*)p[2], (pffspike_sum*)p[3], (const double*)p[4],
            (const double*)p[5], (const double*)p[6], (const double*)p[7], (const double*)p[8]};
    }
    static double pffspike_spikes_at(const int64_t* p, int64_t start, int64_t size)
    {
        return pffspike_count(pffspike_at(p), start, size);
    }
    static double pffspike_square_at(const int64_t* p, int64_t start, int64_t size)
    {
        return (double)pffspike_sum_of_squares(pffspike_at(p).c + start, size);
    }
    static double pffspike_deliver_at(const int64_t* p, const int64_t* table, int64_t k, double x)
    {
        return pffspike_deliver_rows(
            pffspike_at(p), ((const pffspike_projection*)table)[k], (int32_t*)p[9 + 2 * k], x);
    }
    static double pffspike_learn_at(const int64_t* p, const int64_t* table, int64_t k, double x)
    {
        return pffspike_learn_rows(
            pffspike_at(p), ((const pffspike_projection*)table)[k], (int32_t*)p[9 + 2 * k],
            (const int32_t*)p[10 + 2 * k], x);
    }
    """
    double pffspike_spikes_at(const int64_t*, int64_t, int64_t)
    double pffspike_square_at(const int64_t*, int64_t, int64_t)
    double pffspike_deliver_at(const int64_t*, const int64_t*, int64_t, double)
    double pffspike_learn_at(const int64_t*, const int64_t*, int64_t, double)
cdef double pffspike_spikes(int64_t start, int64_t size):
    return pffspike_spikes_at(<const int64_t*>_namespacepffspike_addresses, start, size)
cdef double pffspike_square(int64_t start, int64_t size):
    return pffspike_square_at(<const int64_t*>_namespacepffspike_addresses, start, size)
cdef double pffspike_deliver(int64_t k, double x):
    return pffspike_deliver_at(
        <const int64_t*>_namespacepffspike_addresses,
        <const int64_t*>_namespacepffspike_table, k, x)
cdef double pffspike_learn(int64_t k, double x):
    return pffspike_learn_at(
        <const int64_t*>_namespacepffspike_addresses,
        <const int64_t*>_namespacepffspike_table, k, x)
'''


def cpp_source(
    sum_type: str,
    fields: Sequence[str],
    weights: Sequence[str],
    kept: Sequence[str],
    table: Sequence[Sequence[int]],
) -> str:
    """C++ text for a standalone program.

    Parameters
    ----------
    sum_type : str
        C++ type of sums of weights.
    fields : sequence of str
        Expressions for the members of ``pffspike_neurons``.
    weights : sequence of str
        Expressions for the weights, by projection.
    kept : sequence of str
        Expressions for those that are fixed, by projection.
    table : sequence of sequence of int
        See `COLUMNS`.
    """
    if not table:  # an array has at least one entry in C++
        table, weights, kept = [[0] * len(COLUMNS)], ["nullptr"], ["nullptr"]
    rows = [", ".join(str(int(value)) for value in row) for row in table]
    bound = (
        _CPP.replace("<fields>", ", ".join(fields))
        .replace("<weights>", ", ".join(weights))
        .replace("<kept>", ", ".join(kept))
        .replace("<table>", ", ".join(f"{{{row}}}" for row in rows))
    )
    return f"typedef {sum_type} pffspike_sum;\n{SOURCE}{bound}"


def cython_source(sum_type: str) -> str:
    """Cython text; it finds the arrays in the namespace, see `pffspike.engines.brian2.rows`."""
    source = f"typedef {sum_type} pffspike_sum;\n{SOURCE}"
    return _CYTHON.replace("<source>", source.replace("\n", "\n    "))
