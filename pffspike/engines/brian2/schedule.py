"""What the presentations of a chunk consist of, as two tables that Brian2 reads by time.

Everything that can be known before a run is worked out here, presentation by presentation:
keys, active populations, clamped classes, targets, and what is learned. The model itself has no
notion of phases. Only the hard negative must be found while it runs.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from pffspike.arithmetic import counter
from pffspike.engines.brian2.layout import Layout
from pffspike.engines.given import all_frames
from pffspike.network import rules, signs, structure
from pffspike.typing import Floats, Integers, Signals

SILENT = -(2.0**40)  #: drive of an inactive population: below any that a network can reach
PROBABILITIES = -1.0  #: in place of a clamped class: follow the signal's probabilities
CHOSEN = -2.0  #: in place of a clamped class: fire the hard negative that was chosen
NOTHING = -3.0  #: in place of a clamped class: no class


@dataclass(frozen=True)
class Columns:
    """First column of each quantity in a row of the schedule, one row a presentation.

    Keys take two columns, upper and lower 32 bits, for the table holds doubles. What begins with
    ``offset`` and ends with ``rule_theta`` has one column a population, ``enabled`` and ``plastic``
    have one a projection. The columns ``rule_...`` hold the coefficients of rules, see
    `pffspike.network.rules`.
    """

    stop: int
    key: int
    rounding: int
    choice_key: int
    decides: int
    truth: int
    offset: int
    clamped: int
    column: int
    target_class: int
    learning: int
    rule_offset: int
    rule_gain: int
    rule_slope: int
    rule_theta: int
    enabled: int
    plastic: int
    width: int

    @staticmethod
    def of(layout: Layout) -> Columns:
        """Lay out the columns of a program."""
        populations, projections = len(layout.populations), len(layout.projections)
        sizes = [1, 2, 2, 2, 1, 1] + [populations] * 9 + [projections] * 2
        return Columns(*np.cumsum([0, *sizes]).tolist())


@dataclass(frozen=True)
class Tables:
    """Input of a chunk.

    Parameters
    ----------
    schedule : (presentations + 1, columns) ndarray of float64
        The last row and any after it stop the run.
    signals : (samples * frames, probabilities) ndarray of float64
        Spike probabilities of all signals, side by side: a row for each sample, or for each of its
        steps.
    """

    schedule: Floats
    signals: Floats

    def padded(self, rows: int, presentations: int) -> Tables:
        """Same tables with ``rows`` rows of signals: compiled programs have a fixed size."""
        return dataclasses.replace(
            self,
            schedule=_pad(self.schedule, presentations + 1),
            signals=_pad(self.signals, rows),
        )


def _pad(values: Floats, rows: int) -> Floats:
    """Repeat the last row."""
    return np.concatenate([values, np.repeat(values[-1:], rows - len(values), axis=0)], axis=0)


class ScheduleWriter:
    """Writes tables for the chunks of one program and seed.

    Parameters
    ----------
    layout : Layout
        Indices of neurons and synapses.
    seed : int
        Of everything random.
    frames : int
        Rows of signals a sample: 1, or one a step where any signal is in time.
    """

    def __init__(self, layout: Layout, seed: int, frames: int = 1) -> None:
        self.layout, self.seed, self.frames = layout, seed, frames
        self.columns = Columns.of(layout)
        hard_negative = layout.program.hard_negative
        self._hard_negative = hard_negative.signal if hard_negative else None
        targets = {rules.targets(p.rule)[1] for p in layout.populations}
        classes = targets | (
            {hard_negative.truth, hard_negative.signal} if hard_negative else set()
        )
        self.column: dict[str, int] = {}  #: first column of each signal of probabilities
        width = 0
        for phase in layout.program.phases:
            for name, source in phase.inputs.items():
                if isinstance(source, str) and source not in classes | self.column.keys():
                    self.column[source] = width
                    width += layout.network.population(name).size
        self.width = width

    def tables(
        self,
        signals: Signals,
        samples: Integers,
    ) -> Tables:
        """Write the tables of a chunk.

        Parameters
        ----------
        signals : mapping of str to ndarray
            As `pffspike.engines.given.expanded` gives them.
        samples : (samples,) ndarray of int64, at least one
            Numbers of the samples, which key their random numbers.

        Returns
        -------
        Tables
        """
        phases = self.layout.program.phases
        schedule = np.zeros((len(samples) * len(phases) + 1, self.columns.width))
        for index in range(len(phases)):
            rows = schedule[index : -1 : len(phases)]
            self._keys(rows, index, samples)
            self._inputs(rows, index, signals)
            self._learning(rows, index, signals)
        schedule[-1, self.columns.stop] = 1.0
        populations = len(self.layout.populations)
        schedule[-1, self.columns.offset : self.columns.offset + populations] = SILENT
        schedule[-1, self.columns.clamped : self.columns.clamped + populations] = NOTHING
        return Tables(schedule, self._probabilities(signals, len(samples)))

    def _keys(self, rows: Floats, index: int, samples: Integers) -> None:
        phase = self.layout.program.phases[index]
        stream = counter.derive_key(self.seed, counter.SPIKES, phase.stream)
        rounding = counter.derive_key(self.seed, counter.ROUNDING)
        hard_negative = counter.derive_key(self.seed, counter.HARD_NEGATIVES)
        for column, keys in (
            (self.columns.key, counter.derive_keys(stream, samples)),
            (
                self.columns.rounding,
                counter.derive_keys(counter.derive_keys(rounding, samples), index),
            ),
            (self.columns.choice_key, counter.derive_keys(hard_negative, samples)),
        ):
            rows[:, column] = keys >> np.uint64(32)
            rows[:, column + 1] = keys & np.uint64(0xFFFFFFFF)

    def _inputs(
        self,
        rows: Floats,
        index: int,
        signals: Signals,
    ) -> None:
        phase, columns = self.layout.program.phases[index], self.columns
        active = structure.active(self.layout.network, phase)
        for k, population in enumerate(self.layout.populations):
            name = population.name
            rows[:, columns.offset + k] = 0.0 if name in active else SILENT
            rows[:, columns.clamped + k] = NOTHING
            source = phase.inputs.get(name)
            if isinstance(source, int):
                rows[:, columns.clamped + k] = source
            elif source in self.column:
                rows[:, columns.clamped + k] = PROBABILITIES
                rows[:, columns.column + k] = self.column[source]
            elif source is not None:
                given = signals[source]
                rows[:, columns.clamped + k] = np.where(given < 0, CHOSEN, given)
        for k, projection in enumerate(self.layout.projections):
            rows[:, columns.enabled + k] = projection.name in phase.projections
            rows[:, columns.plastic + k] = structure.learns_in(projection, phase)

    def _learning(
        self,
        rows: Floats,
        index: int,
        signals: Signals,
    ) -> None:
        program, columns = self.layout.program, self.columns
        phase, hard_negative = program.phases[index], program.hard_negative
        for k, population in enumerate(self.layout.populations):
            rule = population.rule
            learning = population.name in phase.learn
            rows[:, columns.learning + k] = learning
            rows[:, columns.target_class + k] = NOTHING
            if not learning or rule is None:
                continue
            if rule.target_signal is not None:
                target_class, unknown = signals[rule.target_signal], self._unknown(index)
                rows[:, columns.target_class + k] = np.where(
                    target_class < 0, unknown, target_class
                )
            for name, value in signs.coefficients(rule, phase, signals).items():
                rows[:, getattr(columns, f"rule_{name}") + k] = value
        if hard_negative:
            rows[:, columns.decides] = hard_negative.phase == phase.name
            rows[:, columns.truth] = signals[hard_negative.truth]

    def _unknown(self, index: int) -> float:
        """What a class of -1 stands for in a phase: the hard negative, once it is chosen."""
        hard_negative, phases = self.layout.program.hard_negative, self.layout.program.phases
        chosen = hard_negative and hard_negative.phase in [phase.name for phase in phases[:index]]
        return CHOSEN if chosen else NOTHING

    def _probabilities(
        self,
        signals: Signals,
        samples: int,
    ) -> Floats:
        table = np.zeros((samples, self.frames, max(1, self.width)))
        for name, column in self.column.items():
            values = signals[name]
            if values.ndim == 1:
                table[np.arange(samples), :, column + values] = 1.0
            else:
                shown = all_frames(values)
                table[:, :, column : column + shown.shape[2]] = shown
        return table.reshape(samples * self.frames, -1)
