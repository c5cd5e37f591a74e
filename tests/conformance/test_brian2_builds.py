"""Compiled Brian2 programs are kept, shared between processes, and never mistaken for another."""

from __future__ import annotations

import dataclasses
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pffspike.circuits import PFF, pff
from pffspike.engines.reference import ReferenceEngine
from pffspike.network import Network, Training, initial
from pffspike.recording import Probes

pytest.importorskip("brian2")
from pffspike.engines.brian2 import Brian2Engine, builds, compiler
from pffspike.engines.brian2.layout import Layout

pytestmark = pytest.mark.brian2

FLAGS = ("-w", "-O0")


def network(**settings: Any) -> Network:
    """A network that is compiled in no time."""
    return pff(PFF(8, 2, (5,), lateral=0, **settings), "tiny", Training("none", 1))


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
    monkeypatch.setenv(builds.VARIABLE, str(tmp_path))
    return tmp_path / "brian2"


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
    """Learning rates, initial weights, biases and seeds are arguments of the same program."""
    run(network())
    run(network(), scale=0.25)
    run(network(learning_rate=(0.25,), scale=(1.0,), readout_rate=0.5, bias=0.125))
    assert len(compiled) == len(list(cache.iterdir())) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"threshold": (1.5,)},
        {"slope": 0.5},
        {"homeostasis": 0.125},
        {"window": 4},
        {"normalization": "shift"},
        {"learning_rate": (0.0,)},
    ],
    ids=str,
)
def test_what_is_compiled_in_makes_another_key(settings: dict[str, Any]) -> None:
    """Structure, rules and constants."""
    keys = {
        builds.make_key(Layout(net, net.program("train")), Probes(), 2, FLAGS)
        for net in (network(), network(**settings))
    }
    assert len(keys) == 2


def test_everything_else_in_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges and grids of weights, program, chunk, record, flags, compiler, versions."""
    net = network()
    train = Layout(net, net.program("train"))
    projections = (dataclasses.replace(net.projections[0], high=4.0), *net.projections[1:])
    narrow = net.replace(projections=projections)
    keys = [
        builds.make_key(train, Probes(), 2, FLAGS),
        builds.make_key(Layout(narrow, narrow.program("train")), Probes(), 2, FLAGS),
        builds.make_key(Layout(net, net.program("one_pass")), Probes(), 2, FLAGS),
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
    for slope in (0.25, 0.5):
        run(network(slope=slope))
    assert len(list(cache.iterdir())) == 1
    run(network(slope=0.5))
    assert len(compiled) == 2


def test_a_cache_that_cannot_be_written_is_done_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With one sentence."""
    monkeypatch.setenv(builds.VARIABLE, os.devnull)
    with caplog.at_level(logging.WARNING, "pffspike"):
        run(network())
    (said,) = [record.getMessage() for record in caplog.records if record.name == "pffspike"]
    assert "could not be kept in /dev/null" in said
    assert "PFFSPIKE_CACHE" in said


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
