"""Pieces of a self-contained HTML page: tables, pictures, sections. Every text is escaped."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence

from matplotlib.figure import Figure

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62em; margin: 2em auto; padding: 0 1em;
       color: #222 }
h1 { margin-bottom: 0 } h2 { margin-top: 2em; border-bottom: 1px solid #ccc }
table { border-collapse: collapse; margin: 1em 0; font-size: 13px }
th, td { border-bottom: 1px solid #ddd; padding: .25em .7em; text-align: left;
         vertical-align: top }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
summary { cursor: pointer; color: #0b5394 }
figure { margin: 1em 0 } img { max-width: 100% } figcaption, .note { color: #555; font-size: 13px }
"""


class Markup(str):
    """HTML that is not to be escaped again."""


def text(value: object) -> str:
    """Escaped text; of `Markup` as it is."""
    return value if isinstance(value, Markup) else html.escape(str(value))


def paragraph(content: object, note: bool = False) -> Markup:
    """Give a paragraph; ``note`` sets it in small print."""
    return Markup(f"<p{' class=note' if note else ''}>{text(content)}</p>\n")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Markup:
    """Give a table; numbers and texts that begin with a digit are set to the right."""

    def cell(value: object) -> str:
        shown = text(value)
        number = shown[:1].isdigit() and len(shown) < 24
        return f"<td{' class=number' if number else ''}>{shown}</td>"

    lines = ["".join(f"<th>{text(name)}</th>" for name in head)]
    lines += ["".join(cell(value) for value in row) for row in rows]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return Markup(f"<table>\n{body}\n</table>\n")


def picture(drawing: Figure, caption: str) -> Markup:
    """Give a figure, its pixels within the page."""
    buffer = io.BytesIO()
    # Without the name of the program, so that equal reports are equal files.
    drawing.savefig(buffer, format="png", metadata={"Software": None})
    data = base64.b64encode(buffer.getvalue()).decode()
    return Markup(
        f'<figure><img alt="{html.escape(caption)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>\n"
    )


def heading(title: object) -> Markup:
    """Give a heading within a section."""
    return Markup(f"<h3>{text(title)}</h3>\n")


def details(title: object, *parts: Markup) -> Markup:
    """Give what is shown when its title is clicked on."""
    return Markup(f"<details><summary>{text(title)}</summary>\n{''.join(parts)}</details>\n")


def section(title: str, *parts: Markup) -> Markup:
    """Give a section with a heading."""
    return Markup(f"<h2>{text(title)}</h2>\n{''.join(parts)}")


def page(title: str, *parts: Markup) -> str:
    """Give the whole file."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f"<title>{text(title)}</title>\n<style>{_STYLE}</style></head>\n<body>\n"
        f"<h1>{text(title)}</h1>\n{''.join(parts)}</body></html>\n"
    )
