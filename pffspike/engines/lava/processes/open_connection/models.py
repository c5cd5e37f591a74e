"""Models of an open projection, in floating and in fixed point."""

from typing import Any

import numpy as np
from lava.magma.core.model.py.type import LavaPyType

from pffspike.engines.lava.pages import Open
from pffspike.engines.lava.processes.connection.models import (
    AbstractPyConnectionModel,
    PyConnectionModelFixed,
    PyConnectionModelFloat,
)
from pffspike.engines.lava.processes.open_connection.process import OpenConnection


class OpenedConnection(Open, AbstractPyConnectionModel):
    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.pages = proc_params["pages"]

    def turn(self, sample: int) -> None:
        self.schedule = self.pages.schedule(sample)


class PyOpenConnectionModelFloat(OpenedConnection, PyConnectionModelFloat):
    implements_process = OpenConnection  # protocol, resources and tag are inherited
    weights: np.ndarray = LavaPyType(np.ndarray, np.float64)


class PyOpenConnectionModelFixed(OpenedConnection, PyConnectionModelFixed):
    implements_process = OpenConnection  # protocol, resources and tag are inherited
    weights: np.ndarray = LavaPyType(np.ndarray, np.int64)
