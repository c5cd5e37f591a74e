"""Results as tidy tables: a row a case, a column a quantity, its unit in the column's name."""

from __future__ import annotations

import abc
from typing import Any

from pffspike.errors import imported


class Tabular(abc.ABC):
    """A result that is a tidy table too.

    Columns are named in words, with the unit at the end where there is one: ``energy_j``,
    ``time_s``. What has no value is None or nan.
    """

    @abc.abstractmethod
    def tidy_rows(self) -> list[dict[str, Any]]:
        """Give the rows, each a dictionary by column: plain numbers and texts."""

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
