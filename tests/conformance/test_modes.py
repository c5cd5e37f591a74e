"""Inference modes give the same answers from the same spikes on every engine."""

import numpy as np
import pytest

from pffspike.arithmetic import counter
from pffspike.circuits import PFF, pff
from pffspike.execution import Execution
from pffspike.inference import Mode, Stopping, calibrate, classify
from pffspike.network import Training, initial
from pffspike.trained import TrainedNetwork

CIRCUIT = PFF(9, 4, (10, 10), burn_in=1, window=4, bias=0.2)
MODES = {
    "one_pass": "one_pass",
    "feedback": "feedback",
    "goodness": "goodness",
    "proposal": Mode("proposal", 2),
    "early": Stopping(1.0, 0.1, 0.95, 1, 4, 4),
    "late": Stopping(1.0, 0.1, 0.95, 1, 4, 4, 3, "late"),
}
SINGLE = ("one_pass", "feedback", "goodness")  # that present once
ENGINES = [
    pytest.param("brian2:numpy", marks=pytest.mark.brian2),
    pytest.param("brian2:cpp_standalone", marks=[pytest.mark.brian2, pytest.mark.slow]),
    pytest.param("lava", marks=pytest.mark.lava),
]


def given(engine: str):
    package = {"brian2": "brian2", "lava": "lava"}[engine.partition(":")[0]]
    pytest.importorskip(package)
    network = pff(CIRCUIT, "tiny", Training("digits", 1))
    keys = counter.derive_keys(0, np.arange(7))
    trained = TrainedNetwork(network, initial(network, 1), 1)
    return trained, counter.uniform(keys[:, None], np.arange(9))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_mode_is_the_same_on_every_engine(engine, mode):
    trained, images = given(engine)
    mine, its = (
        classify(trained, images, MODES[mode], execution=Execution(name, 4))
        for name in ("numpy", engine)
    )
    np.testing.assert_array_equal(mine.predicted, its.predicted)
    np.testing.assert_array_equal(mine.scores, its.scores)
    assert len(mine.recordings) == len(its.recordings) > (0 if mode in SINGLE else 1)
    assert all(a.same_spikes(b) for a, b in zip(mine.recordings, its.recordings, strict=True))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("mode", ["early", "late"])
def test_a_calibration_is_the_same_on_every_engine(engine, mode):
    trained, images = given(engine)
    one, two = (
        calibrate(
            trained,
            images,
            Mode(mode, 3, tolerance=0.2, calibration_samples=30),
            execution=Execution(name, 1),
        )
        for name in ("numpy", engine)
    )
    assert one == two
    assert 0 < one.limit < np.inf
