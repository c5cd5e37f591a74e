"""Recordings in a file: what a run gives, part by part."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import pffspike
from commands import call
from pffspike import Execution, FileError, Probes, ValidationError, recorded

PROBES = Probes(counts=("hidden_1",), rasters=("image", "hidden_2"))


@pytest.fixture(scope="module")
def trained() -> pffspike.TrainedNetwork:
    network = pffspike.load_network("digits", {"pff": {"hidden": [20, 10]}})
    return pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)


def inputs(trained: pffspike.TrainedNetwork, program: str) -> dict[str, np.ndarray]:
    data = pffspike.first_samples(pffspike.load_data("digits"), test=7)
    return dict(pffspike.signals_of(trained, program, data))


@pytest.mark.parametrize("program", ["one_pass", "goodness", "train"])
@pytest.mark.parametrize("part", [1, 3, 256])
def test_a_file_holds_what_a_run_gives(trained, program, part, tmp_path, monkeypatch):
    """Whatever the length of its parts, and if the program learns."""
    monkeypatch.setattr(recorded, "PART", part)
    signals, execution = inputs(trained, program), Execution("numpy", 3, PROBES)
    expected = pffspike.run(trained, program, signals, execution=execution)
    path = tmp_path / "spikes.h5"
    written = pffspike.record(path, trained, program, signals, execution=execution)
    found = pffspike.read_recording(path)
    assert written == expected.presentations
    assert found.same_spikes(expected)
    assert found.network == trained.network
    assert np.array_equal(found.hard_negatives, expected.hard_negatives)
    some = pffspike.read_recording(path, slice(2, 5))
    assert some.same_spikes(expected.select(np.arange(2, 5)))


def test_a_run_that_ends_early_leaves_nothing(trained, tmp_path):
    def interrupt(stage: str, done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    execution = Execution("numpy", progress=interrupt)
    with pytest.raises(KeyboardInterrupt):
        pffspike.record(
            tmp_path / "a.h5", trained, "one_pass", inputs(trained, "one_pass"), execution=execution
        )
    assert list(tmp_path.iterdir()) == []


def test_what_stands_there_is_kept(trained, tmp_path):
    path = tmp_path / "a.h5"
    path.write_text("mine")
    with pytest.raises(FileError, match="exists; remove it"):
        pffspike.record(path, trained, "one_pass", inputs(trained, "one_pass"))
    assert path.read_text() == "mine"


def test_the_command_line_records(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pffspike.save("net.h5", trained)
    options = ("-p", "one_pass", "-n", "4", "-e", "numpy", "--record", "spikes.h5")
    assert call("run", "net.h5", *options, "--json", "r.json").exit_code == 0
    found = pffspike.read_recording("spikes.h5")
    execution = Execution("numpy", probes=Probes(rasters=("hidden_1", "readout")))
    signals = {"image": inputs(trained, "one_pass")["image"][:4]}
    expected = pffspike.run(trained, "one_pass", signals, execution=execution)
    for name, raster in expected.rasters.items():
        assert np.array_equal(found.rasters[name], raster)
    assert json.loads((tmp_path / "r.json").read_text())["presentations"] == 4
    again = call("run", "net.h5", *options)
    assert again.exit_code == 2
    assert "exists" in again.output


def test_what_is_no_recording_is_refused(trained, tmp_path):
    path = tmp_path / "net.h5"
    pffspike.save(path, trained)
    cut = tmp_path / "cut.h5"
    execution = Execution("numpy")
    pffspike.record(cut, trained, "one_pass", inputs(trained, "one_pass"), execution=execution)
    cut.write_bytes(cut.read_bytes()[:-500])
    for wrong in (path, cut, tmp_path / "absent.h5", Path("/dev/null")):
        with pytest.raises(FileError, match=r"recording"):
            pffspike.read_recording(wrong)
    with pytest.raises(ValidationError, match="without a step"):
        pffspike.read_recording(cut, slice(0, 4, 2))


def test_wrong_inputs_leave_nothing(trained, tmp_path):
    with pytest.raises(ValidationError):
        pffspike.record(tmp_path / "a.h5", trained, "nonsense", inputs(trained, "one_pass"))
    probes = dataclasses.replace(PROBES, counts=("nobody",))
    with pytest.raises(ValidationError, match="nobody"):
        pffspike.record(
            tmp_path / "a.h5",
            trained,
            "one_pass",
            inputs(trained, "one_pass"),
            execution=Execution("numpy", probes=probes),
        )
    assert list(tmp_path.iterdir()) == []
