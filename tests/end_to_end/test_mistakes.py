"""Every mistake that the command line must survive: one sentence, exit code 2, nothing lost."""

import os
import resource
import shutil
from pathlib import Path

import numpy as np
import pytest

from commands import call, in_a_process
from pffspike import schedules, storage
from pffspike.cards import load_network
from pffspike.cli.app import app
from pffspike.data import load


def refused(code: int | str | None, errors: str, *parts: str) -> None:
    """One sentence on the error stream, exit code 2, no traceback."""
    assert code == 2, errors
    lines = [line for line in errors.splitlines() if line.strip()]
    assert len(lines) == 1, errors
    assert lines[0].startswith("pffspike: ")
    for part in parts:
        assert part in lines[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, trained_file) -> Path:
    """A folder with a network trained for a moment, ``net.h5``."""
    folder = tmp_path_factory.mktemp("work")
    shutil.copy(trained_file, folder / "net.h5")
    return folder


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
    "no card": (("train",), ("give one of these: a card",)),
    "existing output": (("train", "digits", "-o", "net.h5"), ("net.h5 exists", "--resume")),
    "bad folder": (("train", "digits", "-o", "no/net.h5"), ("no/net.h5 can't be written",)),
    "resume from another seed": (
        ("train", "--resume", "begun.h5", "--seed", 1),
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
    "cores for an engine of one": (
        ("evaluate", "net.h5", "-e", "brian2:numpy", "--jobs", 2),
        ("engine 'brian2' runs on one core; give 1 job, or engine numba",),
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
    begun = schedules.begin(plain, load("digits"), seed=0)
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
    result = in_a_process("evaluate", "absent.h5", cwd=tmp_path)
    refused(result.returncode, result.stderr, "absent.h5 can't be read")


def test_wrong_options_exit_with_2(tmp_path):
    for arguments in (("train", "--epochs", "0"), ("nonsense",), ("train", "--what")):
        result = call(*arguments, cwd=tmp_path)
        assert result.exit_code == 2
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("package", "arguments", "remedy"),
    [
        ("brian2", ("train", "digits", "-e", "brian2", "-o", "x.h5"), "'.[brian2]'"),
        ("lava", ("evaluate", "net.h5", "-e", "lava", "-n", "1"), "'.[lava]'"),
        ("matplotlib", ("reconstruct", "net.h5", "-n", "1", "-o", "r.pdf"), "'.[plot]'"),
    ],
)
def test_an_absent_package_is_named_with_its_remedy(package, arguments, remedy, folder, tmp_path):
    (tmp_path / f"{package}.py").write_text(
        f"raise ModuleNotFoundError('No module named {package}', name={package!r})\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    result = in_a_process(*arguments, cwd=folder, env={**os.environ, "PYTHONPATH": path})
    refused(result.returncode, result.stderr, remedy)
    assert not (folder / "x.h5").exists()
    listed = in_a_process("info", cwd=folder, env={**os.environ, "PYTHONPATH": path})
    assert listed.returncode == 0, listed.stderr


def test_a_full_disk_while_training_leaves_the_checkpoint(folder):
    """The file may not grow beyond what the limit allows, as on a disk that is full."""
    limit = (folder / "net.h5").stat().st_size // 2

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    before = (folder / "net.h5").read_bytes()
    result = in_a_process(
        "train",
        *("digits", "-e", "numpy", "-n", 20, "--epochs", 1, "-o", "net.h5", "--overwrite"),
        cwd=folder,
        preexec_fn=small_disk,
    )
    refused(result.returncode, result.stderr, "net.h5 can't be written: File too large", "intact")
    assert (folder / "net.h5").read_bytes() == before
    assert not [path for path in folder.iterdir() if path.name.startswith(".net.h5")]
