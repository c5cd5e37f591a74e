"""Caches: one place, closed to others, and nothing left of processes that were killed."""

import fcntl
import logging
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest

from commands import call
from pffspike import caches, limits, recording
from pffspike.cards import load_network
from pffspike.errors import ValidationError
from pffspike.recording import Probes


@pytest.fixture
def place(tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    monkeypatch.setenv(caches.VARIABLE, str(tmp_path / "cache"))
    caches._private_folder.cache_clear()
    return tmp_path / "cache"


def test_a_folder_is_made_for_the_user_alone(place):
    folder = caches.private_folder("brian2")
    assert folder == place / "brian2"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_can_read_is_closed(place):
    (place / "brian2").mkdir(parents=True, mode=0o755)
    assert caches.private_folder("brian2") is not None
    assert (place / "brian2").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("problem", ["writable", "above", "link", "file", "owner"])
def test_a_folder_in_which_others_can_plant_code_is_not_used(place, problem, caplog):
    """And that is said."""
    folder = place / "brian2"
    folder.mkdir(parents=True)
    if problem == "writable":
        folder.chmod(0o777)
    elif problem == "above":
        place.chmod(0o777)
    elif problem == "owner":
        if os.geteuid() != 0:
            pytest.skip("only root can give a folder away")
        os.chown(folder, 12345, 12345)
    else:
        folder.rmdir()
        folder.symlink_to(place.parent) if problem == "link" else folder.write_text("")
    with caplog.at_level(logging.WARNING, "pffspike"):
        assert caches.private_folder("brian2") is None
        assert caches.private_folder("brian2") is None
    assert len(caplog.records) == 1
    assert "PFFSPIKE_CACHE" in caplog.records[0].getMessage()


def test_a_shared_folder_above_with_the_sticky_bit_is_trusted(place):
    (place / "brian2").mkdir(parents=True, mode=0o700)
    place.chmod(0o1777)
    assert caches.distrust(place / "brian2") is None


def make_read_only(folder: Path) -> None:
    """As an administrator leaves a cache that all may read."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)


@pytest.fixture
def shared(place):
    """A cache that can only be read, with one program."""
    (place / "brian2" / "key").mkdir(parents=True)
    (place / "brian2" / "key" / "main").write_text("x")
    make_read_only(place)
    yield place / "brian2"
    for path in (place, *place.rglob("*")):
        path.chmod(0o700)


def test_a_cache_that_can_only_be_read_is_read_and_stays_as_it_is(shared, caplog):
    assert caches.readable_folder("brian2") == shared
    assert not caplog.records, "what is read needs no word"
    assert caches.private_folder("brian2") is None
    assert "it is read-only" in caplog.text
    assert shared.stat().st_mode & 0o777 == 0o555
    working = caches.working_folder("brian2")
    assert working != shared
    assert (working / "key" / "main").read_text() == "x"
    (working / "key" / "main").write_text("y")
    assert (shared / "key" / "main").read_text() == "x"


@pytest.mark.parametrize("problem", ["file", "folder", "above", "owner", "link", "pipe"])
def test_a_cache_that_can_only_be_read_but_others_could_have_changed_is_not_used(
    shared, problem, caplog
):
    main = shared / "key" / "main"
    if problem == "file":
        main.chmod(0o464)
    elif problem == "folder":
        main.parent.chmod(0o575)
    elif problem == "above":
        shared.parent.chmod(0o777)
    elif problem == "owner":
        if os.geteuid() != 0:
            pytest.skip("only root can give a file away")
        os.chown(main, 12345, 12345)
    else:
        main.parent.chmod(0o755)
        main.unlink()
        main.symlink_to("/bin/true") if problem == "link" else os.mkfifo(main)
        main.parent.chmod(0o555)
    assert caches.readable_folder("brian2") is None
    assert caches.working_folder("brian2") is None
    assert len(caplog.records) == 1
    assert "PFFSPIKE_CACHE" in caplog.text


CODE = """
from pffspike import caches
kept = caches.temporary_folder('test')
print(kept[0], flush=True)
input()
"""


def test_what_a_killed_process_left_is_removed_at_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    folder = Path(process.stdout.readline().strip())
    assert folder.parent == tmp_path
    past = time.time() - 1000
    os.utime(folder, (past, past))
    assert caches.remove_leftovers() == 0  # it lives
    process.kill()
    process.communicate()
    assert caches.remove_leftovers() == 1
    assert not folder.exists()


def test_what_is_not_ours_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "pffspike-notes").mkdir()
    past = time.time() - 1000
    os.utime(tmp_path / "pffspike-notes", (past, past))
    assert caches.remove_leftovers() == 0


def test_a_new_folder_is_locked_and_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder, remove = caches.temporary_folder("test")
    with (folder / "owner").open() as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    remove()
    assert list(tmp_path.iterdir()) == []


def test_sizes_and_cleaning(place):
    (place / "numba").mkdir(parents=True)
    (place / "numba" / "a").write_bytes(bytes(100))
    assert caches.sizes() == {"numba": 100}
    caches.clean(("numba",))
    assert caches.sizes() == {}


def test_a_recording_is_estimated_before_it_is_made(monkeypatch):
    network = load_network("digits")
    names = ("image", "hidden_1", "hidden_2")
    monkeypatch.setenv(limits.VARIABLE, "1G")
    program = network.program("goodness")
    recording.check_memory(network, program, Probes(), 10_000)
    with pytest.raises(ValidationError, match="the recording of 100000 presentations"):
        recording.check_memory(network, program, Probes(rasters=names), 10_000)


@pytest.mark.numba
def test_a_damaged_index_of_numba_is_removed(tmp_path):
    pytest.importorskip("numba")
    from pffspike.engines.numba import run

    (tmp_path / "a").mkdir()
    for name in ("x.nbi", "y.nbc"):
        (tmp_path / "a" / name).write_bytes(b"")
    whole = pickle.dumps("1.0") + pickle.dumps((("stamp", 1), {"key": "file"}))
    (tmp_path / "a" / "z.nbi").write_bytes(whole)
    for cut in (1, 3, len(pickle.dumps("1.0")), len(whole) - 1):
        (tmp_path / f"cut-{cut}.nbi").write_bytes(whole[:cut])
    (tmp_path / "text.nbi").write_bytes(b"full")
    run._remove_damaged(tmp_path)
    assert [path.name for path in tmp_path.rglob("*.nb?")] == ["z.nbi"]


def test_the_command_shows_and_cleans(place):
    (place / "numba").mkdir(parents=True)
    (place / "numba" / "a").write_bytes(bytes(2048))
    assert "2.0 KiB" in call("cache").output
    assert call("cache", "--clean").exit_code == 0
    assert not (place / "numba").exists()


@pytest.mark.brian2
def test_brian2_leaves_no_log_behind(tmp_path):
    """Brian2 would write one into the temporary folder, and a kill leave it there."""
    pytest.importorskip("brian2")
    code = "import pffspike, os; pffspike.make_engine('brian2:numpy'); print(os.listdir({!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code.format(str(tmp_path))],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "brian_" not in done.stdout


def test_cores_are_counted_where_a_process_has_no_affinity(monkeypatch):
    """As on macOS and Windows."""
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert limits.cores() == os.cpu_count()
