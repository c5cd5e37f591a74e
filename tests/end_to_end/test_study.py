"""``pffspike study``: a small study from its config to its tables."""

import contextlib
import csv
import json
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from commands import running
from pffspike import Resources
from pffspike.cli.app import app
from pffspike.data import load
from pffspike.errors import PffspikeError, ValidationError
from pffspike.studies import cluster, runs
from pffspike.studies.config import read_study
from pffspike.studies.processes import execute_in_processes

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
CONFIG = """
title = "Digits in a moment"
datasets = ["digits"]
seeds = [0, 1]

[fast]
samples = 100
test_images = 50

[systems.knn]
kind = "neighbours"

[systems.rate_pff]
kind = "rate_pff"
hidden = [20, 20]
epochs = 1

[systems.rate_ff]
kind = "rate_ff"
hidden = [20, 20]
epochs = 1

[systems.pff]
kind = "spiking"
card = "digits"
engine = "numpy"
modes = ["one_pass", "proposal"]
candidates = 1
changes.pff = { hidden = [10, 10], inference_window = 4 }
changes.training = { epochs = 1 }

[ablations.bare]
base = "pff"
changes.pff.homeostasis = 0
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "config.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "study"


def call(*arguments: object) -> int:
    """Run the command in this process: an exit code."""
    with pytest.raises(SystemExit) as stop:
        app(["study", *map(str, arguments)])
    return int(stop.value.code or 0)


def command(*arguments: object, cwd: Path) -> list[str]:
    return [sys.executable, "-m", "pffspike", "study", *map(str, arguments)]


@pytest.mark.slow
def test_a_study_in_processes_writes_its_tables(folder):
    pytest.importorskip("distributed")
    result = subprocess.run(
        command("study", "--fast", "--jobs", 2, cwd=folder.parent),
        cwd=folder.parent,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert result.returncode == 0, result.stderr
    assert "(5 of 5)" in result.stderr
    assert "Traceback" not in result.stderr
    content = json.loads((folder / "fast" / "results.json").read_text())
    assert set(content["digits"]) == {"knn", "rate_pff", "rate_ff", "pff", "bare"}
    accuracy = content["digits"]["pff"]["accuracy"]
    assert set(accuracy) == {"one_pass", "proposal"}
    assert accuracy["proposal"] == accuracy["one_pass"], "with one candidate they are the same"
    assert set(accuracy["one_pass"]) == {"mean", "standard_deviation", "seeds", "values"}
    assert content["study"]["machines"][0]["cores"] >= 1
    text = (folder / "fast" / "table.md").read_text()
    assert "| pff | one_pass |" in text
    assert "| bare | pff | one_pass |" in text
    assert not (folder / "results.json").exists(), "the fast variant has a place of its own"


def test_a_study_resumes_and_does_only_what_changed(folder, capsys):
    assert call("study", "--fast", "--jobs", 1, "--only", "knn", "--only", "pff") == 0
    assert not (folder / "fast" / "results.json").exists()
    partial = json.loads((folder / "fast" / "partial.json").read_text())
    assert partial["study"]["missing_runs"] == 3
    assert set(partial["digits"]) == {"knn", "pff"}
    capsys.readouterr()
    assert call("study", "--fast", "--jobs", 1, "--csv", "s.csv", "--latex", "s.tex") == 0
    rows = list(csv.DictReader((folder.parent / "s.csv").read_text().splitlines()))
    assert {row["system"] for row in rows} == {"knn", "rate_pff", "rate_ff", "pff", "bare"}
    assert (folder.parent / "s.tex").read_text().count("\\toprule") == 1
    assert "(3 of 3)" in capsys.readouterr().err
    assert not (folder / "fast" / "partial.json").exists()
    first = (folder / "fast" / "results.json").read_text()
    assert call("study", "--fast", "--jobs", 1) == 0
    assert "done" not in capsys.readouterr().err, "nothing was left to do"
    assert (folder / "fast" / "results.json").read_text() == first
    (folder / "config.toml").write_text(CONFIG.replace("homeostasis = 0", "homeostasis = 0.5"))
    assert call("study", "--fast", "--jobs", 1) == 0
    errors = capsys.readouterr().err
    assert "digits bare seed 0: done (1 of 1)" in errors


def test_a_failing_run_is_reported_and_the_others_go_on(folder, capsys):
    config = CONFIG.replace('engine = "numpy"', 'engine = "lava:nothing"', 1)
    (folder / "config.toml").write_text(config)
    assert call("study", "--fast", "--jobs", 1) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert "digits pff seed 0: failed: engine 'lava:nothing' does not exist" in lines[-3]
    assert lines[-1].startswith("pffspike: 2 of 5 runs failed (digits pff seed 0, digits bare")
    partial = json.loads((folder / "fast" / "partial.json").read_text())
    assert set(partial["digits"]) == {"knn", "rate_pff", "rate_ff"}


MISTAKES = {
    "no folder": (("absent",), "absent/config.toml can't be read"),
    "unknown system": (
        ("study", "--only", "knnn"),
        "no system or ablation 'knnn'; give one of: knn",
    ),
    "unknown data": (("study", "--dataset", "svhn"), "svhn"),
    "missing data": (("study", "--dataset", "kmnist", "--data", "."), "kmnist"),
    "no scheduler": (("study", "--fast", "--scheduler", "nowhere"), "no scheduler answers"),
    "jobs of a scheduler": (
        ("study", "--fast", "--scheduler", "nowhere", "--jobs", 2),
        "jobs = 2 has no effect with a scheduler",
    ),
    "bad output": (("study", "--fast", "-o", "study/config.toml/x"), "can't be made"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_sentence_and_exit_code_2(mistake, folder, capsys):
    arguments, sentence = MISTAKES[mistake]
    assert call(*arguments) == 2
    errors = capsys.readouterr().err.strip()
    assert errors.startswith("pffspike: ")
    assert sentence in errors
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize("scheduler", [False, True])
def test_dask_is_needed_for_a_scheduler_alone(folder, scheduler):
    """On this machine a study uses processes of its own, and nothing listens on the network."""
    (folder.parent / "distributed.py").write_text("raise ModuleNotFoundError('No distributed')\n")
    path = os.pathsep.join([str(folder.parent), os.environ.get("PYTHONPATH", "")])
    options = ("--scheduler", "tcp://127.0.0.1:1") if scheduler else ("--jobs", 2)
    result = subprocess.run(
        command("study", "--fast", "--only", "knn", *options, cwd=folder.parent),
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert result.returncode == (2 if scheduler else 0), result.stderr
    assert (".[study]" in result.stderr) == scheduler
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("content", ["[]", "5", '{"result": 5}', "[" * 5000, "{", "\x00"])
def test_a_bad_stored_run_is_computed_again_and_said(folder, content, capsys, caplog):
    assert call("study", "--fast", "--jobs", 1, "--only", "knn") == 0
    (stored,) = (folder / "fast" / "runs").glob("*.json")
    before = json.loads(stored.read_text())["result"]["modes"]
    stored.write_text(content)
    assert call("study", "--fast", "--jobs", 1, "--only", "knn") == 0
    assert "holds no result; it is computed again" in caplog.text
    assert json.loads(stored.read_text())["result"]["modes"] == before


def one_run(folder: Path, *systems: str) -> list[runs.Run]:
    return runs.plan(read_study(folder, fast=True, only=systems))


def test_a_killed_process_is_one_failed_run(folder):
    def kill() -> None:
        while not multiprocessing.active_children():
            time.sleep(0.01)
        multiprocessing.active_children()[0].kill()

    killer = threading.Thread(target=kill)
    killer.start()
    (planned,) = one_run(folder, "knn")
    done = list(execute_in_processes([planned], folder, 1, lambda *_: None))
    killer.join(10)
    assert [run for run, _ in done] == [planned]
    assert "its process ended with code -9" in done[0][1]


def test_a_scheduler_without_workers_is_not_waited_for_for_ever(folder, caplog):
    distributed = pytest.importorskip("distributed")
    planned = one_run(folder, "knn")
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as dask:
        where = {"scheduler": dask.scheduler_address, "timeout": 3}
        with pytest.raises(PffspikeError, match=r"the scheduler has had no worker for \d s"):
            list(cluster.execute_all(planned, folder, **where, listen=lambda *_: None))
    assert caplog.text.count("the scheduler has no worker; the study ends in") == 1


def test_a_scheduler_that_closes_is_one_sentence(folder):
    distributed = pytest.importorskip("distributed")
    planned = one_run(folder, "knn")
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as dask:
        closing = threading.Timer(1, dask.close)
        closing.start()
        where = {"scheduler": dask.scheduler_address, "timeout": 30}
        with pytest.raises(PffspikeError, match="the scheduler has gone"):
            list(cluster.execute_all(planned, folder, **where, listen=lambda *_: None))
        closing.join()


@contextlib.contextmanager
def dask_processes(folder: Path):
    """A scheduler and a worker of one thread, as processes: its address, and both."""
    pytest.importorskip("distributed")
    file = folder / "scheduler.json"
    common = ("--scheduler-file", str(file), "--no-dashboard")
    commands = {
        "scheduler": ("dask_scheduler", "--host", "127.0.0.1", "--port", "0", *common),
        "worker": ("dask_worker", "--no-nanny", "--nthreads", "1", *common),
    }
    said = {"scheduler": "Scheduler at", "worker": "Registered to"}
    started = {}
    try:
        for name, (module, *options) in commands.items():
            log = folder / f"{name}.log"
            with log.open("w") as errors:
                started[name] = subprocess.Popen(
                    [sys.executable, "-m", f"distributed.cli.{module}", *options],
                    cwd=folder,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                )
            wait_for(log, said[name], started[name])
        yield json.loads(file.read_text())["address"], started
    finally:
        for process in started.values():
            process.kill()
            process.wait()


def wait_for(log: Path, sentence: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 200
    while sentence not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("victim", "how", "sentence"),
    [
        ("scheduler", signal.SIGKILL, "pffspike: the scheduler has gone ("),
        ("worker", signal.SIGKILL, "has had no worker for"),
        ("scheduler", signal.SIGSTOP, "has had no worker for"),
    ],
)
def test_a_study_whose_scheduler_or_last_worker_ends_says_so_and_goes_on_afterwards(
    victim, how, sentence, folder, capsys
):
    limit, options = 6, ("study", "--fast", "--only", "knn", "--only", "pff")
    config = CONFIG.replace(
        "changes.training = { epochs = 1 }", "changes.training = { epochs = 6 }"
    )
    (folder / "config.toml").write_text(config)
    with dask_processes(folder.parent) as (address, processes):
        study = subprocess.Popen(
            command(*options, "--scheduler", address, "--timeout", limit, cwd=folder.parent),
            cwd=folder.parent,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert study.stderr.readline() == "digits knn seed 0: done (1 of 2)\n"
            processes[victim].send_signal(how)
            killed = time.monotonic()
            errors = study.communicate(timeout=200)[1].splitlines()
        finally:
            study.kill()
    assert study.returncode == 2, errors
    assert time.monotonic() - killed < 10 * limit
    assert sentence in errors[-1]
    assert all("unless one joins" in line for line in errors[:-1]), errors
    before = {p: p.stat().st_mtime_ns for p in (folder / "fast" / "runs").glob("*.json")}
    assert call(*options, "--jobs", 1) == 0
    # A worker whose scheduler hangs may yet have finished what it had begun.
    assert len(before) == 2 or "digits pff seed 0: done (1 of 1)" in capsys.readouterr().err
    assert len(before) == 1 or how == signal.SIGSTOP
    assert all(p.stat().st_mtime_ns == then for p, then in before.items()), "what was stored stays"


def test_a_run_without_a_result_where_it_belongs_is_a_failed_one(folder):
    """A worker that sees another folder leaves its result there."""
    (planned,) = one_run(folder, "knn")
    assert "let every worker see that folder" in runs.absence(folder / "here", planned)
    assert list(cluster.execute_all([planned], folder / "here", jobs=1, listen=lambda *_: None))
    assert runs.absence(folder / "here", planned) is None


@pytest.mark.parametrize("timeout", [0, -1, math.nan, math.inf])
def test_a_time_limit_is_a_positive_number(timeout):
    with pytest.raises(ValidationError, match="give a number of seconds above 0"):
        Resources(timeout=timeout)


def write_idx(folder: Path) -> None:
    """A few digits under the names of the files of K-MNIST."""
    digits = load("digits")
    folder.mkdir(parents=True)
    for part, images, labels in (
        ("train", digits.train_images[:60] * 15, digits.train_labels[:60]),
        ("t10k", digits.test_images[:20] * 15, digits.test_labels[:20]),
    ):
        shape = (len(images), 8, 8)
        head = bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in shape)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(head + images.tobytes())
        head = bytes([0, 0, 8, 1]) + len(labels).to_bytes(4, "big")
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(head + bytes(labels.tolist()))


@pytest.mark.slow
def test_another_data_set_goes_through_the_same_systems(folder):
    write_idx(folder.parent / "data" / "kmnist")
    options = ("--dataset", "kmnist", "--data", "data", "--jobs", 1)
    assert call("study", "--only", "knn", "--only", "bare", *options) == 0
    assert call("study", *options) == 0
    content = json.loads((folder / "kmnist" / "results.json").read_text())
    assert set(content["kmnist"]) == {"knn", "rate_pff", "rate_ff", "pff", "bare"}
    assert content["kmnist"]["bare"]["accuracy"]["one_pass"]["seeds"] == [0, 1]
    assert not (folder / "results.json").exists()


def alive(group: int) -> bool:
    """Whether a process group has members."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_ctrl_c_ends_all_processes_and_what_is_stored_stays(folder):
    stored = folder / "runs"
    deadline = time.monotonic() + 200
    words = command("study", "--jobs", 2, cwd=folder.parent)
    with running(words, cwd=folder.parent) as process:
        while not list(stored.glob("*.json")):
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline, "no run ended"
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does: the whole group gets it
        errors = process.communicate(timeout=200)[1]
        while alive(process.pid):
            assert time.monotonic() < deadline + 30, "a process is left"
            time.sleep(0.1)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert all(json.loads(path.read_text())["result"] for path in stored.glob("*.json"))
    assert not (folder / "results.json").exists()
