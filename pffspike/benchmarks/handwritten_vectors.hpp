// What the hand-written kernel computes with: vectors as wide as those of the processor, memory for
// them, random numbers, lists of spikes, and sums of rows of weights in registers.
//
// With AVX-512 a vector has 16 numbers, elsewhere 8. The numbers do not depend on it: sums are taken in
// the order of the spikes, column by column, whatever the width.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>
#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace {

#ifdef __AVX512F__
constexpr int LANES = 16;   // numbers of a vector
constexpr int BLOCK = 256;  // columns of a block: what half of the registers hold
#else
constexpr int LANES = 8;
constexpr int BLOCK = 64;
#endif
constexpr int UNIT = 16; // rows have a multiple of this many columns
typedef float Vector __attribute__((vector_size(4 * LANES)));
typedef float Loose __attribute__((vector_size(4 * LANES), aligned(4)));
typedef uint32_t Words __attribute__((vector_size(4 * LANES)));
typedef int32_t Whole __attribute__((vector_size(4 * LANES)));

int padded(int n) { return (n + UNIT - 1) / UNIT * UNIT; }

// Zeroed memory for vectors, in large pages where the system has them.
struct Array {
    struct Free { void operator()(float* p) const { std::free(p); } };
    std::unique_ptr<float, Free> memory;
    float* p = nullptr;
    void resize(size_t n) {
        const size_t page = n > (1u << 16) ? 1u << 21 : 64;
        const size_t bytes = (4 * n + page - 1) / page * page;
        memory.reset(static_cast<float*>(std::aligned_alloc(page, bytes)));
        p = memory.get();
#ifdef MADV_HUGEPAGE
        if (page > 64) madvise(p, bytes, MADV_HUGEPAGE);
#endif
        std::memset(p, 0, bytes);
    }
    float& operator[](size_t i) { return p[i]; }
};

struct Matrix {
    int rows = 0, columns = 0, width = 0, stride = 0;
    Array w;
    // The stride is an odd number of cache lines: else parts of rows would share few places of a cache.
    void load(const float* from, int n, int m) {
        rows = n, columns = m, width = padded(m), stride = width | UNIT;
        w.resize(size_t(rows) * stride);
        for (int i = 0; i < n; i++) std::copy(from + size_t(i) * m, from + size_t(i + 1) * m, row(i));
    }
    void store(float* to) {
        for (int i = 0; i < rows; i++) std::copy(row(i), row(i) + columns, to + size_t(i) * columns);
    }
    float* row(int i) { return w.p + size_t(i) * stride; }
    const float* row(int i) const { return w.p + size_t(i) * stride; }
};

// Spikes of a presentation, those of one step after those of another.
struct Spikes {
    std::vector<int> ids, start;
    void resize(int steps, int width) {
        ids.resize(size_t(steps) * width + UNIT);
        start.resize(steps + 1); // start[0] = 0
    }
    const int* at(int t) const { return ids.data() + start[t]; }
    int count(int t) const { return start[t + 1] - start[t]; }
    int* to(int t) { return ids.data() + start[t]; }
    void end(int t, int n) { start[t + 1] = start[t] + n; }
};

uint32_t hashed(uint32_t x) { // "lowbias32" of Chris Wellons
    x ^= x >> 16, x *= 0x7feb352du, x ^= x >> 15, x *= 0x846ca68bu;
    return x ^ x >> 16;
}

constexpr uint32_t GOLDEN = 0x9e3779b9u; // what the counters of neighbours differ by

Words counters(int first, uint32_t key) {
    Words x;
    for (int k = 0; k < LANES; k++) x[k] = k * GOLDEN;
    return x + (first * GOLDEN + key);
}

// Uniform numbers of 24 bits. The last shift of the hash changes no bit that counts.
inline Vector uniform(Words x) {
    x ^= x >> 16, x *= 0x7feb352du, x ^= x >> 15, x *= 0x846ca68bu;
    return __builtin_convertvector((Whole)(x >> 8), Vector) * 0x1p-24f;
}

inline Vector clipped(Vector x, float limit) {
    const Vector high = Vector{} + limit;
    x = x < high ? x : high;
    return x > -high ? x : -high;
}

// A bit for each number that is below another.
inline unsigned below(Vector a, Vector b) {
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ);
#elif defined(__AVX2__)
    return _mm256_movemask_ps((__m256)(a < b));
#else
    unsigned bits = 0;
    for (int k = 0; k < LANES; k++) bits |= unsigned(a[k] < b[k]) << k;
    return bits;
#endif
}

#if defined(__AVX2__) && !defined(__AVX512F__)
// For each of 256 masks the places of its bits, a byte a place.
struct Places {
    alignas(64) uint64_t of[256];
    Places() {
        for (int mask = 0; mask < 256; mask++) {
            uint64_t bytes = 0;
            for (int k = 7; k >= 0; k--)
                if (mask >> k & 1) bytes = bytes << 8 | k;
            of[mask] = bytes;
        }
    }
};
const Places PLACES;
#endif

// Write those of the next ids that have a bit, and more after them; their number.
inline int compress(unsigned bits, const int* ids, int* out) {
#if defined(__AVX512F__)
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(bits, _mm512_loadu_si512(ids)));
    return __builtin_popcount(bits);
#elif defined(__AVX2__)
    const __m256i places = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)&PLACES.of[bits]));
    const __m256i all = _mm256_loadu_si256((const __m256i*)ids);
    _mm256_storeu_si256((__m256i*)out, _mm256_permutevar8x32_epi32(all, places));
    return __builtin_popcount(bits);
#else
    int n = 0;
    for (int k = 0; k < LANES; k++) out[n] = ids[k], n += bits >> k & 1;
    return n;
#endif
}

// List the ids whose neurons spike with probabilities p, one hash a neuron; their number.
int draw(const float* p, const int* ids, int width, uint32_t key, int* out) {
    int n = 0;
    Words x = counters(0, key);
    for (int j = 0; j < width; j += LANES, x += LANES * GOLDEN)
        n += compress(below(uniform(x), *(const Vector*)(p + j)), ids + j, out + n);
    return n;
}

// List the ids of numbers that are not 0; their number.
int list_nonzero(const float* values, const int* ids, int width, int* out) {
    int n = 0;
    for (int j = 0; j < width; j += LANES) {
        const Vector x = *(const Vector*)(values + j);
        n += compress(below(-(x * x), Vector{}), ids + j, out + n);
    }
    return n;
}

// Do something for all columns, as many at a time as the registers hold sums of.
template <int C, class Do> void in_blocks_of(int& c, int width, const Do& what) {
    for (; width - c >= C; c += C) what(std::integral_constant<int, C>(), c);
    if constexpr (C > UNIT) in_blocks_of<C / 2>(c, width, what);
}
template <class Do> void in_blocks(int width, const Do& what) {
    int c = 0;
    in_blocks_of<BLOCK>(c, width, what);
}

// Sums of C columns of rows, in registers.
template <int C> struct Sums {
    static constexpr int V = C / LANES;
    Vector at[V];
};

// Few columns would wait for one sum after the other, so they have several sums.
template <int C> inline Sums<C> sum_rows(const float* w, size_t stride, const int* s, int n) {
    constexpr int V = Sums<C>::V;
    Sums<C> sum{};
    int k = 0;
    if constexpr (C <= 32) {
        Sums<C> odd{};
        for (; k + 2 <= n; k += 2)
            for (int v = 0; v < V; v++) {
                sum.at[v] += ((const Vector*)(w + s[k] * stride))[v];
                odd.at[v] += ((const Vector*)(w + s[k + 1] * stride))[v];
            }
        for (int v = 0; v < V; v++) sum.at[v] += odd.at[v];
    }
    for (; k < n; k++)
        for (int v = 0; v < V; v++) sum.at[v] += ((const Vector*)(w + s[k] * stride))[v];
    return sum;
}

} // namespace
