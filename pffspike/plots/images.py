"""Images, receptive fields and confusions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from pffspike.plots.canvas import figure

_COLOURED = 90.0  #: percentile of the weights at which the colours end

Floats = npt.NDArray[np.float64]


def image_rows(rows: Mapping[str, Floats], shape: tuple[int, int]) -> Figure:
    """Draw rows of images one above the other, column by column the same image.

    Parameters
    ----------
    rows : mapping of str to (n, pixels) ndarray of float64
        From 0 (white) to 1 (black).
    shape : tuple of int
        Rows and columns of an image.

    Returns
    -------
    Figure
    """
    count = len(next(iter(rows.values())))
    drawing = figure(1.2 + 0.55 * count, 0.3 + 0.6 * len(rows))
    panels = drawing.subplots(len(rows), count, squeeze=False)
    for line, (name, images) in zip(panels, rows.items(), strict=True):
        for axes, image in zip(line, images, strict=True):
            _show(axes, image.reshape(shape), "gray_r", 0.0, 1.0)
        line[0].set_ylabel(name.replace("_", " "), rotation=0, ha="right", va="center")
    return drawing


def image_sheet(images: Floats, shape: tuple[int, int], columns: int = 10) -> Figure:
    """Draw images side by side, row after row.

    Parameters
    ----------
    images : (n, pixels) ndarray of float64
        From 0 (white) to 1 (black).
    shape : tuple of int
        Rows and columns of an image.
    columns : int
        Images in a row of the sheet.

    Returns
    -------
    Figure
    """
    lines = -(-len(images) // columns)
    drawing = figure(0.6 * columns, 0.6 * lines)
    panels = drawing.subplots(lines, columns, squeeze=False)
    for axes in panels.flat[len(images) :]:
        axes.set_axis_off()
    for axes, image in zip(panels.flat, images, strict=False):
        _show(axes, image.reshape(shape), "gray_r", 0.0, 1.0)
    return drawing


def receptive_fields(weights: Floats, shape: tuple[int, int], count: int = 60) -> Figure:
    """Draw the weights from the image to the hidden neurons that they drive hardest.

    Parameters
    ----------
    weights : (pixels, neurons) ndarray of float64
        From the image to each neuron, as `Coding.fields` gives them.
    shape : tuple of int
        Rows and columns of an image.
    count : int
        Neurons shown, those with the largest norm first.

    Returns
    -------
    Figure
        Red excites, blue inhibits; one scale for all, beyond which the strongest weights, a
        tenth, look alike.
    """
    order = np.argsort(-np.linalg.norm(weights, axis=0), kind="stable")[:count]
    columns = min(15, len(order))
    lines = -(-len(order) // columns)
    drawing = figure(0.55 * columns + 0.8, 0.58 * lines + 0.3)
    panels = drawing.subplots(lines, columns, squeeze=False)
    limit = float(np.percentile(np.abs(weights[:, order]), _COLOURED)) or 1.0
    for axes in panels.flat:
        axes.set_axis_off()
    shown = []
    for axes, neuron in zip(panels.flat, order, strict=False):
        shown.append(_show(axes, weights[:, neuron].reshape(shape), "RdBu_r", -limit, limit))
        axes.set_axis_on()
    drawing.colorbar(shown[0], ax=panels, fraction=0.03, label="weight")
    return drawing


def confusion(matrix: npt.NDArray[np.int64], title: str = "") -> Figure:
    """Draw how often each class (row) was answered as each (column).

    Parameters
    ----------
    matrix : (classes, classes) ndarray of int64
        Images by true class (row) and answer (column).
    title : str
        Above the drawing.

    Returns
    -------
    Figure
    """
    drawing = figure(4.2, 4.0)
    axes = drawing.subplots()
    axes.imshow(np.sqrt(matrix), cmap="Blues")
    for (row, column), number in np.ndenumerate(matrix):
        if number:
            dark = number > matrix.max() / 3
            axes.text(
                column,
                row,
                str(number),
                ha="center",
                va="center",
                fontsize="small",
                color="white" if dark else "black",
            )
    classes = range(len(matrix))
    axes.set(title=title, xlabel="answer", ylabel="true class", xticks=classes, yticks=classes)
    return drawing


def _show(axes, image, colours, low, high):  # type: ignore[no-untyped-def]
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_color("0.8")
    return axes.imshow(image, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
