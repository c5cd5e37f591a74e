"""Process of a projection whose weights can be read, set and recorded."""

from typing import Any

from lava.magma.core.process.variable import Var

from pffspike.engines.lava.pages import Pages
from pffspike.engines.lava.processes.connection.process import Connection


class OpenConnection(Connection):
    """`Connection` on one lane, with its weights as the variable ``weights`` (n_pre, width).

    Parameters
    ----------
    pages : Pages
        What each sample brings.
    **given
        Of `Connection`.
    """

    def __init__(self, *, pages: Pages, **given: Any) -> None:
        super().__init__(**given)
        self.proc_params["pages"] = pages
        self.weights = Var(shape=given["weights"].shape, init=given["weights"])
