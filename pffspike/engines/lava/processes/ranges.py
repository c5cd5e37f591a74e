"""The debug mode: every number that a model receives, sends or keeps fits its declared width.

Lava models declare a ``precision`` for their ports and never enforce it: a number that does not
fit goes on as it is. Where `Arithmetic.checked` is set, these models compare at every step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import AbstractPyIOPort, PyInPort
from lava.magma.core.model.py.type import LavaPyType

from pffspike.arithmetic import grids
from pffspike.engines.lava.errors import RangeError
from pffspike.engines.lava.processes.memory import Memory
from pffspike.engines.lava.processes.plan import Neurons, Plan, Setting, Synapses
from pffspike.errors import ValidationError
from pffspike.typing import Array

WEIGHT_BITS = 31  #: a weight of up to 64 on the grid 2^-24, without its sign
PAYLOAD_BITS = 24  #: what Loihi 2 has for a graded spike, see hardware/loihi2.toml
SUM_BITS = grids.EXACT_BITS  #: currents, drives, traces, factors and changes


class CheckedModel(PyLoihiProcessModel):
    """What all models have in common: the time, the shared memory, and checks of ranges.

    Parameters
    ----------
    proc_params : ProcessParameters
        ``part``, ``plan``, ``setting`` and ``memory`` of the process.
    """

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self.part: Neurons | Synapses = proc_params["part"]
        self.plan: Plan = proc_params["plan"]
        self.setting: Setting = proc_params["setting"]
        self.memory: Memory = proc_params["memory"]
        self.clock, self.arithmetic = self.plan.clock, self.setting.arithmetic
        if self.arithmetic.tag not in self.tags:
            raise ValidationError(
                f"Lava selected {type(self).__name__} for {self.part.name!r}, whose numbers are "
                f"for {self.arithmetic.tag!r}; select that tag in the run configuration"
            )
        self.last = self.clock.steps - 1
        self.progress = self.memory.slot(self.part)
        self.batch = 0  # which of the samples in the memory

    def now(self) -> tuple[int, int]:
        """Phase, and step in the presentation."""
        sample, phase, step = self.clock.at(self.time_step)
        self.batch = sample % self.memory.batches
        return phase, step

    @property
    def used(self) -> int:
        """Lanes that hold a sample."""
        return int(self.memory.used[self.batch])

    def bind(self) -> None:
        """Put the variables that others share into the shared memory."""

    @property
    def checked(self) -> bool:
        """Whether ranges are checked."""
        return self.arithmetic.checked and self.arithmetic.name == "fixed"

    def start(self) -> None:
        """Run; Lava's builder has made ports and variables before."""
        self.bind()
        if self.checked:
            for name in dir(type(self)):
                declared = getattr(type(self), name)
                if isinstance(declared, LavaPyType) and declared.precision is not None:
                    self._watch(name, getattr(self, name), int(declared.precision))
        super().start()

    def _watch(self, name: str, port: AbstractPyIOPort, bits: int) -> None:
        verb = "recv" if isinstance(port, PyInPort) else "send"
        original = getattr(port, verb)

        def recv() -> Array:
            values = original()
            self.check(f"received on {name}", values, bits)
            return values

        def send(values: Array) -> None:
            self.check(f"sent on {name}", values, bits)
            original(values)

        setattr(port, verb, {"recv": recv, "send": send}[verb])

    def check(self, what: str, values: Array, bits: int) -> None:
        """Compare magnitudes with a width.

        Parameters
        ----------
        what : str
            Name of the numbers, for the error.
        values : ndarray of int
            Numbers to check.
        bits : int
            Of the magnitude, without a sign.

        Raises
        ------
        RangeError
            Which names population or projection, value, width and step.
        """
        if not self.checked or not np.size(values):
            return
        values = np.asarray(values)
        worst = values.flat[int(np.abs(values).argmax())]
        if abs(int(worst)) >> bits:
            _, phase, step = self.clock.at(max(1, self.time_step))
            kind = "population" if isinstance(self.part, Neurons) else "projection"
            raise RangeError(
                f"{kind} {self.part.name!r}: {worst} {what} does not fit into {bits} bits in "
                f"step {step} of phase {phase} (time step {self.time_step}); narrow the range of "
                f"the weights or coarsen their grid"
            )
