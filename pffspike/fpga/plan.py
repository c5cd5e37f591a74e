"""What a core is made of: places of populations, tables of its control, memories, widths."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from typing import Literal

import numpy as np

from pffspike.network.spec import Network
from pffspike.typing import Integers

Kind = Literal["free", "signal", "class"]
KINDS: tuple[Kind, ...] = ("free", "signal", "class")


@dataclass(frozen=True)
class Slot:
    """The place of a population on the core.

    Parameters
    ----------
    name : str
        Of the population.
    size, words : int
        Comparer, and words of lanes that hold them.
    first : int
        Number of its first word.
    mark : int
        Number of its first mark: one for the spikes before each word, one for those before its end.
    offset : int
        What is added to the key of a step to draw its first neuron, 64 bits.
    """

    name: str
    size: int
    words: int
    first: int
    mark: int
    offset: int


@dataclass(frozen=True)
class Input:
    """Where the core keeps the spike probabilities of a signal for a population."""

    signal: str
    population: str
    base: int
    size: int


@dataclass(frozen=True)
class Draw:
    """A population that a phase draws: one entry of the table of draws.

    Parameters
    ----------
    kind : int
        Place in `KINDS`: bias and current, probabilities of a signal, or a class.
    slot : int
        Number of its slot.
    source : int
        First probability in the memory of inputs, or the neuron of the class.
    gains : int
        Place of its gains in the table of gains.
    votes : int
        1 if its goodness is added to the score of the phase, -1 if it is subtracted, else 0.
    answers : int
        Whether its neuron with the most spikes is the answer.
    last : int
        Whether no other population follows.
    """

    kind: int
    slot: int
    source: int
    gains: int
    votes: int
    answers: int
    last: int


@dataclass(frozen=True)
class Operation:
    """What one projection adds to one word of neurons: one entry of the table of operations.

    Parameters
    ----------
    base : int
        What is added to the number of a neuron for the address of its row.
    begin, end : int
        Marks before and after the spikes that count.
    gain : int
        Place of the gain of the sending population.
    shift : int
        Of the gain, to the left: the grid of the weights above the finest one.
    unsigned, negative : int
        Whether weights have no sign bit, and whether all are negative.
    word : int
        Of the receiving neurons.
    opens, closes : int
        Whether it is the first, and the last operation of its word.
    last : int
        Whether no other operation follows in the step.
    """

    base: int
    begin: int
    end: int
    gain: int
    shift: int
    unsigned: int
    negative: int
    word: int
    opens: int
    closes: int
    last: int


@dataclass(frozen=True)
class Presentation:
    """A phase of a program: one entry of the table of phases."""

    draws: int
    operations: int
    burn_in: int
    last: int
    offset: int


@dataclass(frozen=True)
class Widths:
    """Widths of numbers, bits, from the bounds of `pffspike.network.exactness`.

    Parameters
    ----------
    weight : int
        A weight in memory.
    sum : int
        The sum of the weights of one projection, with sign.
    gain : int
        A gain, shifted to the finest grid.
    current, current_grid : int
        All that arrives at a neuron, with sign, and the exponent of its grid.
    bias : int
        A bias, with sign, on the grid 2^-24.
    count : int
        Spikes of a neuron in a window.
    total : int
        Spikes of a population in a presentation.
    score : int
        Sum of squared counts of all populations that vote, with sign.
    """

    weight: int
    sum: int
    gain: int
    current: int
    current_grid: int
    bias: int
    count: int
    total: int
    score: int


@dataclass(frozen=True, eq=False)
class CorePlan:
    """All that a core is made of.

    Parameters
    ----------
    network : Network
        The network.
    programs : tuple of str
        Programs that the core runs.
    lanes : int
        Weights that are added in a cycle, a power of two.
    slots : tuple of Slot
        Populations.
    inputs : tuple of Input
        Signals that the host gives, in the order in which it sends them.
    draws, operations, phases : tuple
        The three tables.
    first_phase : dict of str to int
        Place of the first phase of each program.
    rows : (words, lanes) ndarray of int64
        Weights as stored, without the sign where an operation says so.
    biases : (neurons,) ndarray of int64
        By number of the neuron, times 2^-24.
    gains : (entries,) ndarray of int64
        Gains by number of spikes, one table after the other.
    unit_gain : int
        The gain 1 in the same unit.
    widths : Widths
        Widths of numbers.
    """

    network: Network
    programs: tuple[str, ...]
    lanes: int
    slots: tuple[Slot, ...]
    inputs: tuple[Input, ...]
    draws: tuple[Draw, ...]
    operations: tuple[Operation, ...]
    phases: tuple[Presentation, ...]
    first_phase: dict[str, int]
    rows: Integers
    biases: Integers
    gains: Integers
    unit_gain: int
    widths: Widths

    def __repr__(self) -> str:
        return (
            f"CorePlan({self.network.name!r}, {', '.join(self.programs)}; {self.lanes} lanes, "
            f"{len(self.rows):,} rows)"
        )

    @property
    def words(self) -> int:
        """Words of all slots."""
        return self.slots[-1].first + self.slots[-1].words

    @property
    def identity(self) -> bytes:
        """Eight bytes that differ between cores that compute different things."""
        digest = hashlib.sha256(repr((self.programs, self.lanes, self.widths)).encode())
        for table in (self.slots, self.inputs, self.draws, self.operations, self.phases):
            digest.update(repr([astuple(entry) for entry in table]).encode())
        for array in (self.rows, self.biases, self.gains):
            digest.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
        return digest.digest()[:8]

    def draws_of(self, phase: Presentation) -> tuple[Draw, ...]:
        """Populations that a phase draws, in their order."""
        last = next(n for n in range(phase.draws, len(self.draws)) if self.draws[n].last)
        return self.draws[phase.draws : last + 1]

    def operations_of(self, phase: Presentation) -> tuple[Operation, ...]:
        """Operations of a step of a phase, in their order."""
        entries, start = self.operations, phase.operations
        last = next(n for n in range(start, len(entries)) if entries[n].last)
        return entries[start : last + 1]

    def answers(self, name: str) -> bool:
        """Whether a population is the read-out, whose neuron with the most spikes answers."""
        network = self.network
        return network.has_role("readout") and network.role("readout").name == name

    def slot(self, name: str) -> int:
        """Number of the slot of a population."""
        return [slot.name for slot in self.slots].index(name)
