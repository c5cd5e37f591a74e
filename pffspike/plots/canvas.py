"""Figures without global state, and how they are written."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.figure import Figure

from pffspike.errors import ValidationError
from pffspike.files import write_whole

#: Colour-blind safe colours (Okabe and Ito): true label, false label, no label.
TRUE, FALSE, NEUTRAL = "#0072B2", "#D55E00", "#666666"


def figure(width: float, height: float) -> Figure:
    """Empty figure of a size in inches, laid out without overlaps."""
    return Figure(figsize=(width, height), layout="constrained", dpi=150)


def save(drawing: Figure, path: Path) -> None:
    """Write a figure in the format of the file's ending, whole or not at all.

    Parameters
    ----------
    drawing : Figure
        A Matplotlib figure.
    path : Path
        Where to write; the ending says the format.

    Raises
    ------
    ValidationError
        If the format is unknown or the file can't be written.
    """
    kind = path.suffix[1:].lower() or "png"
    known = drawing.canvas.get_supported_filetypes()
    if kind not in known:
        raise ValidationError(
            f"{path} has the unknown ending .{kind}; use one of: {', '.join(known)}"
        )
    buffer = io.BytesIO()
    drawing.savefig(buffer, format=kind)
    write_whole(path, buffer.getvalue())
