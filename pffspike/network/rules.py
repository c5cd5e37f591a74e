r"""Learning rules: how the activity of a population becomes its post factors.

Every rule has the same form. At the end of a presentation, neuron ``j`` of a population with rates
``q``, goodness ``G = sum_j q_j^2`` and targets ``target_j`` has the post factor

.. math:: f_j = (o + g \, clip(1/2 + s (\theta - G), 0, 1)) \, q_j + target_j

A rule gives the four coefficients, offset ``o``, gain ``g``, slope ``s`` and ``theta``, for each
sign of a phase, and says where its targets come from. Whoever computes, bounds or counts asks the
rule; nobody tests its type. So a new rule is one class, derived from `Rule`:

- in this package, a class in this file and its name in `RULES`;
- in another package, a class anywhere; a network takes an instance of it, and cards take its
  ``kind`` if the package declares the class as an entry point of the group `GROUP`.
"""

from __future__ import annotations

import functools
import importlib.metadata
import math
import operator
from abc import ABC, abstractmethod
from dataclasses import astuple, dataclass, fields
from typing import Annotated, Any, Literal

from pffspike.arithmetic import grids
from pffspike.errors import ValidationError

GROUP = "pffspike.rules"  #: entry points of other packages whose rules cards may name
SIGNS = (-1, 0, 1)  #: that a phase can have
_GRID = grids.THRESHOLD_GRID  #: of all coefficients
_LARGEST = {"offset": 16.0, "gain": 16.0, "slope": 16.0, "theta": 2.0**20}


@dataclass(frozen=True)
class Coefficients:
    """What multiplies the rates of a population: ``offset + gain clip(1/2 + slope (theta - G))``.

    All are multiples of 2^-8. ``offset``, ``gain`` and ``slope`` are from -16 to 16, and ``theta``
    is from -2^20 to 2^20, which no goodness can exceed.

    Parameters
    ----------
    offset : float
        What does not depend on the goodness.
    gain : float
        Of the clipped line.
    slope : float
        Of the line, a square step (the goodness is a sum of squared rates).
    theta : float
        Goodness at the middle of the line.

    Examples
    --------
    >>> Coefficients(offset=-1.0)
    Coefficients(offset=-1.0, gain=0.0, slope=0.0, theta=0.0)
    """

    offset: float = 0.0
    gain: float = 0.0
    slope: float = 0.0
    theta: float = 0.0

    @property
    def zero(self) -> bool:
        """Whether the rates do not matter."""
        return self.offset == 0 and self.gain == 0


class Rule(ABC):
    """What every learning rule gives; derive a frozen dataclass from it.

    A card names a rule by ``kind``, a field with a default of its own, and gives its other fields
    by their names.

    Examples
    --------
    A rule that decorrelates: an anti-Hebbian term in phases of sign -1 only.

    >>> @dataclass(frozen=True)
    ... class AntiHebbian(Rule):
    ...     strength: float = 0.5
    ...     kind: Literal["anti_hebbian"] = "anti_hebbian"
    ...
    ...     def coefficients(self, sign: int) -> Coefficients:
    ...         return Coefficients(offset=-self.strength if sign < 0 else 0.0)
    >>> check(AntiHebbian(), "population 'hidden'")
    """

    kind: str

    @abstractmethod
    def coefficients(self, sign: int) -> Coefficients:
        """Coefficients of the post factors in a phase.

        Parameters
        ----------
        sign : {-1, 0, 1}
            Of the phase.

        Returns
        -------
        Coefficients
        """

    @property
    def target_population(self) -> str | None:
        """Population of the same size whose rates are the targets; None: there is none."""
        return None

    @property
    def target_signal(self) -> str | None:
        """Signal of classes whose neuron has the target 1; None: there is none."""
        return None

    @property
    def evidence(self) -> int:
        """Sign with which the goodness counts in the decision between labels; 0: not at all."""
        return 0

    @property
    def goodness_threshold(self) -> float | None:
        """Goodness at which a positive and a negative sample are equally probable, if any is."""
        return None

    def changes(self, sign: int) -> bool:
        """Whether post factors can differ from 0 in phases of this sign."""
        has_target = self.target_population is not None or self.target_signal is not None
        return has_target or not self.coefficients(sign).zero


@dataclass(frozen=True)
class Goodness(Rule):
    """Three-factor rule: ``f_j = 2 m q_j`` with one modulator ``m`` a population.

    With ``positive = "low"`` (PFF: a true sample has low goodness),
    ``m = clip(1/2 + slope (threshold - G), 0, 1) - lab``; with ``"high"`` (FF) ``m`` is
    ``lab - clip(1/2 + slope (G - threshold), 0, 1)``. ``lab`` is 1 in a phase of sign +1 and
    0 in a phase of sign -1; in a phase of sign 0, ``m`` is 0. Source: Ororbia and Mali,
    arXiv 2301.01452, with the logistic function replaced by its tangent at 0, clipped.

    Parameters
    ----------
    threshold : float
        Goodness at which both answers are equally probable, above 0 and at most 2^20.
    slope : float
        Of the clipped line, above 0 and at most 16.
    positive : {"low", "high"}
        Whether positive samples shall have low or high goodness.
    decides : bool
        Whether the population's goodness counts in the decision between labels.
    kind : {"goodness"}
        Name in cards.

    Raises
    ------
    ValidationError
        If the threshold or the slope is out of its range.

    Examples
    --------
    >>> Goodness(3.0).coefficients(+1)
    Coefficients(offset=-2.0, gain=2.0, slope=0.25, theta=3.0)
    """

    threshold: float
    slope: float = 0.25
    positive: Literal["low", "high"] = "low"
    decides: bool = True
    kind: Literal["goodness"] = "goodness"

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= _LARGEST["theta"]:
            raise ValidationError(f"threshold = {self.threshold} must be above 0 and at most 2^20")
        if not 0 < self.slope <= 16:
            raise ValidationError(f"slope = {self.slope} must be above 0 and at most 16")

    def coefficients(self, sign: int) -> Coefficients:
        """See `Rule.coefficients`."""
        if sign == 0:
            return Coefficients()
        label = 1.0 if sign > 0 else 0.0
        return Coefficients(
            offset=-2.0 * label if self.positive == "low" else 2.0 * (label - 1.0),
            gain=2.0,
            slope=grids.nearest_scalar(self.slope, _GRID),
            theta=self.goodness_threshold,
        )

    @property
    def evidence(self) -> int:
        """See `Rule.evidence`."""
        return 0 if not self.decides else -1 if self.positive == "low" else 1

    @property
    def goodness_threshold(self) -> float:
        """See `Rule.goodness_threshold`; on the grid 2^-8."""
        return grids.nearest_scalar(self.threshold, _GRID)


@dataclass(frozen=True)
class Contrast(Rule):
    """Hebbian rule with the sign of the phase: ``f_j = sign * q_j``.

    Contrastive Hebbian learning: a clamped phase of sign +1, a free one of sign -1.

    Parameters
    ----------
    kind : {"contrast"}
        Name in cards.

    Examples
    --------
    >>> Contrast().coefficients(-1).offset
    -1.0
    """

    kind: Literal["contrast"] = "contrast"

    def coefficients(self, sign: int) -> Coefficients:
        """See `Rule.coefficients`."""
        return Coefficients(offset=float(sign))


@dataclass(frozen=True)
class Delta(Rule):
    """Delta rule: ``f_j = target_j - q_j``, in phases of any sign.

    Exactly one of ``population`` and ``signal`` must be given.

    Parameters
    ----------
    population : str or None
        A population of the same size, whose rates are to be reproduced.
    signal : str or None
        A signal of classes: the target is 1 for the neuron of the class, 0 for the others.
    kind : {"delta"}
        Name in cards.

    Raises
    ------
    ValidationError
        If both sources of the target are given, or none.

    Examples
    --------
    >>> Delta(signal="label").target_signal
    'label'
    """

    population: str | None = None
    signal: str | None = None
    kind: Literal["delta"] = "delta"

    def __post_init__(self) -> None:
        if (self.population is None) == (self.signal is None):
            raise ValidationError(
                f"population = {self.population!r}, signal = {self.signal!r}: give exactly one, "
                f"the source of the target"
            )

    def coefficients(self, sign: int) -> Coefficients:  # noqa: ARG002
        """See `Rule.coefficients`."""
        return Coefficients(offset=-1.0)

    @property
    def target_population(self) -> str | None:
        """See `Rule.target_population`."""
        return self.population

    @property
    def target_signal(self) -> str | None:
        """See `Rule.target_signal`."""
        return self.signal


RULES: tuple[type[Rule], ...] = (Goodness, Contrast, Delta)  #: of this package


def known() -> tuple[type[Rule], ...]:
    """Rules that a card can name: those of this package, and the entry points of `GROUP`.

    Returns
    -------
    tuple of type

    Examples
    --------
    >>> [name(rule) for rule in known()][:3]
    ['goodness', 'contrast', 'delta']
    """
    others = importlib.metadata.entry_points(group=GROUP)
    return (*RULES, *(point.load() for point in others))


class _ByKind:
    """Tells pydantic, which reads cards, that a rule is one of those `known`."""

    def choices(self) -> tuple[type[Rule], ...]:
        return known()

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return handler.generate_schema(functools.reduce(operator.or_, self.choices()))


AnyRule = Annotated[Rule, _ByKind()]  #: annotation of a field that cards can fill


def name(rule: object) -> str:
    """Name of a rule in cards and messages: its ``kind``; the empty text for None.

    Parameters
    ----------
    rule : Rule, type of a rule, None, or anything that was given in place of one
        What is named in an error.

    Returns
    -------
    str

    Examples
    --------
    >>> name(Contrast())
    'contrast'
    """
    return "" if rule is None else str(getattr(rule, "kind", rule))


def targets(rule: object) -> tuple[str | None, str | None]:
    """Population and signal that the targets of a rule come from.

    What is no rule has none: `check` refuses it before anything runs.
    """
    if not isinstance(rule, Rule):
        return None, None
    return rule.target_population, rule.target_signal


def check(rule: object, where: str) -> None:
    """Refuse what does not have the form of a rule.

    Parameters
    ----------
    rule : object
        Of a population.
    where : str
        The population, for the error.

    Raises
    ------
    ValidationError
        One sentence that names the rule, the value and what would be right.

    Examples
    --------
    >>> check("hebbian", "population 'hidden'")
    Traceback (most recent call last):
    pffspike.errors.ValidationError: population 'hidden': rule 'hebbian' is no Rule; derive a \
frozen dataclass from pffspike.network.rules.Rule that gives coefficients
    """
    if not isinstance(rule, Rule):
        raise ValidationError(
            f"{where}: rule {name(rule)!r} is no Rule; derive a frozen dataclass "
            f"from pffspike.network.rules.Rule that gives coefficients"
        )
    where = f"{where}: rule {name(rule)!r}"
    given = targets(rule)
    if not all(each is None or isinstance(each, str) for each in given):
        raise ValidationError(f"{where}: targets come from {given}; give one name, or none")
    if None not in given:
        raise ValidationError(
            f"{where}: targets come from population {given[0]!r} and from signal {given[1]!r}; "
            f"give one of the two"
        )
    if rule.evidence not in SIGNS:
        raise ValidationError(f"{where}: evidence = {rule.evidence!r} must be -1, 0 or 1")
    for sign in SIGNS:
        _check_coefficients(rule.coefficients(sign), f"{where} in a phase of sign {sign}")


def _check_coefficients(found: object, where: str) -> None:
    if not isinstance(found, Coefficients):
        raise ValidationError(f"{where} gives {found!r}; it must give Coefficients")
    for field, value in zip(fields(found), astuple(found), strict=True):
        largest = _LARGEST[field.name]
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValidationError(f"{where}: {field.name} = {value!r} must be a finite number")
        if abs(value) > largest:
            raise ValidationError(
                f"{where}: {field.name} = {value!r} must be from {-largest:g} to {largest:g}"
            )
        if not grids.on_grid(float(value), _GRID):
            raise ValidationError(
                f"{where}: {field.name} = {value!r} must be a multiple of 2^{_GRID}; round it "
                f"with pffspike.arithmetic.grids.nearest_scalar(value, {_GRID})"
            )
