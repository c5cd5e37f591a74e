"""One learning sample of a digit in Brian2, step by step: spikes, goodness, weights.

    python docs/examples/brian2_steps.py [trained.h5] [-o brian2-steps.png]

Without a file it trains the digits for one epoch first. Brian2's own monitors watch the readable
model while it presents a digit without a label, under its own label and under a wrong one.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from brian2 import StateMonitor
from matplotlib.figure import Figure

import pffspike
from pffspike.brian2 import to_brian2

RASTER = ("image", "label", "hidden_1", "hidden_2", "readout")
HIDDEN = {"hidden_1": "#009E73", "hidden_2": "#CC79A7"}
SYNAPSES, OTHERS = "image_to_hidden_1", "#999999"


def steps(trained: Any, image: np.ndarray, label: int) -> tuple[Any, dict[str, np.ndarray]]:
    """Run the model on one sample; it, and by step goodness and the weights of a pixel."""
    signals = {"image": image[None], "label": np.array([label]), "negative": np.array([-1])}
    model = to_brian2(trained, "train", signals)
    goodness = {
        name: StateMonitor(model.pools[name], "G", record=True, when="end") for name in HIDDEN
    }
    synapses = model.projections[SYNAPSES]
    brightest = np.asarray(synapses.i) == np.argmax(image)  # this pixel spikes most
    shown = np.flatnonzero(brightest)[:50]
    weights = StateMonitor(synapses, "w", record=shown, dt=model.dt, when="end")
    model.network.add(*goodness.values(), weights)
    model.network.run(model.duration, namespace={})
    return model, {
        **{name: np.asarray(monitor.G[0]) for name, monitor in goodness.items()},
        SYNAPSES: np.asarray(weights.w).T,
    }


def draw(model: Any, seen: dict[str, np.ndarray]) -> Figure:
    """Raster, goodness in the window, and weights, over the three presentations."""
    figure = Figure(figsize=(183 / 25.4, 4.6), layout="constrained", dpi=150)
    grid = figure.add_gridspec(2, 2, width_ratios=(3, 2))
    raster, goodness = figure.add_subplot(grid[:, 0]), figure.add_subplot(grid[0, 1])
    weights = figure.add_subplot(grid[1, 1], sharex=goodness)
    network, program = model.specification, model.program
    events = model.events()
    for place, name in enumerate(reversed(RASTER)):  # bands of the same height
        neuron, step = events[name]
        height = place + 0.05 + 0.9 * (neuron + 0.5) / network.population(name).size
        raster.plot(step + 1, height, ".", color="black", markersize=1.2)
    names = [f"{name.replace('_', ' ')}\n({network.population(name).size})" for name in RASTER]
    raster.set_yticks(np.arange(len(RASTER)) + 0.5, names[::-1])
    raster.set(ylim=(0, len(RASTER)))
    for name, color in HIDDEN.items():
        each = seen[name][: program.steps * len(program.phases)].reshape(-1, program.steps)
        for index, values in enumerate(each):  # it begins anew in every presentation
            time = np.arange(1, program.steps + 1) + index * program.steps
            label = name.replace("_", " ") if index == 0 else None
            goodness.plot(time, values, color=color, linewidth=1.3, label=label)
        threshold = network.population(name).rule.threshold
        goodness.axhline(threshold, color=color, linewidth=0.7, linestyle=":")
    goodness.set_ylabel("goodness so far")
    goodness.set_ylim(0, 1.35 * max(seen[name].max() for name in HIDDEN))
    goodness.legend(frameon=False, fontsize=7, loc="upper left", ncols=2)
    change = seen[SYNAPSES] - seen[SYNAPSES][0]
    time = np.arange(1, len(change) + 1)
    weights.plot(time, change, color=OTHERS, linewidth=0.7, drawstyle="steps-mid")
    weights.set_ylabel("change of weight")
    ends = [program.steps * k for k in range(1, len(program.phases) + 1)]
    for letter, panel in zip("abc", (raster, goodness, weights), strict=True):
        panel.set_title(letter, loc="left", fontweight="bold", fontsize=9)
        panel.set(xlabel="step", xlim=(0, ends[-1] + 2))
        for end in ends:
            panel.axvline(end + 0.5, color=OTHERS, linewidth=0.5)
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=7)
        panel.xaxis.label.set_fontsize(8)
        panel.yaxis.label.set_fontsize(8)
    for phase, end in zip(program.phases, ends, strict=True):
        middle = end - program.steps / 2
        raster.text(middle, len(RASTER) + 0.03, phase.name, ha="center", va="bottom", fontsize=7)
    return figure


def main() -> None:
    """Train if needed, present a digit, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trained", nargs="?", help="file of a trained network")
    parser.add_argument("-o", "--output", type=Path, default=Path("brian2-steps.png"))
    parser.add_argument("--index", type=int, default=2, help="of the digit")
    options = parser.parse_args()
    brian2.prefs.codegen.target = "numpy"
    trained = (
        pffspike.load(options.trained) if options.trained else pffspike.train("digits", epochs=1)
    )
    data = pffspike.load_data("digits")
    image = pffspike.probabilities(data.test_images[options.index], data.levels)
    model, seen = steps(trained, image, int(data.test_labels[options.index]))
    recording = model.recording()
    for index, phase in enumerate(model.program.phases):
        found = ", ".join(f"{name} {recording.goodness[name][index]:.2f}" for name in HIDDEN)
        print(f"{phase.name}: goodness of {found}")
    print(f"label {data.test_labels[options.index]}, wrong label {recording.hard_negatives[0]}")
    changed = np.count_nonzero(
        model.parameters().weights[SYNAPSES] != trained.parameters.weights[SYNAPSES]
    )
    print(f"{changed} weights of {SYNAPSES} changed")
    pffspike.plots.save(draw(model, seen), options.output)


if __name__ == "__main__":
    main()
