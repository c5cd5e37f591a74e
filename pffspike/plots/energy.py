"""Energy: accuracy against it, and what it is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from pffspike.plots.canvas import (
    MARKERS,
    NEUTRAL,
    PAGE,
    axes_of,
    colours,
    figure,
    letters,
    styled,
    words,
)

_LEAST = 0.5  #: percent of every bar below which an event is one of the others
_OTHER = "other"


@dataclass(frozen=True)
class Point:
    """One way to answer: its energy and how often it is right.

    Parameters
    ----------
    series : str
        Points of one series have one colour.
    label : str
        Name of the point.
    energy : float
        Per inference, J.
    accuracy : float
        Fraction of right answers.
    interval : tuple of two float
        Ends of the accuracy's interval; nan: none.
    filled : bool
        Whether the marker is filled: two ways to answer in one series are told apart by it.

    Examples
    --------
    >>> Point("mode", "one_pass", 5.3e-6, 0.972).accuracy
    0.972
    """

    series: str
    label: str
    energy: float
    accuracy: float
    interval: tuple[float, float] = (math.nan, math.nan)
    filled: bool = True


def pareto_front(points: Sequence[Point]) -> list[Point]:
    """Find the points that no other one beats: none needs as little and is at least as accurate.

    Parameters
    ----------
    points : sequence of Point
        In any order.

    Returns
    -------
    list of Point
        From the least energy to the highest accuracy; of equals the first.

    Examples
    --------
    >>> few = [Point("a", "1", 1.0, 0.9), Point("a", "2", 2.0, 0.8), Point("a", "3", 3.0, 0.95)]
    >>> [point.label for point in pareto_front(few)]
    ['1', '3']
    """
    front: list[Point] = []
    for point in sorted(points, key=lambda p: (p.energy, -p.accuracy)):
        if not front or point.accuracy > front[-1].accuracy:
            front.append(point)
    return front


@styled
def accuracy_against_energy(
    panels: Mapping[str, Sequence[Point]], lowest: float = 0.0, hollow: str = ""
) -> Figure:
    """Draw points by series, and the front on which the best of them lie.

    Bars are the intervals of the points, where they have some.

    Parameters
    ----------
    panels : mapping of str to sequence of Point
        By the title of a panel.
    lowest : float
        Accuracy below which points are left out.
    hollow : str
        What markers that are not filled stand for.

    Returns
    -------
    Figure
        A panel beside the other.

    Examples
    --------
    >>> drawing = accuracy_against_energy({"loihi1": [Point("mode", "one_pass", 5.3e-6, 0.972)]})
    >>> len(drawing.axes)
    1
    """
    drawing = figure(PAGE, 3.4)
    beside = drawing.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    names = list(dict.fromkeys(p.series for points in panels.values() for p in points))
    palette = colours(names)
    for axes, (title, points) in zip(beside, panels.items(), strict=True):
        chosen = [p for p in points if p.accuracy >= lowest]
        front = pareto_front(chosen)
        axes.step(
            [p.energy for p in front],
            [100 * p.accuracy for p in front],
            where="post",
            color=NEUTRAL,
            linewidth=1,
            zorder=1,
            label="Pareto front",
        )
        for number, name in enumerate(names):
            _series(axes, [p for p in chosen if p.series == name], palette[name], number)
        if any(p.energy > 0 for p in points):
            axes.set_xscale("log")
        axes.xaxis.set_major_formatter(EngFormatter("J"))
        axes.set_axisbelow(True)
        axes.grid(color="0.92")
        axes.set(title=title, xlabel="energy per inference")
    beside[0].set_ylabel("accuracy (%)")
    letters(beside)
    for number, name in enumerate(names):
        beside[0].plot([], [], _marker(number), color=palette[name], label=words(name), ms=4)
    if hollow:
        beside[0].plot([], [], "o", color=NEUTRAL, markerfacecolor="white", label=hollow, ms=4)
    handles, labels = beside[0].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside right upper")
    return drawing


def _marker(number: int) -> str:
    return MARKERS[number % len(MARKERS)]


def _series(axes: Any, points: Sequence[Point], colour: str, number: int) -> None:
    for filled in (True, False):
        shown = [p for p in points if p.filled == filled]
        reach = [(p.accuracy - p.interval[0], p.interval[1] - p.accuracy) for p in shown]
        axes.errorbar(
            [p.energy for p in shown],
            [100 * p.accuracy for p in shown],
            yerr=100 * np.reshape(reach, (-1, 2)).T,
            linestyle="",
            marker=_marker(number),
            markersize=4,
            color=colour,
            markerfacecolor=colour if filled else "white",
            elinewidth=0.6,
            zorder=2,
        )


@styled
def shares(bars: Mapping[str, Mapping[str, float]], title: str = "", ax: Any = None) -> Figure:
    """Draw the breakdown of each of several energies.

    Events that are less than half a percent of every bar are one part. Where some bars have static
    power and others none, the latter say so.

    Parameters
    ----------
    bars : mapping of str to mapping of str to float
        By the name of a bar, energies by event or part, J.
    title : str
        Above the bars.
    ax : Axes or None
        Matplotlib axes to draw into; those of a new figure by default.

    Returns
    -------
    Figure
        A bar for each energy, in percent of it.

    Examples
    --------
    >>> drawing = shares({"one_pass": {"spike": 1e-6, "static": 3e-6}})
    >>> drawing.axes[0].get_xlabel()
    'share of the energy (%)'
    """
    percent = [_percent(parts) for parts in bars.values()]
    found = dict.fromkeys(kind for parts in percent for kind in parts)
    kinds = [kind for kind in found if any(parts.get(kind, 0) >= _LEAST for parts in percent)]
    drawing, axes = axes_of(ax, PAGE, 1.0 + 0.22 * len(bars))
    palette = colours([*kinds, _OTHER])
    left = np.zeros(len(bars))
    for kind in [*kinds, _OTHER]:
        width = 100 - left if kind == _OTHER else np.array([p.get(kind, 0.0) for p in percent])
        if kind != _OTHER or width.max() > _LEAST / 100:
            axes.barh(range(len(bars)), width, left=left, color=palette[kind], label=words(kind))
        left = left + width
    if "static" in kinds:
        for row, parts in enumerate(percent):
            if not parts.get("static"):
                axes.text(101, row, "no static power on its card", va="center", fontsize=6)
    axes.set_yticks(range(len(bars)), [words(name) for name in bars])
    axes.invert_yaxis()
    axes.set(title=title, xlabel="share of the energy (%)", xlim=(0, 100))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.08 if title else 1), ncols=4)
    return drawing


def _percent(parts: Mapping[str, float]) -> dict[str, float]:
    total = sum(parts.values()) or 1.0
    return {kind: 100 * value / total for kind, value in parts.items()}


@styled
def ranges(
    devices: Mapping[str, Mapping[str, tuple[float, float, float]]], ax: Any = None
) -> Figure:
    """Draw energies of systems on devices, each with its three values.

    Parameters
    ----------
    devices : mapping of str to mapping of str to (events, total, whole_chip)
        By device, by system, energies per inference, J, see `pffspike.energies.ProfileEnergy`.
    ax : Axes or None
        Matplotlib axes to draw into; those of a new figure by default.

    Returns
    -------
    Figure
        A marker for each total, on a line from the events to the whole chip.

    Examples
    --------
    >>> drawing = ranges({"loihi1": {"one_pass": (4.5e-6, 5.3e-6, 55e-6)}})
    >>> drawing.axes[0].get_xscale()
    'log'
    """
    systems = list(dict.fromkeys(name for found in devices.values() for name in found))
    drawing, axes = axes_of(ax, PAGE, 1.5 + 0.08 * len(devices) * (len(systems) + 1))
    palette = colours(systems)
    for place, found in enumerate(devices.values()):
        for number, system in enumerate(systems):
            if system not in found:
                continue
            events, total, whole_chip = found[system]
            y = place + 0.8 * (number + 0.5) / len(systems) - 0.4
            axes.plot([events, whole_chip], [y, y], "|-", color=palette[system], lw=1.2, ms=4)
            axes.plot(total, y, _marker(number), color=palette[system], markersize=4)
    for number, system in enumerate(systems):
        axes.plot([], [], _marker(number), color=palette[system], label=words(system), ms=4)
    axes.plot([], [], "|-", color=NEUTRAL, ms=4, label="from the events alone to the whole chip")
    axes.set_yticks(range(len(devices)), [words(name) for name in devices])
    for line in range(1, len(devices)):
        axes.axhline(line - 0.5, color="0.9", linewidth=0.8)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(EngFormatter("J"))
    axes.set_axisbelow(True)
    axes.grid(axis="x", color="0.92")
    axes.set_ylim(len(devices) - 0.5, -0.5)
    axes.set_xlabel(
        "energy per inference; marker: with the cores in use (no line: no static power)"
    )
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    return drawing
