"""Accuracy against the bits of weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from pffspike.plots.canvas import FALSE, NEUTRAL, OTHERS, PAGE, TRUE, figure, letters, styled, words

_MODES = {"goodness": "label by label"}
_STYLES = {
    "feedback": (TRUE, "o"),
    "nearest": (FALSE, "s"),
    "nearest, weights only": (OTHERS[0], "^"),
}


@styled
def accuracy_by_bits(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> Figure:
    """Draw the test error against bits, a row a network and a column a mode of inference.

    The error is on a logarithmic axis, so that its small differences at many bits show beside its
    large ones at few. Bars are standard errors over seeds, where rows have a ``deviation``.

    Parameters
    ----------
    tables : mapping of str to sequence of mapping
        By title: rows with ``bits``, ``rounding`` and ``accuracy`` by mode, as
        `pffspike.quantization.sweep.Row` has them.

    Returns
    -------
    Figure
    """
    modes = list(next(iter(tables.values()))[0]["accuracy"])
    drawing = figure(PAGE, 2.3 * len(tables))
    panels = drawing.subplots(len(tables), len(modes), squeeze=False, sharex=True, sharey="row")
    for row, (title, table) in zip(panels, tables.items(), strict=True):
        for axes, mode in zip(row, modes, strict=True):
            _panel(axes, table, mode)
            axes.set_title(f"{title}: {_MODES.get(mode, words(mode))}")
        row[0].set_ylabel("test error (%)")
    for axes in panels[-1]:
        axes.set_xlabel("bits of a weight")
    letters(panels.flat)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return drawing


def _panel(axes: Any, table: Sequence[Mapping[str, Any]], mode: str) -> None:
    for rounding, (colour, marker) in _STYLES.items():
        rows = [row for row in table if row["rounding"] == rounding]
        axes.errorbar(
            [row["bits"] for row in rows],
            [100 * (1 - row["accuracy"][mode]) for row in rows],
            yerr=[100 * row.get("deviation", {}).get(mode, 0.0) for row in rows],
            color=colour,
            marker=marker,
            markersize=4,
            linewidth=1,
            elinewidth=0.6,
            label=rounding,
        )
    trained = next(row for row in table if row["bits"] is None)
    axes.axhline(
        100 * (1 - trained["accuracy"][mode]), color=NEUTRAL, lw=1, ls="--", label="trained"
    )
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks([1, 2, 5, 10, 20, 50])
    axes.set_xticks(sorted({row["bits"] for row in table if row["bits"] is not None}))
