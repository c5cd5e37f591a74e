"""Models of an input population, in floating and in fixed point."""

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from pffspike.arithmetic import counter
from pffspike.engines.lava.processes.bernoulli import (
    BernoulliModel,
    fixed_uniform,
    floating_uniform,
)
from pffspike.engines.lava.processes.ranges import PAYLOAD_BITS
from pffspike.engines.lava.processes.source.process import Source
from pffspike.typing import Array


class AbstractPySourceModel(BernoulliModel):
    one: float  # probability 1 in this format

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.probabilities: Any = self.memory.probabilities(self.part)
        self.inputs: Any = self.part.inputs
        self.p: Array = np.zeros((0, 0))
        self.sure: Array = np.zeros((0, 0), np.bool_)
        self.unsure: Array = np.zeros(0, np.int64)

    def uniform(self, phase: int, step: int, chosen: Array) -> Array:
        raise NotImplementedError

    def find_unsure(self, p: Array) -> None:
        # The others spike never or in every step, as labels and the margins of images do.
        self.sure = p >= self.one
        self.unsure = np.flatnonzero(((p > 0) & ~self.sure).any(axis=0))

    def show(self, phase: int, step: int) -> None:
        frame = min(step, self.memory.frames - 1)
        p = self.probabilities[phase][self.batch, : self.used, frame]
        if self.wrong_class and self.inputs[phase] == self.wrong_class.signal:
            p = (self.chosen[: self.used, None] == np.arange(self.part.size)) * self.one
        self.find_unsure(p)
        self.p = p[:, self.unsure]

    def run_spk(self) -> None:
        phase, step = self.now()
        received = None
        if self.spikes_in.csp_ports:
            received = self.spikes_in.recv().reshape(self.silence.shape)
        if self.probabilities[phase] is None:
            self.emit(phase, step, None)
        elif received is not None:
            self.emit(phase, step, received[: self.used] != 0)
        else:
            if step < self.memory.frames:
                self.show(phase, step)
            spikes = self.sure.copy()
            spikes[:, self.unsure] = self.uniform(phase, step, self.unsure) < self.p
            self.emit(phase, step, spikes)


@implements(proc=Source, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PySourceModelFloat(AbstractPySourceModel):
    spikes_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=1)
    h_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    link_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)
    g_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)
    h_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    link_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    gains: np.ndarray = LavaPyType(np.ndarray, np.float64)
    s: np.ndarray = LavaPyType(np.ndarray, np.int32)

    one = 1.0

    def uniform(self, phase: int, step: int, chosen: Array) -> Array:
        return floating_uniform(self.bits(phase, step, chosen))


@implements(proc=Source, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PySourceModelFixed(AbstractPySourceModel):
    spikes_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=1)
    h_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    link_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=1)
    g_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=PAYLOAD_BITS)
    h_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    link_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    gains: np.ndarray = LavaPyType(np.ndarray, np.int32)
    s: np.ndarray = LavaPyType(np.ndarray, np.int32)

    one = 1 << counter.UNIFORM_BITS

    def uniform(self, phase: int, step: int, chosen: Array) -> Array:
        return fixed_uniform(self.bits(phase, step, chosen))
