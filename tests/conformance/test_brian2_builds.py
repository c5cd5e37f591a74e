"""Compiled Brian2 programs are kept, shared between processes, and never mistaken for another."""

from __future__ import annotations

import dataclasses
import errno
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pffspike import caches
from pffspike.circuits import PFF, pff
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import PffspikeError
from pffspike.network import Network, Training, initial
from pffspike.recording import Probes

pytest.importorskip("brian2")
from pffspike.engines.brian2 import Brian2Engine, builds, compiler, program
from pffspike.engines.brian2.layout import Layout
from pffspike.engines.brian2.standalone import StandaloneBackend

pytestmark = pytest.mark.brian2

FLAGS = ("-w", "-O0")


def network(**settings: Any) -> Network:
    """A network that is compiled in no time."""
    return pff(PFF(8, 2, (5,), lateral=0, **settings), "tiny", Training("none", 1))


def layout(net: Network, program: str, fixed: str = "") -> Layout:
    """Where its parts are, with some weights that are fixed."""
    start = initial(net, 1)
    masks = {name: w != 0 for name, w in start.weights.items() if name == fixed}
    return Layout(net, net.program(program), dataclasses.replace(start, fixed_weights=masks))


def run(net: Network, scale: float = 1.0) -> None:
    """Train a little with both engines and compare."""
    signals = {
        "image": np.full((2, 8), 0.5),
        "label": np.array([0, 1]),
        "negative": np.array([-1, -1]),
    }
    start, samples = initial(net, 1), np.arange(2)
    reference = ReferenceEngine().compile(net, "train", start, seed=3)
    with Brian2Engine("cpp_standalone", chunk=2, flags=FLAGS).compile(
        net, "train", start, seed=3
    ) as session:
        recordings = [s.run(signals, samples, learning_scale=scale) for s in (reference, session)]
        assert recordings[0].same_spikes(recordings[1])
        assert session.parameters.equal(reference.parameters)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a compiler that counts."""
    monkeypatch.setenv(caches.VARIABLE, str(tmp_path))
    return tmp_path / "brian2"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which the program of `run` is stored."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(caches.VARIABLE, str(folder))
        run(network())
    return folder / "brian2"


@pytest.fixture
def stored(cache: Path, built: Path) -> Path:
    """The stored program, in a cache of this test's own."""
    shutil.copytree(built, cache)
    (kept,) = cache.iterdir()
    return kept


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Directories in which something was compiled."""
    calls: list[Path] = []
    original: Callable[..., None] = compiler.compile_project

    def counted(directory: Path, *arguments: Any) -> None:
        calls.append(directory)
        original(directory, *arguments)

    monkeypatch.setattr(compiler, "compile_project", counted)
    return calls


def test_a_program_is_compiled_once(cache: Path, compiled: list[Path]) -> None:
    """Learning rates, rules, initial weights, biases and seeds are arguments of one program."""
    run(network())
    run(network(threshold=(1.5,), slope=0.5))
    run(network(), scale=0.25)
    run(network(learning_rate=(0.25,), scale=(1.0,), readout_rate=0.5, bias=0.125))
    assert len(compiled) == len(list(cache.iterdir())) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"homeostasis": 0.125},
        {"window": 4},
        {"normalization": "shift"},
        {"learning_rate": (0.0,)},
    ],
    ids=str,
)
def test_what_is_compiled_in_makes_another_key(settings: dict[str, Any]) -> None:
    """Structure and constants."""
    keys = {
        builds.make_key(layout(net, "train"), Probes(), 2, FLAGS)
        for net in (network(), network(**settings))
    }
    assert len(keys) == 2


def test_everything_else_in_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges and grids of weights, program, chunk, record, flags, compiler, versions."""
    net = network()
    train = layout(net, "train")
    projections = (dataclasses.replace(net.projections[0], high=4.0), *net.projections[1:])
    narrow = net.replace(projections=projections)
    keys = [
        builds.make_key(train, Probes(), 2, FLAGS),
        builds.make_key(layout(narrow, "train"), Probes(), 2, FLAGS),
        builds.make_key(layout(net, "one_pass"), Probes(), 2, FLAGS),
        builds.make_key(layout(net, "train", "image_to_hidden_1"), Probes(), 2, FLAGS),
        builds.make_key(train, Probes(), 3, FLAGS),
        builds.make_key(train, Probes(counts=("hidden_1",)), 2, FLAGS),
        builds.make_key(train, Probes(), 2, ("-w", "-O1")),
    ]
    monkeypatch.setenv("CXX", "c++")
    keys.append(builds.make_key(train, Probes(), 2, FLAGS))
    monkeypatch.setattr("pffspike.__version__", "0")
    keys.append(builds.make_key(train, Probes(), 2, FLAGS))
    assert len(set(keys)) == len(keys)


@pytest.mark.slow
def test_only_the_newest_are_kept(
    cache: Path, compiled: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache does not grow for ever."""
    monkeypatch.setattr(builds, "KEPT", 1)
    for window in (8, 4):
        run(network(window=window))
    assert len(list(cache.iterdir())) == 1
    run(network(window=4))
    assert len(compiled) == 2


def test_a_cache_that_cannot_be_written_is_done_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With one sentence."""
    monkeypatch.setenv(caches.VARIABLE, os.devnull)
    with caplog.at_level(logging.WARNING, "pffspike"):
        run(network())
    (said,) = [record.getMessage() for record in caplog.records if record.name == "pffspike"]
    assert "could not be kept in /dev/null" in said
    assert "PFFSPIKE_CACHE" in said


def close(folder: Path, *, writable: bool) -> None:
    """Let nobody write a folder, or its owner again."""
    for path in (folder, *folder.rglob("*")):
        path.chmod((path.stat().st_mode & 0o777 | 0o444) & ~0o222 | writable * 0o200)


def test_a_cache_that_can_only_be_read_is_read(
    cache: Path, compiled: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    """As one that an administrator fills for all; a bad program in it is said, and stays."""
    run(network())
    (kept,) = cache.iterdir()
    close(cache, writable=False)
    caches._private_folder.cache_clear()  # it was found writable in this process
    try:
        run(network())
        assert len(compiled) == 1
        assert not [r for r in caplog.records if r.name == "pffspike"]
        (kept / "main").chmod(0o755)
        (kept / "main").write_bytes(b"")
        (kept / "main").chmod(0o555)
        run(network())
        assert len(compiled) == 2
        assert "is not as it was stored" in caplog.text
        assert "it is read-only" in caplog.text
        assert (kept / "main").exists()
    finally:
        close(cache, writable=True)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("name", "usable"), [("EquationsEngine", True), ("Brian2Engine", False)])
def test_modules_of_cython_lie_in_the_cache_or_nowhere_after_the_run(
    name: str, usable: bool, tmp_path: Path
) -> None:
    """Never in the home, which may be read-only or another's."""
    (tmp_path / "home").mkdir()
    (tmp_path / "temporary").mkdir()
    code = """
import sys
sys.path[:0] = sys.argv[2:]
import numpy as np
from pffspike.engines import brian2
from pffspike.engines.brian2.equations import engine
from pffspike.network import initial
import test_brian2_builds as tests
net = tests.network()
kind = {**vars(brian2), **vars(engine)}[sys.argv[1]]
made = kind(target="cython", flags=tests.FLAGS)
with made.compile(net, "one_pass", initial(net, 1), seed=3) as session:
    session.run({"image": np.full((2, 8), 0.5)}, np.arange(2))
"""
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", code, name, str(here), str(here.parent)],
        env={
            **os.environ,
            "HOME": str(tmp_path / "home"),
            "TMPDIR": str(tmp_path / "temporary"),
            caches.VARIABLE: str(tmp_path / "cache") if usable else os.devnull,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert usable or "could not be kept" in done.stderr
    modules = [path.name for path in tmp_path.rglob("*.so")]
    assert bool(modules) == usable, modules
    assert all("cache/cython" in str(path) for path in tmp_path.rglob("*.so"))
    assert not list((tmp_path / "temporary").glob("pffspike-*"))


@pytest.mark.slow
def test_a_program_that_was_half_removed_is_compiled_again(
    cache: Path, compiled: list[Path]
) -> None:
    """Somebody may clean up the cache by hand."""
    run(network())
    for path in cache.glob("*/main"):
        path.unlink()
    run(network())
    run(network())
    assert len(compiled) == 2


_ONE = """
import sys
sys.path[:0] = sys.argv[1:]
import test_brian2_builds as tests
tests.run(tests.network())
"""


@pytest.mark.slow
def test_two_processes_at_once(cache: Path) -> None:
    """Both build, one keeps; both run."""
    here = Path(__file__).parent
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _ONE, str(here), str(here.parent)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert [path.name for path in cache.iterdir() if path.name.startswith("unfinished")] == []
    assert len(list(cache.iterdir())) == 1


def damage(kept: Path, how: str) -> None:
    """Change something in a stored program."""
    largest = max((kept / "static_arrays").iterdir(), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    if how == "shorter":
        largest.write_bytes(content[:-8])
    elif how == "missing":
        largest.unlink()
    elif how == "changed":
        content[0] ^= 1
        largest.write_bytes(content)
    else:
        (kept / "static_arrays" / "another").write_bytes(b"x")


DAMAGES = ("shorter", "missing", "changed", "planted")


@pytest.mark.parametrize("how", DAMAGES)
def test_a_stored_program_that_is_not_as_it_was_is_removed(
    stored: Path, tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """And nothing of it is left where it was wanted."""
    (tmp_path / "whole").mkdir()
    (tmp_path / "wanted").mkdir()
    assert builds.fetch(stored.name, tmp_path / "whole", program.PARTS)
    damage(stored, how)
    with caplog.at_level(logging.WARNING, "pffspike"):
        assert not builds.fetch(stored.name, tmp_path / "wanted", program.PARTS)
    assert "is not as it was stored" in caplog.text
    assert not stored.exists()
    assert list((tmp_path / "wanted").iterdir()) == []


@pytest.mark.parametrize(
    "how", [pytest.param(how, marks=[pytest.mark.slow] * (how != "changed")) for how in DAMAGES]
)
def test_a_stored_program_that_is_not_as_it_was_is_compiled_again(
    stored: Path, compiled: list[Path], how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise its spikes would differ, again and again."""
    damage(stored, how)
    with caplog.at_level(logging.WARNING, "pffspike"):
        run(network())
    assert len(compiled) == 1
    assert "is not as it was stored" in caplog.text
    run(network())
    assert len(compiled) == 1


def test_incomplete_results_are_noticed(tmp_path: Path) -> None:
    """As a full disk leaves them."""
    for content in (None, bytes(7), bytes(8 * 5)):
        if content is not None:
            (tmp_path / "x").write_bytes(content)
        with pytest.raises(PffspikeError, match="left incomplete results"):
            program.Result("x", "float64", 3).read(tmp_path)
    (tmp_path / "x").write_bytes(bytes(8 * 6))
    assert program.Result("x", "float64", 3).read(tmp_path).shape == (2, 3)


def test_a_full_temporary_disk_is_one_sentence(
    stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the first file that can't be written."""

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(StandaloneBackend, "_write", full)
    with pytest.raises(PffspikeError, match=r"can't be written \(No space left on device\)"):
        run(network())
