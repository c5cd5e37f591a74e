"""``pffspike cache``."""

from __future__ import annotations

from typing import Annotated

import typer

from pffspike import caches, limits
from pffspike.cli import options, output


def cache(
    clean: Annotated[
        bool, typer.Option("--clean", help="Remove what is kept; it is made again when needed.")
    ] = False,
    json: options.JsonFile = None,
) -> None:
    """Show what is kept between runs and how large it is, or remove it.

    Example: pffspike cache --clean
    """
    found = caches.sizes()
    output.table(
        f"{caches.root()}{': removed' if clean else ''}",
        ("cache", "size"),
        [(name, limits.readable(size)) for name, size in found.items()],
    )
    if clean:
        caches.clean(tuple(found))
        caches.remove_leftovers()
    output.write_json(json, {"folder": str(caches.root()), "bytes": found})
