r"""The specification of a network: frozen data that every engine reads.

A network is a list of populations of Bernoulli neurons, the projections between them, and
programs: what a sample consists of and what is learned from it. Time is part of the
specification, so that every engine keeps the same one.

**A presentation** lasts ``burn_in + window`` steps and starts from silence. In each step ``t``,
in this order:

1. *draw*: neuron ``j`` spikes if ``U < p_j``, where ``U`` is uniform in [0, 1) (see
   `pffspike.arithmetic.counter`), ``p_j = clip(u_j, 0, 1)`` and ``u_j = b_j + I_j``. An input
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
from dataclasses import dataclass
from typing import TypeVar

from pffspike.errors import unknown
from pffspike.network.elements import (
    Bias,
    HardNegative,
    Phase,
    Population,
    Program,
    Projection,
    Training,
    check,
    check_unique,
)
from pffspike.network.references import check_references
from pffspike.network.roles import USUAL, Role, Roles, is_driven, missing
from pffspike.network.rules import Contrast, Delta, Goodness, Rule
from pffspike.text import html_table

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
    "Roles",
    "Rule",
    "Training",
]

_TITLE = re.compile(r"\w[\w +.-]{0,99}\Z")  #: of a network


@dataclass(frozen=True)
class Network:
    """A network: populations, projections, programs and a training schedule.

    Parameters
    ----------
    name : str
        Of the network.
    populations : tuple of Population
        The order is part of the network: random numbers are keyed by it.
    projections : tuple of Projection
        Synapses between populations; initial weights are keyed by the order.
    programs : tuple of Program
        What can be done with a sample.
    training : Training
        The schedule of the program ``train``.
    description : str
        For people; not part of the hash.
    roles : Roles
        Which populations are input, label, read-out and latent.
    """

    name: str
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    programs: tuple[Program, ...]
    training: Training
    description: str = ""
    roles: Roles = USUAL

    def __post_init__(self) -> None:
        for kind, things in (
            ("population", self.populations),
            ("projection", self.projections),
            ("program", self.programs),
        ):
            check_unique(kind, (thing.name for thing in things))
        check(
            bool(_TITLE.match(self.name)) and ".." not in self.name,
            f"name = {self.name!r} must be letters, digits, spaces and any of _ - + . (not first), "
            f"for files are called by it",
        )
        check_references(self)

    def __repr__(self) -> str:
        neurons = sum(p.size for p in self.populations)
        programs = ", ".join(p.name for p in self.programs[:8])
        more = ", ..." if len(self.programs) > 8 else ""
        return (
            f"Network({self.name!r}, {neurons:,} neurons in {len(self.populations)} populations, "
            f"{len(self.projections)} projections; {programs}{more})"
        )

    def _repr_html_(self) -> str:
        roles = {population: role for role, population in vars(self.roles).items()}
        rows = [
            (p.name, f"{p.size:,}", roles.get(p.name, ""), "yes" if p.input else "no")
            for p in self.populations
        ]
        programs = ", ".join(p.name for p in self.programs)
        title = f"network {self.name}: {len(self.projections)} projections; programs {programs}"
        return html_table(title, rows, ("population", "neurons", "role", "input"))

    def population(self, name: str) -> Population:
        """Find a population by name (`ValidationError` lists the names there are)."""
        return _find("population", self.populations, name)

    def projection(self, name: str) -> Projection:
        """Find a projection by name (`ValidationError` lists the names there are)."""
        return _find("projection", self.projections, name)

    def program(self, name: str) -> Program:
        """Find a program by name (`ValidationError` lists the names there are)."""
        return _find("program", self.programs, name)

    def has_role(self, role: Role) -> bool:
        """Whether there is a population with a role."""
        return self._with_role(role) is not None

    def role(self, role: Role) -> Population:
        """Find the population that has a role (`ValidationError` says how to name it)."""
        found = self._with_role(role)
        if found is None:
            raise missing(self.name, role)
        return found

    def _with_role(self, role: Role) -> Population | None:
        name, driven = self.roles.of(role), is_driven(role)
        fitting = (p for p in self.populations if p.name == name and p.input == driven)
        return next(fitting, None)

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
