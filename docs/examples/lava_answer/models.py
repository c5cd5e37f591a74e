"""The model for the CPU, in both number formats."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_answer.process import Answer


@implements(proc=Answer, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt", "floating_pt")
class PyAnswer(PyLoihiProcessModel):
    """Its model for the CPU."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    votes: np.ndarray = LavaPyType(np.ndarray, np.int32)
    answers: np.ndarray = LavaPyType(np.ndarray, np.int32)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.steps = proc_params["steps"]

    def run_spk(self) -> None:
        """Count, and answer at the last step of a sample."""
        sample, step = divmod(self.time_step - 1, self.steps)
        if step == 0:
            self.votes[:] = 0
        self.votes += self.s_in.recv()
        if step == self.steps - 1:
            self.answers[sample] = self.votes.argmax()
