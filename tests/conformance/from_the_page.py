"""A simulator that knows nothing of this project but the page ``model.md`` and an export folder.

It is written from the page alone (numbers in parentheses are those of its equations), in plain
NumPy and double precision, one sample and one step at a time. `test_model_page` compares it with
the engines: where the page is silent or wrong, they differ.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import numpy as np

from images_from_the_page import Images
from numbers_from_the_page import (
    LABELS,
    ORDER,
    ROUNDING,
    SPIKES,
    TIES,
    TRIALS,
    WEIGHTS,
    derive,
    output,
    rounded,
    uniform,
)


def coefficients(rule, sign):
    """Offset, gain, slope and theta of a rule (table of section 3)."""
    kind, parameters = rule["kind"], rule["parameters"]
    if kind not in ("goodness", "contrast", "delta"):  # of another package: the export gives them
        values = rule["coefficients"][f"{sign:+d}"]
        return tuple(values[name] for name in ("offset", "gain", "slope", "theta"))
    if kind != "goodness":
        return {"contrast": sign, "delta": -1}[kind], 0, 0, 0
    if sign == 0:
        return 0, 0, 0, 0
    offset = -2 if (sign > 0) == (parameters["positive"] == "low") else 0
    return offset, 2, rounded(parameters["slope"], -8), rounded(parameters["threshold"], -8)


class Simulator:
    """The network of an export folder.

    ``weights`` and ``biases`` are those of the folder until `start` draws others or `run` changes
    them.
    """

    def __init__(self, folder):
        folder = Path(folder)
        content = json.loads((folder / "network.json").read_text("utf-8"))
        self.seed = int(content["seed"]) % 2**64
        self.populations = {p["name"]: p for p in content["populations"]}
        self.projections = {p["name"]: p for p in content["projections"]}
        self.programs = {p["name"]: p for p in content["programs"]}
        self.training, self.decisions = content["training"], content["decisions"]
        self.roles = content["roles"]
        self.weights = {
            name: np.load(folder / f"weights/{name}.npy") * 2.0 ** p["exponent"]
            for name, p in self.projections.items()
            if p["tied"] is None
        }
        self.biases = {
            name: np.load(folder / f"biases/{name}.npy") * 2.0 ** p["bias_exponent"]
            for name, p in self.populations.items()
            if not p["input"]
        }
        self.fixed = {
            (file.parent.name, file.stem): np.load(file)
            for file in (folder / "fixed").glob("*/*.npy")
        }
        mean = None
        if self.training["coding"] == "on_off":
            mean = np.load(folder / "coding/mean.npy") * 2.0**-24
        self.images = Images(content, mean)

    def positions(self, name):
        """Where the neurons of a population read random numbers."""
        p = self.populations[name]
        return p["index"] * 2**32 + np.arange(p["size"])

    # --- section 2: a presentation

    def present(self, program, phase, sample, seed, signals):
        """Every spike of a presentation, ``q`` and ``x``, by active population."""
        enabled = [self.projections[name] for name in phase["projections"]]
        active = set(phase["inputs"]) | {p["post"] for p in enabled}
        sizes = {name: self.populations[name]["size"] for name in active}
        current = {name: np.zeros(size) for name, size in sizes.items()}
        counts = {name: np.zeros(size) for name, size in sizes.items()}
        traces = {name: np.zeros(size) for name, size in sizes.items()}
        rasters = {name: [] for name in active}
        for t in range(program["burn_in"] + program["window"]):
            key = derive(seed, SPIKES, phase["stream"], sample, t)
            spikes, gains = {}, {}
            for name in active:
                if name in phase["inputs"]:
                    p = self.probabilities(phase["inputs"][name], sizes[name], signals, t)
                else:
                    p = np.clip(self.biases[name] + current[name], 0, 1)  # (5)
                spikes[name] = uniform(key, self.positions(name)) < p  # (4)
                gains[name] = self.gain(name, int(spikes[name].sum()))
                rasters[name].append(spikes[name])
            current = {name: np.zeros(size) for name, size in sizes.items()}
            for p in enabled:  # (7)
                arriving = spikes[p["pre"]] @ self.weights[p["weights"]]
                current[p["post"]] += arriving * (gains[p["pre"]] if p["weighted_by_gain"] else 1)
            if t >= program["burn_in"]:
                for name in active:
                    counts[name] += spikes[name]
                    traces[name] += gains[name] * spikes[name]
        window = program["window"]
        q = {name: c / window for name, c in counts.items()}
        x = {name: a / window for name, a in traces.items()}
        return rasters, q, x

    def probabilities(self, source, size, signals, t):
        """Spike probabilities of an input population: of a signal, a class or a fixed neuron."""
        value = signals[source] if isinstance(source, str) else source
        if np.ndim(value) == 2:  # in time
            return value[t]
        return value if np.ndim(value) else np.arange(size) == value

    def gain(self, name, spikes):
        """Of a population with so many spikes in this step (6)."""
        n, kind = max(1, spikes), self.populations[name]["normalization"]
        if kind == "sqrt":
            return (math.isqrt(4 * 256 * 256 // n) + 1) // 2 / 256
        return 2.0 ** -(n.bit_length() // 2) if kind == "shift" else 1.0

    # --- section 3: learning

    def post_factors(self, name, sign, q, signals):
        """What the rule of a population makes of its rates (9)."""
        rule, target = self.populations[name]["rule"], 0
        if rule is None:
            return np.zeros_like(q[name])
        if rule["target_population"]:
            target = q[rule["target_population"]]
        if rule["target_signal"]:
            target = np.arange(len(q[name])) == signals[rule["target_signal"]]
        offset, gain, slope, theta = coefficients(rule, sign)
        m = np.clip(0.5 + slope * (theta - np.sum(q[name] ** 2)), 0, 1)
        return (offset + gain * m) * q[name] + target

    def learn(self, phase, place, sample, seed, scale, q, x, signals):
        """Change weights and biases after a presentation."""
        sign = phase["sign"] if isinstance(phase["sign"], int) else signals[phase["sign"]]
        factors = {name: self.post_factors(name, sign, q, signals) for name in phase["learn"]}
        key = derive(seed, ROUNDING, sample, place)
        for p in (self.projections[name] for name in phase["projections"]):
            if p["post"] not in factors or p["tied"] or not p["learning_rate"]:
                continue
            rate, unit = rounded(p["learning_rate"] * scale, -20), 2.0 ** p["exponent"]
            sent = (x if p["weighted_by_gain"] else q)[p["pre"]]
            noise = (
                uniform(derive(key, 0), self.positions(p["pre"]))[:, None]
                + uniform(derive(key, 1), self.positions(p["post"]))
            ) % 1  # (11)
            w = self.weights[p["name"]] + rate * np.outer(sent, factors[p["post"]])
            w = np.clip(np.floor(w / unit + noise), p["low"], p["high"]) * unit  # (10)
            changes = self.exists(p) & ~self.fixed.get(("weights", p["name"]), np.False_)
            self.weights[p["name"]] = np.where(changes, w, self.weights[p["name"]])
        for name, f in factors.items():
            bias = self.populations[name]["bias"]
            rate = rounded(bias["learning_rate"] * scale, -20)
            h, rho = rounded(bias["homeostasis"], -20), rounded(bias["target_rate"], -20)
            b = rounded(self.biases[name] + rate * f - h * (q[name] - rho), -24)  # (12)
            b = np.clip(b, -bias["limit"], bias["limit"])
            fixed = self.fixed.get(("biases", name), np.False_)
            self.biases[name] = np.where(fixed, self.biases[name], b)

    def exists(self, p):
        """Which synapses a projection has."""
        pre, post = (np.arange(self.populations[p[end]]["size"]) for end in ("pre", "post"))
        pre = pre[:, None]
        if p["connectivity"] == "dense":
            return pre + post >= 0
        if p["connectivity"] == "one_to_one":
            return pre == post
        return (pre // p["block"] == post // p["block"]) & (pre != post)

    def hardest(self, program, q, sample, seed, signals):
        """The wrong class with the most convincing read-out (13)."""
        hard = program["hard_negative"]
        count = q[hard["population"]] * program["window"]
        noise = rounded(hard["noise"], -8) * uniform(derive(seed, TIES, sample), range(len(count)))
        score = count + noise
        score[signals[hard["truth"]]] = -np.inf
        return int(np.argmax(score))

    def run(self, name, sample, seed, signals, scale=1.0):
        """All presentations of a sample: rasters and rates of each, and the signals as used."""
        program, found, signals = self.programs[name], [], dict(signals)
        hard = program.get("hard_negative")
        for place, phase in enumerate(program["phases"]):
            rasters, q, x = self.present(program, phase, sample, seed, signals)
            found.append((rasters, q))
            self.learn(phase, place, sample, seed, scale, q, x, signals)
            if hard and hard["phase"] == phase["name"] and signals.get(hard["signal"]) == -1:
                signals[hard["signal"]] = self.hardest(program, q, sample, seed, signals)
        return found, signals

    # --- section 4: training

    def start(self, seed):
        """Draw the initial weights and biases."""
        for place, p in enumerate(self.projections.values()):
            if p["tied"]:
                continue
            exists, unit = self.exists(p), 2.0 ** p["exponent"]
            w = np.full(exists.shape, float(p["scale"]))
            if p["initial"] == "normal":
                m = 12 * np.arange(exists.size).reshape(exists.shape)
                key = derive(seed, WEIGHTS, place)
                draws = [uniform(key, m.ravel() + k).reshape(m.shape) for k in range(12)]
                fan = max(1, exists.sum(0).max(), exists.sum(1).max())
                w = (sum(draws) - 6) * (p["scale"] / np.sqrt(fan))  # (15)
            w = np.clip(rounded(w, p["exponent"]), p["low"] * unit, p["high"] * unit)
            self.weights[p["name"]] = np.where(exists, w, 0)
        for p in self.projections.values():
            if p["initial"] == "transposed":
                w, unit = self.weights[self.back(p)["name"]].T, 2.0 ** p["exponent"]
                w = np.clip(rounded(w, p["exponent"]), p["low"] * unit, p["high"] * unit)
                self.weights[p["name"]] = np.where(self.exists(p), w, 0)
        for name in self.biases:
            p = self.populations[name]
            self.biases[name] = np.full(p["size"], rounded(p["bias"]["initial"], -24))

    def back(self, projection):
        """Find the projection that leads back, whose weights another one begins with."""
        ends = projection["post"], projection["pre"]
        return next(
            p
            for p in self.projections.values()
            if (p["pre"], p["post"]) == ends and not p["tied"] and p["initial"] != "transposed"
        )

    def train(self, grey, labels, samples, seed):
        """Present so many training samples, from sample 0 on."""
        n, scale, order = len(grey), 1.0, None
        for m in range(samples):
            if m % n == 0:
                order = np.argsort(output(derive(seed, ORDER, m // n), range(n)))
                scale *= self.training["decay"] if m else 1
            k = order[m % n]
            image = self.images.encode(self.images.shifted(grey[k], m, seed))
            negative = self.wrong_label(int(labels[k]), m, seed)
            hybrid = self.images.hybrid(grey[k], grey[order[m % n - 1]], m, seed)
            signals = {"image": image, "label": int(labels[k]), "negative": negative}
            signals["hybrid"] = self.images.encode(self.images.shifted(hybrid, m, seed))
            self.run("train", m, seed, signals, scale)
            if (m + 1) % n == 0 and self.training["latent_images"]:
                self.learn_latents(grey, labels, order, m // n, seed)

    def learn_latents(self, grey, labels, order, epoch, seed):
        """Find latent states of some images of an epoch, and learn what they predict."""
        count = min(self.training["latent_images"], len(order))
        scale, latent = 1.0, self.roles["latent"]
        for _ in range(epoch):
            scale *= self.training["latent_decay"]
        above = {p["post"]: p for p in self.projections.values() if p["pre"] == latent}
        predicted = {name: self.populations[name]["rule"]["target_population"] for name in above}
        step = 1 / 4 if len(above) == 1 else 1 / 16
        for start in range(0, count, 1000):
            shown = {}
            for i in range(start, min(start + 1000, count)):
                g, k = epoch * count + i, order[i]
                z = np.full(self.populations[latent]["size"], 1 / 8)
                for r in range(8):
                    signals = {
                        "image": self.images.encode(grey[k]),
                        "label": labels[k],
                        "latent": z,
                    }
                    shown[g] = signals
                    ((_, q),) = self.run("infer_latent", 8 * g + r, seed, signals)[0]
                    for name, target in predicted.items():  # (14b)
                        error = q[target] - q[name]
                        z = z + step * (self.weights[above[name]["name"]] @ error)
                    z = np.clip(rounded(z, -24), 0, 1)
                shown[g] = {**shown[g], "latent": z}
            for g, signals in shown.items():
                self.run("learn_latent", g, seed, signals, scale)

    def wrong_label(self, label, m, seed):
        """Of a training sample (14)."""
        key, classes = derive(seed, LABELS, m), self.populations[self.roles["label"]]["size"]
        choice, hard = uniform(key, [0, 1])
        if hard < self.training["hard_negatives"]:
            return -1
        return (label + 1 + int(choice * (classes - 1))) % classes

    # --- section 6: decisions

    def number(self, grey):
        """Number of an image by its content (18)."""
        content = (self.images.encode(grey) * 2**24).astype("<u4").tobytes()
        return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little") >> 2

    def trial(self, name, grey, sample, seed, trial):
        """Rasters and rates of each phase in one of several trials."""
        if trial:
            seed, d = derive(seed, TRIALS, trial), self.training["shift"]
            if self.training["flip"] and trial % 2:
                grey = self.images.mirrored(grey)
            grey = self.images.moved(grey, *[(0, d), (0, -d), (d, 0), (-d, 0)][(trial - 1) % 4])
        return self.run(name, sample, seed, {"image": self.images.encode(grey)})[0]

    def ranks(self, grey, sample, seed, trials=1):
        """Spikes of the read-out, and random numbers that part equals."""
        readout = self.roles["readout"]
        found = [
            self.trial("one_pass", grey, sample, seed, k)[0][1][readout] for k in range(trials)
        ]
        count = sum(found) * self.programs["one_pass"]["window"]
        return count + uniform(derive(seed, TIES, sample), range(len(count)))

    def one_pass(self, grey, sample, seed, trials=1):
        """The label that the read-out names."""
        return int(np.argmax(self.ranks(grey, sample, seed, trials)))

    def goodness(self, grey, sample, seed, candidates=None, limit=np.inf, trials=1, early=False):
        """The label whose goodness is best, of all or of those that the read-out proposes.

        With a limit, labels drop out after each trial, or ``early``, within the first.
        """
        program = self.programs["goodness"]
        window, left = program["window"], np.arange(len(program["phases"]))
        if candidates is not None:
            left = np.sort(np.argsort(-self.ranks(grey, sample, seed))[:candidates])
        total, runs = np.zeros(len(left)), {}
        stages = [(0, 2**k) for k in range(window.bit_length() - 1) if early]
        for trial, steps in stages + [(k, window) for k in range(trials)]:
            if trial not in runs:
                runs[trial] = self.trial("goodness", grey, sample, seed, trial)
            span = slice(program["burn_in"], program["burn_in"] + steps)
            score = np.array([self.score(runs[trial][label][0], span) for label in left])
            if steps == window:
                total += score
                score = total / (trial + 1)
            best, lag = int(left[np.argmax(score)]), score.max() - score
            keep = lag * np.sqrt(steps * (trial + 1)) <= limit
            left, total = left[keep], total[keep]
            if len(left) == 1:
                break
        return best

    def score(self, rasters, span):
        """Score of a label, from some steps of its presentation."""
        rates = {name: np.mean(raster[span], axis=0) for name, raster in rasters.items()}
        return sum(sign * np.sum(rates[p] ** 2) for p, sign in self.decisions["goodness"].items())
