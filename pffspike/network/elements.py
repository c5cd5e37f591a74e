"""The parts of a network: frozen data, each checked by itself when it is made.

What they mean together stands in `pffspike.network.spec`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pffspike.arithmetic import grids
from pffspike.errors import ValidationError
from pffspike.network import signals
from pffspike.network.rules import SIGNS, AnyRule

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}\Z")
_LARGEST = 2**20  #: rate or scale; above it, numbers leave the range that is computed exactly
_LONGEST = 2**16  #: steps of a burn-in


def check(condition: bool, message: str) -> None:
    """Raise `ValidationError` with a message unless a condition holds."""
    if not condition:
        raise ValidationError(message)


def _check_name(name: str) -> None:
    check(
        bool(_NAME.match(name)),
        f"name = {name!r} must be lower-case letters, digits and _, beginning with a letter, "
        f"100 at most",
    )


def _check_rate(rate: float) -> None:
    check(0 <= rate <= _LARGEST, f"learning_rate = {rate} must be from 0 to {_LARGEST}")


def check_unique(kind: str, names: Iterable[str]) -> None:
    """Raise `ValidationError` if a name is given twice."""
    seen: set[str] = set()
    for name in names:
        check(name not in seen, f"{kind} {name!r} is given twice; names must differ")
        seen.add(name)


@dataclass(frozen=True)
class Bias:
    """Bias of the neurons of a population and what changes it.

    Parameters
    ----------
    initial : float
        Bias of every neuron before it learns.
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
        check(0 < self.limit <= 64, f"limit = {self.limit} must be above 0 and at most 64")
        check(
            grids.on_grid(self.limit, grids.DRIVE_GRID),
            f"limit = {self.limit} must be a multiple of 2^{grids.DRIVE_GRID}, as biases are; the "
            f"nearest is {grids.nearest_scalar(self.limit, grids.DRIVE_GRID)!r}",
        )
        check(
            abs(self.initial) <= self.limit,
            f"initial = {self.initial} must lie within the limit {self.limit}",
        )
        _check_rate(self.learning_rate)
        check(
            0 <= self.homeostasis <= 1,
            f"homeostasis = {self.homeostasis} must be in [0, 1]",
        )
        check(
            0 <= self.target_rate <= 1,
            f"target_rate = {self.target_rate} must be in [0, 1]",
        )


@dataclass(frozen=True)
class Population:
    """Bernoulli neurons that share a role.

    Parameters
    ----------
    name : str
        Lower-case letters, digits and ``_``; names of a kind differ.
    size : int
        Number of neurons, below 2^20.
    normalization : {"sqrt", "shift", "none"}
        Of what the population sends by its normalized projections.
    input : bool
        The spike probabilities come from outside: each program says from which signal.
    bias : Bias
        Ignored by an input population.
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
        check(1 <= self.size < 2**20, f"size = {self.size} must be from 1 to {2**20 - 1}")
        check(
            not (self.input and self.rule),
            f"population {self.name!r} is an input, so it can't have a rule; remove one of the two",
        )


@dataclass(frozen=True)
class Projection:
    """Synapses from one population to another, with a delay of one step.

    Parameters
    ----------
    name, pre, post : str
        Its own name, and those of the populations that send and receive.
    connectivity : {"dense", "one_to_one", "blocks"}
        ``blocks``: all pairs within consecutive groups of ``block`` neurons, except a neuron
        and itself.
    block : int
        Group size of ``blocks``; divides both populations.
    normalized : bool
        Whether spikes are weighted by the gain of the sending population.
    initial : {"normal", "constant", "transposed"}
        ``normal``: mean 0, standard deviation ``scale / sqrt(max(fan_in, fan_out))``;
        ``constant``: ``scale``; ``transposed``: those of the one projection that leads back, from
        ``post`` to ``pre``. All clipped to the range.
    scale : float
        Of the initial weights.
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
    initial: Literal["normal", "constant", "transposed"] = "normal"
    scale: float = 2.0
    learning_rate: float = 0.0
    grid: int = -16
    low: float = -8.0
    high: float = 8.0
    tied: str | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        check(
            self.low <= self.high,
            f"low = {self.low} must not be above high = {self.high}",
        )
        check(-24 <= self.grid <= 6, f"grid = {self.grid} must be from -24 to 6")
        check(
            max(abs(self.low), abs(self.high)) <= 64,
            f"low = {self.low} and high = {self.high} must lie within [-64, 64]",
        )
        for key, value in (("low", self.low), ("high", self.high)):
            scaled = value * 2.0**-self.grid
            check(
                scaled == int(scaled),
                f"{key} = {value} must be a multiple of 2^{self.grid}",
            )
        _check_rate(self.learning_rate)
        check(
            abs(self.scale) <= _LARGEST,
            f"scale = {self.scale} must lie within [-{_LARGEST}, {_LARGEST}]",
        )
        check(
            (self.connectivity == "blocks") == (self.block > 0),
            f"block = {self.block} goes with connectivity = 'blocks', and only with it",
        )
        check(
            self.tied is None or self.learning_rate == 0,
            f"learning_rate = {self.learning_rate} must be 0 where weights are tied",
        )


@dataclass(frozen=True)
class Phase:
    """One presentation of a sample.

    Parameters
    ----------
    name : str
        Lower-case letters, digits and ``_``; names of a kind differ.
    inputs : mapping of str to (str or int)
        For each input population that is active: the signal it follows, or the index of its
        one neuron that fires in every step.
    projections : tuple of str
        Those that are enabled. A population is active if it is an input of this phase or if an
        enabled projection ends at it.
    sign : {-1, 0, 1} or str
        Positive, negative or neither: then homeostasis alone changes populations whose rule needs
        a sign. Or the name of a signal that says so for each sample by -1, 0 or 1.
    learn : tuple of str
        Populations whose rules and homeostasis are applied at the end.
    stream : int
        Phases of the same stream and sample share their random numbers.
    """

    name: str
    inputs: Mapping[str, str | int]
    projections: tuple[str, ...]
    sign: int | str = 0
    learn: tuple[str, ...] = ()
    stream: int = 0

    def __post_init__(self) -> None:
        _check_name(self.name)
        check(
            0 <= self.stream < 2**16,
            f"stream = {self.stream} must be from 0 to {2**16 - 1}",
        )
        named = isinstance(self.sign, str) and _NAME.match(self.sign)
        check(
            bool(named) or self.sign in SIGNS,
            f"sign = {self.sign!r} must be -1, 0, 1 or the name of a signal that holds these",
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
    truth: str = signals.LABEL
    noise: float = 1.0


@dataclass(frozen=True)
class Program:
    """What happens with a sample: presentations in a row, all of the same length.

    Parameters
    ----------
    name : str
        Lower-case letters, digits and ``_``; names of a kind differ.
    burn_in, window : int
        Steps before and inside the window of the traces; ``window`` is a power of two.
    phases : tuple of Phase
        Presentations of a sample, in this order.
    hard_negative : HardNegative or None
        How a wrong class of -1 is chosen, if it may occur.
    """

    name: str
    burn_in: int
    window: int
    phases: tuple[Phase, ...]
    hard_negative: HardNegative | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        check(
            0 <= self.burn_in <= _LONGEST,
            f"burn_in = {self.burn_in} must be from 0 to {_LONGEST}",
        )
        check(
            1 <= self.window <= 4096 and self.window & (self.window - 1) == 0,
            f"window = {self.window} must be a power of two from 1 to 4096",
        )
        check(
            len(self.phases) > 0,
            f"program {self.name!r} has no phases; give at least one",
        )
        check_unique("phase", (phase.name for phase in self.phases))

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
        Passes over the training samples, at least 1.
    decay : float
        Factor of all learning rates from one epoch to the next.
    hard_negatives : float
        Share of the negative labels that the network's own read-out supplies; the others are
        drawn uniformly from the wrong ones.
    shift : int
        Training images are moved by up to so many pixels in each direction, anew in every epoch.
    flip : bool
        Training images are mirrored, left to right, with a probability of one half, anew in every
        epoch.
    latent_images : int
        At the end of each epoch, the latent population learns from so many of its images
        (`pffspike.generation.latent`); 0: it learns afterwards, see `pffspike.fit_prior`.
    latent_decay : float
        Factor of the learning rates of that, from one epoch to the next. With the ``decay`` of the
        rest, it would not follow what the hidden populations come to be late in the training.
    coding : {"grey", "on_off", "saccades"}
        One neuron a pixel, or two that spike for what is brighter or darker than the pixel's mean
        in the training images, or two that spike for changes of brightness while the image moves
        (`pffspike.data.Coding`).
    encoding : {"rates", "latency", "even"}
        Values are spike probabilities, or encoded in time (`pffspike.data.encoders`).
    """

    dataset: str
    epochs: int
    decay: float = 1.0
    hard_negatives: float = 0.0
    shift: int = 0
    flip: bool = False
    latent_images: int = 0
    latent_decay: float = 1.0
    coding: Literal["grey", "on_off", "saccades"] = "grey"
    encoding: Literal["rates", "latency", "even"] = "rates"

    def __post_init__(self) -> None:
        check(1 <= self.epochs <= 10**9, f"epochs = {self.epochs} must be from 1 to {10**9}")
        for key in ("decay", "latent_decay"):
            value = getattr(self, key)
            check(0 < value <= 1, f"{key} = {value} must be above 0 and at most 1")
        check(
            0 <= self.hard_negatives <= 1,
            f"hard_negatives = {self.hard_negatives} must be in [0, 1]",
        )
        check(
            0 <= self.latent_images <= 10**9,
            f"latent_images = {self.latent_images} must be from 0 to {10**9}",
        )
        check(0 <= self.shift <= 8, f"shift = {self.shift} must be from 0 to 8 pixels")
        check(
            self.coding != "saccades" or self.encoding == "rates",
            f"encoding = {self.encoding!r} has nothing to encode, for coding = 'saccades' gives "
            f"spikes already; leave it out",
        )
