"""Process of a projection."""

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess

from pffspike.engines.lava.memory import Schedule
from pffspike.engines.lava.plan import Synapses
from pffspike.typing import Array


class Connection(AbstractProcess):
    """Synapses with a delay of one step: ``I_j = sum_i w_ij s_i``, ``s_i`` with its payload.

    Not Lava's own Dense, because its fixed-point model holds weights of 8 bits and floors odd
    weights of mixed sign to even ones; this one has the weights of the network, as integer
    multiples of their grid, and sums in 64 bits. It also is event-driven: work is done for
    spikes only, and dense, one-to-one and block connectivity are the same few lines.

    Nor is a plastic one Lava's LearningDense, whose rules are sums of products without a
    normalized trace, whose fixed-point traces have 7 bits, and whose rounding draws one number a
    population: this one keeps a trace of the payloads in the window, receives the post factors
    in the last step of a presentation, and changes its weights in the learning phase of that
    step, rounded as the specification says.

    Parameters
    ----------
    synapses : Synapses
    weights : (n_pre, width) ndarray
        Raw, shared with the session and with projections that are tied to this one.
    rate : (1,) ndarray
        Raw learning rate, shared with the session.
    schedule : Schedule
    progress : (1,) ndarray of int64
        Takes the number of the last time step that was finished.

    Notes
    -----
    ``s_in`` has shape (lanes, n_pre), ``a_out`` (lanes, n_post), ``f_in`` (n_post,).
    """

    def __init__(
        self,
        *,
        synapses: Synapses,
        weights: Array,
        rate: Array,
        schedule: Schedule,
        progress: Array,
    ) -> None:
        super().__init__(
            name=synapses.name,
            synapses=synapses,
            weights=weights,
            rate=rate,
            schedule=schedule,
            progress=progress,
        )
        self.s_in = InPort(shape=synapses.shape_in)
        self.f_in = InPort(shape=synapses.shape_out[1:])
        self.a_out = OutPort(shape=synapses.shape_out)
