"""Process of a projection."""

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var

from pffspike.engines.lava.processes.memory import Memory
from pffspike.engines.lava.processes.plan import Plan, Setting, Synapses


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
    part : Synapses
        The projection.
    plan : Plan
        It is part of.
    setting : Setting
        How the plan is run.
    memory : Memory
        Of all processes; tied projections find the same weights in it.

    Notes
    -----
    ``s_in`` has the shape (n_pre,) and ``a_out`` (n_post,), both with lanes before if there are
    several, ``f_in`` (n_post,). The variable ``weights`` has the shape (n_pre, width).
    """

    def __init__(self, *, part: Synapses, plan: Plan, setting: Setting, memory: Memory) -> None:
        super().__init__(name=part.name, part=part, plan=plan, setting=setting, memory=memory)
        senders, receivers = part.sizes
        self.s_in = InPort(shape=setting.shape(senders))
        self.f_in = InPort(shape=(receivers,))
        self.a_out = OutPort(shape=setting.shape(receivers))
        weights = memory.weights[part.owner]
        self.weights = Var(shape=weights.shape, init=weights)
