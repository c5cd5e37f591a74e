"""Tables that fit the terminal: as they are, with rows for columns, or in parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

_PROSE = 40  #: letters of a cell from which on its column may be folded
_FOLDED = 24  #: letters that such a column needs

Rows = Sequence[Sequence[object]]


def fitted(columns: Sequence[str], rows: Rows, width: int, keys: int = 1) -> Iterator[Table]:
    """Draw a table in a width.

    A column of prose is folded. Else a table that is too wide gets its rows for columns, if that
    fits; else it comes in parts, each with the columns that say which row it is.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns.
    rows : sequence of sequence of object
        Cells; columns of numbers alone are right-aligned.
    width : int
        Letters of a line.
    keys : int
        Columns at the beginning that say which row it is.

    Yields
    ------
    Table

    Examples
    --------
    >>> wide = fitted(["image", *"abcdefgh"], [["image 0", *range(10, 18)]], 30)
    >>> [len(table.columns) for table in wide]
    [2]
    """
    cells = [[_text(value) for value in row] for row in rows]
    texts = [[cell.plain for cell in row] for row in cells]
    sizes = [
        max([_size(Text(name)), *(_size(row[k]) for row in cells)])
        for k, name in enumerate(columns)
    ]
    prose = [
        k
        for k, size in enumerate(sizes)
        if size > _PROSE and max(_longest_word(line[k]) for line in [columns, *texts]) <= _FOLDED
    ]
    least = [min(size, _FOLDED) if k in prose else size for k, size in enumerate(sizes)]
    right = [
        bool(rows) and all(isinstance(row[k], (int, float)) for row in rows)
        for k in range(len(columns))
    ]
    if _total(least) <= width or not rows:
        yield _table([Text(c) for c in columns], cells, right, prose)
        return
    turned = [[Text(name), *(row[k] for row in cells)] for k, name in enumerate(columns)]
    if _total([max(_size(line[k]) for line in turned) for k in range(len(rows) + 1)]) <= width:
        yield _table(turned[0], turned[1:], [False, *[True] * len(rows)], [])
        return
    for part in _parts(least, width, keys):
        yield _table(
            [Text(columns[k]) for k in part],
            [[row[k] for k in part] for row in cells],
            [right[k] for k in part],
            [index for index, k in enumerate(part) if k in prose],
        )


def _parts(sizes: Sequence[int], width: int, keys: int) -> list[list[int]]:
    """Columns of each part: the keys, and as many others as fit, at least one."""
    first = list(range(min(keys, len(sizes) - 1)))
    parts = [first]
    for k in range(len(first), len(sizes)):
        wider = [*parts[-1], k]
        if parts[-1] != first and _total([sizes[c] for c in wider]) > width:
            parts.append([*first, k])
        else:
            parts[-1] = wider
    return parts


def _table(
    columns: Sequence[Text],
    cells: Sequence[Sequence[Text]],
    right: Sequence[bool],
    prose: Sequence[int],
) -> Table:
    drawn = Table()
    for index, column in enumerate(columns):
        justify = "right" if right[index] else "left"
        drawn.add_column(column, justify=justify, no_wrap=bool(prose) and index not in prose)  # type: ignore[arg-type]
    for row in cells:
        drawn.add_row(*row)
    return drawn


def _total(sizes: Sequence[int]) -> int:
    """Letters of a line: each cell has a space on either side, and lines between them."""
    return sum(size + 3 for size in sizes) + 1


def _size(text: Text) -> int:
    return max(map(cell_len, text.plain.split("\n")))


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)


def _text(value: object) -> Text:
    """A cell as written: brackets are no markup, and what no terminal shows is spelled out."""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return Text("".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text))
