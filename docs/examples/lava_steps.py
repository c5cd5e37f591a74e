"""One presentation of a digit on Lava, step by step: what every population sends and receives.

    python docs/examples/lava_steps.py [trained.h5] [-o lava-steps.png]

Without a file it trains the digits for one epoch first. After each time step it reads the variables
of the process, prints the numbers of spikes, and draws all of it at the end.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

import pffspike
from pffspike.lava import PFF, CooperativeRuntime

from lava.magma.core.run_conditions import RunSteps  # isort: skip

POPULATIONS = ("image", "hidden_1", "hidden_2", "readout")
TRUE, OTHERS = "#0072B2", "#999999"


def steps(trained: Any, image: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Spikes of every population (steps, units), and drives of the read-out (steps, classes)."""
    pff = PFF(trained, "one_pass", {"image": image[None]}, arithmetic="floating")
    print(pff.text(), end="\n\n")
    spikes: dict[str, list[np.ndarray]] = {name: [] for name in POPULATIONS}
    drives = []
    with CooperativeRuntime(pff):
        for step in range(1, pff.steps + 1):
            pff.run(condition=RunSteps(num_steps=1))
            for name in POPULATIONS:
                spikes[name].append(getattr(pff, f"{name}_spikes").get())
            current = pff.readout_current.get() if step > 1 else 0.0  # the first step ignores it
            drives.append(pff.readout_bias.get() + current)
            counts = ", ".join(f"{name} {int(spikes[name][-1].sum())}" for name in POPULATIONS)
            print(f"step {step:2}: {counts}")
    return {name: np.array(rows) for name, rows in spikes.items()}, np.array(drives)


def draw(spikes: dict[str, np.ndarray], drives: np.ndarray, label: int) -> Figure:
    """Raster, drives of the read-out, and its spikes so far."""
    figure = Figure(figsize=(183 / 25.4, 4.4), layout="constrained", dpi=150)
    grid = figure.add_gridspec(2, 2, width_ratios=(3, 2))
    raster, drive = figure.add_subplot(grid[:, 0]), figure.add_subplot(grid[0, 1])
    votes = figure.add_subplot(grid[1, 1], sharex=drive)
    for place, rows in enumerate(reversed(spikes.values())):  # bands of the same height
        time, neuron = np.nonzero(rows)
        height = place + 0.05 + 0.9 * (neuron + 0.5) / rows.shape[1]
        raster.plot(time + 1, height, ".", color="black", markersize=1.4)
    names = [f"{name.replace('_', ' ')}\n({n.shape[1]})" for name, n in reversed(spikes.items())]
    raster.set_yticks(np.arange(len(names)) + 0.5, names)
    raster.set(xlabel="step", ylim=(0, len(names)))
    raster.hlines(range(1, len(names)), 0.5, len(drives) + 0.5, color=OTHERS, linewidth=0.5)
    count = np.cumsum(spikes["readout"], axis=0)
    time = np.arange(1, len(drives) + 1)
    for panel, values in ((drive, drives), (votes, count)):
        panel.plot(time, np.delete(values, label, axis=1), color=OTHERS, linewidth=0.8)
        panel.plot(time, values[:, label], color=TRUE, linewidth=1.5, label=f"class {label}")
    drive.axhspan(0, 1, color="0.93", zorder=0)
    drive.set_ylabel("drive of read-out")
    votes.legend(frameon=False, loc="upper left", fontsize=7)
    votes.yaxis.set_major_locator(MaxNLocator(integer=True))
    votes.set(xlabel="step", ylabel="spikes so far")
    for letter, panel in zip("abc", (raster, drive, votes), strict=True):
        panel.set_title(letter, loc="left", fontweight="bold", fontsize=9)
        panel.set_xticks(range(2, len(drives) + 1, 4))
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=7)
        panel.xaxis.label.set_fontsize(8)
        panel.yaxis.label.set_fontsize(8)
    return figure


def main() -> None:
    """Train if needed, present a test digit, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trained", nargs="?", help="file of a trained network")
    parser.add_argument("-o", "--output", type=Path, default=Path("lava-steps.png"))
    parser.add_argument("--index", type=int, default=2, help="of the test digit")
    options = parser.parse_args()
    trained = (
        pffspike.load(options.trained) if options.trained else pffspike.train("digits", epochs=1)
    )
    data = pffspike.load_data("digits")
    image = pffspike.probabilities(data.test_images[options.index], data.levels)
    spikes, drives = steps(trained, image)
    label = int(data.test_labels[options.index])
    print(f"label {label}, answer {spikes['readout'].sum(axis=0).argmax()}")
    pffspike.plots.save(draw(spikes, drives, label), options.output)


if __name__ == "__main__":
    main()
