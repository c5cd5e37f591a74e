"""Results as tidy tables: a row a case, a column a quantity, its unit in the column's name."""

from __future__ import annotations

import abc
from typing import Any

from pffspike.errors import imported
from pffspike.text import html_table

_SHOWN = 10  #: rows that a notebook shows


class Tabular(abc.ABC):
    """A result that is a tidy table too.

    Columns are named in words, with the unit at the end where there is one: ``energy_j``,
    ``time_s``. What has no value is None or nan.
    """

    @abc.abstractmethod
    def tidy_rows(self) -> list[dict[str, Any]]:
        """Give the rows, each a dictionary by column: plain numbers and texts."""

    def _repr_html_(self) -> str:
        """Give the first rows, for notebooks."""
        rows = self.tidy_rows()
        columns = list(dict.fromkeys(key for row in rows for key in row))
        shown = [[_cell(row.get(key)) for key in columns] for row in rows[:_SHOWN]]
        more = f", the first {_SHOWN} of {len(rows)} rows" if len(rows) > _SHOWN else ""
        return html_table(f"{type(self).__name__}{more}", shown, columns)

    def to_frame(self) -> Any:
        """Give the rows as a pandas data frame.

        Returns
        -------
        pandas.DataFrame
            Of one result; ``pandas.concat`` puts several into one.

        Raises
        ------
        MissingPackageError
            If pandas is not installed (extra ``formats``).
        """
        return imported("pandas", "formats").DataFrame(self.tidy_rows())


def _cell(value: Any) -> str:
    """A value as a notebook shows it."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
