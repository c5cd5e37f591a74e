"""Process of an input population that follows its signals, or spikes from outside."""

from typing import Any

import numpy as np
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.variable import Var

from pffspike.engines.lava.pages import Pages
from pffspike.engines.lava.processes.source.process import Source


class OpenSource(Source):
    """`Source` on one lane, with variables, and ports that others can connect to.

    Parameters
    ----------
    pages : Pages
        What each sample brings.
    **given
        Of `Source`.

    Notes
    -----
    If ``spikes_in`` (units,) is connected, its entries other than 0 are the spikes, and signals
    are ignored. ``spikes_out`` sends 1 for every spike. Variables: ``gains`` and ``s``.
    """

    def __init__(self, *, pages: Pages, **given: Any) -> None:
        super().__init__(**given)
        self.proc_params["pages"] = pages
        neurons = given["neurons"]
        self.spikes_in = InPort(shape=neurons.shape[1:])
        self.spikes_out = OutPort(shape=neurons.shape[1:])
        self.gains = Var(shape=neurons.gains.shape, init=neurons.gains)
        self.s = Var(shape=neurons.shape[1:], init=np.zeros(neurons.shape[1:], np.int32))
