"""Where populations lie on a device, and how full its cores are."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from pffspike.devices import Device
from pffspike.errors import ValidationError
from pffspike.mapping.placement import Core, Placement, Usage
from pffspike.plots.canvas import figure

_RESOURCES = tuple(field.name for field in fields(Usage))


def placement(placed: Placement, device: Device) -> Figure:
    """Draw the mesh of each chip, its cores coloured by population, over what cores use.

    A core is split by the shares of its neurons that populations have.

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
    palette = colormaps["tab10"] if len(names) <= 10 else colormaps["tab20"]
    colours = {name: palette(index % palette.N) for index, name in enumerate(names)}
    chips = placed.chips
    drawing = figure(9.0, 3.4 * chips + 2.2)
    panels = drawing.subplots(chips + 1, 1, height_ratios=[3.0] * chips + [1.6], squeeze=False)[
        :, 0
    ]
    for chip, axes in enumerate(panels[:-1]):
        _mesh(axes, placed, device, chip, colours)
    _usage(panels[-1], placed, device)
    drawing.colorbar(panels[-1].images[0], ax=panels[-1], label="used / available")
    panels[0].legend(
        handles=[Patch(color=colour, label=name) for name, colour in colours.items()],
        fontsize="small",
        frameon=False,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
    )
    return drawing


def _mesh(axes: Any, placed: Placement, device: Device, chip: int, colours: dict[str, Any]) -> None:
    limits = device.limits
    assert limits is not None
    side = 1
    width, height = limits.cores.value, 1
    if limits.tile_cores and limits.mesh_width and limits.mesh_height:
        width, height = limits.mesh_width.value, limits.mesh_height.value
        side = int(np.ceil(np.sqrt(limits.tile_cores.value)))
        for x in range(width):
            for y in range(height):
                axes.add_patch(
                    Rectangle((x, y), 0.94, 0.94, fill=False, color="0.8", linewidth=0.6)
                )
    for core in placed.cores:
        if core.chip == chip:
            position = core.index % limits.cores.value
            inside = position % (side * side) if core.x is not None else 0
            x = core.x if core.x is not None else position
            _core(axes, core, x, core.y or 0, inside, side, colours)
    axes.set(xlim=(-0.1, width + 0.1), ylim=(height + 0.1, -0.1), aspect="equal")
    axes.set_axis_off()
    used = sum(core.chip == chip for core in placed.cores)
    axes.set_title(
        f"{placed.network.name} on {placed.device}, chip {chip}: {used} of {limits.cores.value} "
        f"cores",
        fontsize="medium",
    )


def _core(
    axes: Any, core: Core, x: int, y: int, inside: int, side: int, colours: dict[str, Any]
) -> None:
    size = 0.94 / side
    left, top = x + inside % side * size, y + inside // side * size
    neurons = sum(block.size for block in core.blocks)
    for block in core.blocks:
        share = size * 0.9 * block.size / neurons
        axes.add_patch(
            Rectangle((left, top), share, size * 0.9, color=colours[block.population], lw=0)
        )
        left += share
    axes.text(
        x + (inside % side + 0.45) * size,
        top + 0.45 * size,
        str(core.index),
        ha="center",
        va="center",
        fontsize=5,
        color="white",
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
