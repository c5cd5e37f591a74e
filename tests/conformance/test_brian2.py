"""The Brian2 engine computes the same spikes and weights as the reference engine, to the bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pffspike.circuits import PFF, pff
from pffspike.engines.reference import ReferenceEngine
from pffspike.network import Network, Training, initial
from pffspike.recording import Probes

brian2 = pytest.importorskip("brian2")
from brian2_cases import (  # noqa: E402
    CYTHON,
    EVERYTHING,
    SOON,
    assert_same,
    compare,
    digits_network,
    digits_signals,
)
from pffspike.engines.brian2 import Brian2Engine  # noqa: E402
from pffspike.engines.brian2.session import FLAGS  # noqa: E402

pytestmark = pytest.mark.brian2


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for compiled programs, so that the user's own stays as it is."""
    place = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PFFSPIKE_CACHE", str(place))
        yield place


brian2 = pytest.importorskip("brian2")


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
        pytest.param(("-w", "-O2", "-ffp-contract=off"), id="no contraction"),
    ],
)
@pytest.mark.slow
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
