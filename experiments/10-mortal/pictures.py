"""Pictures of the study: errors by kind of chip, and life with injuries and drift."""

import statistics

import numpy as np
from lab import ADAPTED, BP, COPY, DISTILLED, IDEAL, LEVELS, OTHER, OWN, PART, PARTS, PFF, last

from pffspike.plots.canvas import FALSE, NEUTRAL, OTHERS, PAGE, TRUE, figure, styled

TICKS = (2, 5, 10, 20, 50)  #: per cent


@styled
def by_level(runs):
    """Errors by condition, a panel a kind of chip."""
    levels = [name for name in LEVELS if name in runs]
    rows = [(PFF, COPY), (PFF, OTHER), (PFF, OWN), (PFF, DISTILLED), (PFF, ADAPTED)]
    rows += [(BP, COPY), (BP, OWN), (BP, ADAPTED)]
    across = min(4, len(levels))
    down = -(-len(levels) // across)
    drawing = figure(PAGE, 1.9 * down + 0.5)
    panels = np.atleast_1d(drawing.subplots(down, across, sharex=True, sharey=True)).ravel()
    for axes in panels[len(levels) :]:
        axes.set_visible(False)
    for axes, level in zip(panels, levels, strict=False):
        for y, (system, condition) in enumerate(rows):
            values = [100 * (1 - last(v)) for v in runs[level][f"{system}: {condition}"]]
            colour = TRUE if system == PFF else FALSE
            axes.plot(values, [y] * len(values), "o", color=colour, markersize=2.5, alpha=0.5)
            axes.plot([statistics.median(values)] * 2, [y - 0.35, y + 0.35], color=colour)
        for system, colour in ((PFF, TRUE), (BP, FALSE)):
            mean = statistics.fmean(runs["ideal"][f"{system}: {IDEAL}"])
            axes.axvline(100 * (1 - mean), color=colour, linewidth=0.5, linestyle=":")
        axes.set_title(level)
        axes.set_yticks(range(len(rows)), [condition for _, condition in rows])
        axes.set_xlabel("error (%)")
        axes.label_outer()
    for axes in panels[len(levels) - across : len(panels) - across]:  # above those that are hidden
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("error (%)")
    panels[0].invert_yaxis()
    panels[0].set_xscale("log")
    panels[0].set_xticks(TICKS, [str(tick) for tick in TICKS])
    panels[0].minorticks_off()
    drawing.legend(
        [panels[0].lines[0], panels[0].lines[2 * [system for system, _ in rows].index(BP)]],
        [f"{PFF}, label by label", f"{BP}, one pass"],
        loc="outside upper right",
        ncols=2,
    )
    return drawing


@styled
def life_of(runs, stages):
    """After an injury, and in a drift."""
    drawing = figure(PAGE, 2.6)
    panels = drawing.subplots(1, 2, sharey=True)
    places = np.arange(len(stages))
    for name, label, colour in (
        (f"{PFF}: injured", f"{PFF}, learning", TRUE),
        (f"{PFF}: injured, homeostasis", f"{PFF}, homeostasis only", OTHERS[0]),
        (f"{BP}: injured", f"{BP}, learning", FALSE),
    ):
        panels[0].plot(places, _mean(runs[name]), "o-", color=colour, label=label, markersize=3)
    panels[0].set_xticks(places, [f"{n:,}" for n in stages], rotation=45)
    panels[0].set(xlabel="presentations since", ylabel="accuracy (%)")
    panels[0].set_title("a tenth of the neurons died")
    for name, shown, colour in (
        (f"{PFF}: drift, learning", None, TRUE),
        (f"{PFF}: drift, homeostasis", None, OTHERS[0]),
        (f"{PFF}: drift, off", f"{PFF}, off", NEUTRAL),
        (f"{BP}: drift, learning", None, FALSE),
        (f"{BP}: drift, off", f"{BP}, off", OTHERS[1]),
    ):
        times = PART * np.arange(PARTS + 1)
        panels[1].plot(times, _mean(runs[name]), "-", color=colour, label=shown)
    panels[1].set(xlabel="presentations")
    panels[1].set_title("gains drift")
    handles, labels = panels[0].get_legend_handles_labels()
    more, others = panels[1].get_legend_handles_labels()
    drawing.legend([*handles, *more], [*labels, *others], loc="outside upper right", ncols=3)
    return drawing


def _mean(curves):
    return 100 * np.mean(curves, axis=0)
