"""Hypothesis strategies: small random networks that use everything a network may contain.

Valid by construction, so that engines can be compared on any of them. Every edge is drawn: blocks
of one neuron (no synapse), populations of one neuron, one class, windows of 1 and of 64 steps, no
burn-in, no projection at all.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from hypothesis import strategies as st

from pffspike.arithmetic import counter
from pffspike.engines.given import signal_size
from pffspike.errors import ValidationError
from pffspike.network import Parameters, exactness, initial, rules, signs, structure
from pffspike.network.rules import Coefficients
from pffspike.network.spec import (
    Bias,
    Contrast,
    Delta,
    Goodness,
    HardNegative,
    Network,
    Phase,
    Population,
    Program,
    Projection,
    Rule,
    Training,
)
from pffspike.typing import Array, Bools, Floats, Integers

_NORMALIZATIONS: tuple[Literal["sqrt", "shift", "none"], ...] = ("sqrt", "shift", "none")
_SIGNS: tuple[int | str, ...] = (0, 1, -1, "sign", "another_sign")  #: the last two are data


@dataclass(frozen=True)
class AnyForm(Rule):
    """Any coefficients and any target: whatever a rule may be, see `pffspike.network.rules`.

    Parameters
    ----------
    by_sign : tuple of Coefficients
        For the signs 0, 1 and -1.
    population, signal : str or None
        Where its targets come from, if they do.
    kind : {"any_form"}
        Name in messages.
    """

    by_sign: tuple[Coefficients, Coefficients, Coefficients]
    population: str | None = None
    signal: str | None = None
    kind: Literal["any_form"] = "any_form"

    def coefficients(self, sign: int) -> Coefficients:
        """See `Rule.coefficients`."""
        return self.by_sign[sign]

    @property
    def target_population(self) -> str | None:
        """See `Rule.target_population`."""
        return self.population

    @property
    def target_signal(self) -> str | None:
        """See `Rule.target_signal`."""
        return self.signal


@dataclass(frozen=True)
class Case:
    """A network with a program ``main`` and something to run it on.

    Parameters
    ----------
    network : Network
        The network.
    seed : int
        For its initial weights and its run.
    signals : dict of str to ndarray
        All that its program reads.
    samples : (samples,) ndarray of int64
        Their numbers.
    some_fixed : bool
        Whether learning leaves a third of the weights and biases as they are.
    """

    network: Network
    seed: int
    signals: dict[str, Array]
    samples: Integers
    some_fixed: bool = False

    @property
    def start(self) -> Parameters:
        """Weights and biases at the start."""
        found = initial(self.network, self.seed)
        if not self.some_fixed:
            return found
        key = counter.derive_key(self.seed, 98)

        def third(arrays: Mapping[str, Floats], side: int) -> dict[str, Bools]:
            drawn = {
                name: counter.uniform(counter.derive_key(key, side, k), np.arange(array.size))
                for k, (name, array) in enumerate(arrays.items())
            }
            return {name: (u < 1 / 3).reshape(arrays[name].shape) for name, u in drawn.items()}

        return dataclasses.replace(
            found, fixed_weights=third(found.weights, 0), fixed_biases=third(found.biases, 1)
        )


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Networks of one to eight neurons a population and a program ``main`` of 1 to 3 phases."""
    populations = draw(_populations())
    projections = draw(_projections(populations))
    program = draw(_programs(populations, projections))
    made = Network("random", populations, projections, (program,), Training("none", 1))
    try:
        exactness.check(made)
    except ValidationError:  # 53 bits do not hold all that a long window needs
        made = made.replace(programs=(dataclasses.replace(program, window=4),))
    return made


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Networks with signals for three samples, some of them probabilities, or in time."""
    network = draw(networks())
    seed = draw(st.integers(0, 2**63 - 1))
    samples = np.array(draw(st.lists(st.integers(0, 2**40), min_size=3, max_size=3)))
    program = network.program("main")
    signals = {
        name: _signal(network, program, name, counter.derive_key(seed, 99, index))
        for index, name in enumerate(structure.extent(network, program).signals)
    }
    return Case(network, seed, signals, samples, draw(st.booleans()))


def _signal(network: Network, program: Program, name: str, key: int) -> Array:
    if name in signs.named(program):
        return counter.integers(key, np.arange(3), 3) - 1
    size = signal_size(network, program, name)
    classes = counter.integers(key, np.arange(3), size)
    if program.hard_negative and name == program.hard_negative.signal:
        return np.where(counter.uniform(key, np.arange(3, 6)) < 0.7, -1, classes)
    if name.startswith("probabilities"):
        values = counter.uniform(key, np.arange(6, 6 + 3 * size)).reshape(3, size)
        return np.where(values < 0.2, 0.0, np.where(values > 0.9, 1.0, values))
    if name.startswith("raster"):
        shape = (3, program.steps, size)
        values = counter.uniform(key, np.arange(6, 6 + math.prod(shape))).reshape(shape)
        return np.where(values < 0.4, 0.0, np.where(values > 0.6, 1.0, values))
    return classes


@st.composite
def _populations(draw: st.DrawFn) -> tuple[Population, ...]:
    classes = draw(st.integers(1, 4))
    sizes = st.sampled_from([4, 1, 2, 3, 5, 8])
    kinds = st.sampled_from(_NORMALIZATIONS)
    found = [
        Population("pixels", draw(sizes), draw(kinds), input=True),
        Population("label", classes, draw(kinds), input=True),
    ]
    for k in range(draw(st.integers(1, 3))):
        size = draw(sizes)
        choices: list[Rule | None] = [draw(_goodness()), Contrast(), None]
        choices.append(Delta(signal=f"class_{k}"))
        alike = [p.name for p in found if p.size == size][-1:]
        choices = [*(Delta(population=name) for name in alike), *choices]
        source = draw(
            st.sampled_from([(None, None), (None, f"class_{k}"), *((n, None) for n in alike)])
        )
        choices.append(
            AnyForm((draw(_coefficients()), draw(_coefficients()), draw(_coefficients())), *source)
        )
        found.append(
            Population(
                f"hidden_{k}",
                size,
                draw(kinds),
                bias=draw(_biases()),
                rule=draw(st.sampled_from(choices)),
            )
        )
    found.append(
        Population(
            "readout",
            classes,
            draw(kinds),
            bias=draw(_biases()),
            rule=Delta(signal=draw(st.sampled_from(["truth", "negative"]))),
        )
    )
    return tuple(draw(st.permutations(found)))


@st.composite
def _coefficients(draw: st.DrawFn) -> Coefficients:
    return Coefficients(
        offset=draw(st.sampled_from([0.0, -1.0, 0.375, 2.0])),
        gain=draw(st.sampled_from([0.0, 2.0, -1.5])),
        slope=draw(st.sampled_from([0.25, -0.75, 16.0])),
        theta=draw(st.sampled_from([0.0, 1.25, -2.0, 3 * 2.0**-8])),
    )


@st.composite
def _goodness(draw: st.DrawFn) -> Goodness:
    return Goodness(
        threshold=draw(st.sampled_from([0.25, 1.0, 2.5])),
        slope=draw(st.sampled_from([0.25, 1.0])),
        positive=draw(st.sampled_from(["low", "high"])),
    )


@st.composite
def _biases(draw: st.DrawFn) -> Bias:
    return Bias(
        initial=draw(st.sampled_from([-0.25, 0.0, 0.3, 0.9])),
        learning_rate=draw(st.sampled_from([0.0, 0.1])),
        homeostasis=draw(st.sampled_from([0.0, 0.05])),
        target_rate=draw(st.sampled_from([0.0, 0.1])),
        limit=draw(st.sampled_from([1.0, 8.0])),
    )


@st.composite
def _projections(draw: st.DrawFn, populations: tuple[Population, ...]) -> tuple[Projection, ...]:
    found: list[Projection] = []
    targets = [p for p in populations if not p.input]
    pairs = st.tuples(st.sampled_from(populations), st.sampled_from(targets))
    sizes = {p.name: p.size for p in populations}
    inputs = [p for p in populations if p.input]
    for k in range(draw(st.sampled_from([3, 4, 5, 6, 7, 8, 9, 0]))):
        # A pair that has a projection gets a second one now and then.
        again = [(p, q) for o in found for p in populations for q in targets if _ends(o, p, q)]
        pre, post = draw(st.one_of(pairs, pairs, st.sampled_from(again)) if again else pairs)
        if k < len(inputs):
            pre = inputs[k]  # or else nothing might ever become active
        found.append(draw(_one_projection(f"projection_{k}", pre, post, found, sizes)))
    return tuple(found)


def _ends(projection: Projection, pre: Population, post: Population) -> bool:
    return (projection.pre, projection.post) == (pre.name, post.name)


@st.composite
def _one_projection(
    draw: st.DrawFn,
    name: str,
    pre: Population,
    post: Population,
    earlier: list[Projection],
    sizes: dict[str, int],
) -> Projection:
    connectivities: list[Literal["dense", "one_to_one", "blocks"]] = ["dense"]
    if pre.size == post.size:
        connectivities += ["one_to_one", "blocks"]
    connectivity = draw(st.sampled_from(connectivities))
    blocks = [b for b in (2, pre.size, 1) if pre.size % b == 0]
    block = draw(st.sampled_from(blocks)) if connectivity == "blocks" else 0
    grid = draw(st.sampled_from([-3, -8, -16]))
    shape = (pre.size, post.size, connectivity, block, grid)
    twins = [
        p.name
        for p in earlier
        if p.tied is None
        and (sizes[p.pre], sizes[p.post], p.connectivity, p.block, p.grid) == shape
    ]
    tied = draw(st.sampled_from([*twins, None]))
    plastic = tied is None and post.rule is not None
    low, high = draw(st.sampled_from([(-8.0, 8.0), (0.0, 2.0), (-1.0, 0.0)]))
    return Projection(
        name,
        pre.name,
        post.name,
        connectivity=connectivity,
        block=block,
        normalized=draw(st.booleans()),
        initial=draw(st.sampled_from(["normal", "constant"])),
        scale=draw(st.sampled_from([-1.0, 0.5, 2.0])),
        learning_rate=draw(st.sampled_from([0.25, 0.3, 0.0])) if plastic else 0.0,
        grid=grid,
        low=low,
        high=high,
        tied=tied,
    )


@st.composite
def _programs(
    draw: st.DrawFn,
    populations: tuple[Population, ...],
    projections: tuple[Projection, ...],
) -> Program:
    phases: list[Phase] = []
    hard_negative: HardNegative | None = None
    targets = {p.name: rules.targets(p.rule)[1] for p in populations}
    for k in range(draw(st.sampled_from([3, 2, 1]))):
        phase = draw(_phases(f"phase_{k}", populations, projections, hard_negative))
        phases.append(phase)
        ends = {p.post for p in projections if p.name in phase.projections}
        target_signals = {targets.get(name) for earlier in phases for name in earlier.learn}
        if (
            hard_negative is None
            and "readout" in ends
            and not phase.sign
            and "negative" not in target_signals
        ):
            noise = draw(st.sampled_from([0.0, 0.5, 1.0]))
            hard_negative = HardNegative("negative", "readout", phase.name, "truth", noise)
    used: set[str | int | None] = {s for phase in phases for s in phase.inputs.values()}
    used |= {targets.get(name) for phase in phases for name in phase.learn}
    if "negative" not in used:
        hard_negative = None  # a hard negative whose signal nobody reads
    return Program(
        "main",
        draw(st.integers(0, 2)),
        draw(st.sampled_from([4, 2, 8, 1, 64])),
        tuple(phases),
        hard_negative,
    )


@st.composite
def _phases(
    draw: st.DrawFn,
    name: str,
    populations: tuple[Population, ...],
    projections: tuple[Projection, ...],
    hard_negative: HardNegative | None,
) -> Phase:
    sizes = {p.name: p.size for p in populations}
    inputs: dict[str, str | int] = {}
    if draw(st.sampled_from([True, True, False])):
        pixels: list[str | int] = ["probabilities", "raster", "pixel", sizes["pixels"] - 1]
        inputs["pixels"] = draw(st.sampled_from(pixels))
    sources: list[str | int] = ["negative", "truth"] if hard_negative else ["truth", 0]
    if not inputs or draw(st.booleans()):
        inputs["label"] = draw(st.sampled_from(sources))
    left_out = draw(st.sets(st.sampled_from(projections or (None,)), max_size=2))
    wanted = [p for p in projections if p not in left_out]
    active, enabled = set(inputs), set()
    for _ in wanted:  # what follows from what is active, until nothing is added
        enabled |= {p.name for p in wanted if p.pre in active}
        active |= {p.post for p in wanted if p.name in enabled}
    sign = draw(st.sampled_from(_SIGNS))
    able = [p.name for p in populations if _can_learn(p, active)]
    learn = draw(st.permutations(able))[draw(st.sampled_from([0, 0, 1])) :]
    return Phase(
        name,
        inputs,
        tuple(p.name for p in projections if p.name in enabled),
        sign,
        tuple(learn),
        draw(st.integers(0, 2)),
    )


def _can_learn(population: Population, active: set[str]) -> bool:
    if population.input or population.name not in active:
        return False
    source, _ = rules.targets(population.rule)
    return source is None or source in active
