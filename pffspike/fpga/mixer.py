"""SplitMix64 as a pipeline: one output a cycle, see `pffspike.arithmetic.counter`."""

from amaranth.hdl import Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pffspike.arithmetic import counter

_LIMB = 16  #: bits that one multiplier of the device takes
_LIMBS = 4
_PRODUCT_LATENCY = 3


class ConstantProduct(wiring.Component):
    """The lower 64 bits of a number times a constant, after three cycles.

    Parts of 16 bits are multiplied in the first cycle, added by their place in the second, and
    across places in the third.

    Parameters
    ----------
    factor : int
        The constant, 64 bits.
    """

    def __init__(self, factor: int) -> None:
        super().__init__({"x": In(64), "y": Out(64)})
        self._factor = factor

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m = Module()
        total = 0
        for place in range(_LIMBS):
            column = 0
            for i in range(place + 1):
                limb = Const(self._factor >> (_LIMB * (place - i)) & (1 << _LIMB) - 1, _LIMB)
                product = Signal(2 * _LIMB, name=f"product_{i}_{place - i}")
                m.d.sync += product.eq(self.x.word_select(i, _LIMB) * limb)
                column = column + product
            added = Signal(64 - _LIMB * place, name=f"column_{place}")
            m.d.sync += added.eq(column)
            total = total + (added << _LIMB * place)
        m.d.sync += self.y.eq(total)
        return m


class Mixer(wiring.Component):
    """The finaliser of SplitMix64: ``y`` is `pffspike.arithmetic.counter.mix` of an earlier ``x``.

    The cycle after the one in which ``x`` was given is number 1; ``y`` is there in cycle number
    `LATENCY`.
    """

    LATENCY = 2 * _PRODUCT_LATENCY

    def __init__(self) -> None:
        super().__init__({"x": In(64), "y": Out(64)})

    def elaborate(self, _platform: object) -> Module:
        """Describe the circuit."""
        m = Module()
        word = self.x
        for shift, factor in zip(counter.SHIFTS[:2], counter.FACTORS, strict=True):
            part = ConstantProduct(factor)
            m.submodules += part
            m.d.comb += part.x.eq(word ^ (word >> shift))
            word = part.y
        m.d.comb += self.y.eq(word ^ (word >> counter.SHIFTS[2]))
        return m


def delayed(m: Module, signal: Signal, cycles: int, name: str) -> list[Signal]:
    """A signal and its values one, two, ... cycles ago."""
    found = [signal]
    for number in range(1, cycles + 1):
        later = Signal.like(signal, name=f"{name}_{number}")
        m.d.sync += later.eq(found[-1])
        found.append(later)
    return found
