"""What commands write: checked before the work, never over an input or another kind of file."""

import contextlib
import dataclasses
import inspect
import io
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from commands import call, refused, running
from pffspike import cards, schedules, storage
from pffspike.cli import app as commands_app
from pffspike.cli import output, outputs
from pffspike.data import load
from pffspike.errors import PffspikeError
from pffspike.files import locked, write_whole


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A network that has not learned yet, which is enough to run."""
    path = tmp_path_factory.mktemp("template") / "net.h5"
    network = cards.load_network("digits")
    state = schedules.begin(network, load("digits"), seed=0, epochs=1)
    storage.save(path, state.replace(samples_done=state.samples_total))
    return path.read_bytes()


@pytest.fixture
def folder(tmp_path, template, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.h5").write_bytes(template)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_parameter_that_is_a_path_is_an_output_or_an_input():
    """Should one be renamed or added, this says that its collisions are not checked."""
    inputs = {"trained", "resume", "start", "images", "test_images", "data", "folder", "space"}
    for command in commands_app.app.registered_commands:
        name = command.callback.__name__
        for parameter in inspect.signature(command.callback).parameters.values():
            if "Path" in str(parameter.annotation):
                key = f"{name}.{parameter.name}"
                known = {key, parameter.name} & (outputs.OUTPUTS.keys() | inputs)
                assert known, f"{key} is neither in OUTPUTS nor an input"


#: an output that is an input or another output, or that stands on something else
COLLISIONS = {
    "json on the network": ("evaluate", "net.h5", "--json", "net.h5"),
    "json on the new network": ("train", "digits", "-o", "n.h5", "--json", "n.h5"),
    "json on the default output": ("train", "digits", "--json", "digits.h5"),
    "json on the card": ("train", "own.toml", "-o", "n.h5", "--json", "own.toml"),
    "by another spelling": ("evaluate", "net.h5", "--json", "./x/../net.h5"),
    "by a link": ("evaluate", "net.h5", "--json", "link"),
    "by a hard link": ("evaluate", "net.h5", "--json", "hard"),
    "quantized onto itself": ("quantize", "net.h5", "-o", "net.h5"),
    "a picture on the network": ("reconstruct", "net.h5", "-o", "net.h5"),
    "a picture on text": ("reconstruct", "net.h5", "-o", "notes.png"),
    "a report on text": ("report", "net.h5", "-o", "notes.html"),
    "json on text": ("info", "--json", "notes.html"),
    "json on another network": ("info", "--json", "net.h5"),
    "a network on text": ("quantize", "net.h5", "-o", "notes.html"),
    "an array on text": ("sample", "net.h5", "--array", "notes.html"),
    "two of one name": ("run", "net.h5", "--raster", "a.png", "--json", "a.png"),
    "NIR on the network": ("export", "net.h5", "--nir", "net.h5"),
    "NIR on another network": ("export", "net.h5", "--nir", "other.h5"),
    "json in the export": ("evaluate", "out", "--json", "out/network.json"),
    "trained onto text": ("train", "digits", "-o", "notes.html", "--overwrite"),
}


@pytest.mark.parametrize("arguments", COLLISIONS.values(), ids=COLLISIONS)
def test_nothing_is_destroyed(folder, arguments):
    (folder / "x").mkdir()
    (folder / "link").symlink_to("net.h5")
    os.link(folder / "net.h5", folder / "hard")
    (folder / "other.h5").write_bytes((folder / "net.h5").read_bytes())
    for name in ("notes.png", "notes.html"):
        (folder / name).write_text("my notes")
    (folder / "own.toml").write_text(cards.card_text(cards.load_network("digits")))
    if "out" in arguments:
        assert call("export", "net.h5", "-o", "out").exit_code == 0
    before = contents(folder)
    refused(call(*arguments), "pffspike: ")
    assert contents(folder) == before


#: found before anything is read: the network is absent
EARLY = {
    "no folder": (("evaluate", "absent.h5", "--json", "no/e.json"), "there is no folder"),
    "a file as a folder": (("report", "absent.h5", "-o", "file/x.html"), "is no folder 'file'"),
    "a folder": (("report", "absent.h5", "-o", "taken"), "taken is a folder"),
    "an ending": (("run", "absent.h5", "--raster", "r.csv"), "unknown ending .csv"),
    "an ending late": (("benchmark", "--plot", "p.xyz"), "unknown ending .xyz"),
    "no folder for pictures": (("quality", "absent.h5", "-o", "file/x"), "is no folder"),
    "an existing export": (("export", "absent.h5", "-o", "taken"), "taken exists"),
    "a read-only file": (("evaluate", "absent.h5", "--json", "fixed.json"), "is read-only"),
    "standard output": (("quantize", "absent.h5", "-o", "-"), "is no place for"),
    "no size": (("evaluate", "absent.h5", "--memory-limit", "much"), "'much' is no size"),
}


@pytest.mark.parametrize(("arguments", "sentence"), EARLY.values(), ids=EARLY)
def test_what_cannot_be_written_is_found_before_the_work(folder, arguments, sentence):
    (folder / "taken").mkdir()
    (folder / "file").write_text("")
    (folder / "fixed.json").write_text("{}")
    (folder / "fixed.json").chmod(0o444)
    before = contents(folder)
    refused(call(*arguments), sentence)
    assert contents(folder) == before


def test_files_of_the_same_kind_are_replaced_and_others_if_forced(folder):
    for before in ("{}", ""):
        (folder / "i.json").write_text(before)
        assert call("info", "--json", "i.json").exit_code == 0
        assert "engines" in json.loads((folder / "i.json").read_text())
    (folder / "i.json").write_text("my notes")
    assert call("info", "--json", "i.json", "--force").exit_code == 0
    assert "engines" in json.loads((folder / "i.json").read_text())


def test_a_link_is_followed_and_rights_stay(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o640
    (tmp_path / "dangling").symlink_to("made")
    write_whole(tmp_path / "dangling", "new")
    assert (tmp_path / "made").read_text() == "new"


def test_what_is_no_regular_file_gets_the_content_and_stays(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text()))
    reader.start()
    write_whole(tmp_path / "pipe", "content")
    reader.join(10)
    assert read == ["content"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_pipe_that_nobody_reads_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("pffspike.files._READER", 0.2)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PffspikeError, match="nobody reads from this pipe; start a reader first"):
        write_whole(tmp_path / "pipe", "content")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_device_stays_a_device(folder):
    refused(call("info", "--json", "/dev/full"), "/dev/full can't be written: No space left")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_a_dash_is_the_standard_output(folder):
    result = call("info", "--json", "-")
    assert result.exit_code == 0
    assert '"engines"' in result.output
    assert not (folder / "-").exists()


@pytest.mark.parametrize("text", ["[numba]", "[/x]", "a [bold]b[/bold]", ":smile:", "[[", "µ"])
def test_tables_and_messages_show_text_as_written(monkeypatch, text):
    stream = io.StringIO()
    for name in ("console", "errors"):
        console = Console(file=stream, width=200, **output._AS_WRITTEN)
        monkeypatch.setattr(output, name, console)
    output.table(text, (text, "b"), [(text, 1), (text, 2)])
    output.console.print(text, style="dim")
    output.note(text)
    assert stream.getvalue().count(text) == 6


def test_remedies_are_shown_whole(monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", lambda name: missing(name))
    monkeypatch.setattr(output.console, "width", 120)  # processes of tests may have another one
    result = call("info")
    assert "pip install '.[brian2]'" in " ".join(result.output.split())


def missing(name: str):
    import importlib.metadata

    raise importlib.metadata.PackageNotFoundError(name)


def test_brackets_in_a_path_are_no_markup(tmp_path):
    refused(call("evaluate", tmp_path / "[/x].h5"), "[/x].h5 can't be read")


FEW = ["evaluate", "net.h5", "-n", "2", "-e", "numpy", "--mode", "one_pass", "--json", "e.json"]


def test_a_terminal_without_greek_letters_ends_nothing(folder):
    result = subprocess.run(
        [sys.executable, "-m", "pffspike", *FEW],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        cwd=folder,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert b"uJ" in result.stdout or b"nJ" in result.stdout
    assert (folder / "e.json").exists()


@pytest.mark.parametrize(
    "name", ["../../x", "a/b", ".hidden", "x\\y", "", "a..b", "a\x00b", "x" * 200]
)
def test_a_card_is_called_by_a_name(name):
    network = cards.load_network("digits")
    with pytest.raises(ValueError, match="name = "):
        network.replace(name=name)


TRAIN = ["train", "digits", "-e", "numpy", "-o", "cut.h5", "--stretch", "50"]


def test_sigterm_ends_in_order(folder):
    """Exit code 143 of a shell's reckoning, the checkpoint whole, and nothing left beside it."""
    with running([sys.executable, "-m", "pffspike", *TRAIN], cwd=folder) as process:
        deadline = time.monotonic() + 60
        while not (folder / "cut.h5").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=200)
    assert process.returncode == 128 + signal.SIGTERM, said
    assert "Traceback" not in said
    assert not storage.load(folder / "cut.h5").finished
    assert sorted(path.name for path in folder.iterdir()) == ["cut.h5", "net.h5"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 7)])
def test_a_signal_that_comes_in_a_destructor_is_not_lost(number, code):
    """There Python can raise nothing, and would print a traceback and go on."""
    program = (
        "import signal, sys, time\n"
        "import pffspike.cli\n"
        "class Compiled:\n"
        "    def __del__(self):\n"
        f"        signal.raise_signal({int(number)})\n"
        "pffspike.cli._end_in_order()\n"
        "try:\n"
        "    Compiled()\n"
        "    time.sleep(60)\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(7)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50
    )
    assert (result.returncode, result.stderr) == (code, "")


def test_another_exception_of_a_destructor_is_printed_and_ends_nothing():
    program = (
        "import sys\n"
        "import pffspike.cli\n"
        "class Other:\n"
        "    def __del__(self):\n"
        "        sys.exit(3)\n"
        "pffspike.cli._end_in_order()\n"
        "Other()\n"
        "print('goes on')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50
    )
    assert (result.returncode, result.stdout) == (0, "goes on\n")
    assert "SystemExit: 3" in result.stderr


def running_in(folder: Path) -> list[int]:
    """Processes whose program lies in a folder."""
    found = []
    for link in Path("/proc").glob("[0-9]*/exe"):
        with contextlib.suppress(OSError):
            if folder in link.readlink().parents:
                found.append(int(link.parent.name))
    return found


@pytest.mark.slow
@pytest.mark.brian2
@pytest.mark.skipif(not Path("/proc/self/exe").exists(), reason="needs /proc")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_program_that_brian2_has_compiled_and_removes_it(folder, how):
    """A training of a minute, stopped while the compiled program runs."""
    pytest.importorskip("brian2")
    (folder / "temporary").mkdir()
    command = [sys.executable, "-m", "pffspike", "train", "digits", "-e", "brian2", "-o", "cut.h5"]
    environment = {**os.environ, "TMPDIR": str(folder / "temporary")}
    with running(command, cwd=folder, env=environment) as process:
        deadline = time.monotonic() + 200
        while not running_in(folder) and time.monotonic() < deadline:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        assert running_in(folder)
        process.send_signal(how)
        _, said = process.communicate(timeout=200)
        assert not running_in(folder)
    assert process.returncode == (143 if how == signal.SIGTERM else 130), said
    assert "Traceback" not in said
    assert not list((folder / "temporary").iterdir())


@pytest.mark.lava
def test_a_training_that_goes_on_inexactly_says_so(folder):
    pytest.importorskip("lava")
    state = storage.load(folder / "net.h5")
    state = state.replace(samples_done=state.samples_total - 1)
    storage.save(folder / "net.h5", state)
    refused(call("train", "--resume", "net.h5", "-e", "lava:loihi"), "66 steps", "at most 63")
    schedule = dataclasses.replace(state.network.training, latent_images=0)
    network = state.network.replace(training=schedule)
    storage.save(folder / "net.h5", state.replace(network=network))
    result = call("train", "--resume", "net.h5", "-e", "lava:loihi")
    assert result.exit_code == 0, result.output
    assert "lava:loihi is inexact: the weights will not be those of" in result.output


def test_two_trainings_into_one_file_are_refused(folder):
    with locked(folder / "cut.h5"):
        refused(call(*TRAIN), "another process", "cut.h5")
        assert not (folder / "cut.h5").exists()
    assert not list(folder.glob(".*"))


def test_the_lock_of_a_dead_process_is_taken_over(folder):
    with running([sys.executable, "-m", "pffspike", *TRAIN], cwd=folder) as process:
        deadline = time.monotonic() + 60
        while not (folder / "cut.h5").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        refused(call("train", "--resume", "cut.h5"), "another process")
        process.kill()
    assert list(folder.glob(".cut.h5.lock"))
    with locked(folder / "cut.h5"):
        pass
    assert not list(folder.glob(".cut.h5.lock"))


def test_the_memory_limit_is_that_of_the_command_alone(folder, monkeypatch):
    monkeypatch.delenv("PFFSPIKE_MEMORY_LIMIT", raising=False)
    np.save(folder / "images.npy", np.zeros((100, 64), np.uint8))
    refused(
        call("classify", "net.h5", "--images", "images.npy", "--memory-limit", "1k"),
        "but the limit is 1.0 KiB",
    )
    assert "PFFSPIKE_MEMORY_LIMIT" not in os.environ


def test_spikes_that_are_not_asked_for_are_not_kept(folder):
    """The rasters of 1000 presentations take some 20 MB, their sums a few thousand bytes."""
    few = ["run", "net.h5", "-e", "numpy", "-p", "goodness", "-n", "100", "--memory-limit", "15M"]
    assert call(*few).exit_code == 0
    refused(call(*few, "--raster", "r.png"), "the recording of 1000 presentations")
