"""Tables as files: tidy rows as CSV, and what is printed as LaTeX."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pffspike import files
from pffspike.cli.output import Printed

#: What LaTeX takes for itself, and signs that a font of text may lack.
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "→": r"$\rightarrow$",
    "µ": r"\textmu{}",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
}


def write_csv(path: Path | None, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write tidy rows to a CSV file, if one was asked for; what has no value is left empty."""
    if path is None:
        return
    text = io.StringIO()
    columns = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        known = {k: v for k, v in row.items() if not (isinstance(v, float) and math.isnan(v))}
        writer.writerow(known)
    files.write_whole(path, text.getvalue())


def write_latex(path: Path | None, *tables: Printed) -> None:
    """Write tables as they are printed to a LaTeX file, if one was asked for."""
    if path is not None:
        files.write_whole(path, "\n".join(map(latex, tables)))


def latex(printed: Printed) -> str:
    r"""Give a ``tabular`` with the rules of the package booktabs.

    Examples
    --------
    >>> print(latex(Printed("a", ("mode", "x"), [("one_pass", "1 %")])))
    % pffspike: a
    % needs \usepackage{booktabs}
    \begin{tabular}{lr}
    \toprule
    mode & x \\
    \midrule
    one\_pass & 1 \% \\
    \bottomrule
    \end{tabular}
    <BLANKLINE>
    """
    rows = [[str(value) for value in row] for row in printed.rows]
    cells = list(zip(*rows, strict=True)) or [()] * len(printed.columns)
    numeric = [
        bool(column) and all(value[:1].isdigit() or value[:1] in "+-" for value in column)
        for column in cells
    ]
    title = " ".join(printed.title.split())
    lines = [
        f"% pffspike: {title}",
        r"% needs \usepackage{booktabs}",
        rf"\begin{{tabular}}{{{''.join('r' if right else 'l' for right in numeric)}}}",
        r"\toprule",
        _line(printed.columns),
        r"\midrule",
        *map(_line, rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return " & ".join("".join(_ESCAPED.get(c, c) for c in cell) for cell in cells) + r" \\"
