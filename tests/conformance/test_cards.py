"""Every card of `networks/` learns the same weights, bit for bit, on every engine.

Whole with the slow tests, two of them made small with the others.
"""

import math
from pathlib import Path

import numpy as np
import pytest

from pffspike import training
from pffspike.arithmetic import counter
from pffspike.cards import toml
from pffspike.cards.networks import load_network
from pffspike.data import Dataset
from pffspike.engines import make_engine
from pffspike.execution import Execution
from pffspike.inference import classify

NETWORKS = Path(__file__).parents[2] / "networks"
CARDS = sorted(path.stem for path in NETWORKS.glob("*.toml"))
FAST = [
    pytest.param("numba", marks=pytest.mark.numba),
    pytest.param("brian2:numpy", marks=pytest.mark.brian2),
    pytest.param("lava", marks=pytest.mark.lava),
]
SLOW = [
    pytest.param("numba", marks=pytest.mark.numba),
    pytest.param("brian2:cpp_standalone", marks=pytest.mark.brian2),
]


def learned(card: str, engine: str, hidden: int | None, samples: int):
    """Parameters after an epoch of random images, and answers to the first two."""
    pytest.importorskip(engine.partition(":")[0])
    circuit = toml.read(NETWORKS / f"{card}.toml")["circuit"]
    shrunk = {circuit: {"hidden": [hidden, hidden]}} if hidden else {}
    network = load_network(card, {**shrunk, "training": {"epochs": 1}})
    pixels = network.population("image").size
    pixels //= 2 if network.training.coding == "on_off" else 1
    draws = counter.uniform(counter.derive_key(8, 0, 0), np.arange(samples * pixels))
    images = np.floor(draws * 256).astype(np.uint8).reshape(samples, pixels)
    images[:, ::3] = 0
    classes = network.role("label").size if network.has_role("label") else 10
    labels = np.arange(samples) % classes
    side, name = math.isqrt(pixels), network.training.dataset
    data = Dataset(name, images, labels, images, labels, classes, (side, side), 255)
    runner = make_engine(engine)
    run = Execution(runner, 3)
    state = training.train(network, data, execution=run)
    shown = state.coding.encode(images[:2], data.levels)
    programs = [program.name for program in network.programs]
    mode = "goodness" if "goodness" in programs else "one_pass"
    answer = classify(state, shown, mode, execution=run)
    return state.parameters, answer


def assert_equal(mine, its):
    for kind in ("weights", "biases"):
        ours, theirs = getattr(mine[0], kind), getattr(its[0], kind)
        assert ours.keys() == theirs.keys()
        for name in ours:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=f"{kind} {name}")
    np.testing.assert_array_equal(mine[1].scores, its[1].scores)
    assert mine[1].recordings[0].same_spikes(its[1].recordings[0])


@pytest.mark.parametrize(
    "card",
    [
        "fashion-mnist",
        "mnist-light",
        "mnist-ff",
        "digits-chl",
        "digits-wake-sleep",
        "digits-ff-hybrids",
    ],
)  # every option
@pytest.mark.parametrize("engine", FAST)
def test_a_card_made_small_learns_alike(engine, card):
    mine = learned(card, "numpy", 20, 6)
    assert_equal(mine, learned(card, engine, 20, 6))
    start = learned(card, "numpy", 20, 1)
    assert any(not np.array_equal(mine[0].weights[n], start[0].weights[n]) for n in mine[0].weights)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("engine", SLOW)
def test_a_card_learns_alike(engine, card):
    assert_equal(learned(card, "numpy", None, 6), learned(card, engine, None, 6))
