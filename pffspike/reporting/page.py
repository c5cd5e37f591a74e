"""What a page is made of, and how it becomes one HTML file; the template escapes every text."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from matplotlib.figure import Figure

from pffspike.errors import imported

_NUMBER = re.compile(r"[<>~+-]? ?\d[\d,.]*( ?(%|[kmµnp]?[JsW]|V))?( .*)?\Z", re.DOTALL)
_ABSENT = ("", "no value", "not counted")  #: what stands where a number would
_SHORT = 40  #: letters of a text that is set as a number at most


@dataclass(frozen=True)
class Paragraph:
    """Text; a note is set in small print."""

    content: str
    note: bool = False
    kind: ClassVar[str] = "paragraph"


@dataclass(frozen=True)
class Grid:
    """A table; columns of numbers are set to the right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    kind: ClassVar[str] = "grid"

    @property
    def numeric(self) -> list[bool]:
        """Which columns are of numbers."""
        cells = [[str(row[index]) for row in self.rows] for index in range(len(self.columns))]
        return [
            any(column)
            and all(c in _ABSENT or (len(c) <= _SHORT and _NUMBER.match(c)) for c in column)
            for column in cells
        ]


@dataclass(frozen=True)
class Picture:
    """A figure, its pixels within the page."""

    source: str
    caption: str
    kind: ClassVar[str] = "picture"


@dataclass(frozen=True)
class Listing:
    """Numbered texts, such as sources that a table refers to."""

    title: str
    items: Sequence[str]
    kind: ClassVar[str] = "listing"


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    title: str
    kind: ClassVar[str] = "heading"


@dataclass(frozen=True)
class Folded:
    """What is shown when its title is clicked on."""

    title: str
    blocks: Sequence[Block]
    kind: ClassVar[str] = "folded"


Block = Paragraph | Grid | Picture | Listing | Heading | Folded


@dataclass(frozen=True)
class Section:
    """A part of the page, that the contents list."""

    title: str
    blocks: Sequence[Block]

    @property
    def anchor(self) -> str:
        """Its place in the page."""
        return self.title.lower().replace(" ", "-")


def picture(drawing: Figure, caption: str) -> Picture:
    """Give a figure as a block."""
    buffer = io.BytesIO()
    # Without the name of the program, so that equal reports are equal files.
    drawing.savefig(buffer, format="png", metadata={"Software": None})
    data = base64.b64encode(buffer.getvalue()).decode()
    return Picture(f"data:image/png;base64,{data}", caption)


def page(title: str, lead: Sequence[Block], sections: Sequence[Section]) -> str:
    """Give the whole file.

    Raises
    ------
    MissingPackageError
        If Jinja2 is not installed (extra ``plot``).
    """
    jinja2 = imported("jinja2", "plot")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pffspike.reporting"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    template = environment.get_template("report.html")
    made: str = template.render(title=title, lead=lead, sections=sections)
    return made
