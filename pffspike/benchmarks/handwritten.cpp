// Predictive forward-forward learning as fast as it can be written by hand.
//
// The same network and the same three phases a sample as the engines run (pffspike/circuits/pff.py
// with two hidden populations): representation and generative circuit, lateral competition,
// read-out, homeostasis, hard negatives. What engines owe and this does not: exact (dyadic)
// arithmetic, stochastic rounding, random numbers that other engines can repeat, any other network.
//
// float32 throughout. Spikes are lists of neurons, and rows of weights of the spikes are summed in
// registers, a block of columns at a time. What the hidden populations do not wait for is done for
// all steps at once, so that a row is read once a presentation: drives from the image before the
// steps; read-out and predictions, with what they learn, after them.

#include "handwritten_vectors.hpp"

namespace {

constexpr float LIMIT = 8; // of weights and biases
float clip(float x, float low, float high) { return std::min(high, std::max(low, x)); }

struct Population {
    int size = 0, width = 0;
    Array b, u, c, a, f; // bias, drive, rate, normalized trace, post factors
    Spikes spikes;
    std::vector<float> gain; // of each step
    std::vector<int> active; // neurons with a trace
    int n_active = 0;
    double total = 0;
    void load(const float* bias, int units, int steps) {
        size = units, width = padded(units);
        for (Array* x : {&b, &u, &c, &a, &f}) x->resize(width + UNIT);
        spikes.resize(steps, width), gain.resize(steps), active.resize(width + UNIT);
        if (bias) std::copy(bias, bias + units, b.p);
    }
    void clear() {
        std::fill(c.p, c.p + width, 0.f);
        std::fill(a.p, a.p + width, 0.f);
    }
};

// u = from + gain * (sum of the rows of the spikes of a step)
void deliver(const Population& pre, int t, const Matrix& m, const float* from, float* u) {
    const int *s = pre.spikes.at(t), n = pre.spikes.count(t);
    in_blocks(m.width, [&](auto columns, int c) {
        const auto sum = sum_rows<columns>(m.w.p + c, m.stride, s, n);
        for (int v = 0; v < sum.V; v++)
            ((Vector*)(u + c))[v] = ((const Vector*)(from + c))[v] + pre.gain[t] * sum.at[v];
    });
}

void change_row(float* w, const float* f, float k, int width) {
    for (int j = 0; j < width; j++) w[j] = clip(w[j] + k * f[j], -LIMIT, LIMIT);
}

void change(Matrix& m, const Population& pre, const Population& post, float rate) {
    if (rate == 0) return;
    for (int k = 0; k < pre.n_active; k++)
        change_row(m.row(pre.active[k]), post.f.p, rate * pre.a.p[pre.active[k]], m.width);
}

} // namespace

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

// Pixels of which spikes are drawn, or silences of those that are rather white: few of either where
// an image is almost black and white. The rows of all white pixels are summed once, and those of the
// silent ones are taken off.
struct Pixels {
    std::vector<int> ids;
    Array p;
    Spikes drawn;
    int n = 0;
    void add(int id, float probability, bool belongs) { // the next one takes its place if not
        p[n] = probability, ids[n] = id, n += belongs;
    }
    void draw(int t, uint32_t key) {
        drawn.end(t, ::draw(p.p, ids.data(), padded(n), key, drawn.to(t)));
    }
};

struct Kernel {
    Settings s;
    int steps;
    std::vector<float> gains;
    Matrix up[2], down, label, readout[2], generate[2], generate_top, lateral[2];
    Array low, high; // range of a row of the lateral competition, by position in the group
    Population x, h[2], r, px, ph[2];
    Pixels white, dark;
    Array from_image;              // (steps, hidden 1): biases, and what the image adds
    Array constant;                // of hidden 2: biases, and what the label adds
    Array target;                  // of the read-out
    std::vector<int> all;          // 0, 1, 2, ...
    std::vector<int> group, place; // of a neuron: first one of its group, and position there
    uint32_t draws = 0;

    uint32_t key() { return hashed(++draws * GOLDEN); }

    void see(const uint8_t* image, const float* grey) {
        white.n = dark.n = 0;
        for (int i = 0; i < s.image; i++) {
            const float p = grey[image[i]];
            white.add(i, 1 - p, p >= 0.5f), dark.add(i, p, p > 0 && p < 0.5f);
        }
        for (Pixels* o : {&white, &dark}) std::fill(o->p.p + o->n, o->p.p + padded(o->n), 0.f);
    }

    void draw_image() {
        const float q = 1.f / s.window;
        float most = 0;
        x.clear(), x.total = 0;
        for (int t = 0; t < steps; t++) {
            white.draw(t, key()), dark.draw(t, key());
            const int n = white.n - white.drawn.count(t) + dark.drawn.count(t);
            const float a = gains[n] * q;
            x.gain[t] = gains[n], x.total += n;
            if (t < s.burn_in) continue;
            most += a;
            for (int k = 0; k < white.drawn.count(t); k++)
                x.c[white.drawn.at(t)[k]] -= q, x.a[white.drawn.at(t)[k]] -= a;
            for (int k = 0; k < dark.drawn.count(t); k++)
                x.c[dark.drawn.at(t)[k]] += q, x.a[dark.drawn.at(t)[k]] += a;
        }
        for (int k = 0; k < white.n; k++) x.c[white.ids[k]] += 1, x.a[white.ids[k]] += most;
        x.n_active = list_nonzero(x.a.p, all.data(), x.width, x.active.data());
    }

    void deliver_image() {
        const Matrix& m = up[0];
        in_blocks(m.width, [&](auto columns, int c) {
            const auto rows = [&](const int* ids, int n) {
                return sum_rows<columns>(m.w.p + c, m.stride, ids, n);
            };
            const auto most = rows(white.ids.data(), white.n);
            const Vector* b = (const Vector*)(h[0].b.p + c);
            for (int t = 0; t + 1 < steps; t++) {
                const auto less = rows(white.drawn.at(t), white.drawn.count(t));
                const auto more = rows(dark.drawn.at(t), dark.drawn.count(t));
                Vector* u = (Vector*)(from_image.p + t * m.width + c);
                for (int v = 0; v < most.V; v++)
                    u[v] = b[v] + x.gain[t] * (most.at[v] - less.at[v] + more.at[v]);
            }
        });
    }

    void fire(Population& o, int t) {
        const int n = ::draw(o.u.p, all.data(), o.width, key(), o.spikes.to(t));
        o.spikes.end(t, n), o.gain[t] = gains[n];
    }

    void trace(Population& o) {
        const float q = 1.f / s.window;
        o.clear(), o.total = o.spikes.start[steps];
        for (int t = s.burn_in; t < steps; t++)
            for (int k = 0; k < o.spikes.count(t); k++)
                o.c[o.spikes.at(t)[k]] += q, o.a[o.spikes.at(t)[k]] += o.gain[t] * q;
        o.n_active = list_nonzero(o.a.p, all.data(), o.width, o.active.data());
    }

    template <int V> void compete(Population& o, int t, Matrix& m) {
        const float g = s.lateral_normalized ? o.gain[t] : 1.f;
        const int* ids = o.spikes.at(t);
        for (int k = 0; k < o.spikes.count(t); k++) {
            Loose* u = (Loose*)(o.u.p + group[ids[k]]);
            const Vector* row = (const Vector*)m.row(ids[k]);
            for (int v = 0; v < V; v++) u[v] += g * row[v];
        }
    }

    // The hidden populations in one phase, from silence; label < 0: none.
    void present(int label_) {
        draw_image(), deliver_image();
        std::copy(h[1].b.p, h[1].b.p + h[1].width, constant.p);
        if (label_ >= 0)
            for (int j = 0; j < h[1].width; j++) constant[j] += label.row(label_)[j];
        for (Population& o : h) std::copy(o.b.p, o.b.p + o.width, o.u.p);
        for (int t = 0; t < steps; t++) {
            for (Population& o : h) fire(o, t);
            if (t + 1 == steps) break;
            deliver(h[1], t, down, from_image.p + t * down.width, h[0].u.p);
            deliver(h[0], t, up[1], constant.p, h[1].u.p);
            for (int l = 0; l < 2 && s.group; l++)
                if (s.group <= LANES) compete<1>(h[l], t, lateral[l]);
                else compete<UNIT / LANES>(h[l], t, lateral[l]);
        }
        for (Population& o : h) trace(o);
        r.total = px.total = ph[0].total = ph[1].total = 0;
    }

    // A population that sends no spikes: draws all steps and learns from a target, a block of columns
    // at a time. The drive is the sum of spikes' rows, or of a row that is always there (`top`).
    struct Source { const Population* pre; Matrix* m; };
    void predict(Population& o, const std::vector<Source>& sources, float* top, const float* aim,
                 float rate, float bias_rate) {
        const float q = 1.f / s.window;
        const uint32_t first_key = key();
        float spikes = 0;
        in_blocks(o.width, [&](auto columns, int c) {
            constexpr int V = columns / LANES;
            Vector* b = (Vector*)(o.b.p + c);
            Vector f[V] = {}, early[V] = {};
            for (int t = 0; t < steps; t++) {
                Sums<columns> u;
                for (int v = 0; v < V; v++) u.at[v] = b[v];
                if (t > 0 && top)
                    for (int v = 0; v < V; v++) u.at[v] += ((Vector*)(top + c))[v];
                for (const auto& [pre, m] : sources) {
                    if (t == 0) break;
                    const auto sum = sum_rows<columns>(m->w.p + c, m->stride, pre->spikes.at(t - 1),
                                                       pre->spikes.count(t - 1));
                    for (int v = 0; v < V; v++) u.at[v] += pre->gain[t - 1] * sum.at[v];
                }
                Words w = counters(c, hashed(first_key + t * GOLDEN));
                Vector* counts = t < s.burn_in ? early : f;
                for (int v = 0; v < V; v++, w += LANES * GOLDEN)
                    counts[v] -= __builtin_convertvector((Whole)(uniform(w) < u.at[v]), Vector);
            }
            for (int v = 0; v < V; v++) {
                for (int k = 0; k < LANES; k++) spikes += early[v][k] + f[v][k];
                f[v] = ((const Vector*)(aim + c))[v] - q * f[v];
                b[v] = clipped(b[v] + bias_rate * f[v], s.bias_limit);
                ((Vector*)(o.f.p + c))[v] = f[v];
            }
            for (const auto& [pre, m] : sources)
                for (int k = 0; k < pre->n_active && rate != 0; k++) {
                    const int i = pre->active[k];
                    Vector* w = (Vector*)(m->row(i) + c);
                    for (int v = 0; v < V; v++) w[v] = clipped(w[v] + rate * pre->a.p[i] * f[v], LIMIT);
                }
            if (top) change_row(top + c, o.f.p + c, rate, columns);
        });
        for (int j = 0; j < o.width; j++) o.c[j] = aim[j] - o.f[j];
        o.total = spikes;
    }

    static float squares(const float* x, int width) {
        float sum = 0;
        for (int j = 0; j < width; j++) sum += x[j] * x[j];
        return sum;
    }

    void learn_hidden(int label_, float true_, const float* g, float scale) {
        float m[2];
        for (int l = 0; l < 2; l++) {
            m[l] = clip(0.5f + s.slope * (s.threshold[l] - g[l]), 0, 1) - true_;
            for (int j = 0; j < h[l].width; j++) h[l].f[j] = 2 * m[l] * h[l].c[j];
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
                const float db = s.homeostasis * (h[l].c[j] - s.target_rate);
                h[l].b[j] = clip(h[l].b[j] - db, -s.bias_limit, s.bias_limit);
            }
        }
    }

    void learn_lateral(Population& o, Matrix& m, float rate) {
        if (!s.group || rate == 0) return;
        const float* pre = s.lateral_normalized ? o.a.p : o.c.p;
        for (int n = 0; n < o.n_active; n++) {
            const int i = o.active[n];
            const float *f = o.f.p + group[i], *lo = low.p + place[i] * UNIT, *hi = high.p + place[i] * UNIT;
            float* w = m.row(i);
            for (int j = 0; j < UNIT; j++) w[j] = clip(w[j] + rate * pre[i] * f[j], lo[j], hi[j]);
        }
    }

    int hard_negative(int truth, int negative, bool& correct) {
        int best = 0, negative_class = -1;
        float highest = -1;
        const uint32_t noise = key();
        for (int j = 0; j < s.classes; j++) {
            if (r.c[j] > r.c[best]) best = j;
            const float u = (hashed(noise + j * GOLDEN) >> 8) * 0x1p-24f;
            const float score = r.c[j] * s.window + s.noise * u;
            if (j != truth && score > highest) highest = score, negative_class = j;
        }
        correct = best == truth;
        return negative < 0 ? negative_class : negative;
    }

    void note(int phase, Statistics& out, float* g) {
        const Population* all_[] = {&x, nullptr, &h[0], &h[1], &r, &px, &ph[0], &ph[1]};
        for (int k = 0; k < 8; k++)
            out.spikes[phase][k] += all_[k] ? all_[k]->total : phase ? steps : 0;
        for (int l = 0; l < 2; l++) out.goodness[phase][l] += g[l] = squares(h[l].c.p, h[l].width);
    }

    void sample(int truth, int negative, float scale, Statistics& out) {
        float g[2];
        bool correct;
        const float rate = scale * s.generative_rate, bias_rate = scale * s.generative_bias_rate;
        present(-1);
        for (int j = 0; j < s.classes; j++) target[j] = j == truth;
        predict(r, {{&h[0], &readout[0]}, {&h[1], &readout[1]}}, nullptr, target.p,
                scale * s.readout_rate, scale * s.readout_bias_rate);
        note(0, out, g);
        const int negative_class = hard_negative(truth, negative, correct);
        out.correct += correct;

        present(truth);
        predict(px, {{&h[0], &generate[0]}}, nullptr, x.c.p, rate, bias_rate);
        predict(ph[0], {{&h[1], &generate[1]}}, nullptr, h[0].c.p, rate, bias_rate);
        predict(ph[1], {}, generate_top.row(truth), h[1].c.p, rate, bias_rate);
        note(1, out, g);
        out.image_error += squares(px.f.p, px.width);
        learn_hidden(truth, 1, g, scale);

        present(negative_class);
        note(2, out, g);
        learn_hidden(negative_class, 0, g, scale);
    }

    // Weights in the order of pffspike/benchmarks/handwritten.py.
    std::vector<Matrix*> matrices() {
        return {&up[0], &up[1], &label, &down, &lateral[0], &lateral[1], &readout[0], &readout[1],
                &generate[0], &generate[1], &generate_top};
    }
};

extern "C" {

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
    k->low.resize(UNIT * UNIT), k->high.resize(UNIT * UNIT);
    for (int i = 0; i < s->group; i++)
        for (int j = 0; j < s->group; j++) (i == j ? k->high : k->low)[i * UNIT + j] = i == j ? LIMIT : -LIMIT;
    const int steps = k->steps = s->burn_in + s->window;
    k->x.load(nullptr, s->image, steps);
    for (int l = 0; l < 2; l++) k->h[l].load(biases[l], n[l], steps), k->ph[l].load(biases[4 + l], n[l], steps);
    k->r.load(biases[2], s->classes, steps), k->px.load(biases[3], s->image, steps);
    for (auto* o : {&k->white, &k->dark}) {
        o->p.resize(k->x.width + UNIT), o->ids.resize(k->x.width + UNIT);
        o->drawn.resize(steps, k->x.width);
    }
    k->from_image.resize(size_t(steps) * k->h[0].width);
    k->constant.resize(k->h[1].width), k->target.resize(k->r.width);
    for (int i = 0; i < padded(widest) + UNIT; i++) {
        k->all.push_back(i);
        k->group.push_back(s->group ? i / s->group * s->group : 0), k->place.push_back(i - k->group[i]);
    }
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
