"""Models of a population, in floating and in fixed point."""

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from pffspike.arithmetic import grids
from pffspike.engines.lava.processes.arithmetic import LOGISTIC, LOGISTIC_GRID, LOGISTIC_LOW
from pffspike.engines.lava.processes.bernoulli import (
    BernoulliModel,
    fixed_uniform,
    floating_uniform,
)
from pffspike.engines.lava.processes.learning import PopulationLearning, kept
from pffspike.engines.lava.processes.population.process import Population
from pffspike.engines.lava.processes.ranges import PAYLOAD_BITS, SUM_BITS, WEIGHT_BITS
from pffspike.typing import Array


class AbstractPyPopulationModel(BernoulliModel):
    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.bind()
        self.rate: Any = self.memory.rate(self.part)
        self.plasticity: Any = self.part.plasticity
        self.learning: Any = None
        if self.plasticity is not None:
            self.learning = PopulationLearning(self.plasticity, self.clock, self.setting)
        # spikes of the population copied
        self.target_counts = np.zeros(self.part.size, np.int64)
        self.factors = np.zeros_like(self.bias)
        self.table = self.arithmetic.encode(LOGISTIC, grids.DRIVE_GRID)

    def bind(self) -> None:
        self.bias = self.memory.biases[self.part.name]

    def fire(self, phase: int, step: int, current: Array | int) -> Array:
        raise NotImplementedError

    def run_spk(self) -> None:
        phase, step = self.now()
        self.current = self.a_in.recv()
        current = self.current.reshape(self.silence.shape)[: self.used]
        if self.active[phase]:
            # What arrives in step 0 was sent by the presentation before.
            self.emit(phase, step, self.fire(phase, step, 0 if step == 0 else current))
        else:
            self.emit(phase, step, None)
        if self.learning is not None:
            self.accumulate(phase, step)

    def accumulate(self, phase: int, step: int) -> None:
        if self.t_in.csp_ports:
            spikes = self.t_in.recv() != 0
            if step == 0:
                self.target_counts[:] = 0
            if step >= self.clock.burn_in:
                self.target_counts += spikes
        if self.lrn_guard():
            target = self.target_counts
            if self.plasticity.target_signal:
                target = np.zeros_like(self.target_counts)
                target[self.target_class()] = 1 << self.clock.exponent
            counts = self.probe.counts[phase, 0]
            self.factors = self.learning.factors(self.sign(phase), counts, target)
            self.f_out.send(self.factors)
        if self.y1_out.csp_ports:
            factors = self.factors if self.lrn_guard() else np.zeros_like(self.factors)
            positive, negative = self.learning.signed_traces(factors)
            self.y1_out.send(positive)
            self.y2_out.send(negative)

    def target_class(self) -> int:
        signal = self.plasticity.target_signal
        if self.wrong_class and self.wrong_class.signal == signal:
            return int(self.chosen[0])
        return int(self.memory.classes[signal][self.batch, 0])

    def sign(self, phase: int) -> int:
        sign = self.plasticity.signs[phase]
        return int(self.memory.classes[sign][self.batch, 0]) if isinstance(sign, str) else sign

    def lrn_guard(self) -> bool:
        if self.plasticity is None:
            return False
        _, phase, step = self.clock.at(self.time_step)
        return self.plasticity.learns[phase] and step == self.last

    def run_lrn(self) -> None:
        phase, _ = self.now()
        counts = self.probe.counts[phase, 0]
        changed = self.learning.changed_biases(self.bias, counts, self.factors, self.rate)
        with kept(self.bias, self.memory.fixed_biases.get(self.part.name)):
            self.bias[:] = changed
        self.check("as a bias", self.bias, WEIGHT_BITS)


@implements(proc=Population, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PyPopulationModelFloat(AbstractPyPopulationModel):
    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.float64)
    t_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.float64)
    h_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    link_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)
    g_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)
    f_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)
    h_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    link_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    y1_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)
    y2_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)
    bias: np.ndarray = LavaPyType(np.ndarray, np.float64)
    current: np.ndarray = LavaPyType(np.ndarray, np.float64)
    gains: np.ndarray = LavaPyType(np.ndarray, np.float64)
    s: np.ndarray = LavaPyType(np.ndarray, np.int32)

    def fire(self, phase: int, step: int, current: Array | int) -> Array:
        if self.arithmetic.logistic:
            index = np.floor((self.bias + current - LOGISTIC_LOW) * 2.0**-LOGISTIC_GRID)
            p = self.table[np.clip(index, 0, len(self.table) - 1).astype(np.int64)]
            return floating_uniform(self.bits(phase, step)) < p
        # U lies in [0, 1), so clipping the drive to [0, 1] could not change the answer.
        return floating_uniform(self.bits(phase, step)) < self.bias + current


@implements(proc=Population, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyPopulationModelFixed(AbstractPyPopulationModel):
    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64, precision=SUM_BITS)
    t_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=1)
    h_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    link_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=1)
    g_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=PAYLOAD_BITS)
    f_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64, precision=SUM_BITS)
    h_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    link_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    y1_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=7)
    y2_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=7)
    bias: np.ndarray = LavaPyType(np.ndarray, np.int64)
    current: np.ndarray = LavaPyType(np.ndarray, np.int64)
    gains: np.ndarray = LavaPyType(np.ndarray, np.int32)
    s: np.ndarray = LavaPyType(np.ndarray, np.int32)

    def fire(self, phase: int, step: int, current: Array | int) -> Array:
        if self.checked:
            drive = (self.bias << self.shifts[phase]) + current
            self.check("as a drive", drive, SUM_BITS)
        if self.arithmetic.logistic:
            exponent = self.shifts[phase] - grids.DRIVE_GRID
            low = int(LOGISTIC_LOW * 2**exponent)
            drive = (self.bias << self.shifts[phase]) + current - low
            index = np.clip(drive >> (exponent + LOGISTIC_GRID), 0, len(self.table) - 1)
            return fixed_uniform(self.bits(phase, step)) < self.table[index]
        # U < b + I, with U and b on the grid 2^-24 and I on that of this phase.
        distance = fixed_uniform(self.bits(phase, step)) - self.bias
        return (distance << self.shifts[phase]) < current
