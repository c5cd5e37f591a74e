"""The sign of a phase: the same for all samples, or data of each.

A phase whose sign is the name of a signal is positive for one sample and negative for the next, as
the data say; so any order of positive and negative presentations is a matter of data. Whoever asks
for the coefficients of a rule asks here, and need not know which of the two it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from pffspike.network.elements import Phase, Program
from pffspike.network.rules import SIGNS, Rule
from pffspike.typing import Array, Floats


def possible(phase: Phase) -> tuple[int, ...]:
    """Signs that a phase may have.

    Parameters
    ----------
    phase : Phase
        Of any program.

    Returns
    -------
    tuple of int
        One, or all three if the sign is data.

    Examples
    --------
    >>> possible(Phase("shown", {"image": "image"}, (), sign="sign"))
    (-1, 0, 1)
    """
    return SIGNS if isinstance(phase.sign, str) else (phase.sign,)


def named(program: Program) -> tuple[str, ...]:
    """Signals that hold the signs of phases.

    Parameters
    ----------
    program : Program
        Any program of a network.

    Returns
    -------
    tuple of str
        In the order of the phases, each once.

    Examples
    --------
    >>> named(Program("main", 1, 8, (Phase("shown", {"image": "image"}, (), sign="sign"),)))
    ('sign',)
    """
    return tuple(dict.fromkeys(f.sign for f in program.phases if isinstance(f.sign, str)))


def coefficients(rule: Rule, phase: Phase, given: Mapping[str, Array]) -> dict[str, float | Floats]:
    """Coefficients of a rule in a phase, see `pffspike.network.rules.Coefficients`.

    Parameters
    ----------
    rule : Rule
        Of a population that learns.
    phase : Phase
        In which it learns.
    given : mapping of str to ndarray
        Signals; that of the sign, if it is data, ``(samples,)`` integers -1, 0 and 1.

    Returns
    -------
    dict of str to float or ndarray
        By name of the coefficient: one number, or ``(samples,)`` float64 if the sign is data.

    Examples
    --------
    >>> from pffspike.network.rules import Contrast
    >>> phase = Phase("shown", {"image": "image"}, (), sign="sign")
    >>> coefficients(Contrast(), phase, {"sign": np.array([1, -1, 0])})["offset"]
    array([ 1., -1.,  0.])
    """
    if not isinstance(phase.sign, str):
        return dataclasses.asdict(rule.coefficients(phase.sign))
    by_sign = [dataclasses.asdict(rule.coefficients(sign)) for sign in SIGNS]
    places = given[phase.sign] - SIGNS[0]
    return {key: np.array([c[key] for c in by_sign], float)[places] for key in by_sign[0]}
