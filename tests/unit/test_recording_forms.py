"""A recording as a table, as an xarray data set and as Neo's spike trains: nothing is lost."""

import sys

import numpy as np
import pytest

from pffspike.cards import load_network
from pffspike.engines import make_engine
from pffspike.errors import MissingPackageError, ValidationError
from pffspike.network import initial
from pffspike.recording import Probes

NAMES = ("image", "hidden_1")


def record(probes):
    """Two images in two phases each."""
    network = load_network("digits")
    signals = {"image": np.linspace(0, 1, 128).reshape(2, 64).round(2)}
    signals["image"] = np.floor(signals["image"] * 2**24) / 2**24
    start = initial(network, 1)
    with make_engine("numpy").compile(
        network, "reconstruct", start, seed=1, probes=probes
    ) as session:
        return session.run(signals, [7, 9])


@pytest.fixture(scope="module")
def recording():
    return record(Probes(counts=NAMES, rasters=NAMES))


def test_a_row_for_every_spike(recording):
    table = recording.spike_table()
    assert len(table) == sum(raster.sum() for raster in recording.rasters.values()) > 100
    for row in table[:: len(table) // 50]:
        raster = recording.rasters[row["population"]]
        assert raster[row["step"], row["presentation"], row["neuron"]]
    phases = [phase.name for phase in recording.program.phases]
    assert {(s, p) for s, p in zip(table["sample"], table["phase"], strict=True)} == {
        (sample, phase) for sample in (7, 9) for phase in phases
    }
    assert np.all(np.diff(table["presentation"]) >= 0)


def test_xarray_holds_everything_under_its_labels(recording):
    pytest.importorskip("xarray")
    data = recording.to_xarray()
    for name in NAMES:
        assert np.array_equal(data[f"{name}_raster"], recording.rasters[name])
        assert np.array_equal(data[f"{name}_counts"], recording.counts[name])
        assert np.array_equal(data.goodness.sel(population=name), recording.goodness[name])
        assert np.array_equal(data.spikes.sel(population=name), recording.spikes[name])
    assert data.sample.values.tolist() == [7, 7, 9, 9]
    chain = data.where(data.phase == "chain", drop=True)
    assert chain.sizes["presentation"] == 2


def test_neo_holds_every_spike_with_units(recording):
    pytest.importorskip("neo")
    block = recording.to_neo(dt=0.002)
    assert [segment.annotations["sample"] for segment in block.segments] == [7, 7, 9, 9]
    for index, segment in enumerate(block.segments):
        for train in segment.spiketrains:
            where = train.annotations
            raster = recording.rasters[where["population"]][:, index, where["neuron"]]
            steps = (train.rescale("s").magnitude / 0.002).round().astype(int)
            assert np.array_equal(np.flatnonzero(raster), steps)
            assert float(train.t_stop.rescale("ms")) == pytest.approx(recording.program.steps * 2)


def test_what_can_not_be_is_named(recording, monkeypatch):
    totals = record(Probes())
    for form in (totals.spike_table, totals.to_neo):
        with pytest.raises(ValidationError, match=r"record with Probes\(rasters=\('image',\)\)"):
            form()
    with pytest.raises(ValidationError, match="dt = 0 must be above 0"):
        recording.to_neo(dt=0)
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(MissingPackageError, match="this needs xarray"):
        recording.to_xarray()
