"""Images, receptive fields and confusions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from pffspike.plots.canvas import COLUMN, PAGE, figure, styled, words
from pffspike.typing import Floats

_COLOURED = 99.0  #: percentile of the weights at which the colours end

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
    count = len(next(iter(rows.values())))
    side = (PAGE - 3.0) / max(10, count)
    drawing = figure(PAGE, 0.3 + (side + 0.12) * len(rows))
    panels = drawing.subplots(len(rows), count, squeeze=False)
    for line, (name, images) in zip(panels, rows.items(), strict=True):
        for axes, image in zip(line, images, strict=True):
            _show(axes, image.reshape(shape), "gray_r", 0.0, 1.0)
        line[0].set_ylabel(words(name), rotation=0, ha="right", va="center")
        note = (notes or {}).get(name, "")
        line[-1].annotate(note, (1.15, 0.5), xycoords="axes fraction", va="center", fontsize=7)
    for axes, title in zip(panels[0], titles, strict=False):
        axes.set_title(title)
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
    panels = drawing.subplots(lines, columns, squeeze=False)
    for axes in panels.flat[len(images) :]:
        axes.set_axis_off()
    for axes, image in zip(panels.flat, images, strict=False):
        _show(axes, image.reshape(shape), "gray_r", 0.0, 1.0)
    for axes, title in zip(panels[:, 0], titles, strict=False):
        axes.set_ylabel(title, rotation=0, ha="right", va="center")
    for axes, head in zip(panels[0], heads, strict=False):
        axes.set_title(head)
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
    panels = drawing.subplots(lines, columns, squeeze=False)
    limit = float(np.percentile(np.abs(weights[:, order]), _COLOURED)) or 1.0
    for axes in panels.flat:
        axes.set_axis_off()
    shown = []
    for axes, neuron in zip(panels.flat, order, strict=False):
        shown.append(_show(axes, weights[:, neuron].reshape(shape), "RdBu_r", -limit, limit))
        axes.set_axis_on()
    drawing.suptitle(
        f"weights from the image to {len(order)} of {weights.shape[1]} neurons", fontsize=8
    )
    drawing.colorbar(shown[0], ax=panels, fraction=0.03, label="weight")
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


def _show(axes: Any, image: Floats, colours: str, low: float, high: float) -> Any:
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color("0.8")
    return axes.imshow(image, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
