"""Spikes of a presentation and goodness over training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pffspike.plots.canvas import (
    COLUMN,
    FALSE,
    NEUTRAL,
    OTHERS,
    PAGE,
    TRUE,
    colours_by_place,
    figure,
    letters,
    styled,
    words,
)
from pffspike.recording import Recording

_ROWS = 130  #: neurons that one inch of a raster holds
_SMOOTHED = 9  #: rows of the history that a smooth line averages


@styled
def raster(recording: Recording, presentations: Mapping[str, int]) -> Figure:
    """Draw every recorded spike of some presentations side by side, population by population.

    A dot is a spike. Neurons of a population are sorted by their spikes in the first presentation,
    so that a row is the same neuron in all. Below are the mean rates of the populations.

    Parameters
    ----------
    recording : Recording
        With rasters.
    presentations : mapping of str to int
        Title of each column, and the presentation it shows. The first one has the colour of the
        true label and the second one that of a false label, if there are two.

    Returns
    -------
    Figure
    """
    chosen = list(presentations.values())
    conditions = [TRUE, FALSE, *OTHERS][: len(chosen)] if len(chosen) > 1 else [NEUTRAL]
    shown = {name: r[:, chosen] for name, r in recording.rasters.items() if r[:, chosen].any()}
    heights = [max(0.3, spikes.shape[2] / _ROWS) for spikes in shown.values()]
    drawing = figure(PAGE if len(chosen) > 1 else COLUMN, 1.9 + sum(heights))
    panels = drawing.subplots(
        len(shown) + 1,
        len(chosen),
        squeeze=False,
        sharex=True,
        sharey="row",
        height_ratios=[*heights, 0.8],
    )
    for line, (name, spikes) in zip(panels, shown.items(), strict=False):
        order = np.argsort(spikes[:, 0].sum(axis=0), kind="stable")
        for column, axes in enumerate(line):
            _dots(axes, spikes[:, column, order], conditions[column])
        line[0].set_ylabel(
            f"{words(name)}\n({spikes.shape[2]})", rotation=0, ha="right", va="center"
        )
    for column, (title, axes) in enumerate(zip(presentations, panels[0], strict=True)):
        axes.set_title(title, color=conditions[column])
        _rates(panels[-1][column], {n: s[:, column] for n, s in shown.items()})
    panels[-1][0].xaxis.set_major_locator(MaxNLocator(integer=True))
    for axes in panels.flat:
        axes.axvspan(-0.5, recording.program.burn_in - 0.5, color="0.93", zorder=0, linewidth=0)
        axes.set_xlim(-0.5, recording.program.steps - 0.5)
    panels[-1][0].set_ylabel("spikes a\nneuron and step", rotation=0, ha="right", va="center")
    panels[-1][-1].legend(loc="upper left", bbox_to_anchor=(1, 1.1))
    for axes in panels[-1]:
        axes.set_xlabel("step (shaded: before the window)")
    return drawing


def _dots(axes: Any, spikes: npt.NDArray[np.bool_], colour: str) -> None:
    steps, neurons = np.nonzero(spikes)
    axes.scatter(steps, neurons, s=2.2, marker="o", color=colour, linewidths=0)
    axes.set_ylim(-1, spikes.shape[1])
    axes.set_yticks([])
    axes.annotate(
        f"{len(steps)}", (1.01, 0.5), xycoords="axes fraction", va="center", size=7, color=colour
    )


def _rates(axes: Any, spikes: Mapping[str, npt.NDArray[np.bool_]]) -> None:
    palette = colours_by_place(spikes)
    for name, values in spikes.items():
        axes.plot(values.mean(axis=1), color=palette[name], linewidth=1, label=words(name))
    axes.set_ylim(bottom=0)


@styled
def goodness_history(
    history: Mapping[str, npt.NDArray[np.float64]],
    samples_per_epoch: int,
    thresholds: Mapping[str, float],
) -> Figure:
    """Draw goodness under true, false and no label, and the on-line accuracy, over training.

    Pale lines are means over short stretches of training, strong ones their moving average.

    Parameters
    ----------
    history : mapping of str to (rows,) ndarray of float64
        Of `pffspike.TrainedNetwork`.
    samples_per_epoch : int
        Samples between the marks of the horizontal axis.
    thresholds : mapping of str to float
        Goodness threshold by population.

    Returns
    -------
    Figure
    """
    online = "accuracy.online" in history
    count = len(thresholds) + online
    drawing = figure(PAGE if count > 1 else COLUMN, 2.2)
    epochs = history["sample"] / samples_per_epoch
    panels = drawing.subplots(1, count, squeeze=False)[0]
    conditions = (
        ("negative", "false label", FALSE),
        ("positive", "true label", TRUE),
        ("free", "no label", NEUTRAL),
    )
    for axes, (name, threshold) in zip(panels, thresholds.items(), strict=False):
        for phase, label, colour in conditions:
            values = history.get(f"goodness.{phase}.{name}")
            if values is not None:
                _line(axes, epochs, values, colour, label)
        axes.axhline(threshold, color="0.3", linestyle=":", linewidth=1, label="threshold")
        axes.set(title=words(name), xlabel="epoch")
        axes.set_ylim(bottom=0)
    highest = max(axes.get_ylim()[1] for axes in panels[: len(thresholds)])
    for axes in panels[: len(thresholds)]:
        axes.set_ylim(0, highest)
    panels[0].set_ylabel("goodness")
    panels[0].legend()
    if online:
        _line(panels[-1], epochs, 100 * history["accuracy.online"], NEUTRAL, "")
        panels[-1].set(title="read-out, on line", xlabel="epoch", ylabel="accuracy (%)")
        panels[-1].set_ylim(0, 100)
    for axes in panels:
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    letters(panels)
    return drawing


def _line(axes: Any, x: Any, values: npt.NDArray[np.float64], colour: str, label: str) -> None:
    axes.plot(x, values, color=colour, linewidth=0.6, alpha=0.35)
    width = min(_SMOOTHED, len(values))
    padded = np.pad(values, (width // 2, (width - 1) // 2), mode="edge")
    smooth = np.convolve(padded, np.full(width, 1 / width), mode="valid")
    axes.plot(x, smooth, color=colour, linewidth=1.3, label=label)
