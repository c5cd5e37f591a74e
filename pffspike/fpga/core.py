r"""A core: the datapath behind a stream of bytes.

The host sends a command, the core answers, and then the next command may follow. Numbers are
little-endian.

=====================  ==========================================================================
command                answer
=====================  ==========================================================================
``?``                  ``?``, and the 8 bytes of `pffspike.fpga.plan.CorePlan.identity`
``I``, probabilities   ``I``; 4 bytes each, times 2^-24, signal by signal in the order of the plan
``R``, flags,          with flag 1, for every step ``S``, the number of spikes (2 bytes) and the
first phase,           numbers of the neurons that spiked (2 bytes each); for every phase ``P``,
number of phases,      for every population its spikes (4 bytes) and its sum of squared counts
seed (8 bytes),        (6 bytes), and with flag 2 the count of every neuron (2 bytes each); in the
sample (8 bytes)       end ``A``, the phase with the best score (1 byte), the neuron of the
                       read-out with the most spikes (2 bytes, 65535: there is none), and the
                       cycles that it took (4 bytes)
=====================  ==========================================================================

The sample is given as ``(number + 1) * 0x9E3779B97F4A7C15`` modulo 2^64, which is added to the key
of its stream; that saves the core a multiplier. Bytes that begin no command are passed over. A host
that stops in the middle of a command, or does not take the bytes of an answer, is waited for so
many cycles as `FpgaCore` is told; then the core forgets the command and waits for another.
"""

from amaranth.hdl import Cat, Const, Module, ResetInserter, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pffspike.fpga.datapath import Datapath
from pffspike.fpga.plan import CorePlan
from pffspike.fpga.tables import Layouts

IDENTIFY, IMAGE, RUN = b"?IR"
STEP, PHASE, ANSWER = b"SPA"
STEPWISE, COUNTS = 1, 2  #: flags
_ARGUMENTS = 3 + 8 + 8  #: bytes of a command to run
PATIENCE = 1 << 22  #: cycles that a host may be silent in
_BYTES = {
    "in_data": In(8),
    "in_valid": In(1),
    "in_ready": Out(1),
    "out_data": Out(8),
    "out_valid": Out(1),
    "out_ready": In(1),
}


class Conversation(wiring.Component):
    """The protocol as a state machine.

    Parameters
    ----------
    plan : CorePlan
        What the core computes.
    layouts : Layouts
        Of the plan.
    datapath : Datapath
        That computes it; connected here.
    """

    def __init__(self, plan: CorePlan, layouts: Layouts, datapath: Datapath) -> None:
        super().__init__({**_BYTES, "waiting": Out(1)})  # for the host
        self._plan, self._layouts, self._datapath = plan, layouts, datapath

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m, datapath = Module(), self._datapath
        self._arguments = Signal(8 * _ARGUMENTS)
        self._at = Signal(24)  # byte of a command, or place in a list
        flags = Signal(8)
        m.d.comb += Cat(flags, datapath.first, datapath.number, datapath.seed, datapath.sample).eq(
            self._arguments
        )
        m.d.comb += datapath.stepwise.eq(flags[0])
        sending = self._sender(m)
        with m.FSM() as states:
            self._commands(m, datapath)
            self._steps(m, datapath)
            self._phases(m, datapath, flags)
            with m.State("SEND"), m.If(self.out_ready & (self._left == 1)):
                for number, name in enumerate(self._after):
                    with m.If(self._next == number):
                        m.next = name
        listening = states.ongoing("IMAGE") | states.ongoing("ARGUMENTS")
        m.d.comb += self.waiting.eq(sending | listening)
        return m

    # Sending: some bytes, and where to go on.

    _after = ("IDLE", "RUNNING", "SPIKES", "SLOTS", "COUNTS", "RESUME")

    def _sender(self, m: Module) -> Value:
        self._bytes, self._left = Signal(80), Signal(range(11))
        self._next = Signal(range(len(self._after)))
        sending = self._left != 0
        m.d.comb += [self.out_valid.eq(sending), self.out_data.eq(self._bytes[:8])]
        with m.If(sending & self.out_ready):
            m.d.sync += [self._bytes.eq(self._bytes >> 8), self._left.eq(self._left - 1)]
        return sending

    def _send(self, m: Module, value: Value, number: int, after: str) -> None:
        m.d.sync += [
            self._bytes.eq(value),
            self._left.eq(number),
            self._next.eq(self._after.index(after)),
        ]
        m.next = "SEND"

    def _commands(self, m: Module, datapath: Datapath) -> None:
        identity = Const(int.from_bytes(self._plan.identity, "little"), 64)
        taken, at, arguments = self.in_valid & self.in_ready, self._at, self._arguments
        word = Cat(arguments[-24:], self.in_data)
        address = Signal(self._layouts.source)
        m.d.comb += [
            datapath.input_address.eq(address),
            datapath.input_data.eq(word),
        ]
        with m.State("IDLE"):
            m.d.comb += self.in_ready.eq(1)
            m.d.sync += [at.eq(0), address.eq(0)]
            with m.If(taken), m.Switch(self.in_data):
                with m.Case(IDENTIFY):
                    self._send(m, Cat(Const(IDENTIFY, 8), identity), 9, "IDLE")
                with m.Case(IMAGE):
                    m.next = "IMAGE"
                with m.Case(RUN):
                    m.next = "ARGUMENTS"
        with m.State("IMAGE"):
            m.d.comb += self.in_ready.eq(1)
            with m.If(taken):
                m.d.sync += [arguments.eq(Cat(arguments[8:], self.in_data)), at.eq(at + 1)]
                with m.If(at[:2] == 3):
                    m.d.comb += datapath.write_input.eq(1)
                    m.d.sync += address.eq(address + 1)
                    with m.If(address == self._layouts.inputs - 1):
                        self._send(m, Const(IMAGE, 8), 1, "IDLE")
        with m.State("ARGUMENTS"):
            m.d.comb += self.in_ready.eq(1)
            with m.If(taken):
                m.d.sync += [arguments.eq(Cat(arguments[8:], self.in_data)), at.eq(at + 1)]
                with m.If(at == _ARGUMENTS - 1):
                    m.next = "START"
        with m.State("START"):
            m.d.comb += datapath.start.eq(1)
            m.next = "RUNNING"

    def _steps(self, m: Module, datapath: Datapath) -> None:
        answer = Cat(Const(ANSWER, 8), datapath.best_phase, datapath.winner, datapath.cycles)
        with m.State("RUNNING"):
            m.d.sync += self._at.eq(0)
            with m.If(datapath.step_over):
                self._send(m, Cat(Const(STEP, 8), _wide(datapath.spikes, 16)), 3, "SPIKES")
            with m.Elif(datapath.phase_over):
                self._send(m, Const(PHASE, 8), 1, "SLOTS")
            with m.Elif(datapath.over):
                m.d.comb += datapath.resume.eq(1)
                self._send(m, answer, 8, "IDLE")
        with m.State("SPIKES"):
            m.next = "SPIKE"
            with m.If(self._at == datapath.spikes):
                m.next = "RESUME"
        with m.State("SPIKE"):
            m.d.sync += self._at.eq(self._at + 1)
            self._send(m, datapath.spike_number, 2, "SPIKES")
        with m.State("RESUME"):
            m.d.comb += datapath.resume.eq(1)
            m.next = "RUNNING"
        m.d.comb += datapath.spike_address.eq(self._at)

    def _phases(self, m: Module, datapath: Datapath, flags: Value) -> None:
        sums = Cat(_wide(datapath.slot_spikes, 32), _wide(datapath.slot_squares, 48))
        neurons = self._plan.words * self._plan.lanes
        m.d.comb += [datapath.slot.eq(self._at), datapath.neuron.eq(self._at)]
        with m.State("SLOTS"):
            with m.If(self._at == len(self._plan.slots)):
                m.d.sync += self._at.eq(0)
                m.next = "RESUME"
                with m.If(flags[1]):
                    m.next = "COUNTS"
            with m.Else():
                m.d.sync += self._at.eq(self._at + 1)
                self._send(m, sums, 10, "SLOTS")
        with m.State("COUNTS"):
            m.next = "COUNT"
            with m.If(self._at == neurons):
                m.next = "RESUME"
        with m.State("COUNT"):
            m.d.sync += self._at.eq(self._at + 1)
            self._send(m, datapath.count, 2, "COUNTS")


class FpgaCore(wiring.Component):
    """Bytes in, bytes out, each taken in a cycle in which ``valid`` and ``ready`` are high.

    Parameters
    ----------
    plan : CorePlan
        What it computes.
    patience : int
        Cycles that a host may be silent in, in the middle of a command or of an answer.
    """

    def __init__(self, plan: CorePlan, patience: int = PATIENCE) -> None:
        super().__init__(_BYTES)
        self._plan, self._patience = plan, patience

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m, layouts = Module(), Layouts(self._plan)
        m.submodules.datapath = datapath = Datapath(self._plan, layouts)
        conversation = Conversation(self._plan, layouts, datapath)
        silent, abort = Signal(range(self._patience + 1)), Signal()
        m.submodules.conversation = ResetInserter(abort)(conversation)
        moved = self.in_valid & self.in_ready | self.out_valid & self.out_ready
        m.d.comb += [
            conversation.in_data.eq(self.in_data),
            conversation.in_valid.eq(self.in_valid),
            self.in_ready.eq(conversation.in_ready),
            self.out_data.eq(conversation.out_data),
            self.out_valid.eq(conversation.out_valid),
            conversation.out_ready.eq(self.out_ready),
            abort.eq(silent == self._patience),
            datapath.abort.eq(abort),
        ]
        m.d.sync += silent.eq(silent + 1)
        with m.If(~conversation.waiting | moved | abort):
            m.d.sync += silent.eq(0)
        return m


def _wide(value: Value, width: int) -> Value:
    """A number with zeros above it."""
    return Cat(value, Const(0, width - len(value)))
