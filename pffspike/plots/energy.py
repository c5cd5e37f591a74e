"""Energy: accuracy against it, and what it is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from pffspike.plots.canvas import NEUTRAL, figure

#: Colour-blind safe colours (Okabe and Ito, and two greys), one a series or event.
COLOURS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"),
    *("#999999", "#F0E442"),
)
_MARKERS = "osD^vP*X<"


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


def accuracy_against_energy(panels: Mapping[str, Sequence[Point]], lowest: float = 0.0) -> Figure:
    """Draw points by series, and the front on which the best of them lie.

    Parameters
    ----------
    panels : mapping of str to sequence of Point
        By the title of a panel.
    lowest : float
        Accuracy below which points are left out.

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
    drawing = figure(1.0 + 4.6 * len(panels), 4.4)
    axes_of = drawing.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (title, points) in zip(axes_of, panels.items(), strict=True):
        series = list(dict.fromkeys(p.series for p in points))
        front = pareto_front(points)
        axes.step(
            [p.energy for p in front],
            [100 * p.accuracy for p in front],
            where="post",
            color=NEUTRAL,
            linewidth=1,
            zorder=1,
            label="front",
        )
        for number, name in enumerate(series):
            shown = [p for p in points if p.series == name and p.accuracy >= lowest]
            colour = COLOURS[number % len(COLOURS)]
            for p in shown:
                ends = [100 * end for end in p.interval]
                axes.plot([p.energy] * 2, ends, color=colour, linewidth=1, zorder=1)
            axes.scatter(
                [p.energy for p in shown],
                [100 * p.accuracy for p in shown],
                s=26,
                color=colour,
                marker=_MARKERS[number % len(_MARKERS)],
                label=name,
                zorder=2,
            )
        if any(p.energy > 0 for p in points):
            axes.set_xscale("log")
        axes.set_axisbelow(True)
        axes.grid(color="0.92")
        axes.set(title=title, xlabel="energy per inference (J)")
    axes_of[0].set_ylabel("accuracy (%)")
    handles, labels = axes_of[-1].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    return drawing


def shares(bars: Mapping[str, Mapping[str, float]], title: str = "") -> Figure:
    """Draw the breakdown of each of several energies.

    Parameters
    ----------
    bars : mapping of str to mapping of str to float
        By the name of a bar, energies by event or part, J.
    title : str
        Above the bars.

    Returns
    -------
    Figure
        A bar for each energy, in percent of it.

    Examples
    --------
    >>> drawing = shares({"one_pass": {"spike": 1e-6, "static": 3e-6}})
    >>> drawing.axes[0].get_xlabel()
    '% of the energy'
    """
    kinds = list(dict.fromkeys(kind for parts in bars.values() for kind in parts))
    kinds = [kind for kind in kinds if any(parts.get(kind, 0) > 0 for parts in bars.values())]
    drawing = figure(7.5, 1.1 + 0.34 * len(bars))
    axes = drawing.subplots()
    for row, parts in enumerate(bars.values()):
        total, left = sum(parts.values()) or 1.0, 0.0
        for number, kind in enumerate(kinds):
            width = 100 * parts.get(kind, 0.0) / total
            axes.barh(row, width, left=left, color=COLOURS[number % len(COLOURS)], height=0.7)
            left += width
    for number, kind in enumerate(kinds):
        colour = COLOURS[number % len(COLOURS)]
        axes.barh(0, 0, color=colour, label=kind.replace("_", " "))
    axes.set_yticks(range(len(bars)), list(bars))
    axes.invert_yaxis()
    axes.set(title=title, xlabel="% of the energy", xlim=(0, 100))
    drawing.legend(*axes.get_legend_handles_labels(), loc="outside right upper", fontsize="small")
    return drawing


def ranges(devices: Mapping[str, Mapping[str, tuple[float, float, float]]]) -> Figure:
    """Draw energies of systems on devices, each with its three values.

    Parameters
    ----------
    devices : mapping of str to mapping of str to (events, total, whole_chip)
        By device, by system, energies per inference, J, see `pffspike.energies.ProfileEnergy`.

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
    drawing = figure(7.5, 1.6 + 0.09 * len(devices) * (len(systems) + 1))
    axes = drawing.subplots()
    for place, found in enumerate(devices.values()):
        for number, system in enumerate(systems):
            if system not in found:
                continue
            events, total, whole_chip = found[system]
            y = place + 0.8 * (number + 0.5) / len(systems) - 0.4
            colour = COLOURS[number % len(COLOURS)]
            axes.plot([events, whole_chip], [y, y], color=colour, linewidth=1.5)
            marker = _MARKERS[number % len(_MARKERS)]
            axes.plot(total, y, marker=marker, color=colour, markersize=4)
    for number, system in enumerate(systems):
        marker, colour = _MARKERS[number % len(_MARKERS)], COLOURS[number % len(COLOURS)]
        axes.plot([], [], marker=marker, color=colour, label=system)
    axes.set_yticks(range(len(devices)), list(devices))
    for line in range(1, len(devices)):
        axes.axhline(line - 0.5, color="0.9", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_axisbelow(True)
    axes.grid(axis="x", color="0.92")
    axes.set_ylim(len(devices) - 0.5, -0.5)
    axes.set_xlabel("energy per inference (J), with the cores in use (line: events to whole chip)")
    handles, labels = axes.get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside lower center", ncols=2, fontsize="small")
    return drawing
