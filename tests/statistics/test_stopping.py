"""Mode early keeps its tolerance: on images of the calibration, drawn anew, and on test images."""

import numpy as np
import pytest
from scipy.stats import binom

from pffspike import training
from pffspike.arithmetic import counter
from pffspike.circuits import PFF, pff
from pffspike.data import load, probabilities
from pffspike.energies import counts
from pffspike.engines.reference import ReferenceEngine
from pffspike.execution import Execution
from pffspike.inference import Mode, calibrate, classify
from pffspike.network import Training

ENGINE = ReferenceEngine(batch=10)  # a variant of learning, but a faster one
TOLERANCE, SEED = 0.05, 0


@pytest.fixture(scope="module")
def trained():
    """A small network that classifies three quarters of the digits, and the digits."""
    data = load("digits")
    circuit = PFF(64, 10, (100,), burn_in=2, window=8, threshold=(4.0,), learning_rate=(0.25,))
    network = pff(circuit, "small", Training("digits", 2, hard_negatives=1.0))
    return training.train(network, data, execution=Execution(ENGINE, SEED)), data


def share_changed(state, images, stopping, seed):
    """Share of answers changed by stopping, and steps against those of the full window."""
    early, full = (
        classify(state, images, mode, execution=Execution(ENGINE, seed))
        for mode in (stopping, Mode("proposal", stopping.candidates))
    )
    spent = [counts(answer.recordings).steps for answer in (early, full)]
    return float(np.mean(early.predicted != full.predicted)), spent[0] / spent[1]


@pytest.mark.parametrize("candidates", [None, 3])
def test_the_tolerance_holds_and_saves_steps(trained, candidates):
    state, data = trained
    pool, new = (probabilities(i, data.levels) for i in (data.train_images, data.test_images))
    mode = Mode("early", candidates, tolerance=TOLERANCE, calibration_samples=600)
    stopping = calibrate(state, pool, mode, execution=Execution(ENGINE, SEED))
    draws = 1500
    chosen = counter.integers(1234, np.arange(draws), len(pool))
    changed, spent = share_changed(state, pool[chosen], stopping, seed=77)
    # The calibration is right with 95 % probability; then this fails once in 1000 seeds.
    assert changed * draws <= binom.ppf(0.999, draws, TOLERANCE)
    assert spent < 0.7
    changed_new, _ = share_changed(state, new, stopping, seed=78)
    assert changed_new * len(new) <= binom.ppf(0.999, len(new), TOLERANCE)


def test_late_keeps_its_tolerance_and_asks_few_images_again(trained):
    state, data = trained
    pool, new = (probabilities(i, data.levels) for i in (data.train_images, data.test_images))
    trials, seeds = 3, (77, 78)
    mode = Mode("late", trials=trials, tolerance=TOLERANCE, calibration_samples=300)
    stopping = calibrate(state, pool, mode, execution=Execution(ENGINE, SEED))
    for images, seed in ((pool[:400], seeds[0]), (new, seeds[1])):
        late, full, once = (
            classify(state, images, mode, execution=Execution(ENGINE, seed))
            for mode in (stopping, Mode("goodness", trials=trials), "goodness")
        )
        changed = np.sum(late.predicted != full.predicted)
        # The calibration is right with 95 % probability; then this fails once in 1000 seeds.
        assert changed <= binom.ppf(0.999, len(images), TOLERANCE)
        assert np.sum(once.predicted != full.predicted) > changed
        steps = [counts(answer.recordings).steps for answer in (once, late, full)]
        assert steps[0] < steps[1] < 0.75 * steps[2]
