"""The C++ program of a model: written by Brian2, trimmed, compiled, described in a file."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

from pffspike.engines.brian2 import compiler
from pffspike.engines.brian2.context import STEP, BuildContext
from pffspike.engines.brian2.model import PackedModel
from pffspike.engines.brian2.model import build as build_model
from pffspike.engines.brian2.state import brian2_state
from pffspike.errors import PffspikeError
from pffspike.typing import Array

WEIGHTS = "weights."  #: before the names of weights among the results
_DESCRIPTION = "program.json"
#: What makes up a program; all else in its folder is only needed to compile it.
PARTS = ("main", "static_arrays", _DESCRIPTION)


@dataclass(frozen=True)
class Result:
    """A result of a program: its file, type and number of columns (0: a vector)."""

    file: str
    dtype: str
    columns: int = 0

    def read(self, folder: Path) -> Array:
        """Read it from the folder of a run (`PffspikeError` if it is not whole)."""
        path, width = folder / self.file, np.dtype(self.dtype).itemsize * max(1, self.columns)
        if not path.is_file() or path.stat().st_size % width:
            raise incomplete(folder)
        values = np.fromfile(path, self.dtype)
        return values.reshape(-1, self.columns) if self.columns else values


def incomplete(folder: Path) -> PffspikeError:
    """Error for results that are not whole."""
    return PffspikeError(
        f"the compiled Brian2 program left incomplete results in {folder}; free some space there, "
        f"or set the environment variable TMPDIR to another folder"
    )


@dataclass(frozen=True)
class CompiledProgram:
    """What has to be known about a compiled program to run it.

    Parameters
    ----------
    presentations, rows : int
        Presentations of the longest chunk, and rows of its signals.
    has_signals : bool
        Whether it takes a table of signals.
    results : mapping of str to Result
        Where the program leaves each result.
    """

    presentations: int
    rows: int
    has_signals: bool
    results: Mapping[str, Result]


def build(
    directory: Path, make_context: Callable[[], BuildContext], samples: int, flags: tuple[str, ...]
) -> None:
    """Write and compile a program into an existing directory.

    Parameters
    ----------
    directory : Path
        Where the program is written and compiled.
    make_context : callable
        Gives the context of the model, in the device that is active then.
    samples : int
        Length of the longest chunk.
    flags : tuple of str
        For the C++ compiler.
    """
    device = CPPStandaloneDevice()
    with brian2_state(device, {"codegen.cpp.extra_compile_args_gcc": list(flags)}):
        context = make_context()
        model = build_model(context)
        presentations = samples * len(context.program.phases)
        duration = (presentations * context.program.steps + 1) * STEP
        model.network.run(duration, namespace={})
        device.build(directory=str(directory), compile=False, run=False, with_output=False)
        rows = len(context.signals.values)
        results = _results(device, model, context)
        made = CompiledProgram(presentations, rows, context.has_signals, results)
    compiler.compile_project(directory, flags, [r.file for r in made.results.values()])
    for table in ("schedule_values", "signals_values"):  # zeros, for they always are arguments
        if (directory / "static_arrays" / table).exists():
            (directory / "static_arrays" / table).write_bytes(b"")
    (directory / _DESCRIPTION).write_text(json.dumps(dataclasses.asdict(made)))


def load(directory: Path) -> CompiledProgram:
    """Read the description of a program that was built there."""
    content = json.loads((directory / _DESCRIPTION).read_text())
    results = {name: Result(**fields) for name, fields in content.pop("results").items()}
    return CompiledProgram(**content, results=results)


def _results(
    device: CPPStandaloneDevice, model: PackedModel, context: BuildContext
) -> dict[str, Result]:
    """Where the program leaves what is read after a run."""

    def result(group, name: str, columns: int = 0) -> Result:  # type: ignore[no-untyped-def]
        variable = group.variables[name]
        return Result(device.get_array_filename(variable), np.dtype(variable.dtype).name, columns)

    populations = len(context.layout.populations)
    results = {
        "total": result(model.totals, "total", populations),
        "squares": result(model.totals, "squares", populations),
        "biases": result(model.neurons, "b"),
    }
    for name, monitor, variable in (
        ("losses", model.losses, "losses"),
        ("counts", model.counts, "c"),
    ):
        if monitor is not None:
            results[name] = result(monitor, variable, len(monitor.record))
    for name in context.layout.plastic:
        results[f"{WEIGHTS}{name}"] = result(model.synapses[name], "multiple")
    if model.spikes is not None:
        results["spiked"] = result(model.spikes, "i")
        results["times"] = result(model.spikes, "t")
    return results
