"""The interface between a session and Brian2: arrays in, a run, arrays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pffspike.engines.brian2.schedule import Tables
from pffspike.typing import Floats, Multiples


@dataclass(frozen=True)
class State:
    """The state that learning changes, in Brian2's order.

    Parameters
    ----------
    biases : (neurons,) ndarray of float64
        Of all neurons of the program, one population behind the other.
    weights : mapping of str to (synapses,) ndarray of int32
        In units of their grid: all of them on the way in, the plastic ones on the way out.
    kept : mapping of str to (synapses,) ndarray of int32
        On the way in, weights that learning leaves as they are, of projections that have any, and
        `pffspike.engines.brian2.layout.FREE` in place of others.
    fixed : (neurons,) ndarray of float64 or None
        On the way in, 1 where learning leaves the bias as it is; None if it leaves none.
    """

    biases: Floats
    weights: Mapping[str, Multiples]
    kept: Mapping[str, Multiples] = field(default_factory=dict)
    fixed: Floats | None = None


@dataclass(frozen=True)
class Rates:
    """Learning rates of a run.

    Parameters
    ----------
    bias : (populations,) ndarray of float64
        Learning rate of the biases, by population.
    weights : (projections,) ndarray of float64
        Divided by the window and by the grid.
    """

    bias: Floats
    weights: Floats


@dataclass(frozen=True)
class Recorded:
    """Results of presentations; rows are presentations.

    Parameters
    ----------
    totals, squares : (presentations, populations) ndarray of float64
        Spikes over all steps, and sum of squared counts in the window.
    losses : (presentations, classes) ndarray of float64, or None
        To how many others each candidate for the hard negative lost, after the phase that
        decides.
    counts : (presentations, units) ndarray of float64, or None
        Of the recorded populations, side by side in the order of the record.
    spikes : pair of (spikes,) ndarray, or None
        Neuron and time in seconds of every spike.
    """

    totals: Floats
    squares: Floats
    losses: Floats | None
    counts: Floats | None
    spikes: tuple[Multiples, Floats] | None


class Backend(Protocol):
    """Runs chunks of a compiled model."""

    def run(
        self, chunks: Sequence[Tables], state: State, rates: Rates | None
    ) -> tuple[list[Recorded], State]:
        """Run chunks, each from the same state; the state after the last.

        Where something is learned, it must be one chunk at a time.
        """
        ...

    def close(self) -> None:
        """Release files and processes; idempotent."""
        ...
