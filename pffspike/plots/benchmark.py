"""Growth of the time of a training step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from pffspike.plots.canvas import PAGE, colours, figure, letters, styled

_AXES = {
    "width": "neurons of a hidden population",
    "activity": "target rate, relative",
    "window": "steps of the window",
}
_KERNEL = "limit"  #: the hand-written kernel by its name in the results


@styled
def growth(curves: Mapping[str, Sequence[Mapping[str, Any]]]) -> Figure:
    """Draw the time of a step over width, activity and window, beside the hand-written kernel.

    Parameters
    ----------
    curves : mapping of str to sequence of mapping
        ``growth`` of `pffspike.benchmarks.suite.Suite.run`.

    Returns
    -------
    Figure
    """
    drawing = figure(PAGE, 2.5)
    panels = drawing.subplots(1, len(curves), squeeze=False, sharey=True)[0]
    for axes, (kind, points) in zip(panels, curves.items(), strict=True):
        values = [point["value"] for point in points]
        names = [name for name in points[0] if name != "value"]
        palette = colours(names)
        for name in names:
            times = [point[name]["microseconds_per_step"] for point in points]
            label = "hand-written kernel" if name == _KERNEL else name
            axes.plot(values, times, "o-", label=label, color=palette[name], ms=3)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log", base=2)
        axes.yaxis.set_major_formatter(ScalarFormatter())
        axes.set_xticks(values, [f"{value:g}" for value in values])
        axes.set(xlabel=_AXES.get(kind, kind))
        axes.minorticks_off()
    letters(panels)
    panels[0].set_ylabel("time of a training step (µs)")
    handles, labels = panels[0].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    return drawing
