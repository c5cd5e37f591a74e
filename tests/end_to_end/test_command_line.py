"""The command line as a user calls it: every command, and every mistake it must survive."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pffspike import storage, training
from pffspike.cards import load_network
from pffspike.cli.app import app
from pffspike.data import load
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
    "demo",
    "study",
)


def pffspike(*arguments, cwd: Path, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "pffspike", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=240,
        **options,
    )


def refused(code: int | str | None, errors: str, *parts: str) -> None:
    """One sentence on the error stream, exit code 2, no traceback."""
    assert code == 2, errors
    lines = [line for line in errors.splitlines() if line.strip()]
    assert len(lines) == 1, errors
    assert lines[0].startswith("pffspike: ")
    for part in parts:
        assert part in lines[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder with a network trained for a moment, ``net.h5``."""
    folder = tmp_path_factory.mktemp("work")
    result = pffspike(
        "train", "digits", "-e", "numpy", "-n", 60, "--epochs", 1, "-o", "net.h5", cwd=folder
    )
    assert result.returncode == 0, result.stderr
    return folder


def test_help_lists_the_commands_and_each_has_an_example(tmp_path):
    assert all(name in pffspike("--help", cwd=tmp_path).stdout for name in COMMANDS)


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
    result = pffspike("evaluate", "net.h5", "-n", 10, "--json", "e.json", cwd=folder)
    assert result.returncode == 0, result.stderr
    content = json.loads((folder / "e.json").read_text())
    accuracy = content["accuracy"]["numba"]["goodness"]
    assert f"{100 * accuracy:.1f} %" in result.stdout
    steps = content["steps_per_inference"]
    assert steps["goodness"] == 10 * steps["one_pass"]
    assert content["energy"]["loihi1"]["total"]["goodness"] > 0


def evaluated(folder: Path, *arguments) -> dict:
    result = pffspike("evaluate", "net.h5", "-n", 12, *arguments, "--json", "m.json", cwd=folder)
    assert result.returncode == 0, result.stderr
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
        result = pffspike(
            *("classify", "net.h5", *arguments, "--candidates", candidates, "--json", "c.json"),
            cwd=folder,
        )
        assert result.returncode == 0, result.stderr
        assert "this option is now called --tolerance" in result.stderr  # --budget, for a version
        content = json.loads((folder / "c.json").read_text())
        left = [score for score in content["scores"][0] if score is not None]
        assert 1 <= len(left) <= candidates
        assert content["scores"][0][content["predicted"][0]] == max(left)
        assert content["stopping"]["candidates"] == candidates


def test_classify_by_index_and_from_a_file_agree(folder):
    from pffspike.data import load

    images = load("digits").test_images[:3]
    np.save(folder / "images.npy", images.reshape(3, 8, 8))
    arguments = ("classify", "net.h5", "--mode", "one_pass", "--json")
    by_index = pffspike(*arguments, "i.json", "--index", 0, "--index", 1, "--index", 2, cwd=folder)
    by_file = pffspike(*arguments, "f.json", "--images", "images.npy", "--levels", 16, cwd=folder)
    assert by_index.returncode == by_file.returncode == 0, by_index.stderr + by_file.stderr
    one, two = (json.loads((folder / name).read_text()) for name in ("i.json", "f.json"))
    assert one["scores"] == two["scores"]
    assert len(one["true"]) == 3


def test_reconstruct_reports_and_draws(folder):
    result = pffspike(
        "reconstruct", "net.h5", "-n", 4, "-o", "r.png", "--json", "r.json", cwd=folder
    )
    assert result.returncode == 0, result.stderr
    assert (folder / "r.png").read_bytes().startswith(b"\x89PNG")
    errors = json.loads((folder / "r.json").read_text())["summed_squared_error"]
    assert set(errors) == {"below", "chain"}


def test_an_exported_network_runs_like_the_file(folder):
    assert pffspike("export", "net.h5", "-o", "out", cwd=folder).returncode == 0
    contents = []
    for source in ("net.h5", "out"):
        result = pffspike("run", source, "-p", "goodness", "-n", 2, "--json", "a.json", cwd=folder)
        assert result.returncode == 0, result.stderr
        contents.append(json.loads((folder / "a.json").read_text()))
    assert contents[0] == contents[1]


def test_run_draws_a_raster(folder):
    result = pffspike("run", "net.h5", "-n", 1, "--raster", "s.png", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert (folder / "s.png").stat().st_size > 1000


def test_info_names_engines_and_describes_networks(folder):
    result = pffspike("info", "--json", "info.json", cwd=folder)
    assert result.returncode == 0, result.stderr
    engines = json.loads((folder / "info.json").read_text())["engines"]
    assert engines["numba"]["available"]
    assert {"brian2", "lava"} <= set(engines)
    assert "hidden_1" in pffspike("info", "digits", cwd=folder).stdout
    assert "60 of 60 samples" in pffspike("info", "net.h5", cwd=folder).stdout


def write_tiny_mnist(folder: Path) -> None:
    """Two images a part, in the IDX format."""
    folder.mkdir(exist_ok=True)
    for part in ("train", "t10k"):
        images = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28]) + bytes(2 * 784)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(images)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 3, 4]))


MISTAKES = {
    "unknown card": (("train", "digitz"), ("'digitz' does not exist", "digits")),
    "missing card": (("train", "absent.toml"), ("absent.toml can't be read",)),
    "wrong card": (("train", "wrong.toml"), ("wrong.toml", "epochs = 0 must be from 1 to")),
    "no TOML": (("train", "text.toml"), ("text.toml is not valid TOML",)),
    "no card": (("train",), ("give either a card",)),
    "existing output": (("train", "digits", "-o", "net.h5"), ("net.h5 exists", "--resume")),
    "bad folder": (("train", "digits", "-o", "no/net.h5"), ("no/net.h5 can't be written",)),
    "resume from another seed": (
        ("train", "--resume", "net.h5", "--seed", 1),
        ("--seed does not go with --resume",),
    ),
    "prior of a checkpoint": (("prior", "begun.h5"), ("is a checkpoint", "train --resume")),
    "samples without a circuit": (("sample", "plain.h5", "-o", "x.png"), ("'synthesize'",)),
    "unknown engine": (("train", "digits", "-e", "nest", "-o", "x.h5"), ("'nest' does not exist",)),
    "too many samples": (("train", "digits", "-n", 5000, "-o", "x.h5"), ("more than the 1437",)),
    "unknown data": (("train", "digits", "--dataset", "svhn", "-o", "x.h5"), ("svhn",)),
    "missing data": (
        ("train", "digits", "--dataset", "kmnist", "--data", ".", "-o", "x.h5"),
        ("kmnist",),
    ),
    "other data": (
        ("evaluate", "net.h5", "--dataset", "mnist", "--data", "tiny"),
        ("has 784 pixels", "'image' of network 'digits' has 64 neurons"),
    ),
    "missing file": (("evaluate", "absent.h5"), ("absent.h5 can't be read",)),
    "foreign file": (("evaluate", "text.toml"), ("is not a complete file",)),
    "truncated file": (("evaluate", "cut.h5"), ("cut.h5 is not a complete file",)),
    "unknown mode": (("evaluate", "net.h5", "--mode", "fast"), ("'fast' does not exist",)),
    "too many candidates": (
        ("evaluate", "net.h5", "--mode", "proposal", "--candidates", 11),
        ("candidates = 11 must be from 1 to 10",),
    ),
    "tolerance of all": (
        ("classify", "net.h5", "--index", 0, "--mode", "early", "--tolerance", 1),
        ("tolerance = 1.0 must be at least 0 and below 1",),
    ),
    "too few calibration samples": (
        ("evaluate", "net.h5", "--mode", "early", "--calibration-samples", 100),
        ("100 calibration samples are too few for a tolerance of 0.001; it takes at least 2995",),
    ),
    "unknown device": (("evaluate", "net.h5", "--device", "abacus"), ("'abacus'", "loihi1")),
    "wrong index": (("classify", "net.h5", "--index", 400), ("test images are 0 to 359",)),
    "no images": (("classify", "net.h5"), ("give either --images",)),
    "no such images": (("classify", "net.h5", "--images", "no.npy"), ("no.npy can't be read",)),
    "foreign images": (("classify", "net.h5", "--images", "text.toml"), ("text.toml",)),
    "pickled images": (("classify", "net.h5", "--images", "object.npy"), ("object.npy",)),
    "wrong shape": (
        ("classify", "net.h5", "--images", "shape.npy"),
        ("has shape (2, 65)", "(n, 8, 8) or (n, 64)"),
    ),
    "wrong picture": (("reconstruct", "net.h5", "-n", 1, "-o", "r.xyz"), ("unknown ending .xyz",)),
    "existing export": (("export", "net.h5", "-o", "taken"), ("taken exists",)),
    "unknown program": (("run", "net.h5", "-p", "dream"), ("'dream' does not exist", "goodness")),
    "damaged export": (("run", "taken"), ("taken is not a complete export folder",)),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_sentence_and_exit_code_2(mistake, folder, monkeypatch, capsys):
    arguments, parts = MISTAKES[mistake]
    (folder / "taken").mkdir(exist_ok=True)
    write_tiny_mnist(folder / "tiny")
    (folder / "text.toml").write_text("this is no card")
    (folder / "wrong.toml").write_text(
        'name = "w"\ncircuit = "pff"\n[training]\ndataset = "digits"\nepochs = 0\n'
        "[pff]\nimage = 64\nclasses = 10\nhidden = [10]\n"
    )
    (folder / "cut.h5").write_bytes((folder / "net.h5").read_bytes()[:5000])
    plain = load_network("digits", {"pff": {"generative": False}})
    begun = training.begin(plain, load("digits"), seed=0)
    storage.save(folder / "begun.h5", begun)
    storage.save(folder / "plain.h5", begun.replace(samples_total=0))
    np.save(folder / "shape.npy", np.zeros((2, 65), int))
    np.save(folder / "object.npy", np.array([{}], object), allow_pickle=True)
    before = (folder / "net.h5").read_bytes()
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as stop:  # in this process: thirty starts would take a minute
        app([str(argument) for argument in arguments])
    refused(stop.value.code, capsys.readouterr().err, *parts)
    assert (folder / "net.h5").read_bytes() == before
    assert not (folder / "x.h5").exists()


def test_a_mistake_in_a_process_of_its_own(tmp_path):
    result = pffspike("evaluate", "absent.h5", cwd=tmp_path)
    refused(result.returncode, result.stderr, "absent.h5 can't be read")


def test_wrong_options_exit_with_2(tmp_path):
    for arguments in (("train", "--epochs", "0"), ("nonsense",), ("train", "--what")):
        result = pffspike(*arguments, cwd=tmp_path)
        assert result.returncode == 2
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("package", "arguments", "remedy"),
    [
        ("brian2", ("train", "digits", "-e", "brian2", "-o", "x.h5"), "pffspike[brian2]"),
        ("lava", ("evaluate", "net.h5", "-e", "lava", "-n", "1"), "pffspike[lava]"),
        ("matplotlib", ("reconstruct", "net.h5", "-n", "1", "-o", "r.pdf"), "pffspike[plot]"),
    ],
)
def test_an_absent_package_is_named_with_its_remedy(package, arguments, remedy, folder, tmp_path):
    (tmp_path / f"{package}.py").write_text(
        f"raise ModuleNotFoundError('No module named {package}', name={package!r})\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    result = pffspike(*arguments, cwd=folder, env={**os.environ, "PYTHONPATH": path})
    refused(result.returncode, result.stderr, remedy)
    assert not (folder / "x.h5").exists()
    listed = pffspike("info", cwd=folder, env={**os.environ, "PYTHONPATH": path})
    assert listed.returncode == 0, listed.stderr


def test_a_full_disk_while_training_leaves_the_checkpoint(folder):
    """The file may not grow beyond what the limit allows, as on a disk that is full."""
    limit = (folder / "net.h5").stat().st_size // 2

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    before = (folder / "net.h5").read_bytes()
    result = pffspike(
        "train",
        *("digits", "-e", "numpy", "-n", 20, "--epochs", 1, "-o", "net.h5", "--overwrite"),
        cwd=folder,
        preexec_fn=small_disk,
    )
    refused(result.returncode, result.stderr, "net.h5 can't be written: File too large", "intact")
    assert (folder / "net.h5").read_bytes() == before
    assert not [path for path in folder.iterdir() if path.name.startswith(".net.h5")]


def interrupted_training(folder: Path, engine: str, samples: int, stretch: int) -> None:
    """Start a training, press Ctrl-C after its first checkpoint."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "pffspike", "train", "digits", "-e", engine),
            *("-n", str(samples), "--epochs", "2", "--stretch", str(stretch), "-o", "cut.h5"),
        ],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 200
    while not (folder / "cut.h5").exists() or storage.load(folder / "cut.h5").samples_done == 0:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline, "no checkpoint was written"
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does: the whole group gets it
    errors = process.communicate(timeout=30)[1]
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "--resume cut.h5" in errors


@pytest.mark.parametrize(
    ("engine", "samples", "stretch"),
    [
        ("numpy", 120, 10),
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
    assert "--resume cut.h5" in pffspike("info", "cut.h5", cwd=tmp_path).stderr
    resumed = pffspike("train", "--resume", "cut.h5", "-e", engine, cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    whole = pffspike(
        *("train", "digits", "-e", "numpy", "-n", samples, "--epochs", 2, "-o", "whole.h5"),
        cwd=tmp_path,
    )
    assert whole.returncode == 0, whole.stderr
    one, two = (storage.load(tmp_path / name) for name in ("cut.h5", "whole.h5"))
    assert one.finished
    assert one.parameters.equal(two.parameters)


def test_a_card_of_ones_own_trains(tmp_path):
    """The README's way to add a network: a card, nothing else."""
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\ncircuit = "pff"\n[training]\ndataset = "digits"\nepochs = 1\n'
        "[pff]\nimage = 64\nclasses = 10\nhidden = [20]\nlateral = 5\n"
    )
    result = pffspike("train", "mine.toml", "-e", "numpy", "-n", 30, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    network = storage.load(tmp_path / "mine.h5").network
    assert isinstance(network, Network)
    assert network.population("hidden_1").size == 20
