"""Models of an input population, in floating and in fixed point."""

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from pffspike.arithmetic import counter
from pffspike.engines.lava.bernoulli import BernoulliModel, fixed_uniform, floating_uniform
from pffspike.engines.lava.processes.source.process import Source
from pffspike.engines.lava.ranges import PAYLOAD_BITS
from pffspike.typing import Array


class AbstractPySourceModel(BernoulliModel):
    one: float  # probability 1 in this format

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.probabilities = proc_params["probabilities"]
        self.sure: Array = np.zeros((0, 0), np.bool_)
        self.unsure: Array = np.zeros(0, np.int64)

    def uniform(self, phase: int, step: int, chosen: Array) -> Array:
        raise NotImplementedError

    def find_unsure(self, p: Array) -> None:
        # The others spike never or in every step, as labels and the margins of images do.
        self.sure = p >= self.one
        self.unsure = np.flatnonzero(((p > 0) & ~self.sure).any(axis=0))

    def run_spk(self) -> None:
        phase, step = self.clock.at(self.time_step)
        p = self.probabilities[phase]
        if p is None:
            self.emit(phase, step, None)
            return
        p = p[: self.used]
        if step == 0:
            self.find_unsure(p)
        spikes = self.sure.copy()
        spikes[:, self.unsure] = self.uniform(phase, step, self.unsure) < p[:, self.unsure]
        self.emit(phase, step, spikes)


@implements(proc=Source, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PySourceModelFloat(AbstractPySourceModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)
    g_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)
    d_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)

    one = 1.0

    def uniform(self, phase: int, step: int, chosen: Array) -> Array:
        return floating_uniform(self.bits(phase, step, chosen))


@implements(proc=Source, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PySourceModelFixed(AbstractPySourceModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=1)
    g_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=PAYLOAD_BITS)
    d_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=PAYLOAD_BITS)

    one = 1 << counter.UNIFORM_BITS

    def uniform(self, phase: int, step: int, chosen: Array) -> Array:
        return fixed_uniform(self.bits(phase, step, chosen))
