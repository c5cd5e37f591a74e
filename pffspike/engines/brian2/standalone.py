"""Runs a model as a C++ program of its own: compiled once, started once a chunk.

After the program is built, Brian2 is no longer needed: arguments and results are files. So any
number of sessions can live side by side, although Brian2 has one device a process.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

from pffspike.engines.brian2 import compiler
from pffspike.engines.brian2.backend import Rates, Recorded, State
from pffspike.engines.brian2.frame import STEP, Frame
from pffspike.engines.brian2.model import Model, build
from pffspike.engines.brian2.schedule import Tables
from pffspike.engines.brian2.state import brian2_state
from pffspike.errors import UserError


@dataclass(frozen=True)
class _File:
    """A result of the program: its file, type and number of columns (0: a vector)."""

    name: str
    dtype: np.dtype  # type: ignore[type-arg]
    columns: int = 0


class StandaloneBackend:
    """See `pffspike.engines.brian2.backend.Backend`.

    Parameters
    ----------
    make_frame : callable
        Gives the frame of the model, in the device that is active then.
    samples : int
        Length of the longest chunk.
    flags : tuple of str
        For the C++ compiler.
    """

    def __init__(
        self, make_frame: Callable[[], Frame], samples: int, flags: tuple[str, ...]
    ) -> None:
        self._samples = samples
        self._directory = Path(tempfile.mkdtemp(prefix="pffspike-brian2-"))
        # Also when nobody closes the session, and at the end of the process.
        self._remove = weakref.finalize(self, shutil.rmtree, self._directory, ignore_errors=True)
        try:
            self._results = self._build(make_frame, flags)
        except BaseException:
            self.close()
            raise

    def _build(self, make_frame: Callable[[], Frame], flags: tuple[str, ...]) -> dict[str, _File]:
        device = CPPStandaloneDevice()
        preferences = {"codegen.cpp.extra_compile_args_gcc": list(flags)}
        with brian2_state(device, preferences):
            frame = make_frame()
            model = build(frame)
            self._has_signals = frame.has_signals
            self._presentations = self._samples * len(frame.program.phases)
            steps = self._presentations * frame.program.steps
            model.network.run((steps + 1) * STEP, namespace={})
            device.build(
                directory=str(self._directory), compile=False, run=False, with_output=False
            )
            results = _results(device, model, frame)
        compiler.compile_project(self._directory, flags)
        return results

    def run(self, tables: Tables, state: State, rates: Rates | None) -> tuple[Recorded, State]:
        """See `pffspike.engines.brian2.backend.Backend.run`."""
        presentations = len(tables.schedule) - 1
        padded = tables.padded(self._samples, self._presentations)
        arguments = {
            "schedule.values": padded.schedule,
            "neurons.b": state.biases,
            **{f"{name}.w": w for name, w in state.weights.items()},
        }
        if self._has_signals:  # a table that no code reads is not part of the program
            arguments["signals.values"] = padded.signals
        if rates is not None:
            arguments["hub.bias_rate"] = rates.bias
            arguments |= {f"{name}.rate": r for name, r in rates.bundles.items()}
        self._execute(arguments)
        return self._read(presentations)

    def _execute(self, arguments: dict[str, npt.NDArray[np.float64]]) -> None:
        folder = self._directory / "arguments"
        folder.mkdir(exist_ok=True)
        command = [
            str(self._directory / "main"),
            "--results_dir",
            f"{self._directory}/results/",
        ]
        for name, values in arguments.items():
            path = folder / name
            np.asarray(values, np.float64).tofile(path)
            command.append(f"{name}={path}")
        # An exception, Ctrl-C among them, kills the child before it leaves `run`.
        done = subprocess.run(
            command, cwd=self._directory, capture_output=True, text=True, check=False
        )
        if done.returncode or done.stderr:
            raise UserError(
                f"the compiled Brian2 program ended with code {done.returncode} "
                f"({done.stderr.strip()[-200:] or 'no message'}); check the free memory and the "
                f"free disk space at {self._directory.parent}, or choose target 'cython'"
            )

    def _get(self, name: str) -> npt.NDArray:  # type: ignore[type-arg]
        file = self._results[name]
        values = np.fromfile(self._directory / "results" / file.name, file.dtype)
        return values.reshape(-1, file.columns) if file.columns else values

    def _read(self, presentations: int) -> tuple[Recorded, State]:
        rows = slice(1, presentations + 1)
        recorded = Recorded(
            self._get("total")[rows],
            self._get("squares")[rows],
            self._get("beaten")[rows] if "beaten" in self._results else None,
            self._get("counts")[rows] if "counts" in self._results else None,
            (self._get("spiked"), self._get("times")) if "spiked" in self._results else None,
        )
        weights = {
            name[len("weights.") :]: self._get(name)
            for name in self._results
            if name.startswith("weights.")
        }
        return recorded, State(self._get("biases"), weights)

    def close(self) -> None:
        """Remove the program and its files."""
        self._remove()


def _results(device: CPPStandaloneDevice, model: Model, frame: Frame) -> dict[str, _File]:
    """Where the program leaves what is read after a run."""

    def file(group, name: str, columns: int = 0) -> _File:  # type: ignore[no-untyped-def]
        variable = group.variables[name]
        return _File(device.get_array_filename(variable), np.dtype(variable.dtype), columns)

    populations = len(frame.layout.populations)
    results = {
        "total": file(model.totals, "total", populations),
        "squares": file(model.totals, "squares", populations),
        "biases": file(model.neurons, "b"),
    }
    for name, monitor, variable in (
        ("beaten", model.votes, "beaten"),
        ("counts", model.counts, "c"),
    ):
        if monitor is not None:
            results[name] = file(monitor, variable, len(monitor.record))
    for bundle in frame.layout.bundles:
        if bundle.plastic:
            results[f"weights.{bundle.name}"] = file(model.synapses[bundle.name], "w")
    if model.spikes is not None:
        results["spiked"] = file(model.spikes, "i")
        results["times"] = file(model.spikes, "t")
    return results
