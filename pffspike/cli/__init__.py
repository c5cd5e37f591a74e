"""The command line: thin commands over the library."""

from __future__ import annotations


def main() -> None:
    """Run the command line with the arguments of this process."""
    from pffspike.cli.app import app

    app(prog_name="pffspike")
