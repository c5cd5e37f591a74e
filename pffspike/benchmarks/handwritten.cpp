// Predictive forward-forward learning as fast as it can be written by hand.
//
// The same network and the same three phases a sample as the engines run (pffspike/circuits/pff.py
// with two hidden populations): representation and generative circuit, lateral competition,
// read-out, homeostasis, hard negatives. What engines owe and this does not: exact (dyadic)
// arithmetic, stochastic rounding, random numbers that other engines can repeat, any other network.
//
// float32 throughout. Spikes are lists of neurons. A step adds the weight rows of the spikes to
// accumulators held in vector registers, a block of columns at a time; learning touches the rows of
// senders that spiked in the window, and none where the modulator is 0.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>
#ifdef __AVX512F__
#include <immintrin.h>
#endif
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace {

constexpr int LANES = 16; // floats of a vector
constexpr int BLOCK = 16; // vectors of a block of columns: as many as registers can hold
typedef float Vector __attribute__((vector_size(4 * LANES)));
typedef float Loose __attribute__((vector_size(4 * LANES), aligned(4)));
typedef uint32_t Words __attribute__((vector_size(4 * LANES)));

int padded(int n) { return (n + LANES - 1) / LANES * LANES; }

// Zeroed memory for vectors, in large pages where the system has them.
struct Array {
    struct Free { void operator()(float* p) const { std::free(p); } };
    std::unique_ptr<float, Free> memory;
    float* p = nullptr;
    void resize(size_t n) {
        const size_t page = n > (1u << 19) ? 1u << 21 : 64;
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
    int rows = 0, columns = 0, stride = 0;
    Array w;
    void load(const float* from, int n, int m) {
        rows = n, columns = m, stride = padded(m);
        w.resize(size_t(rows) * stride);
        for (int i = 0; i < n; i++) std::copy(from + size_t(i) * m, from + size_t(i + 1) * m, row(i));
    }
    void store(float* to) {
        for (int i = 0; i < rows; i++) std::copy(row(i), row(i) + columns, to + size_t(i) * columns);
    }
    float* row(int i) { return w.p + size_t(i) * stride; }
};

struct Population {
    int size = 0, width = 0;
    Array b, u, c, a, f; // bias, drive, rate, normalized trace, post factors
    std::vector<int> spikes;
    int n = 0;
    float gain = 1;
    double total = 0;
    void load(const float* bias, int units) {
        size = units, width = padded(units);
        for (Array* x : {&b, &u, &c, &a, &f}) x->resize(width + LANES);
        spikes.resize(width + LANES);
        if (bias) std::copy(bias, bias + units, b.p);
    }
    void clear() {
        std::fill(c.p, c.p + width, 0.f);
        std::fill(a.p, a.p + width, 0.f);
        n = 0, total = 0;
    }
    void rest() { std::copy(b.p, b.p + width, u.p); }
};

uint32_t hashed(uint32_t x) { // "lowbias32" of Chris Wellons
    x ^= x >> 16, x *= 0x7feb352du, x ^= x >> 15, x *= 0x846ca68bu;
    return x ^ x >> 16;
}

// Spikes of neurons (or of the ids of a list) with probabilities u, one hash a neuron.
int draw(const float* u, const int* ids, int size, uint32_t key, int* out) {
    int n = 0;
    for (int j = 0; j < size; j += LANES) {
        Words x;
        for (int k = 0; k < LANES; k++) x[k] = k;
        x = (x + uint32_t(j)) * 0x9e3779b9u + key;
        x ^= x >> 16, x *= 0x7feb352du, x ^= x >> 15, x *= 0x846ca68bu, x ^= x >> 16;
        const Vector r = __builtin_convertvector(x >> 8, Vector) * 0x1p-24f;
        const Vector p = *(const Vector*)(u + j);
#ifdef __AVX512F__
        const __mmask16 mask = _mm512_cmp_ps_mask((__m512)r, (__m512)p, _CMP_LT_OQ);
        const __m512i id = _mm512_loadu_si512(ids + j);
        _mm512_storeu_si512(out + n, _mm512_maskz_compress_epi32(mask, id));
        n += __builtin_popcount(mask);
#else
        for (int k = 0; k < LANES; k++) out[n] = ids[j + k], n += r[k] < p[k];
#endif
    }
    return n;
}

template <int V> void add_block(float* u, const float* w, int stride, const int* s, int n, float g) {
    Vector sum[V] = {};
    for (int k = 0; k < n; k++) {
        const Vector* row = (const Vector*)(w + size_t(s[k]) * stride);
        for (int v = 0; v < V; v++) sum[v] += row[v];
    }
    for (int v = 0; v < V; v++) ((Vector*)u)[v] += g * sum[v];
}

// u += gain * (sum of the rows of the spikes)
void deliver(const Population& pre, Matrix& m, float* u) {
    const int* s = pre.spikes.data();
    if (!pre.n) return;
    int c = 0;
    const auto left = [&] { return (m.stride - c) / LANES; };
#define PFFSPIKE_ADD(V) add_block<V>(u + c, m.w.p + c, m.stride, s, pre.n, pre.gain), c += V * LANES
    while (left() >= BLOCK) PFFSPIKE_ADD(BLOCK);
    if (left() >= 8) PFFSPIKE_ADD(8);
    if (left() >= 4) PFFSPIKE_ADD(4);
    if (left() >= 2) PFFSPIKE_ADD(2);
    if (left() >= 1) PFFSPIKE_ADD(1);
#undef PFFSPIKE_ADD
}

void add(float* u, const float* row, int width) {
    for (int j = 0; j < width; j++) u[j] += row[j];
}

constexpr float LIMIT = 8; // of weights and biases
float clip(float x, float low, float high) { return std::min(high, std::max(low, x)); }

void change_row(float* w, const float* f, float k, int width) {
    for (int j = 0; j < width; j++) w[j] = clip(w[j] + k * f[j], -LIMIT, LIMIT);
}

void change(Matrix& m, const Population& pre, const Population& post, float rate) {
    if (rate == 0) return;
    for (int i = 0; i < pre.size; i++)
        if (pre.a.p[i] != 0) change_row(m.row(i), post.f.p, rate * pre.a.p[i], m.stride);
}

} // namespace

extern "C" {

struct Settings { // the order is that of pffspike/benchmarks/handwritten.py
    int32_t image, classes, hidden[2], group, lateral_normalized, burn_in, window;
    float threshold[2], slope, noise, homeostasis, target_rate, bias_limit;
    float rate[2], top_down_rate, lateral_rate[2], readout_rate, readout_bias_rate;
    float generative_rate, generative_bias_rate;
};

// Of all samples of a run. Populations: image, label, hidden 1 and 2, read-out, predictions of
// image, hidden 1 and 2.
struct Statistics {
    double spikes[3][8], goodness[3][2], correct, image_error;
};

struct Kernel {
    Settings s;
    std::vector<float> gains;
    Matrix up[2], down, label, readout[2], generate[2], generate_top, lateral[2];
    Array low, high; // range of a row of the lateral competition, by position in the group
    Population x, h[2], r, px, ph[2];
    Array p;              // probabilities of the pixels that are not black
    std::vector<int> ids; // those pixels
    std::vector<int> all; // 0, 1, 2, ...
    int lit = 0;
    uint32_t draws = 0;

    void fire(Population& o, const float* u, const int* from, int size, bool window) {
        o.n = draw(u, from, size, hashed(++draws * 0x9e3779b9u), o.spikes.data());
        o.gain = gains[o.n];
        o.total += o.n;
        if (!window) return;
        const float q = 1.f / s.window, a = o.gain * q;
        for (int k = 0; k < o.n; k++) o.c.p[o.spikes[k]] += q, o.a.p[o.spikes[k]] += a;
    }
    void fire(Population& o, bool window) { fire(o, o.u.p, all.data(), o.width, window); }

    void see(const uint8_t* image, const float* grey) {
        lit = 0;
        for (int i = 0; i < s.image; i++) {
            p.p[lit] = grey[image[i]], ids[lit] = i;
            lit += image[i] != 0;
        }
        std::fill(p.p + lit, p.p + lit + LANES, 0.f);
    }

    void compete(Population& o, Matrix& m) {
        if (!s.group) return;
        const float g = s.lateral_normalized ? o.gain : 1.f;
        for (int k = 0; k < o.n; k++) {
            const int i = o.spikes[k];
            Loose* u = (Loose*)(o.u.p + i / s.group * s.group);
            *u += g * *(const Vector*)m.row(i);
        }
    }

    // One phase from silence; label < 0: none.
    void present(int label_, bool reads, bool generates) {
        const int steps = s.burn_in + s.window;
        for (Population* o : {&x, &h[0], &h[1], &r, &px, &ph[0], &ph[1]}) o->clear(), o->rest();
        for (int t = 0; t < steps; t++) {
            const bool window = t >= s.burn_in;
            fire(x, p.p, ids.data(), padded(lit), window);
            for (int l = 0; l < 2; l++) fire(h[l], window);
            if (reads) fire(r, window);
            if (generates) fire(px, window), fire(ph[0], window), fire(ph[1], window);
            if (t + 1 == steps) break;
            for (int l = 0; l < 2; l++) h[l].rest();
            deliver(x, up[0], h[0].u.p);
            deliver(h[0], up[1], h[1].u.p);
            deliver(h[1], down, h[0].u.p);
            for (int l = 0; l < 2; l++) compete(h[l], lateral[l]);
            if (label_ >= 0) add(h[1].u.p, label.row(label_), h[1].width);
            if (reads) {
                r.rest();
                for (int l = 0; l < 2; l++) deliver(h[l], readout[l], r.u.p);
            }
            if (generates) {
                px.rest(), ph[0].rest();
                deliver(h[0], generate[0], px.u.p);
                deliver(h[1], generate[1], ph[0].u.p);
                if (t == 0) add(ph[1].u.p, generate_top.row(label_), ph[1].width);
            }
        }
    }

    static float squares(const Population& o) {
        float g = 0;
        for (int j = 0; j < o.width; j++) g += o.c.p[j] * o.c.p[j];
        return g;
    }

    void learn_hidden(int label_, float true_, const float* g, float scale) {
        float m[2];
        for (int l = 0; l < 2; l++) {
            m[l] = clip(0.5f + s.slope * (s.threshold[l] - g[l]), 0, 1) - true_;
            for (int j = 0; j < h[l].width; j++) h[l].f.p[j] = 2 * m[l] * h[l].c.p[j];
        }
        if (m[0] != 0) {
            change(up[0], x, h[0], scale * s.rate[0]);
            change(down, h[1], h[0], scale * s.top_down_rate);
        }
        if (m[1] != 0) {
            change(up[1], h[0], h[1], scale * s.rate[1]);
            change_row(label.row(label_), h[1].f.p, scale * s.rate[1], h[1].width);
        }
        for (int l = 0; l < 2; l++) {
            if (m[l] != 0) learn_lateral(h[l], lateral[l], scale * s.lateral_rate[l]);
            for (int j = 0; j < h[l].size; j++) {
                const float db = s.homeostasis * (h[l].c.p[j] - s.target_rate);
                h[l].b.p[j] = clip(h[l].b.p[j] - db, -s.bias_limit, s.bias_limit);
            }
        }
    }

    void learn_lateral(Population& o, Matrix& m, float rate) {
        if (!s.group || rate == 0) return;
        const float* pre = s.lateral_normalized ? o.a.p : o.c.p;
        for (int i = 0; i < o.size; i++) {
            if (pre[i] == 0) continue;
            const int place = i % s.group;
            const float *f = o.f.p + (i - place), *lo = low.p + place * LANES, *hi = high.p + place * LANES;
            float* w = m.row(i);
            for (int j = 0; j < LANES; j++) w[j] = clip(w[j] + rate * pre[i] * f[j], lo[j], hi[j]);
        }
    }

    void learn_delta(Population& o, const float* target, float bias_rate) {
        for (int j = 0; j < o.size; j++) {
            o.f.p[j] = target[j] - o.c.p[j];
            o.b.p[j] = clip(o.b.p[j] + bias_rate * o.f.p[j], -s.bias_limit, s.bias_limit);
        }
    }

    int hard_negative(int truth, int negative, bool& correct) {
        int best = 0, negative_class = -1;
        float highest = -1;
        const uint32_t key = hashed(++draws * 0x9e3779b9u);
        for (int j = 0; j < s.classes; j++) {
            if (r.c.p[j] > r.c.p[best]) best = j;
            const float u = (hashed(key + j * 0x9e3779b9u) >> 8) * 0x1p-24f;
            const float score = r.c.p[j] * s.window + s.noise * u;
            if (j != truth && score > highest) highest = score, negative_class = j;
        }
        correct = best == truth;
        return negative < 0 ? negative_class : negative;
    }

    void note(int phase, Statistics& out, float* g) {
        const Population* all_[] = {&x, nullptr, &h[0], &h[1], &r, &px, &ph[0], &ph[1]};
        for (int k = 0; k < 8; k++)
            out.spikes[phase][k] += all_[k] ? all_[k]->total : phase ? s.burn_in + s.window : 0;
        for (int l = 0; l < 2; l++) out.goodness[phase][l] += g[l] = squares(h[l]);
    }

    void sample(int truth, int negative, float scale, Statistics& out) {
        float g[2];
        bool correct;
        Array& target = r.u; // the drive is not needed any more
        present(-1, true, false);
        note(0, out, g);
        const int negative_class = hard_negative(truth, negative, correct);
        out.correct += correct;
        for (int j = 0; j < s.classes; j++) target[j] = j == truth;
        learn_delta(r, target.p, scale * s.readout_bias_rate);
        for (int l = 0; l < 2; l++) change(readout[l], h[l], r, scale * s.readout_rate);

        present(truth, false, true);
        note(1, out, g);
        learn_hidden(truth, 1, g, scale);
        learn_delta(px, x.c.p, scale * s.generative_bias_rate);
        learn_delta(ph[0], h[0].c.p, scale * s.generative_bias_rate);
        learn_delta(ph[1], h[1].c.p, scale * s.generative_bias_rate);
        out.image_error += squares_of_factors(px);
        change(generate[0], h[0], px, scale * s.generative_rate);
        change(generate[1], h[1], ph[0], scale * s.generative_rate);
        change_row(generate_top.row(truth), ph[1].f.p, scale * s.generative_rate, ph[1].width);

        present(negative_class, false, false);
        note(2, out, g);
        learn_hidden(negative_class, 0, g, scale);
    }

    static float squares_of_factors(const Population& o) {
        float e = 0;
        for (int j = 0; j < o.width; j++) e += o.f.p[j] * o.f.p[j];
        return e;
    }

    // Weights in the order of pffspike/benchmarks/handwritten.py.
    std::vector<Matrix*> matrices() {
        return {&up[0], &up[1], &label, &down, &lateral[0], &lateral[1], &readout[0], &readout[1],
                &generate[0], &generate[1], &generate_top};
    }
};

Kernel* kernel_open(const Settings* s, const float* const* weights, const float* const* biases,
                  const float* gains, uint32_t seed) {
    Kernel* k = new Kernel;
    k->s = *s;
    k->draws = hashed(seed + 1);
    const int n[] = {s->hidden[0], s->hidden[1]}, widest = std::max({s->image, n[0], n[1], s->classes});
    k->gains.assign(gains, gains + widest + 1);
    const int rows[] = {s->image, n[0], s->classes, n[1], n[0], n[1], n[0], n[1], n[0], n[1], s->classes};
    const int columns[] = {n[0], n[1], n[1], n[0], s->group, s->group, s->classes, s->classes,
                           s->image, n[0], n[1]};
    const auto matrices = k->matrices();
    for (size_t i = 0; i < matrices.size(); i++)
        if (columns[i]) matrices[i]->load(weights[i], rows[i], columns[i]);
    k->low.resize(LANES * LANES), k->high.resize(LANES * LANES);
    for (int i = 0; i < s->group; i++)
        for (int j = 0; j < s->group; j++) (i == j ? k->high : k->low)[i * LANES + j] = i == j ? LIMIT : -LIMIT;
    k->x.load(nullptr, s->image);
    for (int l = 0; l < 2; l++) k->h[l].load(biases[l], n[l]), k->ph[l].load(biases[4 + l], n[l]);
    k->r.load(biases[2], s->classes), k->px.load(biases[3], s->image);
    k->p.resize(padded(s->image) + LANES);
    k->ids.resize(padded(s->image) + LANES);
    k->all.resize(padded(widest) + LANES);
    for (size_t i = 0; i < k->all.size(); i++) k->all[i] = int(i);
    return k;
}

void kernel_run(Kernel* k, const uint8_t* images, const float* grey, const int64_t* labels,
               const int64_t* negatives, int64_t samples, float scale, Statistics* out) {
    for (int64_t i = 0; i < samples; i++) {
        k->see(images + i * k->s.image, grey);
        k->sample(int(labels[i]), int(negatives[i]), scale, *out);
    }
}

void kernel_weights(Kernel* k, int index, float* to) { k->matrices()[index]->store(to); }

void kernel_close(Kernel* k) { delete k; }
}
