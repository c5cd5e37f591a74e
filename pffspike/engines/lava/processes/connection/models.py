"""Models of a projection, in floating and in fixed point."""

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from pffspike.engines.lava.processes.connection.process import Connection
from pffspike.engines.lava.processes.events import deliver
from pffspike.engines.lava.processes.learning import SynapticLearning, kept
from pffspike.engines.lava.processes.plan import Synapses
from pffspike.engines.lava.processes.ranges import (
    PAYLOAD_BITS,
    SUM_BITS,
    WEIGHT_BITS,
    CheckedModel,
)
from pffspike.network import rows
from pffspike.typing import Array


class AbstractPyConnectionModel(CheckedModel):
    part: Synapses

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.bind()
        self.shifts: Any = self.part.shifts
        self.rate: Any = self.memory.rate(self.part)
        senders, receivers = self.part.sizes
        self.group = rows.block_size(self.part) or senders
        self.plasticity: Any = self.part.plasticity
        self.learning: Any = None
        if self.plasticity is not None:
            self.learning = SynapticLearning(self.part, self.plasticity, self.clock, self.setting)
        lanes, dtype = self.setting.lanes, self.weights.dtype
        self.shape = self.setting.shape(receivers)
        self.shape_in = (lanes, senders)
        self.silence = np.zeros((lanes, receivers), dtype)
        self.current = self.silence
        self.trace = np.zeros(senders, dtype)
        self.factors = np.zeros(receivers, dtype)

    def bind(self) -> None:
        self.weights = self.memory.weights[self.part.owner]

    def scale(self, current: Array, shift: int) -> Array:
        raise NotImplementedError

    def run_spk(self) -> None:
        # Send what the spikes of the last step caused, then receive: loops do not deadlock.
        self.a_out.send(self.current.reshape(self.shape))
        spikes = self.s_in.recv().reshape(self.shape_in)
        phase, step = self.now()
        last = step == self.last
        if self.shifts[phase] is None or last:  # nobody would hear it
            self.current = self.silence
        else:
            used = self.used
            self.current = np.zeros_like(self.silence)
            self.current[:used] = self.scale(
                deliver(spikes[:used], self.weights, self.group), self.shifts[phase]
            )
        if self.plasticity is not None and self.plasticity.receives[phase]:
            self.accumulate(step, spikes[0], last)
        self.progress[0] = self.time_step

    def accumulate(self, step: int, spikes: Array, last: bool) -> None:
        if step == 0:
            self.trace[:] = 0
        if step >= self.clock.burn_in:
            self.trace += spikes
        if last:
            self.factors = self.f_in.recv()

    def lrn_guard(self) -> bool:
        if self.plasticity is None:
            return False
        _, phase, step = self.clock.at(self.time_step)
        return self.plasticity.learns[phase] and step == self.last

    def run_lrn(self) -> None:
        phase, _ = self.now()
        self.check("as a trace", self.trace, SUM_BITS)
        sample = int(self.memory.samples[self.batch, 0])
        with kept(self.weights, self.memory.fixed_weights.get(self.part.name)):
            self.learning.change(self.weights, self.trace, self.factors, self.rate, sample, phase)
        self.check("as a weight", self.weights, WEIGHT_BITS)


@implements(proc=Connection, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PyConnectionModelFloat(AbstractPyConnectionModel):
    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.float64)
    f_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.float64)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)
    weights: np.ndarray = LavaPyType(np.ndarray, np.float64)

    def scale(self, current: Array, shift: int) -> Array:  # noqa: ARG002
        return current


@implements(proc=Connection, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyConnectionModelFixed(AbstractPyConnectionModel):
    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=PAYLOAD_BITS)
    f_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64, precision=SUM_BITS)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64, precision=SUM_BITS)
    weights: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def scale(self, current: Array, shift: int) -> Array:
        return current << shift
