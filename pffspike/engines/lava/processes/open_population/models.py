"""Models of an open population, in floating and in fixed point."""

from typing import Any

import numpy as np
from lava.magma.core.model.py.ports import PyOutPort
from lava.magma.core.model.py.type import LavaPyType

from pffspike.engines.lava.pages import Open
from pffspike.engines.lava.processes.open_population.process import OpenPopulation
from pffspike.engines.lava.processes.population.models import (
    AbstractPyPopulationModel,
    PyPopulationModelFixed,
    PyPopulationModelFloat,
)
from pffspike.typing import Array


class Opened(Open, AbstractPyPopulationModel):
    s: Any
    spikes_out: Any

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.pages = proc_params["pages"]

    def turn(self, sample: int) -> None:
        self.schedule = self.pages.schedule(sample)
        plasticity = self.plasticity
        self.classes = self.pages.classes(plasticity.signal if plasticity else None, sample)

    def emit(self, phase: int, step: int, spikes: Array | None) -> None:
        self.s[:] = 0 if spikes is None else spikes[0]
        self.spikes_out.send(self.s)
        super().emit(phase, step, spikes)


class PyOpenPopulationModelFloat(Opened, PyPopulationModelFloat):
    implements_process = OpenPopulation  # protocol, resources and tag are inherited
    spikes_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=1)
    bias: np.ndarray = LavaPyType(np.ndarray, np.float64)
    gains: np.ndarray = LavaPyType(np.ndarray, np.float64)
    s: np.ndarray = LavaPyType(np.ndarray, np.int32)


class PyOpenPopulationModelFixed(Opened, PyPopulationModelFixed):
    implements_process = OpenPopulation  # protocol, resources and tag are inherited
    spikes_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=1)
    bias: np.ndarray = LavaPyType(np.ndarray, np.int64)
    gains: np.ndarray = LavaPyType(np.ndarray, np.int32)
    s: np.ndarray = LavaPyType(np.ndarray, np.int32)
