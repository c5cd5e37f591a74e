"""Process of a projection."""

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var

from pffspike.engines.lava.memory import Array, Schedule
from pffspike.engines.lava.plan import Synapses


class Connection(AbstractProcess):
    """Synapses with a delay of one step: ``I_j = sum_i w_ij s_i``, ``s_i`` with its payload.

    Not Lava's own Dense, because its fixed-point model holds weights of 8 bits and floors odd
    weights of mixed sign to even ones; this one has the weights of the network, as integer
    multiples of their grid, and sums in 64 bits. It also is event-driven: work is done for
    spikes only, and dense, one-to-one and block connectivity are the same few lines.

    Parameters
    ----------
    synapses : Synapses
    schedule : Schedule
    progress : (1,) ndarray of int64
        Takes the number of the last time step that was finished.

    Notes
    -----
    ``s_in`` has shape (lanes, n_pre), ``a_out`` (lanes, n_post).
    """

    def __init__(self, *, synapses: Synapses, schedule: Schedule, progress: Array) -> None:
        super().__init__(
            name=synapses.name, synapses=synapses, schedule=schedule, progress=progress
        )
        self.s_in = InPort(shape=synapses.shape_in)
        self.a_out = OutPort(shape=synapses.shape_out)
        self.weights = Var(shape=synapses.weights.shape, init=synapses.weights)
