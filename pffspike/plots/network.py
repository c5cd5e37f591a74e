"""Populations and projections of a network, drawn as a circuit."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from pffspike.network.rules import targets
from pffspike.network.spec import Network, Projection
from pffspike.plots.canvas import NEUTRAL, PAGE, TRUE, figure, styled, words

_WIDTH, _HEIGHT = 0.62, 0.46  #: of a population, where columns and rows are 1 apart
_READING, _ACTIVE, _PREDICTING = 2.0, 1.0, 0.0  #: rows
_STEP = 0.6  #: rows that a population is moved up where its place is taken


@styled
def circuit(network: Network) -> Figure:
    """Draw the populations of a network as boxes and its projections as arrows.

    Columns go from the input to the top: a population stands as many columns from the input as
    projections lead to it. What predicts a population stands below it, what reads several of them
    above, and what nothing leads to at the right.

    Parameters
    ----------
    network : Network
        Any network; populations may have any names.

    Returns
    -------
    Figure
        One panel. Dashed arrows end at populations that predict others.

    Raises
    ------
    ValidationError
        If no population has the role of the input.

    Examples
    --------
    >>> import pffspike
    >>> figure = circuit(pffspike.load_network("digits"))
    >>> [text.get_text().split() for text in figure.axes[0].texts][:2]
    [['image', '64'], ['label', '10']]
    """
    where = _places(network)
    columns = max(x for x, _ in where.values()) + 1
    rows = {y for _, y in where.values()}
    drawing = figure(PAGE, 0.9 * (max(rows) - min(rows)) + 1.2)
    panel = drawing.subplots()
    boxes = {
        p.name: _box(panel, p.name, p.size, where[p.name], p.input) for p in network.populations
    }
    loops: list[str] = []
    for projection in network.projections:
        if projection.pre != projection.post:
            _arrow(panel, network, projection, where, boxes)
        elif projection.pre not in loops:
            loops.append(projection.pre)
            _loop(panel, where[projection.pre])
    panel.set(xlim=(-0.5, columns - 0.5), ylim=(min(rows) - 0.75, max(rows) + 0.3))
    panel.set_axis_off()
    lines = [Line2D([], [], color=TRUE), Line2D([], [], color=NEUTRAL, linestyle="--")]
    names = ["representation: goodness and read-out", "generation: predicts what it ends at"]
    shown = slice(0, 2 if _predicted(network) else 1)
    drawing.legend(lines[shown], names[shown], loc="outside lower center", ncols=2)
    return drawing


def _predicted(network: Network) -> dict[str, str]:
    """Populations that predict others, and which; of two that predict each other, the farther."""
    found = {p.name: targets(p.rule)[0] for p in network.populations}
    levels = _levels(network)
    far = len(levels)
    return {
        name: target
        for name, target in found.items()
        if target and (found[target] != name or levels.get(name, far) > levels.get(target, far))
    }


def _places(network: Network) -> dict[str, tuple[float, float]]:
    """Column and row of each population; where one is taken, a bit above it."""
    predicted, levels = _predicted(network), _levels(network)
    senders = {
        p.name: [q.pre for q in network.projections if q.post == p.name]
        for p in network.populations
    }
    read = {q.pre for q in network.projections}
    where: dict[str, tuple[float, float]] = {}

    def put(name: str, column: float, row: float) -> None:
        while (column, row) in where.values():
            row += _STEP
        where[name] = (column, row)

    for name, level in levels.items():
        if name not in predicted and name in read:
            put(name, level, _ACTIVE)
    for name, target in predicted.items():
        put(name, where.get(target, (0.0, 0.0))[0], _PREDICTING)
    right = max(column for column, _ in where.values()) + 1
    for name in [p.name for p in network.populations if p.name not in where]:
        columns = [where[pre][0] for pre in senders[name] if pre in where]
        if columns:  # it reads others, and nobody reads it
            put(name, sum(columns) / len(columns), _READING)
        else:
            posts = {q.post for q in network.projections if q.pre == name}
            put(name, right, _PREDICTING if posts and posts <= predicted.keys() else _ACTIVE)
    return where


def _levels(network: Network) -> dict[str, int]:
    """Projections from the input to each population that it leads to, the fewest."""
    first = network.role("input").name
    levels, border = {first: 0}, [first]
    while border:
        found = [p.post for name in border for p in network.projections if p.pre == name]
        border = list(dict.fromkeys(name for name in found if name not in levels))
        levels |= dict.fromkeys(border, max(levels.values()) + 1)
    return levels


def _box(panel: Any, name: str, size: int, place: tuple[float, float], given: bool) -> Any:
    """A population: its name and how many neurons it has; an input is grey."""
    x, y = place
    box = FancyBboxPatch(
        (x - _WIDTH / 2, y - _HEIGHT / 2),
        _WIDTH,
        _HEIGHT,
        boxstyle="round,pad=0,rounding_size=0.08",
        facecolor="#EEEEEE" if given else "white",
        edgecolor="black",
        linewidth=0.8,
    )
    panel.add_patch(box)
    title = words(name).replace(" prediction", "\nprediction")
    panel.text(x, y, f"{title}\n{size:,}", ha="center", va="center", linespacing=1.1)
    return box


def _arrow(
    panel: Any,
    network: Network,
    projection: Projection,
    where: dict[str, tuple[float, float]],
    boxes: dict[str, Any],
) -> None:
    """A projection, bent where a population stands in between or another one comes back."""
    start, end = where[projection.pre], where[projection.post]
    dashed = projection.post in _predicted(network)
    back = any((p.pre, p.post) == (projection.post, projection.pre) for p in network.projections)
    over = abs(end[0] - start[0]) > 1  # another population
    bend = (-0.3 if dashed else 0.35) if over else (0.18 if back else 0.0)
    arrow = FancyArrowPatch(
        start,
        end,
        patchA=boxes[projection.pre],
        patchB=boxes[projection.post],
        connectionstyle=f"arc3,rad={bend}",
        arrowstyle="-|>",
        mutation_scale=8,
        color=NEUTRAL if dashed else TRUE,
        linestyle="--" if dashed else "-",
        linewidth=1.0,
        shrinkA=1,
        shrinkB=1,
    )
    panel.add_patch(arrow)


def _loop(panel: Any, place: tuple[float, float]) -> None:
    """Synapses within a population."""
    x, y = place[0] + _WIDTH / 3, place[1] - _HEIGHT / 2
    loop = FancyArrowPatch(
        (x - 0.08, y),
        (x + 0.08, y),
        connectionstyle="arc3,rad=1.6",
        arrowstyle="-|>",
        mutation_scale=6,
        color=TRUE,
        linewidth=1.0,
        shrinkA=0,
        shrinkB=0,
    )
    panel.add_patch(loop)
