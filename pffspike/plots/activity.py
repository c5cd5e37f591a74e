"""Spikes of a presentation and goodness over training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from pffspike.plots.canvas import FALSE, NEUTRAL, TRUE, figure
from pffspike.recording import Recording

_ROWS = 80  #: neurons that one inch of a raster holds


def raster(recording: Recording, presentations: Mapping[str, int]) -> Figure:
    """Draw every recorded spike of some presentations side by side, population by population.

    Parameters
    ----------
    recording : Recording
        With rasters.
    presentations : mapping of str to int
        Title of each column, and the presentation it shows.

    Returns
    -------
    Figure
    """
    chosen = list(presentations.values())
    shown = {name: r[:, chosen] for name, r in recording.rasters.items() if r[:, chosen].any()}
    heights = [max(0.35, spikes.shape[2] / _ROWS) for spikes in shown.values()]
    drawing = figure(1.6 + 3.2 * len(chosen), 1.2 + sum(heights))
    panels = drawing.subplots(
        len(shown), len(chosen), squeeze=False, sharex=True, height_ratios=heights
    )
    for line, (name, spikes) in zip(panels, shown.items(), strict=True):
        for column, axes in enumerate(line):
            steps, neurons = np.nonzero(spikes[:, column])
            axes.hlines(neurons, steps - 0.42, steps + 0.42, linewidth=1.3, color=TRUE)
            axes.axvspan(-0.5, recording.program.burn_in - 0.5, color="0.92", zorder=0)
            axes.set_xlim(-0.5, recording.program.steps - 0.5)
            axes.set_ylim(-0.5, spikes.shape[2] - 0.5)
            axes.set_yticks([])
            axes.set_xticks(range(0, recording.program.steps, 2))
            axes.text(
                0.995,
                0.02,
                f"{len(steps)} spikes",
                transform=axes.transAxes,
                ha="right",
                va="bottom",
                fontsize="x-small",
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
            )
        line[0].set_ylabel(
            f"{name.replace('_', ' ')}\n({spikes.shape[2]})", rotation=0, ha="right", va="center"
        )
    for axes, title in zip(panels[0], presentations, strict=True):
        axes.set_title(title, fontsize="medium")
    for axes in panels[-1]:
        axes.set_xlabel("step (shaded: burn-in)")
    return drawing


def goodness_history(
    history: Mapping[str, npt.NDArray[np.float64]],
    samples_per_epoch: int,
    thresholds: Mapping[str, float],
) -> Figure:
    """Draw goodness under true, false and no label, and the on-line accuracy, over training.

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
    drawing = figure(3.4 * (len(thresholds) + online), 3.0)
    epochs = history["sample"] / samples_per_epoch
    panels = drawing.subplots(1, len(thresholds) + online, squeeze=False)[0]
    for axes, (name, threshold) in zip(panels, thresholds.items(), strict=False):
        for phase, label, colour in (
            ("negative", "false label", FALSE),
            ("positive", "true label", TRUE),
            ("free", "no label", NEUTRAL),
        ):
            values = history.get(f"goodness.{phase}.{name}")
            if values is not None:
                axes.plot(epochs, values, label=label, color=colour, linewidth=1.2)
        axes.axhline(threshold, color="0.3", linestyle=":", linewidth=1, label="threshold")
        axes.set(title=name.replace("_", " "), xlabel="epoch", ylabel="goodness")
        axes.set_ylim(bottom=0)
    panels[0].legend(fontsize="small", frameon=False)
    if online:
        panels[-1].plot(epochs, history["accuracy.online"], color=NEUTRAL, linewidth=1.2)
        panels[-1].set(title="read-out, before learning", xlabel="epoch", ylabel="accuracy")
        panels[-1].set_ylim(0, 1)
    return drawing
