"""The readable Brian2 model gives the spikes and weights of the reference engine, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from pffspike.arithmetic import grids
from pffspike.circuits import PFF, pff
from pffspike.engines import make_engine
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import ValidationError
from pffspike.network import Network, Training, initial, structure
from pffspike.recording import Probes
from pffspike.testing import CHECKS
from pffspike.testing.checks import Check, random_networks

brian2 = pytest.importorskip("brian2")
from pffspike.brian2 import EquationsEngine, Neuron, Options, to_brian2  # noqa: E402

pytestmark = [pytest.mark.brian2, pytest.mark.timeout(600)]

VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {"homeostasis_free": (True,)},
    "shift": {"normalization": "shift", "latent": 5, "common_noise": True},
    "high": {"positive": "high", "burn_in": 0},
}
FAST = [("plain", "train"), ("shift", "one_pass")]  # the suite below runs the other programs
SLOW = [
    ("plain", "goodness"),
    ("plain", "reconstruct"),  # tied weights
    ("plain", "synthesize"),
    ("shift", "train"),
    ("shift", "learn_latent"),
    ("high", "train"),
]
PROGRAMS = [*FAST, *(pytest.param(*each, marks=pytest.mark.slow) for each in SLOW)]


@pytest.fixture(autouse=True)
def numpy_target() -> Any:
    """No compiler, no log of a thousand lines; what was set comes back."""
    before = brian2.prefs["codegen.target"]
    brian2.prefs["codegen.target"] = "numpy"
    yield
    brian2.prefs["codegen.target"] = before


def digits_network(**options: Any) -> Network:
    """Two hidden populations of 20 on 8 x 8 digits."""
    return pff(PFF(64, 10, (20, 20), threshold=(4.0,), **options), "digits", Training("digits", 1))


def digits_signals(samples: int) -> dict[str, Any]:
    """Handwritten digits as spike probabilities; every second negative label is given."""
    digits = load_digits()
    labels = digits.target[:samples]
    given_negatives = np.where(np.arange(samples) % 2, (labels + 1) % 10, -1)
    return {
        "image": digits.data[:samples] / 16,
        "label": labels,
        "negative": given_negatives,
        "latent": np.full((samples, 5), 0.25),
    }


def assert_agree(network: Network, program: str, signals: Any, samples: Any, seed: int) -> None:
    """Run the model and the reference engine, and compare all that they give."""
    start = initial(network, seed)
    names = tuple(p.name for p in structure.extent(network, network.program(program)).populations)
    probes = Probes(counts=names, rasters=names)
    with ReferenceEngine().compile(network, program, start, seed=seed, probes=probes) as reference:
        expected = reference.run(signals, samples, learning_scale=0.5)
        learned = reference.parameters
    model = to_brian2(network, program, signals, samples, seed=seed, learning_scale=0.5)
    model.network.run(model.duration, namespace={})
    found = model.recording()
    assert found.same_spikes(expected)
    assert np.array_equal(found.hard_negatives, expected.hard_negatives)
    assert model.parameters().equal(learned)


@pytest.mark.parametrize(("variant", "program"), PROGRAMS)
def test_programs_agree_on_digits(variant: str, program: str) -> None:
    network, signals = digits_network(**VARIANTS[variant]), digits_signals(2)
    assert_agree(network, program, signals, np.arange(2) + 5, seed=3)


#: Each takes five to ten seconds. `tests/unit/test_probes.py` compares what is recorded as well.
SLOW_CHECKS = (
    "input_in_time",
    "what_is_fixed",
    "all_that_it_records",
    "a_rule_of_its_own",
    "signs_that_are_data",
)
CHUNKS = 4  # samples, so that some checks need several chunks
SLOW_TARGETS = [pytest.param(t, marks=pytest.mark.slow) for t in ("cython", "cpp_standalone")]


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(
            check,
            id=check.__name__,
            marks=[pytest.mark.slow] if check.__name__ in SLOW_CHECKS else [],
        )
        for check in CHECKS[1:]
    ],
)
@pytest.mark.parametrize("target", ["numpy", *SLOW_TARGETS])
def test_the_engine_keeps_the_promise(target: str, check: Check) -> None:
    """Spikes, learning, refusals and closing, as on all engines."""
    check(EquationsEngine(target, chunk=CHUNKS))


def test_random_networks_agree() -> None:
    """Sizes, connectivity, rules of any form, phases, gating, normalization, ties."""
    random_networks(EquationsEngine("numpy", chunk=CHUNKS), 4)


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    ("target", "count"), [("numpy", 150), ("cython", 3), ("cpp_standalone", 10)]
)
def test_many_random_networks_agree(target: str, count: int) -> None:
    random_networks(EquationsEngine(target, chunk=CHUNKS), count)


def test_the_engine_has_a_name() -> None:
    assert isinstance(make_engine("brian2:equations"), EquationsEngine)
    with pytest.raises(ValidationError, match="use to_brian2 to drive"):
        EquationsEngine(options=Options(external=("image",)))


@pytest.mark.parametrize("kind", ["sqrt", "shift"])
def test_gains_are_those_of_the_table(kind: str) -> None:
    """The equation of divisive normalization, for every number of spikes up to 2^16."""
    from pffspike.engines.brian2.equations.populations import gain_equation

    n = np.arange(1, 2**16 + 1)
    text = gain_equation(kind, len(n))
    names = {"floor": np.floor, "sqrt": np.sqrt, "clip": np.clip, "n": n}
    names["int"] = lambda x: x.astype(int)
    assert np.array_equal(eval(text, names), grids.gain_table(kind, len(n))[1:])


def test_the_text_says_everything() -> None:
    """Populations, projections and the hard negative, each with its equations and statements."""
    network = digits_network()
    model = to_brian2(network, "train", digits_signals(1), seed=1)
    text = model.text()
    extent = structure.extent(network, network.program("train"))
    for part in (*extent.populations, *extent.projections):
        assert f" {part.name}\n" in text
    assert "I_image_post += w" in text
    assert "clip(0.5 + slope*(theta - G), 0, 1)" in text
    assert "losses_post" in text


@pytest.mark.parametrize(
    ("options", "program", "said"),
    [
        ({"neurons": {"hiden_1": Neuron()}}, "one_pass", "did you mean 'hidden_1'"),
        ({"neurons": {"image": Neuron()}}, "one_pass", "'image' does not exist"),
        ({"external": ("hidden_1",)}, "one_pass", "there are: image"),
        ({"rules": {"image_to_hidden_1": "w = w"}}, "one_pass", "learns nothing"),
        ({"rules": {"nothing": "w = w"}}, "train", "plastic projection 'nothing'"),
    ],
)
def test_mistakes_are_named(options: Any, program: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        to_brian2(digits_network(), program, digits_signals(1), options=Options(**options))


def test_no_samples_is_a_mistake() -> None:
    empty = {name: values[:0] for name, values in digits_signals(1).items()}
    with pytest.raises(ValidationError, match="no samples"):
        to_brian2(digits_network(), "one_pass", empty, [])
