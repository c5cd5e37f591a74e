"""Sessions of the Brian2 engine: interrupted, side by side, closed, and what they leave behind."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pffspike.circuits import PFF, pff
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import UserError
from pffspike.network import Network, Training, initial
from pffspike.recording import Probes

brian2 = pytest.importorskip("brian2")
from brian2_cases import (  # noqa: E402
    SOON,
    assert_same,
    digits_signals,
)
from commands import running  # noqa: E402
from pffspike.engines.brian2 import Brian2Engine  # noqa: E402

pytestmark = pytest.mark.brian2


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for compiled programs, so that the user's own stays as it is."""
    place = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PFFSPIKE_CACHE", str(place))
        yield place


@pytest.fixture
def tiny() -> tuple[Network, dict[str, Any]]:
    """A network and signals that cost next to nothing."""
    return pff(PFF(64, 10, (10,)), "tiny", Training("digits", 1)), digits_signals(3)


def test_sessions_can_be_interleaved(tiny: tuple[Network, dict[str, Any]]) -> None:
    """Two compiled programs at once: after the build, neither needs Brian2's one device."""
    network, signals = tiny
    start, samples = initial(network, 1), np.arange(3)
    engine = Brian2Engine("cpp_standalone", chunk=2, flags=SOON)
    with (
        engine.compile(network, "one_pass", start, seed=1) as first,
        engine.compile(network, "goodness", start, seed=1) as second,
    ):
        once = [session.run(signals, samples) for session in (first, second)]
        again = [session.run(signals, samples) for session in (first, second)]
    assert all(a.same_spikes(b) for a, b in zip(once, again, strict=True))


@pytest.mark.slow
@pytest.mark.timeout(600)  # some fifteen modules to compile, if Brian2 has not stored them
def test_cython_agrees(tiny: tuple[Network, dict[str, Any]]) -> None:
    """A program of few modules; the default suite has the random numbers in Cython."""
    network, signals = tiny
    start, samples = initial(network, 1), np.arange(3)
    probes = Probes(counts=("readout", "hidden_1"), rasters=("image", "hidden_1", "readout"))
    reference = ReferenceEngine().compile(network, "one_pass", start, seed=1, probes=probes)
    with Brian2Engine("cython", chunk=2, flags=SOON).compile(
        network, "one_pass", start, seed=1, probes=probes
    ) as session:
        assert_same(
            reference.run(signals, samples), session.run(signals, samples), reference, session
        )


def test_progress_is_reported_chunk_by_chunk(tiny: tuple[Network, dict[str, Any]]) -> None:
    """The numbers add up to the samples."""
    network, signals = tiny
    seen: list[int] = []
    with Brian2Engine("numpy", chunk=2).compile(
        network, "one_pass", initial(network, 1), seed=1
    ) as session:
        session.run(signals, np.arange(3), progress=seen.append)
    assert seen == [2, 1]


def test_brian2_is_left_as_found(
    tiny: tuple[Network, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Device and preferences survive, also if the compiler is missing."""
    network, signals = tiny
    before = brian2.get_device(), brian2.prefs.as_file
    monkeypatch.setenv("CXX", "/nowhere/g++")
    session = Brian2Engine("cpp_standalone").compile(
        network, "one_pass", initial(network, 1), seed=1
    )
    with session, pytest.raises(UserError, match="install a C\\+\\+ compiler"):
        session.run(signals, np.arange(3))
    assert (brian2.get_device(), brian2.prefs.as_file) == before


@pytest.mark.parametrize("target", ["numpy", "cpp_standalone"])
def test_a_simulation_of_the_users_own_survives(
    tiny: tuple[Network, dict[str, Any]], target: str
) -> None:
    """Begun before the engine is used, it can be built and read afterwards."""
    network, signals = tiny
    brian2.set_device("cpp_standalone", build_on_run=False)
    try:
        group = brian2.NeuronGroup(3, "x : 1", name="users_own")
        _network = brian2.Network(group)  # Brian2 complains about a group that is in none
        held = len(brian2.get_device().arrays)
        with Brian2Engine(target, chunk=3, flags=SOON).compile(
            network, "one_pass", initial(network, 1), seed=1
        ) as session:
            session.run(signals, np.arange(3))
        device = brian2.get_device()
        assert device is brian2.devices.all_devices["cpp_standalone"]
        assert len(device.arrays) == held
        assert np.array_equal(group.x[:], np.zeros(3))
    finally:
        brian2.get_device().reinit()
        brian2.set_device("runtime")


@pytest.mark.slow
def test_the_makefile_of_brian2_serves_where_files_cannot_be_united(
    tiny: tuple[Network, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later Brian2 may write them differently."""
    network, signals = tiny
    monkeypatch.setattr("pffspike.engines.brian2.compiler._unite", lambda directory: False)
    start, samples = initial(network, 1), np.arange(3)
    with Brian2Engine(flags=("-w", "-O0")).compile(network, "one_pass", start, seed=1) as session:
        recording = session.run(signals, samples)
    expected = ReferenceEngine().compile(network, "one_pass", start, seed=1)
    assert expected.run(signals, samples).same_spikes(recording)


@pytest.mark.parametrize(
    ("target", "program"),
    [
        ("numpy", "train"),
        pytest.param("cython", "one_pass", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
        pytest.param("cython", "train", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
)
def test_ctrl_c_ends_a_run_by_an_exception_and_the_next_run_is_whole(
    target: str, program: str
) -> None:
    """Brian2's own way ends the run early and goes on, with what there is by then."""
    network = pff(PFF(64, 10, (50,)), "net", Training("digits", 1))
    start = initial(network, 1)
    many = {"image": np.full((5000, 64), 0.5), "label": np.arange(5000) % 10}
    many["negative"] = np.full(5000, -1)
    few = {name: values[:5] for name, values in many.items()}
    with (
        Brian2Engine(target, chunk=5000, flags=SOON).compile(
            network, program, start, seed=1
        ) as session,
        ReferenceEngine().compile(network, program, start, seed=1) as reference,
    ):
        expected = reference.run(few, np.arange(5))
        assert session.run(few, np.arange(5)).same_spikes(expected)
        before = session.parameters
        usual = signal.signal(signal.SIGINT, brian2._InterruptHandler(signal.default_int_handler))
        alarm = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
        alarm.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                session.run(many, np.arange(5000))
        finally:
            alarm.cancel()
            signal.signal(signal.SIGINT, usual)
        assert session.parameters.equal(before)
        expected = reference.run(few, np.arange(5, 10))
        assert session.run(few, np.arange(5, 10)).same_spikes(expected)
        assert session.parameters.equal(reference.parameters)


_LONG_RUN = """
import numpy as np
from pffspike.circuits import PFF, pff
from pffspike.engines.brian2 import Brian2Engine
from pffspike.network import Training, initial

network = pff(PFF(64, 10, (50,)), "long", Training("digits", 1))
many = 50_000
engine = Brian2Engine("cpp_standalone", chunk=many, flags=("-w", "-O0"))  # slow to run too
with engine.compile(network, "one_pass", initial(network, 1), seed=1) as session:
    image = np.full((many, 64), 0.5)
    print("running", flush=True)
    session.run({"image": image}, np.arange(many))
"""


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_ctrl_c_stops_the_program_and_removes_its_files(tmp_path: Path) -> None:
    """The signal goes to the whole group of processes, as from a terminal."""
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", _LONG_RUN]
    with running(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        deadline = time.monotonic() + 30
        while not list(tmp_path.glob("*/run_0/signals.values")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(1.0)  # until the files are written and the compiled program has begun
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=200)
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)  # nobody of the group is left
    assert "KeyboardInterrupt" in said
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_a_closed_session_has_removed_its_files(
    tiny: tuple[Network, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing stays in the temporary directory; a closed session says so."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    network, signals = tiny
    session = Brian2Engine("cpp_standalone", chunk=1, flags=SOON).compile(
        network, "one_pass", initial(network, 1), seed=1
    )
    session.run(signals, np.arange(3))
    assert list(tmp_path.iterdir())
    session.close()
    session.close()
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    with pytest.raises(UserError, match="closed"):
        session.run(signals, np.arange(3))


def test_a_compiler_error_is_one_sentence(
    tiny: tuple[Network, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a traceback and the thousand lines of a compiler."""
    network, signals = tiny
    monkeypatch.setenv("CXX", "false")
    engine, start = Brian2Engine("cpp_standalone"), initial(network, 1)
    with (
        engine.compile(network, "one_pass", start, seed=1) as session,
        pytest.raises(UserError, match="compiling the network in C\\+\\+ failed") as caught,
    ):
        session.run(signals, np.arange(3))
    assert "\n" not in str(caught.value)


def test_options_are_checked() -> None:
    """One sentence each."""
    with pytest.raises(UserError, match="not one of: cython, numpy, cpp_standalone"):
        Brian2Engine("cuda")
    with pytest.raises(UserError, match="at least 1"):
        Brian2Engine(chunk=0)
    with pytest.raises(UserError, match="at least 1"):
        Brian2Engine(processes=0)


def test_weights_are_an_ordinary_variable_of_brian2(
    tiny: tuple[Network, dict[str, Any]],
) -> None:
    """One that a monitor can read, with the sender and the receiver of each."""
    network, signals = tiny
    with Brian2Engine("numpy", chunk=3).compile(
        network, "train", initial(network, 1), seed=1
    ) as session:
        session.run(signals, np.arange(3))
        model = session._backend.model
        for name in session._layout.plastic:
            synapses, matrix = model.synapses[name], session.parameters.weights[name]
            projection = network.projection(name)
            pre = synapses.i - session._layout.slices[projection.pre].start
            post = synapses.j - session._layout.slices[projection.post].start
            assert np.array_equal(synapses.w[:], matrix[pre, post])


def sizes(directory: Path) -> dict[str, int]:
    """Sizes of all files, but for Brian2's random numbers, which are written as text."""
    return {
        str(path): path.stat().st_size
        for path in directory.rglob("*")
        if path.is_file() and path.name != "random_generator_state"
    }


def test_files_do_not_grow_over_chunks(tiny: tuple[Network, dict[str, Any]]) -> None:
    """The tenth chunk leaves what the second one left."""
    network, signals = tiny
    some = {name: values[:2] for name, values in signals.items()}
    with Brian2Engine("cpp_standalone", chunk=1, flags=SOON).compile(
        network, "train", initial(network, 1), seed=1
    ) as session:
        session.run(some, np.arange(2))
        directory = session._backend._directory
        before = sizes(directory)
        for k in range(4):
            session.run(some, np.arange(2) + 2 * k)
        assert sizes(directory) == before


@pytest.mark.parametrize(
    "target", [pytest.param("numpy", marks=pytest.mark.slow), "cpp_standalone"]
)
def test_memory_does_not_grow_over_chunks(
    tiny: tuple[Network, dict[str, Any]], target: str
) -> None:
    """Of this process; the compiled program begins anew with every chunk."""
    network, signals = tiny
    with Brian2Engine(target, chunk=1, flags=SOON).compile(
        network, "train", initial(network, 1), seed=1
    ) as session:

        def run() -> int:
            session.run(signals, np.arange(3))
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        gc.freeze()  # what other tests have left takes long to look at
        tracemalloc.start()
        try:
            used = [run() for _ in range(8)]  # Brian2 fills some caches of its own at first
        finally:
            tracemalloc.stop()
            gc.unfreeze()
        assert used[-1] - used[-4] < 10_000
