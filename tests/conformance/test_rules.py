"""A rule that the package does not know, written here and nowhere else, on every engine."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

import pffspike
from pffspike.arithmetic import counter
from pffspike.cards import card_text
from pffspike.cards.networks import read_card
from pffspike.cards.toml import parse
from pffspike.engines import make_engine
from pffspike.errors import ValidationError
from pffspike.network import (
    Bias,
    Contrast,
    Delta,
    Goodness,
    Network,
    Phase,
    Population,
    Program,
    Projection,
    Training,
    exactness,
    initial,
    rules,
)
from pffspike.network.rules import Coefficients, Rule
from pffspike.recording import Probes
from pffspike.testing import Oracle
from pffspike.testing.oracle import clip, on_grid


@dataclass(frozen=True)
class Window(Rule):
    """Hebbian below a goodness, anti-Hebbian above it, and towards a target if one is given."""

    offset: float = -0.375
    gain: float = 1.5
    theta: float = 1.25
    population: str | None = None
    signal: str | None = None
    kind: Literal["window"] = "window"

    def coefficients(self, sign: int) -> Coefficients:
        return Coefficients(self.offset - 0.25 * sign, self.gain, 0.75, self.theta)

    @property
    def target_population(self) -> str | None:
        return self.population

    @property
    def target_signal(self) -> str | None:
        return self.signal


ENGINES = [
    "numpy",
    pytest.param("numba", marks=[pytest.mark.numba, pytest.mark.timeout(300)]),
    pytest.param("brian2:numpy", marks=pytest.mark.brian2),
    pytest.param("brian2:cpp_standalone", marks=[pytest.mark.brian2, pytest.mark.slow]),
    pytest.param("lava:fixed", marks=pytest.mark.lava),
    pytest.param("lava:checked", marks=pytest.mark.lava),
    pytest.param("lava:floating", marks=pytest.mark.lava),
]


def network(rule: Rule | None = None) -> Network:
    """Three populations that learn by the rule: alone, from a population, and from a signal."""
    bias = Bias(initial=0.2, learning_rate=0.05, homeostasis=0.02, target_rate=0.1)
    populations = (
        Population("image", 7, input=True),
        Population("first", 6, bias=bias, rule=rule or Window()),
        Population("second", 6, "shift", bias=bias, rule=Window(population="first")),
        Population("out", 3, "none", bias=bias, rule=Window(0.125, -1.0, 0.5, signal="label")),
    )
    projections = tuple(
        Projection(f"{pre}_to_{post}", pre, post, learning_rate=0.3)
        for pre, post in (("image", "first"), ("first", "second"), ("second", "out"))
    )
    names = tuple(p.name for p in projections)
    learn = ("first", "second", "out")
    phases = tuple(
        Phase(name, {"image": "image"}, names, sign, learn, stream=sign + 1)
        for name, sign in (("plus", 1), ("minus", -1), ("free", 0))
    )
    programs = (Program("train", 1, 4, phases),)
    return Network("window", populations, projections, programs, Training("digits", 1))


def signals(samples: int) -> dict[str, np.ndarray]:
    """Probabilities and classes."""
    values = counter.uniform(np.arange(samples)[:, None], np.arange(7))
    return {"image": values, "label": counter.integers(np.arange(samples), 9, 3)}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_new_rule_runs_exactly(engine: str) -> None:
    """Spikes, weights and biases are those of exact fractions, to the bit."""
    pytest.importorskip(engine.split(":")[0])
    net, given, samples = network(), signals(9), np.arange(9) + 3
    start, probes = initial(net, 4), Probes(rasters=("first", "second", "out"))
    oracle = Oracle(net, "train", start, 5)
    oracle.run(given, samples, 0.9)
    with make_engine(engine).compile(net, "train", start, seed=5, probes=probes) as session:
        recording = session.run(given, samples, learning_scale=0.9)
        learned = session.parameters
    for name in probes.rasters:
        expected = np.array([history[name] for history in oracle.rasters])
        assert np.array_equal(recording.rasters[name].swapaxes(0, 1), expected)
        assert expected.any()
    for name, w in learned.weights.items():
        assert np.array_equal(w, np.array(oracle.weights[name], float)), name
        assert not np.array_equal(w, start.weights[name])
    for name, b in learned.biases.items():
        assert np.array_equal(b, np.array(oracle.biases[name], float)), name


class NotARule:
    kind = "bcm"


@dataclass(frozen=True)
class Broken(Rule):
    """Gives what it is told."""

    gives: object = None
    evidence: int = 0
    population: str | None = None
    signal: str | None = None
    kind: str = "broken"

    def coefficients(self, sign: int) -> Coefficients:
        return self.gives

    target_population = property(lambda self: self.population)
    target_signal = property(lambda self: self.signal)


REFUSED = [
    (NotARule(), "population 'first': rule 'bcm' is no Rule"),
    (Broken((1.0, 0.0)), r"'broken' in a phase of sign -1 gives \(1.0, 0.0\)"),
    (Broken(Coefficients(offset="1")), "'broken' .*: offset = '1' must be a finite number"),
    (Broken(Coefficients(gain=float("nan"))), "'broken' .*: gain = nan must be a finite"),
    (Broken(Coefficients(slope=0.1)), r"'broken' .*: slope = 0.1 must be a multiple of 2\^-8"),
    (Broken(Coefficients(offset=17.0)), "'broken' .*: offset = 17.0 must be from -16 to 16"),
    (Broken(Coefficients(theta=2.0**21)), "'broken' .*: theta = 2097152.0 must be from"),
    (Broken(Coefficients(), evidence=2), "'broken': evidence = 2 must be -1, 0 or 1"),
    (Broken(Coefficients(), 0, "second", "other"), "'broken': targets come from population"),
]


@pytest.mark.parametrize("engine", [*ENGINES, "numpy:rates"])
@pytest.mark.parametrize(("rule", "sentence"), REFUSED)
def test_what_has_not_the_form_of_a_rule_is_refused(
    engine: str, rule: object, sentence: str
) -> None:
    """By name, at compile time, by every engine."""
    pytest.importorskip(engine.split(":")[0])
    net = network(rule)
    start = initial(net, 1)
    with pytest.raises(ValidationError, match=sentence):
        make_engine(engine).compile(net, "train", start, seed=1)


def test_a_bound_that_is_exceeded_is_refused() -> None:
    """The coefficients enter the exactness check: these need 56 bits with a long window."""
    net = network(Window(offset=2.0**-8, gain=2.0**-8, theta=2.0**-8))
    wide = dataclasses.replace(net.programs[0], window=4096)
    with pytest.raises(ValidationError, match=r"'image_to_first': a change .* bits"):
        exactness.check(net.replace(programs=(wide,)))


def test_loihi_refuses_factors_that_its_traces_cannot_hold() -> None:
    """By name, before anything runs."""
    pytest.importorskip("lava")
    net = network(Window(offset=3.0))
    with pytest.raises(ValidationError, match="population 'first': rule 'window' has post factors"):
        make_engine("lava:loihi").compile(net, "train", initial(net, 1), seed=1)


@pytest.mark.parametrize("sign", [-1, 0, 1])
def test_the_rules_of_the_package_are_what_their_formulas_say(sign: int) -> None:
    """In exact fractions, on both sides of the threshold and beyond the clipped line."""
    rates = [Fraction(k, 8) for k in (8, 0, 3, 5, 1)]
    goodness = sum(q * q for q in rates)
    for threshold in (0.1, 1.3, 1.6, 2.5, 40.0):
        for positive in ("low", "high"):
            rule = Goodness(threshold, 0.3, positive)
            distance = on_grid(0.3, -8) * (on_grid(threshold, -8) - goodness)
            label = int(sign > 0)
            modulator = clip(Fraction(1, 2) + distance, 0, 1) - label
            if positive == "high":
                modulator = label - clip(Fraction(1, 2) - distance, 0, 1)
            assert factors(rule, sign, rates) == [2 * abs(sign) * modulator * q for q in rates]
    assert factors(Contrast(), sign, rates) == [sign * q for q in rates]
    assert factors(Delta(signal="label"), sign, rates) == [-q for q in rates]


def factors(rule: Rule, sign: int, rates: list[Fraction]) -> list[Fraction]:
    """Post factors without targets."""
    offset, gain, slope, theta = map(Fraction, dataclasses.astuple(rule.coefficients(sign)))
    line = clip(Fraction(1, 2) + slope * (theta - sum(q * q for q in rates)), 0, 1)
    return [(offset + gain * line) * q for q in rates]


def test_cards_name_rules_of_other_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card of a network with such a rule is read back equal once an entry point names it."""
    net = network()
    with pytest.raises(ValidationError, match="it must be 'goodness' or 'contrast' or 'delta'"):
        read_card(parse(card_text(net), "card"))
    point = importlib.metadata.EntryPoint("window", f"{__name__}:Window", rules.GROUP)
    monkeypatch.setattr(importlib.metadata.EntryPoint, "load", lambda self: Window)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [point])
    assert read_card(parse(card_text(net), "card")) == net


def test_nobody_tests_the_type_of_a_rule() -> None:
    """Outside of the room of rules, whoever computes, bounds or counts asks the rule."""
    package, found = Path(pffspike.__file__).parent, []
    for path in sorted(package.rglob("*.py")):
        text = path.read_text("utf-8")
        if path.name != "rules.py" and re.search(
            r"isinstance\(.*(Goodness|Contrast|Delta)\b|rule\.kind", text
        ):
            found.append(str(path.relative_to(package)))
    assert not found
