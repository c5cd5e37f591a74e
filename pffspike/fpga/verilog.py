"""A core as Verilog and memory contents."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pffspike.errors import MissingPackageError, PffspikeError, imported, install_hint
from pffspike.fpga import build
from pffspike.fpga.plan import CorePlan

TOP = "core"  #: name of the module
_WRITE = "read_rtlil core.il; write_verilog -extmem core.v"


@contextlib.contextmanager
def stated() -> Iterator[None]:
    """Say as an error of this package what a tool says, or that it is missing."""
    try:
        yield
    except build.BuildError as error:
        if "not installed" in str(error):
            tool = str(error).split()[0]
            raise MissingPackageError(f"{tool} is missing; {install_hint('fpga')}") from None
        raise PffspikeError(str(error)) from None


def design_files(plan: CorePlan) -> dict[str, bytes]:
    """Verilog of a core, and what its memories hold in the beginning.

    Parameters
    ----------
    plan : CorePlan
        What it computes.

    Returns
    -------
    dict of str to bytes
        ``core.v`` and a file ``<memory>.mem`` for each memory: a line for each word, in binary.

    Raises
    ------
    MissingPackageError
        If Amaranth or Yosys is not installed.

    Examples
    --------
    >>> import pffspike
    >>> from pffspike.fpga import make_plan
    >>> trained = pffspike.quantize(pffspike.train("digits", epochs=1), 8, moments=0).trained
    >>> files = design_files(make_plan(trained))
    >>> len(files["weights.mem"].split()) == len(make_plan(trained).rows)
    True
    """
    imported("amaranth", "fpga")
    from amaranth.back import rtlil

    from pffspike.fpga.core import FpgaCore

    core = FpgaCore(plan)
    ports = [getattr(core, name) for name in core.signature.members]
    text = rtlil.convert(core, name=TOP, ports=ports, emit_src=False)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "core.il").write_text(text, "utf-8")
        with stated():
            build.run_tool("yosys", ["-q", "-p", _WRITE], folder)
        return _named(folder)


def _named(folder: Path) -> dict[str, bytes]:
    """Files of the memories by the names of the memories."""
    verilog, files = (folder / "core.v").read_text("utf-8"), {}

    def rename(match: re.Match[str]) -> str:
        name = match[2].strip("\\ ")
        files[f"{name}.mem"] = (folder / match[1]).read_bytes()
        return f'$readmemb("{name}.mem", {match[2]});'

    text = re.sub(r'\$readmemb\("([^"]+)", (.+?)\);', rename, verilog)
    return {"core.v": text.encode(), **files}
