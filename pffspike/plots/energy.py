"""Energy: accuracy against it, and what it is made of."""

from __future__ import annotations

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
    """One way to answer: what it costs and how often it is right.

    Parameters
    ----------
    series, label : str
    joule, accuracy : float
    """

    series: str
    label: str
    joule: float
    accuracy: float


def pareto_front(points: Sequence[Point]) -> list[Point]:
    """Points that no other one beats: none costs as little and is at least as accurate.

    Parameters
    ----------
    points : sequence of Point

    Returns
    -------
    list of Point
        From the cheapest to the most accurate; of equals the first.
    """
    front: list[Point] = []
    for point in sorted(points, key=lambda p: (p.joule, -p.accuracy)):
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
    """
    drawing = figure(1.0 + 4.6 * len(panels), 4.4)
    axes_of = drawing.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (title, points) in zip(axes_of, panels.items(), strict=True):
        series = list(dict.fromkeys(p.series for p in points))
        front = pareto_front(points)
        axes.step(
            [p.joule for p in front],
            [100 * p.accuracy for p in front],
            where="post",
            color=NEUTRAL,
            linewidth=1,
            zorder=1,
            label="front",
        )
        for number, name in enumerate(series):
            shown = [p for p in points if p.series == name and p.accuracy >= lowest]
            axes.scatter(
                [p.joule for p in shown],
                [100 * p.accuracy for p in shown],
                s=26,
                color=COLOURS[number % len(COLOURS)],
                marker=_MARKERS[number % len(_MARKERS)],
                label=name,
                zorder=2,
            )
        if any(p.joule > 0 for p in points):
            axes.set_xscale("log")
        axes.set_axisbelow(True)
        axes.grid(color="0.92")
        axes.set(title=title, xlabel="joule an inference")
    axes_of[0].set_ylabel("accuracy (%)")
    axes_of[-1].legend(fontsize="small", frameon=False, loc="lower right")
    return drawing


def shares(bars: Mapping[str, Mapping[str, float]], title: str = "") -> Figure:
    """Draw what each of several energies is made of.

    Parameters
    ----------
    bars : mapping of str to mapping of str to float
        By the name of a bar, joule by event or part.
    title : str

    Returns
    -------
    Figure
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
    """Draw energies of systems on devices, each with its range.

    Parameters
    ----------
    devices : mapping of str to mapping of str to (low, joule, high)
        By device, by system.

    Returns
    -------
    Figure
    """
    systems = list(dict.fromkeys(name for found in devices.values() for name in found))
    drawing = figure(7.5, 1.6 + 0.09 * len(devices) * (len(systems) + 1))
    axes = drawing.subplots()
    for place, found in enumerate(devices.values()):
        for number, system in enumerate(systems):
            if system not in found:
                continue
            low, joule, high = found[system]
            y = place + 0.8 * (number + 0.5) / len(systems) - 0.4
            colour = COLOURS[number % len(COLOURS)]
            axes.plot([low, high], [y, y], color=colour, linewidth=1.5)
            marker = _MARKERS[number % len(_MARKERS)]
            axes.plot(joule, y, marker=marker, color=colour, markersize=4)
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
    axes.set_xlabel("joule an inference (line: range of the card's profiles, static from 0)")
    handles, labels = axes.get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside lower center", ncols=2, fontsize="small")
    return drawing
