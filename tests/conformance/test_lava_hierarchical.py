"""The hierarchical process gives the spikes and weights of the reference, on every runtime."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from pffspike import circuits
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import ValidationError
from pffspike.network import (
    Contrast,
    Network,
    Phase,
    Population,
    Program,
    Projection,
    Training,
    initial,
    structure,
)
from pffspike.network.events import Events
from pffspike.recording import Probes

pytest.importorskip("lava")
from pffspike.engines.lava import compat
from pffspike.lava import PFF, CooperativeRuntime, GuardedRuntime

pytestmark = pytest.mark.lava

SAMPLES = 2
SECONDS = 60.0  #: without a step, on a machine that does other things too
SLOW = pytest.mark.slow


@pytest.fixture(scope="module")
def network() -> Network:
    circuit = circuits.PFF(64, 10, (20, 20), threshold=(4.0,))
    return circuits.pff(circuit, "digits", Training("digits", 1))


@pytest.fixture(scope="module")
def signals() -> dict[str, Any]:
    digits = load_digits()
    labels = digits.target[:SAMPLES]
    return {"image": digits.data[:SAMPLES] / 16, "label": labels, "negative": np.array([-1, 4])}


def expected(
    network: Network, program: str, signals: Any, samples: int = SAMPLES
) -> tuple[dict[str, Any], Any]:
    """``(steps, units)`` spikes of every population, and what the reference engine learns."""
    names = tuple(p.name for p in structure.extent(network, network.program(program)).populations)
    probes, start = Probes(rasters=names), initial(network, 3)
    with ReferenceEngine().compile(network, program, start, seed=3, probes=probes) as session:
        recording = session.run(signals, np.arange(samples))
        rasters = {
            name: raster.transpose(1, 0, 2).reshape(-1, raster.shape[2])
            for name, raster in recording.rasters.items()
        }
        return rasters, session.parameters


def configured(arithmetic: str) -> Any:
    """Run configuration, as a user of Lava's writes it."""
    from lava.magma.core.run_configs import Loihi2SimCfg

    tag = {"fixed": "fixed_pt", "floating": "floating_pt"}[arithmetic]
    return Loihi2SimCfg(select_tag=tag, select_sub_proc_model=True)


def sinks_of(process: Any, names: Any) -> dict[str, Any]:
    """A sink of Lava's for every population, connected."""
    from lava.proc.io.sink import RingBuffer

    sinks = {}
    for name in names:
        port = getattr(process, f"{name}_out")
        sinks[name] = RingBuffer(shape=port.shape, buffer=process.steps)
        port.connect(sinks[name].a_in)
    return sinks


@contextlib.contextmanager
def running(process: Any, runtime: str, arithmetic: str = "fixed") -> Iterator[None]:
    """Run all steps on Lava's own runtime or on one of this project's, and stop at the end."""
    from lava.magma.core.run_conditions import RunSteps

    configuration = configured(arithmetic)
    ours = {"cooperative": CooperativeRuntime, "guarded": GuardedRuntime}.get(runtime)
    with ours(process, configuration, SECONDS) if ours else contextlib.nullcontext():
        try:
            process.run(condition=RunSteps(num_steps=process.steps), run_cfg=configuration)
            yield
        finally:
            process.stop()


def spikes_of(sinks: dict[str, Any]) -> dict[str, Any]:
    """``(steps, units)`` spikes that sinks have received."""
    return {name: np.moveaxis(sink.data.get(), -1, 0) != 0 for name, sink in sinks.items()}


@pytest.fixture(autouse=True)
def surroundings() -> Any:
    """Lava forks, and gives the root logger handlers: neither is a test's business."""
    with compat.logging_untouched(), compat.forking():
        yield


CASES = [
    ("cooperative", "fixed", "train"),
    ("cooperative", "floating", "train"),
    ("cooperative", "fixed", "goodness"),
    ("cooperative", "fixed", "reconstruct"),
    ("cooperative", "floating", "synthesize"),
    ("stock", "floating", "one_pass"),
    ("guarded", "fixed", "one_pass"),
    *(
        pytest.param(runtime, arithmetic, program, marks=SLOW)
        for runtime, arithmetic, program in [
            ("stock", "fixed", "train"),
            ("stock", "floating", "train"),
            ("stock", "fixed", "goodness"),
            ("stock", "fixed", "reconstruct"),
            ("stock", "floating", "synthesize"),
            ("guarded", "floating", "train"),
        ]
    ),
]


@pytest.mark.parametrize(("runtime", "arithmetic", "program"), CASES)
def test_spikes_and_weights_agree(
    network: Network, signals: Any, runtime: str, arithmetic: str, program: str
) -> None:
    """Several samples and phases, learning from chosen hard negatives among them."""
    wanted, learned = expected(network, program, signals)
    process = PFF(network, program, signals, seed=3, arithmetic=arithmetic)
    assert process.parameters().equal(initial(network, 3))
    sinks = sinks_of(process, wanted)
    with running(process, runtime, arithmetic):
        for name, found in spikes_of(sinks).items():
            assert np.array_equal(found, wanted[name]), name
    assert process.parameters().equal(learned)
    assert process.parameters().equal(initial(network, 3)) != network.program(program).learns


def tied() -> Network:
    """A plastic projection whose weights another one uses, in a part that is not connected."""
    populations = (
        Population("pixels", 6, input=True),
        Population("cells", 6, rule=Contrast()),
        Population("others", 6, input=True),
        Population("copies", 6),
    )
    projections = (
        Projection("up", "pixels", "cells", learning_rate=0.5),
        Projection("again", "others", "copies", tied="up"),
    )
    phases = tuple(
        Phase(name, {"pixels": "x", "others": "x"}, ("up", "again"), sign=sign, learn=("cells",))
        for name, sign in (("first", 1), ("second", -1))
    )
    programs = (Program("main", 1, 4, phases),)
    return Network("tied", populations, projections, programs, Training("digits", 1))


@pytest.mark.parametrize("runtime", ["cooperative", "guarded", pytest.param("stock", marks=SLOW)])
def test_tied_weights_are_the_same_ones(runtime: str) -> None:
    """Those that the owner has learned, in the next presentation, and as a variable."""
    network, given = tied(), {"x": np.full((SAMPLES, 6), 0.75)}
    wanted, learned = expected(network, "main", given)
    process = PFF(network, "main", given, seed=3)
    sinks = sinks_of(process, wanted)
    with running(process, runtime):
        found = spikes_of(sinks)
        assert np.array_equal(process.again_weights.get(), process.up_weights.get())
        process.again_weights.set(np.zeros((6, 6)))
        assert not process.up_weights.get().any()
    assert all(np.array_equal(found[name], wanted[name]) for name in wanted)
    assert found["copies"].any()
    assert not learned.equal(initial(network, 3))


@pytest.mark.parametrize("runtime", ["cooperative", pytest.param("stock", marks=SLOW)])
def test_samples_side_by_side(network: Network, signals: Any, runtime: str) -> None:
    """Two turns of two lanes, the ports with lanes."""
    shown = np.concatenate([signals["image"], signals["image"][::-1] / 2])
    wanted, _ = expected(network, "one_pass", {"image": shown}, 4)
    process = PFF(network, "one_pass", {"image": shown}, [[0, 1], [2, 3]], seed=3)
    sinks = sinks_of(process, ["readout"])
    with running(process, runtime):
        found = spikes_of(sinks)["readout"].reshape(2, -1, 2, 10)
    by_sample = found.transpose(0, 2, 1, 3).reshape(-1, 10)
    assert np.array_equal(by_sample, wanted["readout"])


def test_other_samples_and_another_learning_scale(network: Network, signals: Any) -> None:
    """One process goes on as a session of an engine does."""
    process = PFF(network, "train", signals, seed=3)
    with (
        ReferenceEngine().compile(network, "train", initial(network, 3), seed=3) as session,
        running(process, "cooperative"),
    ):
        session.run(signals, np.arange(SAMPLES))
        again = {name: values[::-1] for name, values in signals.items()}
        session.run(again, [7, 5], learning_scale=0.5)
        process.load(again, [7, 5])
        process.set_learning_scale(0.5)
        process.runtime.run_steps(process.steps)
        assert process.parameters().equal(session.parameters)


@pytest.mark.parametrize("runtime", ["cooperative", "guarded"])
def test_variables_are_read_and_set(network: Network, signals: Any, runtime: str) -> None:
    """By message, one number each, as Lava does it."""
    process = PFF(network, "one_pass", signals, seed=3)
    start = initial(network, 3).biases["readout"]
    with running(process, runtime):
        assert np.array_equal(process.readout_bias.get() * 2.0**-24, start)
        process.readout_bias.set(np.arange(10) << 20)
        assert np.array_equal(process.readout_bias.get(), np.arange(10) << 20)
        assert process.hidden_1_gains.get()[0] == process.memory.plan.populations[0].gains[0] * 256
    assert np.array_equal(process.parameters().biases["readout"], np.arange(10) / 16)


def test_spikes_from_a_source_of_ones_own(network: Network, signals: Any) -> None:
    """An event source in place of the input population gives what its spikes give."""
    from lava.proc.io.source import RingBuffer

    wanted, _ = expected(network, "one_pass", signals)
    process = PFF(network, "one_pass", samples=np.arange(SAMPLES), seed=3, external=("image",))
    source = RingBuffer(data=wanted["image"].T.astype(np.int32))
    source.s_out.connect(process.image_in)
    sinks = sinks_of(process, ["readout", "hidden_1"])
    with running(process, "cooperative"):
        found = spikes_of(sinks)
    assert np.array_equal(found["readout"], wanted["readout"])
    assert np.array_equal(found["hidden_1"], wanted["hidden_1"])


def test_a_live_source_and_events_give_the_same(network: Network) -> None:
    """What a source of the user's own sends step by step is what events are as a signal."""
    from lava.proc.io.source import RingBuffer

    steps = network.program("one_pass").steps
    raster = np.random.default_rng(5).random((SAMPLES, steps, 64)) < 0.2  # noqa: NPY002, RUF100
    signals = {"image": Events.from_raster(raster)}
    wanted, _ = expected(network, "one_pass", signals)
    options = {"samples": np.arange(SAMPLES), "seed": 3}
    fed = PFF(network, "one_pass", external=("image",), **options)
    source = RingBuffer(data=raster.reshape(-1, 64).T.astype(np.int32))
    source.s_out.connect(fed.image_in)
    for process in (fed, PFF(network, "one_pass", signals, **options)):
        sinks = sinks_of(process, ["image", "readout", "hidden_1"])
        with running(process, "cooperative"):
            found = spikes_of(sinks)
        for name, spikes in found.items():
            assert np.array_equal(spikes, wanted[name])


def test_a_process_for_static_input_takes_none_in_time(network: Network, signals: Any) -> None:
    process = PFF(network, "one_pass", signals)
    count, steps = len(signals["image"]), network.program("one_pass").steps
    shown = {"image": np.zeros((count, steps, 64), bool)}
    with pytest.raises(ValidationError, match="make it with signals in time"):
        process.load(shown, np.arange(count))


@pytest.mark.parametrize(
    ("program", "options", "said"),
    [
        ("trian", {}, "program 'trian' does not exist; did you mean 'train'"),
        ("train", {"external": ("hidden_1",)}, "'hidden_1' is no input of program 'train'"),
        (
            "train",
            {"external": "image"},
            r"external = 'image' is a text; give names, as in \('image',\)",
        ),
        ("train", {"arithmetic": "exact"}, "must be 'fixed' or 'floating'"),
        ("train", {"samples": []}, "there are no samples; give at least one"),
        ("train", {"samples": [[0, 1]]}, "learns, one sample after the other"),
        ("one_pass", {"samples": [0, 1, 2]}, "'image' has 2 rows for 3 samples"),
    ],
)
def test_mistakes_are_named(
    network: Network, signals: Any, program: str, options: Any, said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        PFF(network, program, signals, **options)


def test_mistakes_of_a_run_are_named(network: Network, signals: Any) -> None:
    """A program that learns nothing, and samples that do not fill the process."""
    process = PFF(network, "one_pass", signals)
    with pytest.raises(ValidationError, match=r"'one_pass' learns nothing.* that learn are: train"):
        process.set_learning_scale(0.5)
    with pytest.raises(ValidationError, match=r"1 samples do not fill a process .* give 2"):
        process.load({"image": signals["image"][:1]}, [0])
    with pytest.raises(ValidationError, match="scale -1 must be finite and at least 0"):
        PFF(network, "train", signals).set_learning_scale(-1)


def test_a_wrong_shape_on_a_port_is_named(network: Network, signals: Any) -> None:
    """By the port of the network; a port of Lava's own compares both shapes."""
    from lava.proc.io.sink import RingBuffer
    from lava.proc.io.source import RingBuffer as Source

    process = PFF(network, "one_pass", signals)
    with pytest.raises(ValidationError, match=r"'readout_out' sends .* \(10,\), and .* \(9,\)"):
        process.readout_out.connect(RingBuffer(shape=(9,), buffer=4).a_in)
    process = PFF(network, "one_pass", samples=[0], external=("image",))
    with pytest.raises(AssertionError, match=r"Shapes \(9,\) and \(64,\) are incompatible"):
        Source(data=np.zeros((9, 4))).s_out.connect(process.image_in)


@pytest.mark.parametrize(
    ("tag", "arithmetic"),
    [("bit_accurate_loihi", "fixed"), ("floating_pt", "fixed"), ("fixed_pt", "floating")],
)
def test_a_run_configuration_for_other_numbers_is_named(
    network: Network, signals: Any, tag: str, arithmetic: str
) -> None:
    """Lava's own runtime would not find a model, or start processes that wait for ever."""
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg

    process = PFF(network, "one_pass", signals, arithmetic=arithmetic)
    wrong = Loihi2SimCfg(select_tag=tag, select_sub_proc_model=True)
    said = f"selects models by the tag '{tag}', .* give Loihi2SimCfg.select_tag='{process.tag}'"
    with pytest.raises(ValidationError, match=said):
        process.run(condition=RunSteps(num_steps=4), run_cfg=wrong)
    with CooperativeRuntime(process), pytest.raises(ValidationError, match=said):
        process.run(condition=RunSteps(num_steps=4), run_cfg=wrong)


def test_our_runtimes_want_a_number_of_steps(network: Network, signals: Any) -> None:
    from lava.magma.core.run_conditions import RunContinuous

    process = PFF(network, "one_pass", signals)
    with (
        CooperativeRuntime(process),
        pytest.raises(ValidationError, match="RunContinuous is no number of steps"),
    ):
        process.run(condition=RunContinuous())
