"""A core as a compiled simulation, some hundred thousand cycles a second."""

from __future__ import annotations

import struct
import subprocess
import tempfile
from importlib import resources
from pathlib import Path

from pffspike.errors import PffspikeError
from pffspike.fpga import build
from pffspike.fpga.plan import CorePlan
from pffspike.fpga.verilog import design_files, stated


class CompiledLink:
    """A core that Yosys and a C++ compiler made a program of.

    Parameters
    ----------
    plan : CorePlan
        What the core computes.
    patience : int
        Cycles without a byte after which a read is given up.

    Raises
    ------
    PffspikeError
        If Amaranth, Yosys or a C++ compiler is not installed.
    """

    def __init__(self, plan: CorePlan, patience: int = 1 << 24) -> None:
        self._place = tempfile.TemporaryDirectory()
        self._patience, self._given = patience, bytearray()
        folder = Path(self._place.name)
        for name, content in design_files(plan).items():
            (folder / name).write_bytes(content)
        source = resources.files("pffspike.fpga") / "testbench.cc"
        (folder / "testbench.cc").write_bytes(source.read_bytes())
        with stated():
            program = build.compile_simulation(folder)
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def write(self, data: bytes) -> None:
        """Give the core some bytes; it takes them when it next runs.

        Parameters
        ----------
        data : bytes
            As the protocol of `pffspike.fpga.core` has them.
        """
        self._given += data

    def read(self, number: int) -> bytes:
        """Let the core run until it has sent so many bytes.

        Parameters
        ----------
        number : int
            Of bytes.

        Returns
        -------
        bytes
            Fewer, if the core sends nothing for a long time.
        """
        into, out = self._process.stdin, self._process.stdout
        assert into is not None
        assert out is not None
        into.write(struct.pack("<3I", len(self._given), number, self._patience) + self._given)
        into.flush()
        self._given.clear()
        head = out.read(4)
        if len(head) < 4:
            raise PffspikeError("the simulation of the core has ended; make the link again")
        return out.read(struct.unpack("<I", head)[0])

    def close(self) -> None:
        """End the simulation and remove its files."""
        self._process.communicate()
        self._place.cleanup()
