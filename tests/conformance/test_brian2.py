"""The Brian2 engine computes the same spikes and weights as the reference engine, to the bit."""

from __future__ import annotations

import dataclasses
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
from sklearn.datasets import load_digits

from pffspike.circuits import PFF, pff
from pffspike.engines.base import Session
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import UserError
from pffspike.network import Network, Training, initial
from pffspike.recording import Probes, Recording

brian2 = pytest.importorskip("brian2")
from pffspike.engines.brian2 import Brian2Engine  # noqa: E402
from pffspike.engines.brian2.engine import FLAGS  # noqa: E402

pytestmark = pytest.mark.brian2


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for compiled programs, so that the user's own stays as it is."""
    place = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PFFSPIKE_CACHE", str(place))
        yield place


#: Compiled soonest; that no flag changes a number has a test of its own.
SOON = ("-w", "-O0")
EVERYTHING = Probes(
    counts=("readout", "hidden_1"), rasters=("image", "hidden_1", "hidden_2", "readout")
)


def digits_network() -> Network:
    """Two hidden populations of 30 on 8 x 8 digits."""
    return pff(PFF(64, 10, (30, 30), threshold=(4.0,)), "digits", Training("digits", 1))


def digits_signals(samples: int, start: int = 0) -> dict[str, Any]:
    """Handwritten digits as spike probabilities; every fifth negative label is given."""
    digits = load_digits()
    part = slice(start, start + samples)
    labels = digits.target[part]
    given = np.where(np.arange(start, start + samples) % 5 == 0, (labels + 1) % 10, -1)
    return {"image": digits.data[part] / 16, "label": labels, "negative": given}


def assert_same(mine: Recording, its: Recording, one: Session, other: Session) -> None:
    """Compare all that two sessions have recorded and learned."""
    for name in ("spikes", "goodness", "counts", "rasters"):
        a, b = getattr(mine, name), getattr(its, name)
        assert a.keys() == b.keys(), name
        for key in a:
            assert a[key].shape == b[key].shape
            assert np.array_equal(a[key], b[key]), f"{name} of {key}"
    assert np.array_equal(mine.hard_negatives, its.hard_negatives)
    assert np.array_equal(mine.samples, its.samples)
    for kind in ("weights", "biases"):
        a, b = getattr(one.parameters, kind), getattr(other.parameters, kind)
        for key in a:
            assert np.array_equal(a[key], b[key]), f"{kind} of {key}"


def compare(engine: Brian2Engine, network: Network, signals: dict[str, Any], runs: int = 1) -> None:
    """Train with both engines, in one or several calls, and compare everything."""
    start, samples = initial(network, 1), np.arange(len(signals["image"]))
    reference = ReferenceEngine().compile(network, "train", start, seed=3, probes=EVERYTHING)
    expected = reference.run(signals, samples, learning_scale=0.5)
    with engine.compile(network, "train", start, seed=3, probes=EVERYTHING) as session:
        recordings = []
        for part in np.array_split(samples, runs):
            some = {name: values[part] for name, values in signals.items()}
            recordings.append(session.run(some, part, learning_scale=0.5))
        assert_same(expected, Recording.join(recordings), reference, session)
    changed = [k for k, w in start.weights.items() if (w != reference.parameters.weights[k]).any()]
    assert len(changed) == 13  # all that this program can teach


#: Before Brian2 has stored the compiled modules, a training program takes Cython a minute or two.
CYTHON = pytest.param("cython", marks=[pytest.mark.slow, pytest.mark.timeout(900)])


@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize("target", ["numpy", CYTHON])
def test_a_short_training_agrees(target: str, runs: int) -> None:
    """A few digits, in chunks that do not divide the samples, in one call or two."""
    compare(Brian2Engine(target, chunk=3), digits_network(), digits_signals(8), runs)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("target", ["numpy", "cython"])
def test_200_learning_presentations_agree(target: str) -> None:
    """Seventy digits in three phases."""
    compare(Brian2Engine(target, chunk=40), digits_network(), digits_signals(70))


def test_200_learning_presentations_agree_in_cpp() -> None:
    """The same in the default suite, for the target that trains."""
    compare(Brian2Engine("cpp_standalone", chunk=40), digits_network(), digits_signals(70), runs=2)


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param((*FLAGS, "-ffast-math", "-fno-finite-math-only"), id="fast-math"),
        pytest.param(
            ("-w", "-O2", "-ffp-contract=off"), marks=pytest.mark.slow, id="no contraction"
        ),
    ],
)
def test_compiler_flags_do_not_matter(flags: tuple[str, ...]) -> None:
    """Every sum is exact, so that the compiler may reorder it, or not."""
    compare(Brian2Engine("cpp_standalone", flags=flags), digits_network(), digits_signals(70))


@pytest.mark.parametrize("program", ["one_pass", "goodness", "reconstruct", "synthesize"])
@pytest.mark.parametrize(
    "target", ["numpy", CYTHON, pytest.param("cpp_standalone", marks=pytest.mark.slow)]
)
def test_inference_agrees(target: str, program: str) -> None:
    """Programs that learn nothing, with tied projections, leave the parameters alone."""
    network = pff(
        PFF(64, 10, (20, 20), latent=5, normalization="shift"), "digits", Training("digits", 1)
    )
    start, samples = initial(network, 2), np.arange(5)
    signals = digits_signals(5) | {"latent": np.full((5, 5), 0.25)}
    probes = Probes(counts=("image_prediction",), rasters=("hidden_2_prediction", "label"))
    reference = ReferenceEngine().compile(network, program, start, seed=7, probes=probes)
    with Brian2Engine(target, chunk=4).compile(
        network, program, start, seed=7, probes=probes
    ) as session:
        mine, its = (s.run(signals, samples) for s in (reference, session))
        assert_same(mine, its, reference, session)
        assert session.parameters.equal(start)


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


@pytest.mark.timeout(600)  # some fifteen modules to compile, if Brian2 has not stored them
def test_cython_agrees(tiny: tuple[Network, dict[str, Any]]) -> None:
    """The one test of Cython in the default suite: a program of few modules."""
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
    network, _ = tiny
    before = brian2.get_device(), brian2.prefs.as_file
    monkeypatch.setenv("CXX", "/nowhere/g++")
    with pytest.raises(UserError, match="install a C\\+\\+ compiler"):
        Brian2Engine("cpp_standalone").compile(network, "one_pass", initial(network, 1), seed=1)
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
        ("cython", "one_pass"),  # nearly all of its modules are those of `test_cython_agrees`
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
    process = subprocess.Popen(
        [sys.executable, "-c", _LONG_RUN],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob("*/run_0/signals.values")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1.0)  # until the files are written and the compiled program has begun
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in said
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)  # nobody of the group is left


def test_a_closed_session_has_removed_its_files(
    tiny: tuple[Network, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing stays in the temporary directory; a closed session says so."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    network, signals = tiny
    session = Brian2Engine("cpp_standalone", chunk=1, flags=SOON).compile(
        network, "one_pass", initial(network, 1), seed=1
    )
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
    network, _ = tiny
    monkeypatch.setenv("CXX", "false")
    with pytest.raises(UserError, match="compiling the network in C\\+\\+ failed") as caught:
        Brian2Engine("cpp_standalone").compile(network, "one_pass", initial(network, 1), seed=1)
    assert "\n" not in str(caught.value)


def test_options_are_checked() -> None:
    """One sentence each."""
    with pytest.raises(UserError, match="not one of: cython, numpy, cpp_standalone"):
        Brian2Engine("cuda")
    with pytest.raises(UserError, match="at least 1"):
        Brian2Engine(chunk=0)
    with pytest.raises(UserError, match="at least 1"):
        Brian2Engine(processes=0)


def test_wide_sums() -> None:
    """Weights whose sum over a row of senders does not fit 32 bits."""
    network = digits_network()
    wide = {
        "image_to_hidden_1": {"low": -64.0, "high": 64.0, "scale": 400.0},
        "hidden_1_lateral": {"low": -64.0, "high": 0.0, "scale": -60.0},
    }
    projections = tuple(
        dataclasses.replace(p, grid=-24, learning_rate=0.0, **wide[p.name]) if p.name in wide else p
        for p in network.projections
    )
    network = network.replace(projections=projections)
    start, samples, signals = initial(network, 1), np.arange(4), digits_signals(4)
    assert abs(start.weights["image_to_hidden_1"]).max() == 64
    for target in ("numpy", "cpp_standalone"):
        reference = ReferenceEngine().compile(network, "train", start, seed=3, probes=EVERYTHING)
        with Brian2Engine(target, chunk=4, flags=SOON).compile(
            network, "train", start, seed=3, probes=EVERYTHING
        ) as session:
            mine, its = (s.run(signals, samples) for s in (reference, session))
            assert_same(mine, its, reference, session)


def test_weights_are_an_ordinary_variable_of_brian2(
    tiny: tuple[Network, dict[str, Any]],
) -> None:
    """One that a monitor can read, with the sender and the receiver of each."""
    network, signals = tiny
    with Brian2Engine("numpy", chunk=3).compile(
        network, "train", initial(network, 1), seed=1
    ) as session:
        session.run(signals, np.arange(3))
        model = session._backend._model
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
        directory = session._backend._directory
        session.run(some, np.arange(2))
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


@pytest.mark.parametrize("samples", [1, 3, 7])
def test_several_processes_agree(samples: int) -> None:
    """Chunks that run at the same time; learning is one after the other as ever."""
    network, signals = digits_network(), digits_signals(samples)
    start, numbers = initial(network, 2), np.arange(samples)
    probes = Probes(counts=("hidden_2",), rasters=("hidden_1",))
    engine = Brian2Engine("cpp_standalone", chunk=2, processes=2, flags=SOON)
    for program in ("goodness", "train"):
        reference = ReferenceEngine().compile(network, program, start, seed=7, probes=probes)
        with engine.compile(network, program, start, seed=7, probes=probes) as session:
            seen: list[int] = []
            mine = reference.run(signals, numbers)
            its = session.run(signals, numbers, progress=seen.append)
            assert_same(mine, its, reference, session)
            assert sum(seen) == samples


def live_tie() -> Network:
    """A network that delivers through weights while it learns them elsewhere."""
    network = digits_network()
    train = network.program("train")
    positive = train.phases[1]
    more = (*positive.projections, "hidden_1_prediction_to_image_prediction")
    phases = (train.phases[0], dataclasses.replace(positive, projections=more), train.phases[2])
    programs = tuple(
        dataclasses.replace(train, phases=phases) if p.name == "train" else p
        for p in network.programs
    )
    return network.replace(programs=programs)


@pytest.mark.parametrize("target", ["numpy", CYTHON, "cpp_standalone"])
def test_tied_weights_follow_while_they_are_learned(target: str) -> None:
    """A projection that shares weights with one that learns in the same program."""
    compare(Brian2Engine(target, chunk=8, flags=SOON), live_tie(), digits_signals(8))
