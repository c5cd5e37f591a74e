"""Where populations lie on a device, and how full its cores are."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from pffspike.devices import Device
from pffspike.errors import ValidationError
from pffspike.mapping.placement import Core, Placement, Usage
from pffspike.plots.canvas import PAGE, colours_by_place, figure, styled, words

_THINNEST = 0.04  #: share of a core below which a population would not be seen
_RESOURCES = tuple(field.name for field in fields(Usage))


@styled
def placement(placed: Placement, device: Device) -> Figure:
    """Draw the mesh of each chip, its cores coloured by population, over what cores use.

    A core is split by the shares of its neurons that populations have, the smallest ones wider so
    that they are seen. Of the mesh is shown what
    lies around the cores in use.

    Parameters
    ----------
    placed : Placement
        Of a network on the device.
    device : Device
        With limits.

    Returns
    -------
    Figure
        A panel for each chip, and one for the resources of a core.

    Raises
    ------
    ValidationError
        If the card gives no limits.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> from pffspike.devices import load_device
    >>> from pffspike.mapping import place
    >>> loihi = load_device("loihi1")
    >>> len(placement(place(load_network("digits"), loihi), loihi).axes) > 1
    True
    """
    if device.limits is None:
        raise ValidationError(
            f"device {device.name!r} gives no limits; add a table [limits] to its card"
        )
    names = list(dict.fromkeys(b.population for core in placed.cores for b in core.blocks))
    known = colours_by_place(p.name for p in placed.network.populations)
    palette, chips = {name: known[name] for name in names}, placed.chips
    shown = [_extent(placed, device, chip) for chip in range(chips)]
    heights = [max(0.5, 0.42 * PAGE * (y1 - y0) / max(4, x1 - x0)) for x0, y0, x1, y1 in shown]
    drawing = figure(PAGE, sum(heights) + 0.5 * chips + 2.0)
    panels = drawing.subplots(chips + 1, 1, height_ratios=[*heights, 1.1], squeeze=False)[:, 0]
    for chip, axes in enumerate(panels[:-1]):
        _mesh(axes, placed, device, chip, shown[chip], palette)
    _usage(panels[-1], placed, device)
    drawing.colorbar(panels[-1].images[0], ax=panels[-1], label="used / available", pad=0.01)
    panels[0].legend(
        handles=[Patch(color=colour, label=words(name)) for name, colour in palette.items()],
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
    )
    return drawing


def _extent(placed: Placement, device: Device, chip: int) -> tuple[int, int, int, int]:
    """Columns and rows of the mesh that are drawn: those of cores in use, and one more each way."""
    assert device.limits is not None
    limits = device.limits
    width = limits.mesh_width.value if limits.mesh_width else limits.cores.value
    height = limits.mesh_height.value if limits.mesh_height else 1
    cores = [core for core in placed.cores if core.chip == chip]
    xs = [core.x if core.x is not None else core.index % limits.cores.value for core in cores]
    ys = [core.y or 0 for core in cores]
    return (
        max(0, min(xs, default=0) - 1),
        max(0, min(ys, default=0) - 1),
        min(width, max(xs, default=0) + 2),
        min(height, max(ys, default=0) + 2),
    )


def _mesh(
    axes: Any,
    placed: Placement,
    device: Device,
    chip: int,
    extent: tuple[int, int, int, int],
    palette: dict[str, str],
) -> None:
    limits = device.limits
    assert limits is not None
    side, (x0, y0, x1, y1) = 1, extent
    if limits.tile_cores and limits.mesh_width and limits.mesh_height:
        side = int(np.ceil(np.sqrt(limits.tile_cores.value)))
        for x in range(x0, x1):
            for y in range(y0, y1):
                axes.add_patch(
                    Rectangle((x, y), 0.94, 0.94, fill=False, color="0.8", linewidth=0.6)
                )
    axes.set(xlim=(x0 - 0.1, x1 + 0.1), ylim=(y1 + 0.1, y0 - 0.1), aspect="equal", anchor="W")
    for core in placed.cores:
        if core.chip == chip:
            position = core.index % limits.cores.value
            inside = position % (side * side) if core.x is not None else 0
            x = core.x if core.x is not None else position
            _core(axes, core, x, core.y or 0, inside, side, palette)
    axes.set_axis_off()
    used = sum(core.chip == chip for core in placed.cores)
    cores = f"{used} of {limits.cores.value} cores"
    axes.set_title(f"{placed.network.name} on {placed.device}, chip {chip}: {cores}", loc="left")


def _core(
    axes: Any, core: Core, x: int, y: int, inside: int, side: int, palette: dict[str, str]
) -> None:
    size = 0.94 / side
    left, top = x + inside % side * size, y + inside // side * size
    neurons = sum(block.size for block in core.blocks)
    wanted = np.array([max(_THINNEST, block.size / neurons) for block in core.blocks])
    for block, share in zip(core.blocks, 0.9 * size * wanted / wanted.sum(), strict=True):
        axes.add_patch(
            Rectangle((left, top), share, size * 0.9, color=palette[block.population], lw=0)
        )
        left += share
    axes.text(
        x + (inside % side + 0.45) * size,
        top + 0.45 * size,
        str(core.index),
        ha="center",
        va="center",
        fontsize=6,
        bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "linewidth": 0},
    )


def _usage(axes: Any, placed: Placement, device: Device) -> None:
    share = np.array(
        [
            [
                getattr(core.usage, name) / getattr(device.limits, name).value
                for core in placed.cores
            ]
            for name in _RESOURCES
        ]
    )
    axes.imshow(share, aspect="auto", vmin=0, vmax=1, cmap="viridis")
    axes.set_yticks(range(len(_RESOURCES)), [name.replace("_", " ") for name in _RESOURCES])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("core")
