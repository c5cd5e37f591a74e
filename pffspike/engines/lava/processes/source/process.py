"""Process of a population whose spike probabilities come from outside."""

from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.process import AbstractProcess

from pffspike.engines.lava.memory import Probe, Schedule
from pffspike.engines.lava.plan import Neurons
from pffspike.typing import Array


class Source(AbstractProcess):
    """Neuron ``j`` of each lane spikes with the probability ``p_j`` of the present sample.

    Parameters
    ----------
    neurons : Neurons
    probabilities : tuple of ((lanes, units) ndarray or None)
        By phase; None where the population is silent.
    schedule : Schedule
    probe : Probe
    progress : (1,) ndarray of int64
        Takes the number of the last time step that was finished.

    Notes
    -----
    ``s_out`` sends 1 for every spike, ``g_out`` the gain of the population's normalization: a
    graded spike, as Loihi 2 has it. Both have shape (lanes, units);
    ``d_out`` is like ``g_out`` without lanes, for Lava's LearningDense.
    """

    def __init__(
        self,
        *,
        neurons: Neurons,
        probabilities: tuple[Array | None, ...],
        schedule: Schedule,
        probe: Probe,
        progress: Array,
    ) -> None:
        super().__init__(
            name=neurons.name,
            neurons=neurons,
            probabilities=probabilities,
            schedule=schedule,
            probe=probe,
            progress=progress,
        )
        self.s_out = OutPort(shape=neurons.shape)
        self.g_out = OutPort(shape=neurons.shape)
        self.d_out = OutPort(shape=neurons.shape[1:])
