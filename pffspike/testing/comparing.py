"""A run of an engine beside the same run in exact fractions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from pffspike.engines.base import Engine
from pffspike.network import Parameters, structure
from pffspike.recording import Probes, Recording
from pffspike.testing.oracle import Oracle
from pffspike.testing.strategies import Case
from pffspike.typing import Array


def compare(engine: Engine, case: Case, program: str = "main", scale: float = 1.0) -> None:
    """Run a case on an engine and in exact fractions, and compare all that both give.

    Parameters
    ----------
    engine : Engine
        To be held to it.
    case : Case
        A network and its signals.
    program : str
        Name of one of the network's programs.
    scale : float
        Factor of all learning rates.

    Raises
    ------
    AssertionError
        Which names the population or projection that differs.
    """
    network, start = case.network, case.start
    names = tuple(p.name for p in structure.extent(network, network.program(program)).populations)
    probes = Probes(counts=names, rasters=names)
    oracle = Oracle(network, program, start, case.seed)
    oracle.run(case.signals, case.samples, scale)
    with engine.compile(network, program, start, seed=case.seed, probes=probes) as session:
        recording = session.run(case.signals, case.samples, learning_scale=scale)
        learned = session.parameters
    require(tuple(recording.rasters) == names, f"rasters are of {names}")
    require(learned.fixed_as(start).equal(learned), "what was fixed still is")
    assert_same(oracle, recording, learned)


def assert_same(oracle: Oracle, recording: Recording, learned: Parameters) -> None:
    """Compare a recording of all populations, and what was learned, with exact fractions.

    Parameters
    ----------
    oracle : Oracle
        After its run.
    recording : Recording
        With the rasters and counts of all populations.
    learned : Parameters
        Afterwards.
    """
    burn_in, window = recording.program.burn_in, recording.program.window
    for name, raster in recording.rasters.items():
        silent = np.zeros(raster.shape[::2], bool)
        expected = np.array(
            [history.get(name, silent) for history in oracle.rasters], dtype=bool
        ).reshape(-1, *silent.shape)
        _same(raster.swapaxes(0, 1), expected, f"spikes of {name!r}")
        _same(recording.spikes[name], expected.sum(axis=(1, 2)), f"spike totals of {name!r}")
        counts = expected[:, burn_in:].sum(axis=1)
        _same(recording.counts[name], counts, f"counts of {name!r}")
        goodness = [float(each.get(name, 0)) for each in oracle.goodness]
        _same(recording.goodness[name], np.array(goodness), f"goodness of {name!r}")
        _same(np.square(counts).sum(axis=1) / window**2, np.array(goodness), "goodness of counts")
    _same(recording.hard_negatives, np.array(oracle.hard_negatives), "hard negatives")
    for kind, mine, its in (
        ("weights", learned.weights, oracle.weights),
        ("biases", learned.biases, oracle.biases),
    ):
        require(mine.keys() == its.keys(), f"{kind} are of {list(its)}")
        for name, values in mine.items():
            _same(values, np.array(its[name], float), f"{kind} of {name!r}")


def _same(found: Array, expected: Array, what: str) -> None:
    np.testing.assert_array_equal(found, expected.reshape(found.shape), err_msg=what)


def require(condition: bool, promise: str) -> None:
    """Raise `AssertionError` unless what was promised holds."""
    if not condition:
        raise AssertionError(f"this does not hold: {promise}")


@contextmanager
def raises(kind: type[Exception], sentence: str) -> Iterator[None]:
    """Require an error of one kind that says a sentence."""
    try:
        yield
    except kind as error:
        require(sentence in str(error), f"the error says {sentence!r}; it says {str(error)!r}")
    else:
        raise AssertionError(f"nothing was raised, where an error says {sentence!r}")
