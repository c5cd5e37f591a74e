"""Populations and projections of the fast Brian2 engine, by the names of the specification."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest

if importlib.util.find_spec("brian2") is None:
    pytest.skip("Brian2 is not installed", allow_module_level=True)

import brian2

from brian2_cases import SOON, digits_network, digits_signals
from pffspike.engines.brian2 import Brian2Engine
from pffspike.errors import ValidationError
from pffspike.network import initial, structure
from pffspike.recording import Probes

pytestmark = [pytest.mark.brian2, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def numpy_target() -> Any:
    before = brian2.prefs["codegen.target"]
    brian2.prefs["codegen.target"] = "numpy"
    yield
    brian2.prefs["codegen.target"] = before


def test_monitors_of_populations_see_the_spikes_that_are_recorded() -> None:
    """One group holds all neurons; a monitor of a part of it sees that population alone."""
    network, signals, names = digits_network(), digits_signals(2), ("hidden_2", "readout")
    probes, start = Probes(rasters=names), initial(network, 1)
    with Brian2Engine("numpy").compile(network, "train", start, seed=3, probes=probes) as session:
        model = session.model
        monitors = {name: brian2.SpikeMonitor(model.population(name)) for name in names}
        model.network.add(*monitors.values())
        recording = session.run(signals, np.arange(2))
        for name, monitor in monitors.items():
            raster = recording.rasters[name]
            ticks = np.round(np.asarray(monitor.t) * 2**10).astype(int)
            seen = np.zeros((raster.shape[0] * raster.shape[1] + 1, raster.shape[2]), bool)
            seen[ticks, np.asarray(monitor.i)] = True  # the last step belongs to no presentation
            by_step = raster.transpose(1, 0, 2).reshape(-1, raster.shape[2])
            assert np.array_equal(seen[:-1], by_step)
            assert by_step.any()


def test_projections_hold_the_weights_of_the_specification() -> None:
    """Before and after learning, of every connectivity."""
    network, signals = digits_network(), digits_signals(1)
    start = initial(network, 1)
    with Brian2Engine("numpy").compile(network, "train", start, seed=3) as session:
        session.run(signals, np.arange(1))
        learned = session.parameters.weights
        for p in structure.extent(network, network.program("train")).projections:
            synapses = session.model.projection(p.name)
            mask = structure.mask(network, p)
            assert np.array_equal(np.asarray(synapses.w[:]), learned[p.name][mask]), p.name
            offsets = [session.model.population(name).start for name in (p.pre, p.post)]
            where = np.stack([np.asarray(synapses.i), np.asarray(synapses.j)])
            assert np.array_equal(where - np.array(offsets)[:, None], np.argwhere(mask).T)


def test_unknown_names_are_named() -> None:
    network = digits_network()
    with Brian2Engine("numpy").compile(network, "one_pass", initial(network, 1), seed=3) as session:
        with pytest.raises(ValidationError, match="did you mean 'hidden_1'"):
            session.model.population("hiden_1")
        with pytest.raises(ValidationError, match="projection of the program 'nothing'"):
            session.model.projection("nothing")


@pytest.mark.slow
def test_a_program_of_its_own_has_no_objects() -> None:
    network, engine = digits_network(), Brian2Engine("cpp_standalone", flags=SOON)
    with (
        engine.compile(network, "one_pass", initial(network, 1), seed=3) as session,
        pytest.raises(ValidationError, match="choose target 'numpy' or 'cython'"),
    ):
        _ = session.model
