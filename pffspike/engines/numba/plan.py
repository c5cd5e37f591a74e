"""A program as flat arrays, the form that compiled code reads.

Populations and projections are those that the program uses, in the network's order. All
neurons lie in one row, populations one behind the other; so do all weights, as integers in units
of their grid. A row of a projection holds the synapses of one sender: all receivers, or those of
its block.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter, grids
from pffspike.network import constants, rules, structure
from pffspike.network.parameters import Parameters
from pffspike.network.rows import block_size, to_matrix, to_rows
from pffspike.network.rules import Coefficients
from pffspike.network.spec import Network, Phase, Population, Program, Projection
from pffspike.typing import Array, Bools, Floats, Integers, Keys

_ALIGNED = 64  #: columns
_SMALL = 16  #: columns for what is at most `_ALIGNED` wide: the read-out has 10
INACTIVE, COMPUTED, CLAMPED, FOLLOWING = range(4)  #: what a population does in a phase


class Populations(NamedTuple):
    """One entry a population.

    ``start`` is its first column and ``padded`` its number of columns, ``counter`` the position of
    its first neuron's random numbers, ``gain`` the beginning of its table in ``gains``, ``target``
    the population whose rates are its targets, or -1. ``offsets`` is one table for all: what the
    random number of neuron ``j`` mixes more than that of the first. ``offset``, ``slope``,
    ``theta`` and ``line`` (the gain) are the coefficients of rules, see `pffspike.network.rules`:
    rows for the signs -1, 0 and 1 of a phase, one column a population.
    """

    start: Integers
    size: Integers
    padded: Integers
    counter: Keys
    offsets: Keys
    gain: Integers
    gains: Floats
    target: Integers
    homeostasis: Floats
    rate: Floats
    limit: Floats
    offset: Floats
    line: Floats
    slope: Floats
    theta: Floats


class Projections(NamedTuple):
    """One entry a projection.

    ``offset`` is the position of its first weight, ``sums`` that of its first accumulator,
    ``block`` the number of consecutive senders that share their receivers (0: everyone has all),
    ``zero_diagonal`` whether neurons have no synapse to themselves.
    ``unit`` is the weight that 1 stands for; ``low`` and ``high`` are counted in it. ``cached``
    marks those whose sums later phases of a sample use again, ``precomputed`` those whose sums may
    be computed for all steps at once.
    """

    pre: Integers
    post: Integers
    offset: Integers
    sums: Integers
    block: Integers
    zero_diagonal: Bools
    normalized: Bools
    unit: Floats
    low: Floats
    high: Floats
    cached: Bools
    precomputed: Bools


class Phases(NamedTuple):
    """One row a phase, one column a population or projection.

    ``source`` is the class or the signal of an input population, ``teacher`` the signal of the
    classes that are targets, or -1. ``sign`` counts where ``signed_by``, the signal that holds it,
    is -1. ``reused`` marks populations whose spikes and projections whose sums are the same as in
    an earlier phase of the sample.
    """

    stream: Keys
    state: Integers
    source: Integers
    teacher: Integers
    sign: Integers
    signed_by: Integers
    learns: Bools
    enabled: Bools
    plastic: Bools
    reused_spikes: Bools
    reused_sums: Bools


class ScheduleConstants(NamedTuple):
    """The program's steps and its hard negative; ``phase`` is -1 if it has none."""

    burn_in: int
    window: int
    rounding: np.uint64
    hard_negatives: np.uint64
    phase: int
    population: int
    truth: int
    signal: int
    noise: float


class KernelPlan:
    """All of a program that stays the same while it runs.

    Parameters
    ----------
    network : Network
        Specification of the network.
    program : Program
        One of its programs.
    seed : int
        Of spikes and rounding.

    Attributes
    ----------
    populations, projections, phases, schedule
        What the compiled functions read.
    signals : tuple of str
        Rows and columns of signals that a run hands over are in this order.
    dtype : dtype of int32 or int64
        Of weights and their sums: the narrower one if every sum fits into it.
    """

    def __init__(self, network: Network, program: Program, seed: int) -> None:
        self.network, self.program = network, program
        self.extent = structure.extent(network, program)
        hard_negative = program.hard_negative
        named = [*self.extent.signals, *([hard_negative.signal] if hard_negative else [])]
        self.signals = tuple(dict.fromkeys(named))
        self._position = {p.name: k for k, p in enumerate(self.extent.populations)}
        self.dtype = np.dtype(np.int32 if self._largest_sum() < 2**31 else np.int64)
        self.populations = self._populations()
        self.phases = self._phases(seed)
        self.projections = self._projections()
        self.schedule = self._schedule(seed)
        self.neurons = int(self.populations.padded.sum())
        self.accumulators = int(self.populations.padded[self.projections.post].sum())

    def _largest_sum(self) -> float:
        largest = 0.0
        for p in self.extent.projections:
            owner = self.network.projection(structure.weights_of(p))
            weight = max(abs(owner.low), abs(owner.high)) * 2.0**-owner.grid
            largest = max(largest, structure.fan_in(self.network, p) * weight)
        return largest

    def _populations(self) -> Populations:
        populations = self.extent.populations
        sizes = np.array([p.size for p in populations], np.int64)
        tables = [grids.gain_table(p.normalization, p.size) for p in populations]
        targets = [rules.targets(p.rule)[0] for p in populations]
        return Populations(
            start=_starts(_padded(sizes)),
            size=sizes,
            padded=_padded(sizes),
            counter=np.array([self.network.index(p.name) << 32 for p in populations], np.uint64),
            offsets=np.arange(max(_padded(sizes), default=0), dtype=np.uint64)
            * np.uint64(counter.GOLDEN),
            gain=_starts(np.array([len(table) for table in tables], np.int64)),
            gains=np.concatenate(tables),
            target=np.array([self._position.get(str(name), -1) for name in targets], np.int64),
            homeostasis=np.array([constants.rate(p.bias.homeostasis) for p in populations]),
            rate=np.array([constants.rate(p.bias.target_rate) for p in populations]),
            limit=np.array([p.bias.limit for p in populations]),
            **self._coefficients(),
        )

    def _coefficients(self) -> dict[str, Floats]:
        found = [[_coefficients(p, s) for p in self.extent.populations] for s in rules.SIGNS]
        return {
            name: _table([[getattr(c, key) for c in row] for row in found], np.float64)
            for name, key in (
                ("offset", "offset"),
                ("line", "gain"),
                ("slope", "slope"),
                ("theta", "theta"),
            )
        }

    def _projections(self) -> Projections:
        projections = self.extent.projections
        owners = list(dict.fromkeys(structure.weights_of(p) for p in projections))
        self.owners = tuple(self.network.projection(name) for name in owners)
        lengths = np.array([math.prod(self._shape(p)) for p in self.owners], np.int64)
        starts = _starts(_aligned(lengths))
        self.length = int(_aligned(lengths).sum())
        self.offsets = dict(zip(owners, starts.tolist(), strict=True))
        receivers = [self.network.population(p.post).size for p in projections]
        return Projections(
            pre=np.array([self._position[p.pre] for p in projections], np.int64),
            post=np.array([self._position[p.post] for p in projections], np.int64),
            offset=np.array([self.offsets[structure.weights_of(p)] for p in projections], np.int64),
            sums=_starts(_padded(np.array(receivers, np.int64))),
            block=np.array([block_size(p) for p in projections], np.int64),
            zero_diagonal=np.array([p.connectivity == "blocks" for p in projections], bool),
            normalized=np.array([p.normalized for p in projections], bool),
            unit=np.array([2.0**p.grid for p in projections]),
            low=np.array([p.low * 2.0**-p.grid for p in projections]),
            high=np.array([p.high * 2.0**-p.grid for p in projections]),
            cached=self.phases.reused_sums.any(axis=0),
            precomputed=np.array([self._precomputed(p) for p in projections], bool),
        )

    def _width(self, projection: Projection) -> int:
        return block_size(projection) or self.network.population(projection.post).size

    def _precomputed(self, projection: Projection) -> bool:
        is_input = self.network.population(projection.pre).input
        return (
            is_input and block_size(projection) == 0 and self.program.steps <= 64
        )  # there is a bit for each

    def _shape(self, projection: Projection) -> tuple[int, int]:
        """Rows of a projection, and columns of each."""
        senders, width = self.network.population(projection.pre).size, self._width(projection)
        return senders, width if block_size(projection) else int(_padded(np.array(width)))

    def _phases(self, seed: int) -> Phases:
        phases, populations = self.program.phases, self.extent.populations
        projections = self.extent.projections
        drives = [[self._drive(f, p.name) for p in populations] for f in phases]
        enabled = [[p.name in f.projections for p in projections] for f in phases]
        learns = [[p.name in f.learn for p in populations] for f in phases]
        plastic = [[structure.learns_in(p, f) for p in projections] for f in phases]
        spikes = [[self._reused(k, p.name) for p in populations] for k in range(len(phases))]
        sums = [
            [
                not self.program.learns
                and spikes[k][self._position[p.pre]]
                and any(p.name in f.projections for f in phases[:k])
                for p in projections
            ]
            for k in range(len(phases))
        ]
        return Phases(
            stream=np.array(
                [counter.derive_key(seed, counter.SPIKES, f.stream) for f in phases], np.uint64
            ),
            state=_table([[state for state, _ in row] for row in drives], np.int64),
            source=_table([[source for _, source in row] for row in drives], np.int64),
            teacher=_table([[self._teacher(p.name) for p in populations]] * len(phases), np.int64),
            sign=np.array([0 if isinstance(f.sign, str) else f.sign for f in phases], np.int64),
            signed_by=np.array(
                [self.signals.index(f.sign) if isinstance(f.sign, str) else -1 for f in phases],
                np.int64,
            ),
            learns=_table(learns, bool),
            enabled=_table(enabled, bool),
            plastic=_table(plastic, bool),
            reused_spikes=_table(spikes, bool),
            reused_sums=_table(sums, bool),
        )

    def _drive(self, phase: Phase, name: str) -> tuple[int, int]:
        if name not in structure.active(self.network, phase):
            return INACTIVE, -1
        if name not in phase.inputs:
            return COMPUTED, -1
        source = phase.inputs[name]
        if isinstance(source, str):
            return FOLLOWING, self.signals.index(source)
        return CLAMPED, source

    def _teacher(self, name: str) -> int:
        _, signal = rules.targets(self.network.population(name).rule)
        return self.signals.index(signal) if signal in self.signals else -1

    def _reused(self, index: int, name: str) -> bool:
        """Whether an input population does in a phase what it did in all phases before."""
        phase = self.program.phases[index]
        source = phase.inputs.get(name)
        hard_negative = self.program.hard_negative
        return (
            index > 0
            and isinstance(source, str)
            and not (hard_negative and hard_negative.signal == source)
            and all(
                f.stream == phase.stream and f.inputs.get(name) == source
                for f in self.program.phases[:index]
            )
        )

    def _schedule(self, seed: int) -> ScheduleConstants:
        hard_negative = self.program.hard_negative
        return ScheduleConstants(
            burn_in=self.program.burn_in,
            window=self.program.window,
            rounding=np.uint64(counter.derive_key(seed, counter.ROUNDING)),
            hard_negatives=np.uint64(counter.derive_key(seed, counter.HARD_NEGATIVES)),
            phase=[f.name for f in self.program.phases].index(hard_negative.phase)
            if hard_negative
            else -1,
            population=self._position[hard_negative.population] if hard_negative else -1,
            truth=self.signals.index(hard_negative.truth) if hard_negative else -1,
            signal=self.signals.index(hard_negative.signal) if hard_negative else -1,
            noise=constants.noise(hard_negative) if hard_negative else 0.0,
        )

    def rates(self, scale: float) -> tuple[Floats, Floats]:
        """Learning rates of weights by projection and of biases by population."""
        return (
            np.array([constants.rate(p.learning_rate, scale) for p in self.extent.projections]),
            np.array(
                [constants.rate(p.bias.learning_rate, scale) for p in self.extent.populations]
            ),
        )

    def pack(self, parameters: Parameters) -> tuple[npt.NDArray[np.signedinteger], Floats]:
        """Weights and biases as two rows: ``(synapses,)`` integers, ``(neurons,)`` float64."""
        weights = aligned_zeros(self.length, self.dtype)
        for p in self.owners:
            self.rows(weights, p)[:] = to_rows(p, parameters.weights[p.name] * 2.0**-p.grid)
        biases = aligned_zeros(self.neurons, np.dtype(np.float64))
        for population, start in zip(self.extent.populations, self.populations.start, strict=True):
            if not population.input:
                biases[start : start + population.size] = parameters.biases[population.name]
        return weights, biases

    def unpack(self, weights: npt.NDArray[np.signedinteger], biases: Floats) -> Parameters:
        """Make new matrices of the rows of `pack`, of what the program uses."""
        matrices = {
            p.name: to_matrix(p, self.rows(weights, p).astype(np.float64) * 2.0**p.grid)
            for p in self.owners
        }
        return Parameters(
            matrices,
            {
                p.name: biases[start : start + p.size].copy()
                for p, start in zip(self.extent.populations, self.populations.start, strict=True)
                if not p.input
            },
        )

    def rows(
        self, weights: npt.NDArray[np.signedinteger], projection: Projection
    ) -> npt.NDArray[np.signedinteger]:
        """Rows of a projection that owns weights, as a view of those of all."""
        start, shape = self.offsets[projection.name], self._shape(projection)
        rows = weights[start : start + math.prod(shape)].reshape(shape)
        return rows[:, : self._width(projection)]


def _aligned(lengths: Integers) -> Integers:
    return -(-lengths // _ALIGNED) * _ALIGNED


def _padded(sizes: Integers) -> Integers:
    """Columns of the rows of populations: whole vector registers, and cache lines for wide ones."""
    return np.where(sizes <= _ALIGNED, -(-sizes // _SMALL) * _SMALL, _aligned(sizes))


def aligned_zeros(length: int, dtype: np.dtype) -> Array:
    """Give zeros that begin at a multiple of 64 bytes, the length of a cache line."""
    memory = np.zeros(length + 64 // dtype.itemsize, dtype)
    skipped = -memory.ctypes.data % 64 // dtype.itemsize
    return memory[skipped : skipped + length]


def _starts(lengths: Integers) -> Integers:
    return np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)[: len(lengths)]


def _table(rows: list[list[Any]], dtype: type) -> Array:
    """Two dimensions, also without columns."""
    return np.array(rows, dtype).reshape(len(rows), -1)


def _coefficients(population: Population, sign: int) -> Coefficients:
    rule = population.rule
    return rule.coefficients(sign) if rule is not None else Coefficients()
