"""Process of a population that other populations drive."""

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var

from pffspike.engines.lava.memory import Array, Probe, Schedule
from pffspike.engines.lava.plan import Neurons


class Population(AbstractProcess):
    """Bernoulli neurons with the hard sigmoid as probability of a spike.

    Neuron ``j`` of each lane spikes if ``U < clip(b_j + I_j, 0, 1)``, where ``U`` is the
    network's own uniform number of this sample, step and neuron, and ``I`` the current that
    arrives; a presentation starts from silence, so its first step ignores the current.

    Parameters
    ----------
    neurons : Neurons
    schedule : Schedule
    probe : Probe
    progress : (1,) ndarray of int64
        Takes the number of the last time step that was finished.

    Notes
    -----
    ``s_out`` sends 1 for every spike, ``g_out`` the gain of the population's normalization: a
    graded spike, as Loihi 2 has it. So one number a spike carries the normalization, and only
    the population counts its spikes, whatever the number of its projections. All ports have
    shape (lanes, units).
    """

    def __init__(
        self, *, neurons: Neurons, schedule: Schedule, probe: Probe, progress: Array
    ) -> None:
        super().__init__(
            name=neurons.name, neurons=neurons, schedule=schedule, probe=probe, progress=progress
        )
        self.a_in = InPort(shape=neurons.shape)
        self.s_out = OutPort(shape=neurons.shape)
        self.g_out = OutPort(shape=neurons.shape)
        self.bias = Var(shape=neurons.bias.shape, init=neurons.bias)
