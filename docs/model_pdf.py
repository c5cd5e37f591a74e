"""The page of the model as a PDF: Pandoc translates it, Typst sets it; both come from PyPI.

python docs/model_pdf.py -o model.pdf
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pypandoc
import typst

HERE = Path(__file__).parent
PAGE = HERE.parent / "pffspike" / "network" / "model.md"
HEAD = """#set page(paper: "a4", margin: 2.2cm, numbering: "1")
#set text(size: 10pt)
#set par(justify: true)
#set table(stroke: none, inset: (x: 6pt, y: 3pt))
#show table: set text(size: 9pt)
#show table: set par(justify: false)
#show table: set align(left)
#show heading.where(level: 1): set text(size: 18pt)
#show heading: set block(above: 1.4em, below: 0.8em)
#show raw: set text(size: 9pt)
#let horizontalrule = line(length: 100%)
"""


def write(output: Path) -> None:
    """Write the PDF."""
    filters = [f"--lua-filter={HERE / 'equations.lua'}"]
    text = pypandoc.convert_file(str(PAGE), "typst", format="markdown", extra_args=filters)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(typst.compile((HEAD + text).encode()))


def main() -> None:
    """Read where to write, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("model.pdf"))
    write(parser.parse_args().output)


if __name__ == "__main__":
    main()
