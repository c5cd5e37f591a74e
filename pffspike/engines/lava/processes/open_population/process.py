"""Process of a population that can be read, set, recorded and connected."""

from typing import Any

import numpy as np
from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.variable import Var

from pffspike.engines.lava.pages import Pages
from pffspike.engines.lava.processes.population.process import Population


class OpenPopulation(Population):
    """`Population` on one lane, with variables, and a port that others can connect to.

    Parameters
    ----------
    pages : Pages
        What each sample brings.
    **given
        Of `Population`.

    Notes
    -----
    ``spikes_out`` has shape (units,) and sends 1 for every spike. Variables: ``bias`` (units,),
    ``gains`` (units + 1,), by number of spikes, and ``s`` (units,), the spikes of the step.
    """

    def __init__(self, *, pages: Pages, **given: Any) -> None:
        super().__init__(**given)
        self.proc_params["pages"] = pages
        neurons, bias = given["neurons"], given["bias"]
        self.spikes_out = OutPort(shape=neurons.shape[1:])
        self.bias = Var(shape=bias.shape, init=bias)
        self.gains = Var(shape=neurons.gains.shape, init=neurons.gains)
        self.s = Var(shape=neurons.shape[1:], init=np.zeros(neurons.shape[1:], np.int32))
