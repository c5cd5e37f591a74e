"""The command line as a user calls it: every command does what its name says."""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import pffspike
from commands import call, running
from pffspike import storage
from pffspike.cli.app import app
from pffspike.network import Network

COMMANDS = (
    "train",
    "evaluate",
    "classify",
    "reconstruct",
    "quantize",
    "export",
    "run",
    "info",
    "live",
    "demo",
    "study",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, trained_file) -> Path:
    """A folder with a network trained for a moment, ``net.h5``."""
    folder = tmp_path_factory.mktemp("work")
    shutil.copy(trained_file, folder / "net.h5")
    return folder


def test_help_lists_the_commands_and_each_has_an_example(tmp_path):
    assert all(name in call("--help", cwd=tmp_path).stdout for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        app([command, "--help"])
    assert stop.value.code == 0
    assert f"Example: pffspike {command}" in " ".join(capsys.readouterr().out.split())


def test_train_writes_a_whole_file_and_its_history(folder):
    state = storage.load(folder / "net.h5")
    assert state.finished
    assert state.samples_done == 60
    assert state.history["sample"][-1] == 60
    assert state.engine == "numpy"


def test_evaluate_prints_and_writes_the_same_figures(folder):
    result = call("evaluate", "net.h5", "-n", 10, "--json", "e.json", cwd=folder)
    assert result.exit_code == 0, result.output
    content = json.loads((folder / "e.json").read_text())
    accuracy = content["accuracy"]["numba"]["goodness"]
    assert f"{100 * accuracy:.1f} %" in result.stdout
    steps = content["steps_per_inference"]
    assert steps["goodness"] == 10 * steps["one_pass"]
    assert content["energy"]["loihi1"]["total"]["goodness"] > 0


def evaluated(folder: Path, *arguments) -> dict:
    result = call("evaluate", "net.h5", "-n", 12, *arguments, "--json", "m.json", cwd=folder)
    assert result.exit_code == 0, result.output
    return json.loads((folder / "m.json").read_text())


def test_modes_meet_at_their_ends(folder):
    """All labels proposed, and a tolerance of 0, are goodness; one label proposed is one pass."""
    ends = ("--mode", "goodness", "--mode", "proposal", "--mode", "early", "--tolerance", 0)
    content = evaluated(folder, *ends, "--candidates", 10)
    for figure in ("accuracy", "confusion"):
        values = content[figure]["numba"]
        assert values["proposal"] == values["early"] == values["goodness"]
    for figure in ("steps", "spikes", "synaptic_operations"):
        values = content[f"{figure}_per_inference"]
        assert values["proposal"] == values["early"] == values["goodness"]
    assert set(content["stopping"]["early"]["lead_by_window"].values()) == {None}
    content = evaluated(folder, "--mode", "proposal", "--mode", "one_pass", "--candidates", 1)
    for name in ("steps_per_inference", "synaptic_operations_per_inference", "candidates"):
        assert content[name]["proposal"] == content[name]["one_pass"]


def test_proposal_and_early_lie_between_the_ends(folder):
    options = ("--mode", "proposal", "--mode", "early", "--tolerance", 0.2)
    options = (*options, "--calibration-samples", 100)
    content = evaluated(folder, *options)
    assert content["candidates"] == {"proposal": 3, "early": 10}
    assert content["steps_per_inference"]["proposal"] == 4 * 18
    assert 10 * 3 <= content["steps_per_inference"]["early"] < 180
    leads = content["stopping"]["early"]["lead_by_window"]
    assert list(leads) == ["1", "2", "4", "8"]
    assert leads["1"] == 2 * leads["4"] > 0
    assert content["stopping"]["early"]["draws"] == 100


def test_classify_early_shows_the_labels_left(folder):
    arguments = ("--index", 0, "--mode", "early", "--budget", 0.2, "--calibration", 50)
    for candidates in (2, 10):
        result = call(
            *("classify", "net.h5", *arguments, "--candidates", candidates, "--json", "c.json"),
            cwd=folder,
        )
        assert result.exit_code == 0, result.output
        assert "this option is now called --tolerance" in result.stderr  # --budget, for a version
        content = json.loads((folder / "c.json").read_text())
        left = [score for score in content["scores"][0] if score is not None]
        assert 1 <= len(left) <= candidates
        assert content["scores"][0][content["predicted"][0]] == max(left)
        assert content["stopping"]["candidates"] == candidates


def test_cores_change_no_result_and_are_said(folder):
    found, said = [], []
    for jobs in (1, 3):
        result = call(
            *("evaluate", "net.h5", "-e", "numba", "-n", 130, "--mode", "early", "--jobs", jobs),
            *("--tolerance", 0.2, "--calibration-samples", 100, "--json", "e.json"),
            cwd=folder,
        )
        content = json.loads((folder / "e.json").read_text())
        found.append([content[key] for key in ("accuracy", "stopping", "energy")])
        said.append(result.stderr.splitlines()[0])
    assert found[0] == found[1]
    assert said == ["numba: 1 core", "numba: 3 cores"]


def test_classify_by_index_and_from_a_file_agree(folder):
    from pffspike.data import load

    images = load("digits").test_images[:3]
    np.save(folder / "images.npy", images.reshape(3, 8, 8))
    arguments = ("classify", "net.h5", "--mode", "one_pass", "--json")
    by_index = call(*arguments, "i.json", "--index", 0, "--index", 1, "--index", 2, cwd=folder)
    by_file = call(*arguments, "f.json", "--images", "images.npy", "--levels", 16, cwd=folder)
    assert by_index.exit_code == by_file.exit_code == 0, by_index.output + by_file.output
    one, two = (json.loads((folder / name).read_text()) for name in ("i.json", "f.json"))
    assert one["scores"] == two["scores"]
    assert len(one["true"]) == 3


def test_reconstruct_reports_and_draws(folder):
    result = call("reconstruct", "net.h5", "-n", 4, "-o", "r.png", "--json", "r.json", cwd=folder)
    assert result.exit_code == 0, result.output
    assert (folder / "r.png").read_bytes().startswith(b"\x89PNG")
    errors = json.loads((folder / "r.json").read_text())["summed_squared_error"]
    assert set(errors) == {"below", "chain"}


def test_an_exported_network_runs_like_the_file(folder):
    assert call("export", "net.h5", "-o", "out", cwd=folder).exit_code == 0
    contents = []
    for source in ("net.h5", "out"):
        result = call("run", source, "-p", "goodness", "-n", 2, "--json", "a.json", cwd=folder)
        assert result.exit_code == 0, result.output
        contents.append(json.loads((folder / "a.json").read_text()))
    assert contents[0] == contents[1]


def test_run_draws_a_raster(folder):
    result = call("run", "net.h5", "-n", 1, "--raster", "s.png", cwd=folder)
    assert result.exit_code == 0, result.output
    assert (folder / "s.png").stat().st_size > 1000


def test_info_names_engines_and_describes_networks(folder):
    result = call("info", "--json", "info.json", cwd=folder)
    assert result.exit_code == 0, result.output
    engines = json.loads((folder / "info.json").read_text())["engines"]
    assert engines["numba"]["available"]
    assert {"brian2", "lava"} <= set(engines)
    assert "hidden_1" in call("info", "digits", cwd=folder).stdout
    assert "60 of 60 samples" in call("info", "net.h5", cwd=folder).stdout


def interrupted_training(folder: Path, engine: str, samples: int, stretch: int) -> None:
    """Start a training, press Ctrl-C after its first checkpoint."""
    options = ("-n", samples, "--epochs", 2, "--stretch", stretch, "-o", "cut.h5")
    command = (sys.executable, "-m", "pffspike", "train", "digits", "-e", engine, *options)
    with running(command, cwd=folder) as process:
        deadline = time.monotonic() + 200
        while not (folder / "cut.h5").exists() or storage.load(folder / "cut.h5").samples_done == 0:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline, "no checkpoint was written"
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does: the whole group gets it
        errors = process.communicate(timeout=200)[1]
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "--resume cut.h5" in errors


@pytest.mark.parametrize(
    ("engine", "samples", "stretch"),
    [
        pytest.param("numpy", 120, 10, marks=pytest.mark.slow),
        pytest.param(
            "brian2:cpp_standalone",
            1437,
            200,
            marks=[pytest.mark.slow, pytest.mark.brian2],
        ),
        pytest.param("lava", 60, 5, marks=[pytest.mark.slow, pytest.mark.lava]),
    ],
)
def test_ctrl_c_and_resume_lead_to_the_same_weights(engine, samples, stretch, tmp_path):
    interrupted_training(tmp_path, engine, samples, stretch)
    state = storage.load(tmp_path / "cut.h5")
    assert 0 < state.samples_done < state.samples_total, "interrupt an unfinished training"
    assert "--resume cut.h5" in call("info", "cut.h5", cwd=tmp_path).stderr
    resumed = call("train", "--resume", "cut.h5", "-e", engine, cwd=tmp_path)
    assert resumed.exit_code == 0, resumed.output
    whole = call(
        *("train", "digits", "-e", "numpy", "-n", samples, "--epochs", 2, "-o", "whole.h5"),
        cwd=tmp_path,
    )
    assert whole.exit_code == 0, whole.output
    one, two = (storage.load(tmp_path / name) for name in ("cut.h5", "whole.h5"))
    assert one.finished
    assert one.parameters.equal(two.parameters)


def test_a_card_of_ones_own_trains(tmp_path):
    """The README's way to add a network: a card, nothing else."""
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\ncircuit = "pff"\n[training]\ndataset = "digits"\nepochs = 1\n'
        "[pff]\nimage = 64\nclasses = 10\nhidden = [20]\nlateral = 5\n"
    )
    result = call("train", "mine.toml", "-e", "numpy", "-n", 30, cwd=tmp_path)
    assert result.exit_code == 0, result.output
    network = storage.load(tmp_path / "mine.h5").network
    assert isinstance(network, Network)
    assert network.population("hidden_1").size == 20


def test_version_quiet_and_verbose_stand_before_the_command():
    shown = call("--version")
    assert (shown.exit_code, shown.stdout) == (0, f"pffspike {pffspike.__version__}\n")
    mistake = ("evaluate", "absent.h5")
    usual = call(*mistake)
    assert usual.exit_code == call("-q", *mistake).exit_code == 2
    assert call("-q", *mistake).stderr == usual.stderr  # an error is said, however quiet
    told = call("-v", *mistake)
    assert told.stderr.startswith("Traceback")
    assert told.stderr.endswith(usual.stderr)


def test_quiet_says_nothing_of_progress(folder, monkeypatch):
    monkeypatch.chdir(folder)
    arguments = ("quantize", "net.h5", "-n", "4", "-e", "numpy", "--force", "-o", "quiet.h5")
    assert call(*arguments).stderr
    quiet = call("-q", *arguments)
    assert (quiet.exit_code, quiet.stderr) == (0, "")
    assert quiet.stdout
