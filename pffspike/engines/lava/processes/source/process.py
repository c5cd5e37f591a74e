"""Process of a population whose spike probabilities, or spikes, come from outside."""

import numpy as np
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var

from pffspike.engines.lava.processes.memory import Memory
from pffspike.engines.lava.processes.plan import Neurons, Plan, Setting


class Source(AbstractProcess):
    """Neuron ``j`` of each lane spikes with the probability ``p_j`` of the present sample.

    Parameters
    ----------
    part : Neurons
        The population.
    plan : Plan
        It is part of.
    setting : Setting
        How the plan is run.
    memory : Memory
        Of all processes.

    Notes
    -----
    ``s_out`` sends 1 for every spike, ``g_out`` the gain of the population's normalization: a
    graded spike, as Loihi 2 has it. If ``spikes_in`` is connected, its entries other than 0 are
    the spikes, and signals are ignored. These ports, and the variable ``s``, the spikes of the
    step, have the shape (units,), or (lanes, units) with several lanes. ``h_in`` takes, and
    ``h_out`` sends, the chosen wrong classes (lanes,); nothing is sent on ``link_out``. The
    variable ``gains`` (units + 1,) holds the gain by number of spikes.
    """

    def __init__(self, *, part: Neurons, plan: Plan, setting: Setting, memory: Memory) -> None:
        super().__init__(name=part.name, part=part, plan=plan, setting=setting, memory=memory)
        shape, arithmetic = setting.shape(part.size), setting.arithmetic
        self.spikes_in = InPort(shape=shape)
        self.h_in = InPort(shape=(setting.lanes,))
        self.link_in, self.link_out = InPort(shape=(1,)), OutPort(shape=(1,))
        self.s_out = OutPort(shape=shape)
        self.g_out = OutPort(shape=shape)
        self.h_out = OutPort(shape=(setting.lanes,))
        gains = arithmetic.encode(part.gains, part.gain_grid)
        self.gains = Var(shape=gains.shape, init=gains)
        self.s = Var(shape=shape, init=np.zeros(shape, np.int32))
