"""Equations as MathML, which browsers show by themselves: no script, no fonts, no network.

Docutils translates LaTeX to MathML. An equation's number is what LaTeX's ``tag`` says, so that
the same text has the same numbers on a code host, on the site and in the PDF.
"""

import re
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx

TAG = re.compile(r"\s*\\tag\{(.*?)\}")


def inline(translator: Any, node: nodes.Element) -> None:
    """Write an equation within a line."""
    translator.body.append(tex2mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def display(translator: Any, node: nodes.Element) -> None:
    """Write an equation on lines of its own, with its number and an anchor to it."""
    text, tag = TAG.sub("", node.astext()), TAG.search(node.astext())
    anchor = f' id="equation-{tag[1]}"' if tag else ""
    translator.body.append(f'<div class="math equation"{anchor}>')
    translator.body.append(f'<div class="formula">{tex2mathml(text, as_block=True)}</div>')
    if tag:
        link = f'<a class="number" href="#equation-{tag[1]}">({tag[1]})</a>'
        translator.body.append(link)
    translator.body.append("</div>")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(inline, None), block_renderers=(display, None)
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
