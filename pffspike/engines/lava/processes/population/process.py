"""Process of a population that other populations drive."""

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess

from pffspike.engines.lava.memory import Probe, Schedule
from pffspike.engines.lava.plan import Neurons
from pffspike.typing import Array


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
    neurons : Neurons
    bias : (units,) ndarray
        Raw, shared with the session.
    rate : (1,) ndarray
        Raw learning rate of the biases, shared with the session.
    classes : (lanes,) ndarray of int64 or None
        Classes of the signal that teaches.
    schedule : Schedule
    probe : Probe
    progress : (1,) ndarray of int64
        Takes the number of the last time step that was finished.

    Notes
    -----
    ``s_out`` sends 1 for every spike, ``g_out`` the gain of the population's normalization: a
    graded spike, as Loihi 2 has it. So one number a spike carries the normalization, and only
    the population counts its spikes, whatever the number of its projections. ``t_in`` receives the
    population that is copied. These ports have shape (lanes, units); ``f_out`` has (units,).
    For Lava's LearningDense there are ports without lanes: ``d_in`` like ``a_in``, ``d_out`` like
    ``g_out``, and ``y1_out`` and ``y2_out`` with the factors' two signs, 0 but in the last step.
    """

    def __init__(
        self,
        *,
        neurons: Neurons,
        bias: Array,
        rate: Array,
        classes: Array | None,
        schedule: Schedule,
        probe: Probe,
        progress: Array,
    ) -> None:
        super().__init__(
            name=neurons.name,
            neurons=neurons,
            bias=bias,
            rate=rate,
            classes=classes,
            schedule=schedule,
            probe=probe,
            progress=progress,
        )
        self.a_in = InPort(shape=neurons.shape)
        self.d_in = InPort(shape=neurons.shape[1:])
        self.t_in = InPort(shape=neurons.shape)
        self.s_out = OutPort(shape=neurons.shape)
        self.g_out = OutPort(shape=neurons.shape)
        self.d_out = OutPort(shape=neurons.shape[1:])
        self.f_out = OutPort(shape=neurons.shape[1:])
        self.y1_out = OutPort(shape=neurons.shape[1:])
        self.y2_out = OutPort(shape=neurons.shape[1:])
