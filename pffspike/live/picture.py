"""What a person draws: on the grid of the training's images, or as the values of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pffspike.data import Dataset, form_of, from_arrays
from pffspike.errors import ValidationError
from pffspike.inputs import trained_levels
from pffspike.network.events import Events
from pffspike.trained import TrainedNetwork

_MOST_FEATURES = 64  #: sliders that a person can use
_LOOKED_AT = 500  #: training images that say how large what they show is
_INK = 0.25  #: of white: what counts as drawn
_STROKE = 1.8  #: length of the strokes of a digit, in heights of it


@dataclass(frozen=True, eq=False)
class Canvas:
    """How an image comes from the page.

    Parameters
    ----------
    trained : TrainedNetwork
        Says the shape of an image, and white.
    dataset : Dataset or None
        Says how large and how thick what is on an image is.
    """

    trained: TrainedNetwork
    dataset: Dataset | None

    @property
    def kind(self) -> str:
        """``picture`` to draw, ``table`` to set by sliders, or ``samples``: only to choose."""
        data, scaling = self.trained.data, self.trained.scaling
        if data and data.binning:
            return "samples"
        if scaling and scaling.by_feature:
            return "table" if len(scaling.knots) <= _MOST_FEATURES else "samples"
        return "picture" if min(self.shape) > 1 else "samples"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of an image."""
        if self.trained.data:
            return self.trained.data.shape
        if self.dataset:
            return self.dataset.shape
        pixels = self.trained.coding.pixels(self.trained.network.role("input").size)
        side = round(pixels**0.5)
        return (side, side) if side * side == pixels else (1, pixels)

    @property
    def in_time(self) -> bool:
        """Whether what the network is given has as many steps as its presentations."""
        data, coding = self.trained.data, self.trained.coding
        return bool((data and data.binning) or coding.saccades or coding.encoding != "rates")

    def describe(self) -> dict[str, Any]:
        """Say how to draw, in plain values."""
        rows, columns = self.shape
        told: dict[str, Any] = {
            "kind": self.kind,
            "rows": rows,
            "columns": columns,
            "levels": trained_levels(self.trained),
        }
        if self.kind == "picture":
            told |= self._frame()
        if self.kind == "table":
            knots = self.trained.scaling.knots  # type: ignore[union-attr]
            told["features"] = [
                {"low": float(row[0]), "middle": float(row[len(row) // 2]), "high": float(row[-1])}
                for row in knots
            ]
        return told

    def _frame(self) -> dict[str, Any]:
        """Where and how thick the images of the training are drawn, in pixels."""
        rows, columns = self.shape
        usual = {"extent": 0.75 * min(rows, columns), "row": rows / 2, "column": columns / 2}
        pen = max(1.0, min(rows, columns) / 12)
        images = self.dataset.train_images if self.dataset else None
        if images is None or isinstance(images, Events) or not len(images):
            return {"frame": usual, "pen": pen}
        white = images[:_LOOKED_AT].reshape(-1, rows, columns) / trained_levels(self.trained)
        extents, centres = [], []
        for image in white:
            inked = np.argwhere(image >= _INK)
            if len(inked):
                extents.append((inked.max(axis=0) - inked.min(axis=0)).max() + 1.0)
                mass = image / image.sum()
                centres.append(
                    [mass.sum(axis=1) @ np.arange(rows), mass.sum(axis=0) @ np.arange(columns)]
                )
        if not extents:
            return {"frame": usual, "pen": pen}
        extent, (row, column) = float(np.mean(extents)), np.mean(centres, axis=0)
        ink = float(white.sum(axis=(1, 2)).mean())
        return {
            "frame": {"extent": extent, "row": float(row) + 0.5, "column": float(column) + 0.5},
            "pen": max(1.0, min(ink / (_STROKE * extent), min(rows, columns) / 4)),
        }

    def shown(self, dataset: Dataset, number: int) -> dict[str, Any]:
        """Grey values of a test sample, values of a table; of events, how often a pixel has any.

        Parameters
        ----------
        dataset : Dataset
            With the sample.
        number : int
            Of the sample.

        Returns
        -------
        dict
        """
        images = dataset.test_images
        if isinstance(images, Events):
            rates = images[number : number + 1].raster().sum(axis=1)[0]
            units = dataset.shape[0] * dataset.shape[1]
            both = rates.reshape(-1, units).sum(axis=0) if rates.size % units == 0 else rates
            return {"pixels": np.rint(255 * both / max(1, both.max())).tolist(), "white": 255}
        told = {"pixels": images[number].tolist(), "white": dataset.levels}
        if self.kind == "table":
            grey = images[number : number + 1] / dataset.levels
            told["values"] = self.trained.scaling.values(grey)[0].tolist()  # type: ignore[union-attr]
        return told

    def read(self, pixels: list[int] | None, values: list[float] | None) -> Dataset:
        """Make a data set whose test part is what was drawn.

        Parameters
        ----------
        pixels : list of int or None
            Grey values, row by row.
        values : list of float or None
            Measured values instead.

        Returns
        -------
        Dataset

        Raises
        ------
        ValidationError
            If an image of the network has another size, other grey values, or can't be drawn.
        """
        data, levels = self.trained.data, trained_levels(self.trained)
        if data and data.binning:
            raise ValidationError(
                "the network was trained on events in time, which can't be drawn; choose a test "
                "sample"
            )
        if values is not None:
            if not (data and self.trained.scaling):
                raise ValidationError("the network was trained on grey values; give pixels")
            form = form_of(data, self.trained.scaling)
            grey = form.grey(np.array([values]), "the values")
        else:
            grey = np.array([pixels], np.int64)
        size = self.shape[0] * self.shape[1]
        if grey.shape[1] != size or grey.max() > levels:
            raise ValidationError(
                f"the image has {grey.shape[1]} pixels up to {grey.max()}, but the network was "
                f"trained on {size} with grey values from 0 to {levels}; give such an image"
            )
        classes = self.trained.network.role("label").size
        part = grey.astype(np.uint8), np.zeros(1, np.int64)
        return from_arrays("drawn", part, part, levels=levels, shape=self.shape, classes=classes)
