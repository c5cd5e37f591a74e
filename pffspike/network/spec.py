r"""The specification of a network: frozen data that every engine reads.

A network is a list of populations of Bernoulli neurons, the projections between them, and
programs: what a sample consists of and what is learned from it. Time is part of the
specification, so that every engine keeps the same one.

**A presentation** lasts ``burn_in + window`` steps and starts from silence. In each step ``t``,
in this order:

1. *draw*: neuron ``j`` spikes if ``U < p_j``, where ``U`` is uniform in [0, 1) (see
   `pffspike.arithmetic.counter`), ``p_j = clip(u_j, 0, 1)`` and ``u_j = b_j + I_j``. A driven
   population takes ``p_j`` from its signal instead. Inactive populations are silent.
2. *count*: ``n`` is the number of spikes of a population, ``g`` its gain from the table of its
   normalization.
3. *deliver*: ``I_j = sum over enabled projections of g_pre * sum_i w_ij s_i`` (without ``g_pre``
   for projections that are not normalized), read in step ``t + 1``: every projection has a
   delay of one step.
4. *trace*, from step ``burn_in`` on: spike counts ``c_j += s_j`` and normalized traces
   ``a_j += g s_j``.

**At the end of a presentation**, with ``T = window`` (a power of two), ``q_j = c_j / T``,
``a_j / T`` and goodness ``G = sum_j q_j^2``:

5. *compare*: every population that learns in this phase computes its post factors ``f_j`` from
   its rule (`pffspike.network.rules`).
6. *learn*: every plastic projection into it that is enabled in this phase changes by
   ``dw_ij = rate * f_j * pre_i``, ``pre_i`` being ``a_i / T`` (``q_i`` if the projection is not
   normalized), rounded stochastically to the grid of the weights and clipped to their range; every
   bias by ``rate_b * f_j - h (q_j - rho)``, rounded to the nearest multiple of 2^-24.
7. *clear*: currents, counts and traces return to zero.

All changes of step 6 are computed from the values before it. Real numbers of a card are
rounded to the nearest multiple of their grid (`pffspike.arithmetic.grids`) when a network is
compiled; weights lie on the grid of their projection.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from pffspike.arithmetic import grids
from pffspike.errors import ValidationError, unknown
from pffspike.network.references import check_references
from pffspike.network.rules import AnyRule, Contrast, Delta, Goodness, Rule

__all__ = [
    "Bias",
    "Contrast",
    "Delta",
    "Goodness",
    "HardNegative",
    "Network",
    "Phase",
    "Population",
    "Program",
    "Projection",
    "Rule",
    "Training",
]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}\Z")
_LARGEST = 2**20  #: rate or scale; above it, numbers leave the range that is computed exactly
_LONGEST = 2**16  #: steps of a burn-in
_TITLE = re.compile(r"\w[\w +.-]{0,99}\Z")  #: of a network


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise ValidationError(message)


def _check_name(name: str) -> None:
    _check(
        bool(_NAME.match(name)),
        f"name = {name!r} must be lower-case letters, digits and _, beginning with a letter, "
        f"100 at most",
    )


def _check_rate(rate: float) -> None:
    _check(0 <= rate <= _LARGEST, f"learning_rate = {rate} must be from 0 to {_LARGEST}")


def _check_unique(kind: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        _check(name not in seen, f"{kind} {name!r} is given twice; names must differ")
        seen.add(name)


@dataclass(frozen=True)
class Bias:
    """Bias of the neurons of a population and what changes it.

    Parameters
    ----------
    initial : float
    learning_rate : float
        Of the population's rule, for a constant input of 1.
    homeostasis : float
        Rate ``h`` of ``b_j -= h (q_j - target_rate)``.
    target_rate : float
        Spikes a step that homeostasis aims at.
    limit : float
        Biases stay within ``[-limit, limit]``.
    """

    initial: float = 0.0
    learning_rate: float = 0.0
    homeostasis: float = 0.0
    target_rate: float = 0.0
    limit: float = 8.0

    def __post_init__(self) -> None:
        _check(0 < self.limit <= 64, f"limit = {self.limit} must be above 0 and at most 64")
        _check(
            grids.on_grid(self.limit, grids.DRIVE_GRID),
            f"limit = {self.limit} must be a multiple of 2^{grids.DRIVE_GRID}, as biases are; the "
            f"nearest is {grids.nearest_scalar(self.limit, grids.DRIVE_GRID)!r}",
        )
        _check(
            abs(self.initial) <= self.limit,
            f"initial = {self.initial} must lie within the limit {self.limit}",
        )
        _check_rate(self.learning_rate)
        _check(
            0 <= self.homeostasis <= 1,
            f"homeostasis = {self.homeostasis} must be in [0, 1]",
        )
        _check(
            0 <= self.target_rate <= 1,
            f"target_rate = {self.target_rate} must be in [0, 1]",
        )


@dataclass(frozen=True)
class Population:
    """Bernoulli neurons that share a role.

    Parameters
    ----------
    name : str
    size : int
    normalization : {"sqrt", "shift", "none"}
        Of what the population sends by its normalized projections.
    driven : bool
        The spike probabilities come from outside: each program says from which signal.
    bias : Bias
        Ignored by a driven population.
    rule : Rule or None
        How its post factors follow from its activity.
    """

    name: str
    size: int
    normalization: Literal["sqrt", "shift", "none"] = "sqrt"
    input: bool = False
    bias: Bias = field(default_factory=Bias)
    rule: AnyRule | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        _check(1 <= self.size < 2**20, f"size = {self.size} must be from 1 to {2**20 - 1}")
        _check(
            not (self.input and self.rule),
            f"population {self.name!r} is driven, so it can't have a rule; remove one of the two",
        )


@dataclass(frozen=True)
class Projection:
    """Synapses from one population to another, with a delay of one step.

    Parameters
    ----------
    name, pre, post : str
    connectivity : {"dense", "one_to_one", "blocks"}
        ``blocks``: all pairs within consecutive groups of ``block`` neurons, except a neuron
        and itself.
    block : int
        Group size of ``blocks``; divides both populations.
    normalized : bool
        Whether spikes are weighted by the gain of the sending population.
    initial : {"normal", "constant"}
        ``normal``: mean 0, standard deviation ``scale / sqrt(max(fan_in, fan_out))``;
        ``constant``: ``scale``. Both clipped to the range.
    scale : float
    learning_rate : float
        0: the weights are fixed.
    grid : int
        Weights are multiples of ``2^grid``.
    low, high : float
        Range of the weights.
    tied : str or None
        Name of the projection whose weights this one uses; it is then not plastic itself.
    """

    name: str
    pre: str
    post: str
    connectivity: Literal["dense", "one_to_one", "blocks"] = "dense"
    block: int = 0
    normalized: bool = True
    initial: Literal["normal", "constant"] = "normal"
    scale: float = 2.0
    learning_rate: float = 0.0
    grid: int = -16
    low: float = -8.0
    high: float = 8.0
    tied: str | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        _check(
            self.low <= self.high,
            f"low = {self.low} must not be above high = {self.high}",
        )
        _check(-24 <= self.grid <= 6, f"grid = {self.grid} must be from -24 to 6")
        _check(
            max(abs(self.low), abs(self.high)) <= 64,
            f"low = {self.low} and high = {self.high} must lie within [-64, 64]",
        )
        for key, value in (("low", self.low), ("high", self.high)):
            scaled = value * 2.0**-self.grid
            _check(
                scaled == int(scaled),
                f"{key} = {value} must be a multiple of 2^{self.grid}",
            )
        _check_rate(self.learning_rate)
        _check(
            abs(self.scale) <= _LARGEST,
            f"scale = {self.scale} must lie within [-{_LARGEST}, {_LARGEST}]",
        )
        _check(
            (self.connectivity == "blocks") == (self.block > 0),
            f"block = {self.block} goes with connectivity = 'blocks', and only with it",
        )
        _check(
            self.tied is None or self.learning_rate == 0,
            f"learning_rate = {self.learning_rate} must be 0 where weights are tied",
        )


@dataclass(frozen=True)
class Phase:
    """One presentation of a sample.

    Parameters
    ----------
    name : str
    inputs : mapping of str to (str or int)
        For each driven population that is active: the signal it follows, or the index of its
        one neuron that fires in every step.
    projections : tuple of str
        Those that are enabled. A population is active if it is driven in this phase or if an
        enabled projection ends at it.
    sign : {-1, 0, 1}
        Positive, negative or neither: then homeostasis alone changes populations whose rule needs
        a sign.
    learn : tuple of str
        Populations whose rules and homeostasis are applied at the end.
    stream : int
        Phases of the same stream and sample share their random numbers.
    """

    name: str
    inputs: Mapping[str, str | int]
    projections: tuple[str, ...]
    sign: Literal[-1, 0, 1] = 0
    learn: tuple[str, ...] = ()
    stream: int = 0

    def __post_init__(self) -> None:
        _check_name(self.name)
        _check(
            0 <= self.stream < 2**16,
            f"stream = {self.stream} must be from 0 to {2**16 - 1}",
        )


@dataclass(frozen=True)
class HardNegative:
    """The hard negative: the wrong class that the network finds most convincing.

    Where the signal ``signal`` says -1, the class is the ``j`` other than the true one with the
    largest ``count_j + noise * U_j``, the lowest ``j`` of equals.

    Parameters
    ----------
    signal : str
        The signal of classes whose entries of -1 are replaced.
    population : str
        Its spikes in the window of phase ``phase`` are counted.
    phase : str
        An earlier phase of the same program.
    truth : str
        The signal with the true class.
    noise : float
        In spikes; 1 breaks ties at random.
    """

    signal: str
    population: str
    phase: str
    truth: str = "label"
    noise: float = 1.0


@dataclass(frozen=True)
class Program:
    """What happens with a sample: presentations in a row, all of the same length.

    Parameters
    ----------
    name : str
    burn_in, window : int
        Steps before and inside the window of the traces; ``window`` is a power of two.
    phases : tuple of Phase
    hard_negative : HardNegative or None
    """

    name: str
    burn_in: int
    window: int
    phases: tuple[Phase, ...]
    hard_negative: HardNegative | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        _check(
            0 <= self.burn_in <= _LONGEST,
            f"burn_in = {self.burn_in} must be from 0 to {_LONGEST}",
        )
        _check(
            1 <= self.window <= 4096 and self.window & (self.window - 1) == 0,
            f"window = {self.window} must be a power of two from 1 to 4096",
        )
        _check(
            len(self.phases) > 0,
            f"program {self.name!r} has no phases; give at least one",
        )
        _check_unique("phase", (phase.name for phase in self.phases))

    @property
    def steps(self) -> int:
        """Steps of a presentation."""
        return self.burn_in + self.window

    @property
    def learns(self) -> bool:
        """Whether any phase changes parameters."""
        return any(phase.learn for phase in self.phases)


@dataclass(frozen=True)
class Training:
    """The training schedule of a network.

    Parameters
    ----------
    dataset : str
        Name of the data set, see `pffspike.data.load`.
    epochs : int
    decay : float
        Factor of all learning rates from one epoch to the next.
    hard_negatives : float
        Share of the negative labels that the network's own read-out supplies; the others are
        drawn uniformly from the wrong ones.
    shift : int
        Training images are moved by up to so many pixels in each direction, anew in every epoch.
    coding : {"grey", "on_off"}
        One neuron a pixel, or two that spike for what is brighter or darker than the pixel's mean
        in the training images (`pffspike.data.Coding`).
    """

    dataset: str
    epochs: int
    decay: float = 1.0
    hard_negatives: float = 0.0
    shift: int = 0
    coding: Literal["grey", "on_off"] = "grey"

    def __post_init__(self) -> None:
        _check(1 <= self.epochs <= 10**9, f"epochs = {self.epochs} must be from 1 to {10**9}")
        _check(0 < self.decay <= 1, f"decay = {self.decay} must be above 0 and at most 1")
        _check(
            0 <= self.hard_negatives <= 1,
            f"hard_negatives = {self.hard_negatives} must be in [0, 1]",
        )
        _check(0 <= self.shift <= 8, f"shift = {self.shift} must be from 0 to 8 pixels")


@dataclass(frozen=True)
class Network:
    """A network: populations, projections, programs and a training schedule.

    Parameters
    ----------
    name : str
    populations : tuple of Population
        The order is part of the network: random numbers are keyed by it.
    projections : tuple of Projection
    programs : tuple of Program
    training : Training
    description : str
        For people; not part of the hash.
    """

    name: str
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    programs: tuple[Program, ...]
    training: Training
    description: str = ""

    def __post_init__(self) -> None:
        for kind, things in (
            ("population", self.populations),
            ("projection", self.projections),
            ("program", self.programs),
        ):
            _check_unique(kind, (thing.name for thing in things))
        _check(
            bool(_TITLE.match(self.name)) and ".." not in self.name,
            f"name = {self.name!r} must be letters, digits, spaces and any of _ - + . (not first), "
            f"for files are called by it",
        )
        check_references(self)

    def population(self, name: str) -> Population:
        """Find a population by name (`ValidationError` lists the names there are)."""
        return _find("population", self.populations, name)

    def projection(self, name: str) -> Projection:
        """Find a projection by name (`ValidationError` lists the names there are)."""
        return _find("projection", self.projections, name)

    def program(self, name: str) -> Program:
        """Find a program by name (`ValidationError` lists the names there are)."""
        return _find("program", self.programs, name)

    def index(self, name: str) -> int:
        """Position of a population, the upper half of its neurons' random counters."""
        return self.populations.index(self.population(name))

    def replace(self, **changes: object) -> Network:
        """Give a copy with some fields changed, checked again."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]


_Named = TypeVar("_Named", Population, Projection, Program)


def _find(kind: str, things: tuple[_Named, ...], name: str) -> _Named:
    for thing in things:
        if thing.name == name:
            return thing
    raise unknown(kind, name, (thing.name for thing in things))
