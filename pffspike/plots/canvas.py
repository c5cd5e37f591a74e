"""Figures without global state: sizes and type of print, colours, and how they are written."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.figure import Figure

from pffspike.errors import ValidationError
from pffspike.files import write_whole

P = ParamSpec("P")
R = TypeVar("R")

COLUMN, PAGE = 89 / 25.4, 183 / 25.4  #: widths of one and of two columns of a page, in inches

#: Colour-blind safe colours (Okabe and Ito): true label, false label, no label. A condition has the
#: same colour in every figure.
TRUE, FALSE, NEUTRAL = "#0072B2", "#D55E00", "#666666"
#: For anything else that is told apart by colour, in this order.
OTHERS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999", "#F0E442")
#: What has the same colour in every figure: events and engines.
_PALETTE = {
    "synaptic_operation": "#CC79A7",
    "dense_operation": "#CC79A7",
    "neuron_update": "#009E73",
    "random_number": "#56B4E9",
    "spike": "#E69F00",
    "message_on_core": "#F0E442",
    "message_off_core": "#D55E00",
    "learning_update": "#0072B2",
    "static": "#999999",
    "other": "#DDDDDD",
    "limit": NEUTRAL,
    "hand-written kernel": NEUTRAL,
    "numba": FALSE,
    "brian2:cpp_standalone": TRUE,
    "brian2:cython": "#56B4E9",
    "lava": "#009E73",
    "numpy": "#CC79A7",
}
MARKERS = "osD^v<>ph"  #: of series that also differ in colour, in this order

#: Type that is legible at the size of print, and files that do not depend on the day.
_STYLE = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "svg.hashsalt": "pffspike",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Draw with the package's style and leave the caller's as it is."""

    @functools.wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return wrapper


class ShownFigure(Figure):
    """A figure that notebooks show by themselves."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def figure(width: float, height: float) -> Figure:
    """Empty figure of a size in inches, laid out without overlaps."""
    return ShownFigure(figsize=(width, height), layout="constrained", dpi=150)


def axes_of(ax: Any, width: float, height: float) -> tuple[Figure, Any]:
    """Axes to draw into, and their figure: those that are given, or those of a new figure."""
    if ax is not None:
        return ax.figure, ax
    drawing = figure(width, height)
    return drawing, drawing.subplots()


def colours(names: Iterable[str]) -> dict[str, str]:
    """Colour of each name: its own if it has one in every figure, else the next that is free."""
    wanted = list(dict.fromkeys(names))
    found = {name: _PALETTE[name] for name in wanted if name in _PALETTE}
    free = [c for c in (TRUE, FALSE, *OTHERS, NEUTRAL) if c not in found.values()] or [NEUTRAL]
    others = [name for name in wanted if name not in found]
    return found | {name: free[number % len(free)] for number, name in enumerate(others)}


def colours_by_place(names: Iterable[str]) -> dict[str, str]:
    """Colour of each population by its place in the network: none of those that labels have."""
    palette = (NEUTRAL, *OTHERS)
    return {name: palette[place % len(palette)] for place, name in enumerate(names)}


def letters(panels: Iterable[Any]) -> None:
    """Write a, b, c, ... at the upper left of panels, if there is more than one."""
    axes = list(panels)
    for index, panel in enumerate(axes if len(axes) > 1 else ()):
        panel.set_title(chr(ord("a") + index), loc="left", fontweight="bold")


def words(name: str) -> str:
    """Name of a population or an event as a reader would write it."""
    return name.replace("_", " ")


def check_ending(path: str | Path) -> str:
    """Format of a picture by the ending of its file.

    Parameters
    ----------
    path : str or Path
        Without an ending, the format is PNG.

    Returns
    -------
    str
        The ending in small letters.

    Raises
    ------
    ValidationError
        If the format is unknown.

    Examples
    --------
    >>> check_ending("spikes.PDF")
    'pdf'
    """
    kind = Path(path).suffix[1:].lower() or "png"
    known = Figure().canvas.get_supported_filetypes()
    if kind not in known:
        raise ValidationError(
            f"{path} has the unknown ending .{kind}; use one of: {', '.join(known)}"
        )
    return kind


def save_all(drawing: Figure, path: str | Path) -> None:
    """Write a figure as PNG, and beside it as PDF and SVG.

    Parameters
    ----------
    drawing : Figure
        A Matplotlib figure.
    path : str or Path
        Of the PNG file.
    """
    save(drawing, *(Path(path).with_suffix(ending) for ending in (".png", ".pdf", ".svg")))


@styled
def save(drawing: Figure, *paths: str | Path) -> None:
    """Write a figure in the format of each file's ending, whole or not at all.

    Parameters
    ----------
    drawing : Figure
        A Matplotlib figure.
    *paths : str or Path
        Where to write; the ending says the format: ``.png``, ``.pdf``, ``.svg``, ... The same
        figure gives the same bytes on any day.

    Raises
    ------
    ValidationError
        If a format is unknown.
    FileError
        If a file can't be written.
    """
    for path, kind in [(path, check_ending(path)) for path in paths]:
        undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind)
        buffer = io.BytesIO()
        drawing.savefig(buffer, format=kind, metadata=undated)
        write_whole(Path(path), buffer.getvalue())
