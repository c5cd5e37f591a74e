"""Process of a population that other populations drive."""

import numpy as np
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var

from pffspike.engines.lava.processes.memory import Memory
from pffspike.engines.lava.processes.plan import Neurons, Plan, Setting


class Population(AbstractProcess):
    """Bernoulli neurons with the hard sigmoid as probability of a spike.

    Neuron ``j`` of each lane spikes if ``U < clip(b_j + I_j, 0, 1)``, where ``U`` is the
    network's own uniform number of this sample, step and neuron, and ``I`` the current that
    arrives; a presentation starts from silence, so its first step ignores the current. With
    ``Arithmetic.logistic``, the probability is looked up in a table of the logistic function.

    In the last step of a presentation in which it learns, the population works out its goodness,
    its modulator and its post factors from its own spikes (and those of the population that it
    copies, or the class that it is taught), sends the factors to its plastic projections, and
    changes its biases in the learning phase of that step.

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
    graded spike, as Loihi 2 has it. So one number a spike carries the normalization, and only
    the population counts its spikes, whatever the number of its projections. ``t_in`` receives the
    population that is copied. These ports, and the variable ``s``, the spikes of the step, have
    the shape (units,), or (lanes, units) with several lanes. ``f_out`` sends the post factors
    (units,), ``h_in`` takes and ``h_out`` sends the chosen wrong classes (lanes,); nothing
    is sent on ``link_out``. For Lava's LearningDense, ``y1_out`` and ``y2_out`` send the factors'
    two signs, 0 but in the last step. Variables: ``bias`` (units,); ``gains`` (units + 1,), by
    number of spikes; and ``current``, which arrived last, on the grid of the drive.
    """

    def __init__(self, *, part: Neurons, plan: Plan, setting: Setting, memory: Memory) -> None:
        super().__init__(name=part.name, part=part, plan=plan, setting=setting, memory=memory)
        shape, units = setting.shape(part.size), (part.size,)
        self.a_in = InPort(shape=shape)
        self.t_in = InPort(shape=shape)
        self.h_in = InPort(shape=(setting.lanes,))
        self.link_in, self.link_out = InPort(shape=(1,)), OutPort(shape=(1,))
        self.s_out = OutPort(shape=shape)
        self.g_out = OutPort(shape=shape)
        self.f_out = OutPort(shape=units)
        self.h_out = OutPort(shape=(setting.lanes,))
        self.y1_out = OutPort(shape=units)
        self.y2_out = OutPort(shape=units)
        self.bias = Var(shape=units, init=memory.biases[part.name])
        gains = setting.arithmetic.encode(part.gains, part.gain_grid)
        self.gains = Var(shape=gains.shape, init=gains)
        self.s = Var(shape=shape, init=np.zeros(shape, np.int32))
        self.current = Var(shape=shape, init=0)
