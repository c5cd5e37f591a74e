"""Models of an open input population, in floating and in fixed point."""

from typing import Any

import numpy as np
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType

from pffspike.engines.lava.pages import Open
from pffspike.engines.lava.processes.open_source.process import OpenSource
from pffspike.engines.lava.processes.source.models import (
    AbstractPySourceModel,
    PySourceModelFixed,
    PySourceModelFloat,
)
from pffspike.typing import Array


class OpenedSource(Open, AbstractPySourceModel):
    s: Any
    spikes_in: Any
    spikes_out: Any

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.pages = proc_params["pages"]

    def turn(self, sample: int) -> None:
        self.schedule = self.pages.schedule(sample)
        self.probabilities = self.pages.probabilities(self.name, sample)

    @property
    def name(self) -> str:
        return str(self.proc_params["neurons"].name)

    def run_spk(self) -> None:
        if not self.spikes_in.csp_ports:
            super().run_spk()
            return
        self.begin()
        phase, step = self.clock.at(self.time_step)
        spikes = self.spikes_in.recv()[None] != 0
        self.emit(phase, step, spikes if self.active[phase] else None)

    def emit(self, phase: int, step: int, spikes: Array | None) -> None:
        self.s[:] = 0 if spikes is None else spikes[0]
        self.spikes_out.send(self.s)
        super().emit(phase, step, spikes)


class PyOpenSourceModelFloat(OpenedSource, PySourceModelFloat):
    implements_process = OpenSource  # protocol, resources and tag are inherited
    spikes_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=1)
    spikes_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=1)
    gains: np.ndarray = LavaPyType(np.ndarray, np.float64)
    s: np.ndarray = LavaPyType(np.ndarray, np.int32)


class PyOpenSourceModelFixed(OpenedSource, PySourceModelFixed):
    implements_process = OpenSource  # protocol, resources and tag are inherited
    spikes_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=1)
    spikes_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=1)
    gains: np.ndarray = LavaPyType(np.ndarray, np.int32)
    s: np.ndarray = LavaPyType(np.ndarray, np.int32)
