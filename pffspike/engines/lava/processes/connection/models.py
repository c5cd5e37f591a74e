"""Models of a projection, in floating and in fixed point."""

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from pffspike.engines.lava.events import deliver
from pffspike.engines.lava.processes.connection.process import Connection
from pffspike.engines.lava.ranges import PAYLOAD_BITS, SUM_BITS, WEIGHT_BITS, CheckedModel
from pffspike.typing import Array


class AbstractPyConnectionModel(CheckedModel):
    def __init__(self, proc_params: Any) -> None:
        synapses = proc_params["synapses"]
        super().__init__(proc_params, f"projection {synapses.name!r}", synapses)
        self.schedule, self.progress = proc_params["schedule"], proc_params["progress"]
        self.weights, self.rate = proc_params["weights"], proc_params["rate"]
        self.group, self.shifts = synapses.group, synapses.shifts
        self.plasticity = synapses.plasticity
        self.silence = np.zeros(synapses.shape_out, self.weights.dtype)
        self.current = self.silence
        self.trace = np.zeros(synapses.shape_in[1], self.weights.dtype)
        self.factors = np.zeros(synapses.shape_out[1], self.weights.dtype)

    def scale(self, current: Array, shift: int) -> Array:
        raise NotImplementedError

    def run_spk(self) -> None:
        # Send what the spikes of the last step caused, then receive: loops do not deadlock.
        self.a_out.send(self.current)
        spikes = self.s_in.recv()
        phase, step = self.clock.at(self.time_step)
        last = step == self.clock.steps - 1
        if self.shifts[phase] is None or last:  # nobody would hear it
            self.current = self.silence
        else:
            used = int(self.schedule.used[0])
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
        phase, step = self.clock.at(self.time_step)
        return (
            self.plasticity is not None
            and self.plasticity.learns[phase]
            and step == self.clock.steps - 1
        )

    def run_lrn(self) -> None:
        phase, _ = self.clock.at(self.time_step)
        self.check("as a trace", self.trace, SUM_BITS)
        sample = int(self.schedule.samples[0])
        self.plasticity.change(self.weights, self.trace, self.factors, self.rate, sample, phase)
        self.check("as a weight", self.weights, WEIGHT_BITS)


@implements(proc=Connection, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PyConnectionModelFloat(AbstractPyConnectionModel):
    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.float64)
    f_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.float64)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.float64)

    def scale(self, current: Array, shift: int) -> Array:  # noqa: ARG002
        return current


@implements(proc=Connection, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyConnectionModelFixed(AbstractPyConnectionModel):
    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=PAYLOAD_BITS)
    f_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64, precision=SUM_BITS)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64, precision=SUM_BITS)

    def scale(self, current: Array, shift: int) -> Array:
        return current << shift
