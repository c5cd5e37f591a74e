"""Runs a model inside this process, with code generated for Cython or NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from brian2 import second
from brian2.devices.device import runtime_device

from pffspike.engines.brian2.backend import Rates, Recorded, State
from pffspike.engines.brian2.builds import preferences_of_cython
from pffspike.engines.brian2.context import STEP, BuildContext
from pffspike.engines.brian2.model import PackedModel, build
from pffspike.engines.brian2.schedule import Tables
from pffspike.engines.brian2.state import brian2_state, frozen_objects


class RuntimeBackend:
    """See `pffspike.engines.brian2.backend.Backend`.

    Parameters
    ----------
    make_context : callable
        Gives the context of the model, in the device that is active then.
    target : {"cython", "numpy"}
        Code that Brian2 generates.
    flags : tuple of str
        For the C++ compiler behind Cython.
    """

    def __init__(
        self,
        make_context: Callable[[], BuildContext],
        target: str,
        flags: tuple[str, ...],
    ) -> None:
        self._preferences = {
            "codegen.target": target,
            "codegen.string_expression_target": "numpy",
            "codegen.cpp.extra_compile_args_gcc": list(flags),
            "core.stop_on_keyboard_interrupt": False,  # it would end a run early, as if complete
            "core.network.default_schedule": [
                "start",
                "groups",
                "thresholds",
                "synapses",
                "resets",
                "end",
            ],
        }
        if target == "cython":
            self._preferences |= preferences_of_cython()
        # Connecting synapses happens once a set of weights: not worth a Cython module each.
        once = {**self._preferences, "codegen.target": "numpy"}
        with brian2_state(runtime_device, once):
            self._context = make_context()
            self.model: PackedModel = build(self._context)

    def run(
        self, chunks: Sequence[Tables], state: State, rates: Rates | None
    ) -> tuple[list[Recorded], State]:
        """See `pffspike.engines.brian2.backend.Backend.run`."""
        return [self._run(tables, state, rates) for tables in chunks], self._state()

    def _run(self, tables: Tables, state: State, rates: Rates | None) -> Recorded:
        model, context = self.model, self._context
        presentations = len(tables.schedule) - 1
        steps = presentations * context.program.steps
        padded = tables.padded(len(model.signals.values), len(model.schedule.values) - 1)
        with brian2_state(runtime_device, self._preferences), frozen_objects():
            self._load(padded, state, rates)
            model.network.t_ = 0.0  # every chunk starts at the first row of its tables
            model.network.run((steps + 1) * STEP, namespace={})
            return self._recorded(presentations)

    def _load(self, tables: Tables, state: State, rates: Rates | None) -> None:
        model = self.model
        model.schedule.values[:] = tables.schedule
        model.signals.values[:] = tables.signals
        model.neurons.b_[:] = state.biases
        # Nothing is left of a run that was interrupted.
        for name in ("c", "current") + (("a",) if rates else ()):
            model.neurons.variables[name].set_value(0)
        for name, weights in state.weights.items():
            model.synapses[name].variables["multiple"].set_value(weights)
        for name, kept in state.kept.items():
            model.synapses[name].variables["kept"].set_value(kept)
        if state.fixed is not None:
            model.neurons.variables["fixed"].set_value(state.fixed)
        if rates is not None:
            model.population_state.variables["bias_rate"].set_value(rates.bias)
            model.population_state.variables["learning"].set_value(0)
            if model.projections is not None:
                model.projections.variables["rate"].set_value(rates.weights)
        for monitor in (model.totals, model.losses, model.counts):
            if monitor is not None:
                monitor.resize(0)
        if model.spikes is not None:
            model.spikes.resize(0)
            model.spikes.variables["N"].set_value(0)

    def _recorded(self, presentations: int) -> Recorded:
        model = self.model
        rows = slice(1, presentations + 1)

        def of(monitor, name: str):  # type: ignore[no-untyped-def]
            return monitor.variables[name].get_value()[rows].copy()

        return Recorded(
            of(model.totals, "total"),
            of(model.totals, "squares"),
            of(model.losses, "losses") if model.losses is not None else None,
            of(model.counts, "c") if model.counts is not None else None,
            (np.array(model.spikes.i), np.array(model.spikes.t / second))
            if model.spikes is not None
            else None,
        )

    def _state(self) -> State:
        return State(
            np.array(self.model.neurons.b_[:]),
            {
                name: np.array(self.model.synapses[name].variables["multiple"].get_value())
                for name in self._context.layout.plastic
            },
        )

    def close(self) -> None:
        """Do nothing: the model lives in memory."""
