"""Runs chunks of a readable model: inside this process, or as a C++ program of its own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import runtime_device

from pffspike.engines.brian2 import compiler
from pffspike.engines.brian2.builds import preferences_of_cython
from pffspike.engines.brian2.equations.events import Events
from pffspike.engines.brian2.equations.model import Model
from pffspike.engines.brian2.state import brian2_state, frozen_objects
from pffspike.errors import ValidationError
from pffspike.network import structure
from pffspike.network.parameters import Parameters
from pffspike.typing import Floats

#: Spikes, states by time, comparison of the candidates for a hard negative, and weights and
#: biases afterwards.
Outcome = tuple[Events, Mapping[str, Floats], Floats | None, Parameters]


class EquationsBackend(Protocol):
    """Runs a chunk of a model."""

    def run(self, tables: Mapping[str, Floats], state: Parameters, steps: int) -> Outcome:
        """Run ``steps`` steps of ``tables``, and one to learn from the last of them."""
        ...

    def close(self) -> None:
        """Release files; idempotent."""
        ...


class Runtime:
    """See `EquationsBackend`.

    Parameters
    ----------
    make : callable
        Makes the model in the device that is active then.
    target : {"cython", "numpy"}
        Code that Brian2 generates.
    flags : tuple of str
        For the C++ compiler behind Cython.
    """

    def __init__(self, make: Callable[[], Model], target: str, flags: tuple[str, ...]) -> None:
        self._preferences = {
            "codegen.target": target,
            "codegen.string_expression_target": "numpy",
            "codegen.cpp.extra_compile_args_gcc": list(flags),
            "core.stop_on_keyboard_interrupt": False,  # it would end a run early, as if complete
        }
        if target == "cython":
            self._preferences |= preferences_of_cython()
        with brian2_state(runtime_device, self._preferences):
            self._model = make()

    def run(self, tables: Mapping[str, Floats], state: Parameters, steps: int) -> Outcome:
        """See `EquationsBackend.run`."""
        model = self._model
        with brian2_state(runtime_device, self._preferences), frozen_objects():
            for name, table in model.tables.items():
                table.values[:] = tables[name]
            for name, values in _arguments(model, state).items():
                part, _, variable = name.partition(".")
                model.network[part].variables[variable].set_value(values)
            for monitor in model.spikes.values():
                monitor.resize(0)
                monitor.variables["N"].set_value(0)
            for kept in (*model.states.values(), *([model.choice] if model.choice else [])):
                kept.resize(0)
            model.network.t_ = 0.0  # every chunk starts at the first row of its tables
            model.network.run((steps + model.program.learns) * model.dt, namespace={})
            losses = None if model.choice is None else np.array(model.choice.losses).T
            return model.events(), model.observed(), losses, model.parameters()

    def close(self) -> None:
        """Do nothing: the model lives in memory."""


def _arguments(model: Model, state: Parameters) -> dict[str, Floats]:
    """Weights and biases by the names of Brian2's variables."""
    found = {
        f"{group.name}.b": state.biases[name]
        for name, group in model.populations.items()
        if name in state.biases
    }
    for name, synapses in model.projections.items():
        projection = model.specification.projection(name)
        if projection.tied not in model.projections:
            w = state.weights[structure.weights_of(projection)]
            found[f"{synapses.name}.w"] = w[structure.mask(model.specification, projection)]
    return found


class Standalone:
    """See `EquationsBackend`; after the program is built, Brian2 is no longer needed.

    Parameters
    ----------
    make : callable
        Makes the model in the device that is active then.
    flags : tuple of str
        For the C++ compiler.
    """

    def __init__(self, make: Callable[[], Model], flags: tuple[str, ...]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pffspike-equations-"))
        # Also when nobody closes the session, and at the end of the process.
        self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        device = CPPStandaloneDevice()
        preferences = {"codegen.cpp.extra_compile_args_gcc": list(flags)}
        try:
            with brian2_state(device, preferences):
                self._model = model = make()
                model.network.run(model.duration, namespace={})
                device.build(
                    directory=str(self._folder), compile=False, run=False, with_output=False
                )
                self._results = _results(device, model)
            said = (self._folder / "objects.cpp").read_text()
            #: A table that no code reads is no argument of the program.
            self._tables = {
                name: f"{table.name}.values"
                for name, table in model.tables.items()
                if f'"{table.name}.values"' in said
            }
            compiler.compile_project(
                self._folder, flags, [file for file, _ in self._results.values()]
            )
        except BaseException:
            self.close()
            raise

    def run(self, tables: Mapping[str, Floats], state: Parameters, steps: int) -> Outcome:
        """See `EquationsBackend.run`; the program always runs a whole chunk."""
        given: dict[str, Any] = {self._tables[name]: tables[name] for name in self._tables}
        given |= _arguments(self._model, state)
        folder = self._folder / "run"
        folder.mkdir(exist_ok=True)
        for name, values in given.items():
            np.ascontiguousarray(values, np.float64).tofile(folder / name)
        ran = subprocess.run(
            ["./main", "--results_dir", "run/", *(f"{name}={folder / name}" for name in given)],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise ValidationError(
                f"the compiled Brian2 program ended with code {ran.returncode} "
                f"({ran.stderr[-200:].strip() or 'no message'}); check the free memory and "
                f"the free disk space at {self._folder.parent}, or choose target 'numpy'"
            )
        return self._outcome(folder, state, steps)

    def _outcome(self, folder: Path, state: Parameters, steps: int) -> Outcome:
        model = self._model
        read = {
            name: np.fromfile(folder / file, dtype) for name, (file, dtype) in self._results.items()
        }
        events = {}
        for name in model.populations:
            ticks = np.round(read[f"{name}.t"] / float(model.dt)).astype(int)
            inside = ticks < steps  # what follows is padding
            events[name] = (read[f"{name}.i"][inside], ticks[inside])
        losses = None
        if model.choice is not None:
            losses = read["losses"].reshape(-1, len(model.choice.record))
        weights, biases = dict(state.weights), dict(state.biases)
        for name in weights.keys() & model.projections.keys():
            mask = structure.mask(model.specification, model.specification.projection(name))
            weights[name] = np.zeros(mask.shape)
            weights[name][mask] = read[f"{name}.w"]
        for name in biases.keys() & model.populations.keys():
            biases[name] = read[f"{name}.b"]
        observed = {
            f"{name}.{variable}": read[f"{name}.{variable}.states"].reshape(-1, len(monitor.record))
            for name, monitor in model.states.items()
            for variable in monitor.record_variables
        }
        return events, observed, losses, Parameters(weights, biases).fixed_as(state)

    def close(self) -> None:
        """Remove the program and its files."""
        self._remove()


def _results(device: CPPStandaloneDevice, model: Model) -> dict[str, tuple[str, str]]:
    """Where the program leaves what is read after a run: file and type."""
    wanted = {"losses": (model.choice, "losses")} if model.choice is not None else {}
    for name, monitor in model.spikes.items():
        wanted |= {f"{name}.i": (monitor, "i"), f"{name}.t": (monitor, "t")}
    for name, states in model.states.items():
        wanted |= {f"{name}.{key}.states": (states, key) for key in states.record_variables}
    for name, group in model.populations.items():
        if "b" in group.variables:
            wanted[f"{name}.b"] = (group, "b")
    for name, synapses in model.projections.items():
        if model.specification.projection(name).tied is None:
            wanted[f"{name}.w"] = (synapses, "w")
    files = {}
    for name, (thing, key) in wanted.items():
        variable = thing.variables[key]
        files[name] = (device.get_array_filename(variable), np.dtype(variable.dtype).name)
    return files
