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
from pffspike.engines.lava.plan import Neurons, Synapses
from pffspike.typing import Array

WEIGHT_BITS = 31  #: a weight of up to 64 on the grid 2^-24, without its sign
PAYLOAD_BITS = 24  #: what Loihi 2 has for a graded spike, see hardware/loihi2.toml
SUM_BITS = grids.EXACT_BITS  #: currents, drives, traces, factors and changes


class CheckedModel(PyLoihiProcessModel):
    """A model that can check ranges.

    Parameters
    ----------
    proc_params : ProcessParameters
        As Lava hands them to a model.
    where : str
        Population or projection, for messages.
    part : Neurons or Synapses
        What the process computes.
    """

    def __init__(self, proc_params: Any, where: str, part: Neurons | Synapses) -> None:
        super().__init__(proc_params)
        self.where, self.clock, self.arithmetic = where, part.clock, part.arithmetic

    @property
    def checked(self) -> bool:
        """Whether ranges are checked."""
        return self.arithmetic.checked and self.arithmetic.name == "fixed"

    def start(self) -> None:
        """Run; Lava's builder has made the ports before."""
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
            phase, step = self.clock.at(max(1, self.time_step))
            raise RangeError(
                f"{self.where}: {worst} {what} does not fit into {bits} bits in step {step} of "
                f"phase {phase} (time step {self.time_step}); narrow the range of the weights or "
                f"coarsen their grid"
            )
