"""A core in Amaranth's own simulator, as a host sees it: bytes in, bytes out."""

from __future__ import annotations

from typing import Any

from amaranth.sim import Simulator

from pffspike.fpga.core import PATIENCE, FpgaCore
from pffspike.fpga.plan import CorePlan


class SimulatedLink:
    """A core that Amaranth simulates while it is read from or written to.

    It is slow, some thousand cycles a second: for small networks and for looking inside.

    Parameters
    ----------
    plan : CorePlan
        What the core computes.
    patience : int
        See `pffspike.fpga.core.FpgaCore`.

    Examples
    --------
    >>> import pffspike
    >>> from pffspike.fpga import make_plan
    >>> trained = pffspike.quantize(pffspike.train("digits", epochs=1), 8, moments=0).trained
    >>> plan = make_plan(trained)
    >>> link = SimulatedLink(plan)
    >>> link.write(b"?")
    >>> link.read(9) == b"?" + plan.identity
    True
    """

    def __init__(self, plan: CorePlan, patience: int = PATIENCE) -> None:
        self._core = FpgaCore(plan, patience)
        self._given, self._received, self._stopped = bytearray(), bytearray(), 0
        self._simulator = Simulator(self._core)
        self._simulator.add_clock(1e-6)
        self._simulator.add_testbench(self._bench, background=True)

    async def _bench(self, ctx: Any) -> None:
        """Give the bytes that there are, and take all that come."""
        core = self._core
        while True:
            self._stopped = max(0, self._stopped - 1)
            ctx.set(core.out_ready, not self._stopped)
            ctx.set(core.in_valid, bool(self._given))
            ctx.set(core.in_data, self._given[0] if self._given else 0)
            taken = bool(self._given) and ctx.get(core.in_ready)
            if ctx.get(core.out_valid) and not self._stopped:
                self._received.append(ctx.get(core.out_data))
            await ctx.tick()
            if taken:
                del self._given[0]

    def write(self, data: bytes) -> None:
        """Give the core some bytes; it takes them when it next runs.

        Parameters
        ----------
        data : bytes
            As the protocol of `pffspike.fpga.core` has them.
        """
        self._given += data

    def stop(self, cycles: int) -> None:
        """Take no byte for so many cycles of the reads that follow.

        Parameters
        ----------
        cycles : int
            Of the core.
        """
        self._stopped = cycles

    def read(self, number: int, patience: int = 1_000_000) -> bytes:
        """Let the core run until it has sent so many bytes.

        Parameters
        ----------
        number : int
            Of bytes.
        patience : int
            Cycles without a byte after which it is given up.

        Returns
        -------
        bytes
            Fewer, if the core sends nothing for a long time.
        """
        silent, had = 0, len(self._received)
        while len(self._received) < number and silent < 2 * patience:  # edges
            self._simulator.advance()
            silent = silent + 1 if len(self._received) == had else 0
            had = len(self._received)
        found = bytes(self._received[:number])
        del self._received[:number]
        return found

    def close(self) -> None:
        """Forget the core."""
