"""Images, receptive fields and confusions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pffspike.plots.canvas import COLUMN, PAGE, figure, styled, words
from pffspike.typing import Floats

_COLOURED = 99.0  #: percentile of the weights at which the colours end

_GAP = 8  #: between images lies this part of their width

_FAR = 8.0  #: median absolute deviations of the mean weight beyond which a neuron comes last


@styled
def image_rows(
    rows: Mapping[str, Floats],
    shape: tuple[int, int],
    titles: Sequence[str] = (),
    notes: Mapping[str, str] | None = None,
) -> Figure:
    """Draw rows of images one above the other, column by column the same image.

    Parameters
    ----------
    rows : mapping of str to (n, pixels) ndarray of float64
        From 0 (white) to 1 (black).
    shape : tuple of int
        Rows and columns of an image.
    titles : sequence of str
        Above each column, such as the class.
    notes : mapping of str to str or None
        Behind each row, by its name, such as its error.

    Returns
    -------
    Figure
    """
    tiles = np.stack(list(rows.values()))
    count = tiles.shape[1]
    side = (PAGE - 3.0) / max(10, count)
    drawing = figure(PAGE, 0.3 + (side + 0.12) * len(rows))
    axes = drawing.subplots()
    _, across, down = _show(
        axes, tiles.reshape(len(rows) * count, -1), shape, count, "gray_r", 0.0, 1.0
    )
    axes.set_yticks(down, [words(name) for name in rows])
    axes.set_xticks(across[: len(titles)], titles[:count])
    behind: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "annotation_clip": False}
    for height, name in zip(down, rows, strict=True):
        if note := (notes or {}).get(name):
            axes.annotate(note, (1.02, height), va="center", fontsize=7, **behind)
    return drawing


@styled
def image_sheet(
    images: Floats,
    shape: tuple[int, int],
    columns: int = 10,
    titles: Sequence[str] = (),
    heads: Sequence[str] = (),
) -> Figure:
    """Draw images side by side, row after row.

    Parameters
    ----------
    images : (n, pixels) ndarray of float64
        From 0 (white) to 1 (black).
    shape : tuple of int
        Rows and columns of an image.
    columns : int
        Images in a row of the sheet.
    titles : sequence of str
        Left of each row, such as the class.
    heads : sequence of str
        Above each column, such as the class.

    Returns
    -------
    Figure
    """
    lines = -(-len(images) // columns)
    side = min(0.6, PAGE / columns)
    size = side * columns + (0.4 if titles else 0.0), side * lines + (0.2 if heads else 0.0)
    drawing = figure(*size)
    axes = drawing.subplots()
    _, across, down = _show(axes, images, shape, columns, "gray_r", 0.0, 1.0)
    axes.set_yticks(down[: len(titles)], titles[:lines])
    axes.set_xticks(across[: len(heads)], heads[:columns])
    return drawing


@styled
def receptive_fields(weights: Floats, shape: tuple[int, int], count: int = 60) -> Figure:
    """Draw the weights from the image to the neurons that tell pixels apart most clearly.

    Parameters
    ----------
    weights : (pixels, neurons) ndarray of float64
        From the image to each neuron, as `Coding.fields` gives them.
    shape : tuple of int
        Rows and columns of an image.
    count : int
        Neurons shown, those first whose weights vary most from pixel to pixel. Neurons that any
        image drives, their mean weight being far above that of the others, come last.

    Returns
    -------
    Figure
        Red excites, blue inhibits; one scale for all, beyond which the strongest weights, one
        in a hundred, look alike.
    """
    mean = weights.mean(axis=0)
    spread = np.median(np.abs(mean - np.median(mean)))
    driven_by_any = mean > np.median(mean) + _FAR * spread
    order = np.lexsort((-weights.std(axis=0), driven_by_any))[:count]
    columns = min(15, len(order))
    lines = -(-len(order) // columns)
    side = (PAGE - 0.7) / columns
    drawing = figure(PAGE, (side + 0.05) * lines + 0.3)
    axes = drawing.subplots()
    limit = float(np.percentile(np.abs(weights[:, order]), _COLOURED)) or 1.0
    shown, _, _ = _show(axes, weights[:, order].T, shape, columns, "RdBu_r", -limit, limit)
    drawing.suptitle(
        f"weights from the image to {len(order)} of {weights.shape[1]} neurons", fontsize=8
    )
    drawing.colorbar(shown, ax=axes, fraction=0.03, label="weight")
    return drawing


@styled
def confusion(matrix: npt.NDArray[np.int64], title: str = "", ax: Any = None) -> Figure:
    """Draw how often each class (row) was answered as each (column).

    Parameters
    ----------
    matrix : (classes, classes) ndarray of int64
        Images by true class (row) and answer (column).
    title : str
        Above the drawing, before the accuracy and the number of images.
    ax : Axes or None
        Matplotlib axes to draw into; those of a new figure by default.

    Returns
    -------
    Figure
    """
    drawing = figure(COLUMN, 3.4) if ax is None else ax.figure
    axes = drawing.subplots() if ax is None else ax
    axes.imshow(np.sqrt(matrix), cmap="Blues")
    for (row, column), number in np.ndenumerate(matrix):
        if number:
            dark = number > matrix.max() / 3
            colour = "white" if dark else "black"
            axes.text(column, row, str(number), ha="center", va="center", fontsize=6, color=colour)
    classes, total = range(len(matrix)), int(matrix.sum())
    right = f"{100 * np.trace(matrix) / max(1, total):.2f} % of {total:,} images"
    axes.set(title=f"{title}: {right}" if title else right)
    axes.set(xlabel="answer", ylabel="true class", xticks=classes, yticks=classes)
    return drawing


def _show(
    axes: Any,
    images: Floats,
    shape: tuple[int, int],
    columns: int,
    colours: str,
    low: float,
    high: float,
) -> tuple[Any, Floats, Floats]:
    """Draw images in a grid, in one picture: hundreds of axes would take minutes to lay out.

    Returns what a colour bar needs, and the centres of the columns and of the rows.
    """
    height, width = shape
    gap = max(1, width // _GAP)
    lines = -(-len(images) // columns)
    whole = np.full((lines * (height + gap) - gap, columns * (width + gap) - gap), np.nan)
    frames = []
    for number, image in enumerate(images):
        top, left = number // columns * (height + gap), number % columns * (width + gap)
        whole[top : top + height, left : left + width] = image.reshape(shape)
        frames.append(Rectangle((left - 0.5, top - 0.5), width, height))
    shown = axes.imshow(whole, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
    axes.add_collection(
        PatchCollection(frames, facecolor="none", edgecolor="0.8", linewidth=0.5, clip_on=False)
    )
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.set(xticks=[], yticks=[])
    across = np.arange(columns, dtype=np.float64) * (width + gap) + (width - 1) / 2
    down = np.arange(lines, dtype=np.float64) * (height + gap) + (height - 1) / 2
    return shown, across, down
