"""Networks, images and answers of the tests of inference and of its calibration."""

import numpy as np
from hypothesis import strategies as st

from pffspike.arithmetic import counter
from pffspike.circuits import PFF, pff
from pffspike.energies import counts
from pffspike.engines.reference import ReferenceEngine
from pffspike.execution import Execution
from pffspike.inference import (
    Stopping,
    classify,
)
from pffspike.network import Network, Training, initial
from pffspike.trained import TrainedNetwork

PIXELS, CLASSES, WINDOW = 9, 4, 8
POPULATIONS = ("image", "label", "hidden_1", "hidden_2")  # of the representation circuit
VARIANTS = {
    "low": PFF(PIXELS, CLASSES, (10, 10), burn_in=2, window=WINDOW, bias=0.2),
    "high": PFF(PIXELS, CLASSES, (20,), burn_in=0, window=WINDOW, bias=0.1, positive="high"),
}
ENGINE = ReferenceEngine()
SEEDS = st.integers(0, 2**63)


def build(variant: str = "low") -> Network:
    return pff(VARIANTS[variant], variant, Training("digits", 1))


def images(n: int, key: int = 0):
    keys = counter.derive_keys(key, np.arange(n))
    return counter.uniform(keys[:, None], np.arange(PIXELS))


def initially(network: Network) -> TrainedNetwork:
    return TrainedNetwork(network, initial(network, 1), 1)


def answer(network, mode, n=12, seed=3, *, samples=None, progress=None):
    samples = np.arange(n) if samples is None else samples
    run = Execution(ENGINE, seed, progress=progress)
    return classify(initially(network), images(n, seed), mode, samples=samples, execution=run)


def rule(limit: float, candidates: int = CLASSES, mode: str = "early", trials: int = 1) -> Stopping:
    return Stopping(limit, 0.1, 0.95, 1, candidates, WINDOW, trials, mode)


def cost(classification):
    return counts(classification.recordings)
