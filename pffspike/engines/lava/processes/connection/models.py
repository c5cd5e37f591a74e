"""Models of a projection, in floating and in fixed point."""

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from pffspike.engines.lava.events import deliver
from pffspike.engines.lava.memory import Array
from pffspike.engines.lava.processes.connection.process import Connection


class AbstractPyConnectionModel(PyLoihiProcessModel):
    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        synapses = proc_params["synapses"]
        self.schedule = proc_params["schedule"]
        self.progress = proc_params["progress"]
        self.clock, self.group, self.shifts = synapses.clock, synapses.group, synapses.shifts
        self.silence = np.zeros(synapses.shape_out, synapses.weights.dtype)
        self.current = self.silence

    def scale(self, current: Array, shift: int) -> Array:
        raise NotImplementedError

    def run_spk(self) -> None:
        # Send what the spikes of the last step caused, then receive: loops do not deadlock.
        self.a_out.send(self.current)
        spikes = self.s_in.recv()
        phase, _ = self.clock.at(self.time_step)
        if self.shifts[phase] is None:
            self.current = self.silence
        else:
            used = int(self.schedule.used[0])
            self.current = np.zeros_like(self.silence)
            self.current[:used] = self.scale(
                deliver(spikes[:used], self.weights, self.group), self.shifts[phase]
            )
        self.progress[0] = self.time_step


@implements(proc=Connection, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PyConnectionModelFloat(AbstractPyConnectionModel):
    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.float64)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)
    weights: np.ndarray = LavaPyType(np.ndarray, np.float64)

    def scale(self, current: Array, shift: int) -> Array:  # noqa: ARG002
        return current


@implements(proc=Connection, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyConnectionModelFixed(AbstractPyConnectionModel):
    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=24)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64, precision=53)
    weights: np.ndarray = LavaPyType(np.ndarray, np.int64, precision=31)

    def scale(self, current: Array, shift: int) -> Array:
        return current << shift
