"""Draw and compare: a uniform number and a spike probability for one neuron a cycle."""

from amaranth.hdl import Module, Mux, Signal, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pffspike.arithmetic import counter, grids
from pffspike.fpga.mixer import Mixer, delayed
from pffspike.fpga.plan import KINDS, CorePlan
from pffspike.fpga.tables import Layouts

_FREE, _SIGNAL, _CLASS = range(len(KINDS))
_READ = Mixer.LATENCY - 3  #: stage in which memories are read, so that the drive meets its number


class Comparer(wiring.Component):
    """Memories of biases, currents and signals, and the comparison ``U < clip(b + I, 0, 1)``.

    A token and the number that is mixed for it go in; `LATENCY` cycles later they come out with
    the uniform number, and whether the neuron spikes. All is exact: biases have the grid 2^-24,
    currents that of the weights times that of the gains, and numbers are compared on the finer one.

    Parameters
    ----------
    plan : CorePlan
        Of the core.
    layouts : Layouts
        Of the plan.
    """

    LATENCY = Mixer.LATENCY + 1

    def __init__(self, plan: CorePlan, layouts: Layouts) -> None:
        current = plan.lanes * plan.widths.current
        super().__init__(
            {
                "token": In(layouts.token),
                "x": In(64),
                "y": Out(64),
                "silent": In(1),  # the first step: nothing has arrived
                "out_token": Out(layouts.token),
                "ahead": Out(layouts.token),  # a cycle earlier
                "spike": Out(1),
                "uniform": Out(counter.UNIFORM_BITS),
                "write_current": In(1),
                "write_word": In(layouts.word),
                "write_data": In(current),
                "write_input": In(1),
                "input_address": In(layouts.source),
                "input_data": In(counter.UNIFORM_BITS + 1),
            }
        )
        self._plan, self._layouts = plan, layouts

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m, plan = Module(), self._plan
        m.submodules.mixer = mixer = Mixer()
        m.d.comb += [mixer.x.eq(self.x), self.y.eq(mixer.y)]
        tokens = delayed(m, self.token, self.LATENCY, "token")
        m.d.comb += [self.out_token.eq(tokens[-1]), self.ahead.eq(tokens[-2])]
        bias, current, signal = self._read(m, tokens[_READ], tokens[_READ + 1])
        token, grid = tokens[_READ + 2], min(grids.DRIVE_GRID, plan.widths.current_grid)
        one = 1 << -grid
        drive = Signal(signed(2 + max(plan.widths.bias, plan.widths.current) - grid))
        arrived = current << plan.widths.current_grid - grid
        m.d.comb += drive.eq((bias << grids.DRIVE_GRID - grid) + Mux(self.silent, 0, arrived))
        p = Signal(range(one + 1))
        with m.If(token.kind == _SIGNAL):
            m.d.sync += p.eq(signal << grids.DRIVE_GRID - grid)
        with m.Elif(token.kind == _CLASS):
            m.d.sync += p.eq(Mux(token.class_hit, one, 0))
        with m.Elif(drive < 0):
            m.d.sync += p.eq(0)
        with m.Elif(drive > one):
            m.d.sync += p.eq(one)
        with m.Else():
            m.d.sync += p.eq(drive)
        uniform = mixer.y[-counter.UNIFORM_BITS :]
        m.d.sync += [
            self.uniform.eq(uniform),
            self.spike.eq(tokens[-2].neuron & ((uniform << grids.DRIVE_GRID - grid) < p)),
        ]
        return m

    def _read(self, m: Module, token: Signal, later: Signal) -> tuple[Signal, Signal, Signal]:
        """Bias, current and signal of a token, two cycles later."""
        plan, lanes = self._plan, self._plan.lanes
        width, shift = plan.widths.current, lanes.bit_length() - 1
        m.submodules.biases = biases = Memory(
            shape=signed(plan.widths.bias), depth=len(plan.biases), init=plan.biases.tolist()
        )
        m.submodules.currents = currents = Memory(
            shape=unsigned(lanes * width), depth=max(2, plan.words), init=[]
        )
        m.submodules.inputs = inputs = Memory(
            shape=unsigned(counter.UNIFORM_BITS + 1), depth=max(2, self._layouts.inputs), init=[]
        )
        write, store = currents.write_port(), inputs.write_port()
        ports = (biases.read_port(), currents.read_port(), inputs.read_port())
        m.d.comb += [
            write.en.eq(self.write_current),
            write.addr.eq(self.write_word),
            write.data.eq(self.write_data),
            store.en.eq(self.write_input),
            store.addr.eq(self.input_address),
            store.data.eq(self.input_data),
            ports[0].addr.eq(token.number),
            ports[1].addr.eq(token.number >> shift),
            ports[2].addr.eq(token.source),
        ]
        bias, current = Signal(signed(plan.widths.bias)), Signal(signed(width))
        signal = Signal(counter.UNIFORM_BITS + 1)
        lane = later.number[:shift]
        m.d.sync += [
            bias.eq(ports[0].data),
            current.eq(ports[1].data.word_select(lane, width)),
            signal.eq(ports[2].data),
        ]
        return bias, current, signal
