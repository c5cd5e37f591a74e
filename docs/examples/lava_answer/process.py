"""The process; its model stands beside it, where Lava looks for it."""

from __future__ import annotations

from lava.magma.core.process.ports.ports import InPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var


class Answer(AbstractProcess):
    """Counts the spikes of each class since the last sample began.

    Parameters
    ----------
    classes : int
    steps : int
        Of a sample.
    samples : int
    """

    def __init__(self, *, classes: int, steps: int, samples: int) -> None:
        super().__init__(steps=steps)
        self.s_in = InPort(shape=(classes,))
        self.votes = Var(shape=(classes,), init=0)
        self.answers = Var(shape=(samples,), init=-1)
