"""Models of a driven population, in floating and in fixed point."""

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from pffspike.engines.lava.bernoulli import BernoulliModel, fixed_uniform, floating_uniform
from pffspike.engines.lava.memory import Array
from pffspike.engines.lava.processes.source.process import Source


class AbstractPySourceModel(BernoulliModel):
    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.probabilities = proc_params["probabilities"]

    def uniform(self, phase: int, step: int) -> Array:
        raise NotImplementedError

    def run_spk(self) -> None:
        phase, step = self.clock.at(self.time_step)
        p = self.probabilities[phase]
        if p is None:
            self.emit(phase, step, None)
        else:
            self.emit(phase, step, self.uniform(phase, step) < p[: self.used])


@implements(proc=Source, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PySourceModelFloat(AbstractPySourceModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)
    g_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)

    def uniform(self, phase: int, step: int) -> Array:
        return floating_uniform(self.bits(phase, step))


@implements(proc=Source, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PySourceModelFixed(AbstractPySourceModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=1)
    g_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)

    def uniform(self, phase: int, step: int) -> Array:
        return fixed_uniform(self.bits(phase, step))
