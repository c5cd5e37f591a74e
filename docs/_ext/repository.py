"""What the site takes from the checkout: the README's first screen, folders, tutorials' figures."""

import re
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from sphinx.application import Sphinx
from sphinx_gallery.scrapers import figure_rst

import pffspike

#: The tutorials, in the order of the gallery.
ORDER = ("first_visit", "scikit_learn", "brian2_notebook", "lava_engineer", "energy")


def by_number(name: str) -> int:
    """Place of a tutorial in the gallery."""
    return ORDER.index(Path(name).stem)


def figures(block: Any, variables: dict[str, Any], configuration: dict[str, Any]) -> str:
    """Keep the figures that a part of a tutorial has drawn: those with a name, each once."""
    del block
    shown = variables.setdefault("figures_shown", set())
    paths = []
    for value in variables["example_globals"].values():
        if isinstance(value, Figure) and id(value) not in shown:
            shown.add(id(value))
            path = Path(next(variables["image_path_iterator"]))
            pffspike.plots.save(value, path)
            paths.append(str(path))
    return figure_rst(paths, configuration["src_dir"]) if paths else ""


LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)([^)]+)\)")
MODEL = "pffspike/network/model"
PDF = '<p><a href="../../model.pdf">This page as a PDF</a></p>'


def completed(app: Sphinx, page: str, content: list[str]) -> None:
    """Begin the start page with the README, lead the model to its PDF, unlink folders."""
    if page == app.config.root_doc:
        readme = Path(app.srcdir, "README.md").read_text("utf-8").partition("\n## ")[0]
        app.env.note_dependency("README.md")
        content[0] = LINK.sub(r"[\1](../\2)", readme) + "\n\n" + content[0]
    elif page == MODEL:
        title, _, text = content[0].partition("\n")
        content[0] = f"{title}\n\n{PDF}\n{text}"
    if str(app.env.doc2path(page)).endswith(".md"):
        beside = Path(app.srcdir, page).parent
        content[0] = LINK.sub(lambda link: _unlinked(link, beside), content[0])


def _unlinked(link: re.Match[str], beside: Path) -> str:
    """The text of a link to a folder: a site has no folders to look into."""
    return link[1] if (beside / link[2]).is_dir() else link[0]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", completed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
