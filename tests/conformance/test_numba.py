"""The compiled engine computes the same spikes and weights as the reference engine, to the bit."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from pffspike import caches
from pffspike.circuits import PFF, pff
from pffspike.engines.reference import ReferenceEngine
from pffspike.network import Network, Training, initial, structure
from pffspike.recording import Probes, Recording

pytest.importorskip("numba")
from pffspike.engines.numba import NumbaEngine

# The first test compiles.
pytestmark = [pytest.mark.numba, pytest.mark.timeout(300)]

PROGRAMS = ("train", "one_pass", "goodness", "reconstruct", "synthesize")


def digits_network(**options: Any) -> Network:
    """Two hidden populations on 8 x 8 digits."""
    circuit = PFF(64, 10, (30, 30), threshold=(4.0,), **options)
    return pff(circuit, "digits", Training("digits", 1))


def digits_signals(samples: int) -> dict[str, Any]:
    """Handwritten digits as spike probabilities; every fifth negative label is given."""
    digits = load_digits()
    labels = digits.target[:samples]
    given = np.where(np.arange(samples) % 5 == 0, (labels + 1) % 10, -1)
    return {
        "image": digits.data[:samples] / 16,
        "label": labels,
        "negative": given,
        "latent": np.full((samples, 5), 0.25),
    }


def everything(network: Network, program: str) -> Probes:
    """Probes all that can be recorded."""
    names = tuple(p.name for p in structure.extent(network, network.program(program)).populations)
    return Probes(counts=names, rasters=names)


def assert_agree(network: Network, program: str, signals: dict[str, Any], samples: Any) -> None:
    """Run with both engines, the compiled one in two calls, and compare all that they give."""
    start, probes = initial(network, 2), everything(network, program)
    options = {"seed": 7, "probes": probes}
    with (
        ReferenceEngine().compile(network, program, start, **options) as reference,
        NumbaEngine().compile(network, program, start, jobs=2, **options) as session,
    ):
        expected = reference.run(signals, samples, learning_scale=0.5)
        parts = np.array_split(np.arange(len(samples)), 2)
        recordings = [
            session.run({k: v[part] for k, v in signals.items()}, samples[part], learning_scale=0.5)
            for part in parts
        ]
        found = Recording.join(recordings)
        assert expected.same_spikes(found)
        assert np.array_equal(expected.hard_negatives, found.hard_negatives)
        assert session.parameters.equal(reference.parameters)
        assert session.parameters.equal(start) != network.program(program).learns


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    "options",
    [{}, {"normalization": "shift", "latent": 5, "common_noise": True}, {"positive": "high"}],
    ids=["plain", "shift", "high"],
)
def test_programs_agree_on_digits(program: str, options: dict[str, Any]) -> None:
    """Learning and inference, with blocks, ties, hard negatives and all that phases share."""
    samples = 140 if program == "train" else 20
    assert_agree(
        digits_network(**options), program, digits_signals(samples), np.arange(samples) + 5
    )


@pytest.mark.parametrize("burn_in", [0, 1])
def test_as_many_steps_as_a_number_has_bits_agree(burn_in: int) -> None:
    """Spikes of inputs are the bits of a number where there are up to 64 steps."""
    network = digits_network(burn_in=burn_in, inference_window=64)
    assert_agree(network, "one_pass", digits_signals(5), np.arange(5))


@pytest.mark.slow
def test_weights_that_need_64_bits_agree() -> None:
    """The finest grid and the widest range: 32 bits do not hold the sums."""
    network = digits_network()
    fine = tuple(dataclasses.replace(p, grid=-24) for p in network.projections)
    network = network.replace(projections=fine)
    assert_agree(network, "train", digits_signals(20), np.arange(20))


def test_cores_do_not_matter() -> None:
    """Blocks of samples on one, two and three threads; progress adds up."""
    network, signals = digits_network(), digits_signals(200)
    start, recordings = initial(network, 1), []
    for jobs in (1, 2, 3):
        seen: list[int] = []
        with NumbaEngine().compile(network, "goodness", start, seed=1, jobs=jobs) as session:
            recordings.append(session.run(signals, np.arange(200), progress=seen.append))
        assert sum(seen) == 200
    assert recordings[0].same_spikes(recordings[1])
    assert recordings[0].same_spikes(recordings[2])


def test_an_error_in_a_thread_is_raised_and_the_session_lives() -> None:
    """Also when a callback raises, as Ctrl-C does."""
    network, signals = digits_network(), digits_signals(200)

    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with NumbaEngine().compile(network, "goodness", initial(network, 1), seed=1, jobs=2) as session:
        with pytest.raises(KeyboardInterrupt):
            session.run(signals, np.arange(200), progress=interrupt)
        assert session.run(signals, np.arange(200)).presentations == 2000


STORED = """
import sys
import numpy as np
import pffspike
from pffspike.engines.numba.run import RUNNERS
from pffspike.network import initial

network = pffspike.load_network("digits")
parameters = initial(network, 1)
with pffspike.make_engine("numba").compile(network, "one_pass", parameters, seed=0) as session:
    session.run({"image": np.full((2, 64), 0.5)}, np.arange(2))
stats = [runner.run_samples.stats for runner in RUNNERS.values()]
print(sum(hits for one in stats for hits in one.cache_hits.values()), stats[0].cache_path)
"""


@pytest.mark.slow
@pytest.mark.parametrize("bad", [False, True])
def test_what_is_stored_where_nobody_can_write_is_used_if_nobody_could(
    bad: bool, tmp_path: Path
) -> None:
    """A copy of it is used, which goes; it stays as it is."""
    (tmp_path / "temporary").mkdir()
    environment = {
        **os.environ,
        "TMPDIR": str(tmp_path / "temporary"),
        caches.VARIABLE: str(tmp_path / "cache"),
    }

    def run() -> tuple[list[str], str]:
        done = subprocess.run(
            [sys.executable, "-c", STORED],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.split(), done.stderr

    kept = caches.working_folder("numba")
    if kept is not None:  # what other tests have compiled
        caches.copy(kept, tmp_path / "cache" / "numba")
    run()
    paths = (tmp_path / "cache", *(tmp_path / "cache").rglob("*"))
    before = {path: path.read_bytes() for path in paths if path.is_file()}
    for path in paths:
        path.chmod((0o555 if path.is_dir() else 0o444) | bad * 0o020)
    (hits, place), said = run()
    assert hits == ("0" if bad else "1")
    assert ("could not be kept" in said) == bad
    assert not place.startswith(str(tmp_path / "cache"))
    for path in paths:
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert {path: path.read_bytes() for path in paths if path.is_file()} == before
    assert not list((tmp_path / "temporary").iterdir())
