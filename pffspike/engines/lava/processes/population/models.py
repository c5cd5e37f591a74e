"""Models of a population, in floating and in fixed point."""

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from pffspike.engines.lava.bernoulli import (
    BernoulliModel,
    check_range,
    fixed_uniform,
    floating_uniform,
)
from pffspike.engines.lava.memory import Array
from pffspike.engines.lava.processes.population.process import Population


class AbstractPyPopulationModel(BernoulliModel):
    def fire(self, phase: int, step: int, current: Array | int) -> Array:
        raise NotImplementedError

    def run_spk(self) -> None:
        phase, step = self.clock.at(self.time_step)
        current = self.a_in.recv()[: self.used]
        if self.active[phase]:
            # What arrives in step 0 was sent by the presentation before.
            self.emit(phase, step, self.fire(phase, step, 0 if step == 0 else current))
        else:
            self.emit(phase, step, None)


@implements(proc=Population, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PyPopulationModelFloat(AbstractPyPopulationModel):
    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.float64)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)
    g_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)
    bias: np.ndarray = LavaPyType(np.ndarray, np.float64)

    def fire(self, phase: int, step: int, current: Array | int) -> Array:
        # U lies in [0, 1), so clipping the drive to [0, 1] could not change the answer.
        return floating_uniform(self.bits(phase, step)) < self.bias + current


@implements(proc=Population, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyPopulationModelFixed(AbstractPyPopulationModel):
    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64, precision=53)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=1)
    g_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    bias: np.ndarray = LavaPyType(np.ndarray, np.int64, precision=31)

    def fire(self, phase: int, step: int, current: Array | int) -> Array:
        check_range(self.name, current)
        # U < b + I, with U and b on the grid 2^-24 and I on that of this phase.
        distance = fixed_uniform(self.bits(phase, step)) - self.bias
        return (distance << self.shifts[phase]) < current
