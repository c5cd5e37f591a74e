"""What a core must say, from the spikes of another engine: a test for any simulation of it."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np

from pffspike.fpga.cycles import cycles
from pffspike.fpga.messages import (
    ANSWER,
    COUNTS,
    IDENTIFY,
    IMAGE,
    NOBODY,
    PHASE,
    STEP,
    STEPWISE,
    image_message,
    run_message,
)
from pffspike.fpga.plan import CorePlan
from pffspike.inference.proposal import ranking
from pffspike.network import structure
from pffspike.recording import Recording
from pffspike.typing import Array, Integers


class Transcript:
    """Bytes of a host and the bytes that a core answers, run by run.

    Parameters
    ----------
    plan : CorePlan
        Of the core.

    Attributes
    ----------
    host, core : bytearray
        What either sends.
    """

    def __init__(self, plan: CorePlan) -> None:
        self.plan = plan
        self.host, self.core = bytearray(IDENTIFY), bytearray(IDENTIFY + plan.identity)
        # What the core keeps of populations that are not active: it is older, and it is told.
        self._sums = {slot.name: (0, 0) for slot in plan.slots}
        self._counts = np.zeros(plan.words * plan.lanes, "<u2")

    def add(self, recording: Recording, signals: Mapping[str, Array], seed: int) -> None:
        """Add the samples of a recording.

        Parameters
        ----------
        recording : Recording
            Of a program of the plan on any engine, with rasters and counts of all populations.
        signals : mapping of str to ndarray
            What was shown, a row a sample.
        seed : int
            Of the run.
        """
        taken, phases = cycles(self.plan, recording), recording.program.phases
        winners, best = self._winners(recording, seed), self._best(recording)
        name = recording.program.name
        for place, sample in enumerate(recording.samples):
            image = image_message(self.plan, {key: each[place] for key, each in signals.items()})
            flags = STEPWISE | COUNTS
            self.host += image + run_message(self.plan, name, int(sample), seed, flags)
            self.core += IMAGE if image else b""
            for phase in range(len(phases)):
                self._phase(recording, phase, place * len(phases) + phase)
            first = self.plan.first_phase[name]
            told = (first + int(best[place]), int(winners[place]), int(taken[place]))
            self.core += ANSWER + struct.pack("<BHI", *told)

    def _phase(self, recording: Recording, phase: int, presentation: int) -> None:
        active = structure.active(self.plan.network, recording.program.phases[phase])
        for step in range(recording.program.steps):
            numbers = [
                slot.first * self.plan.lanes + np.flatnonzero(raster[step, presentation])
                for slot in self.plan.slots
                if slot.name in active
                for raster in (recording.rasters[slot.name],)
            ]
            fired = np.concatenate(numbers)
            self.core += STEP + struct.pack("<H", len(fired)) + fired.astype("<u2").tobytes()
        for slot in self.plan.slots:
            if slot.name in active:
                counts, start = recording.counts[slot.name][presentation], slot.first
                self._counts[start * self.plan.lanes :][: slot.size] = counts
                spikes = int(recording.spikes[slot.name][presentation])
                self._sums[slot.name] = (spikes, int(np.square(counts).sum()))
        self.core += PHASE
        for spikes, squares in self._sums.values():
            self.core += spikes.to_bytes(4, "little") + squares.to_bytes(6, "little")
        self.core += self._counts.tobytes()

    def _best(self, recording: Recording) -> Integers:
        """Place of the phase with the best score, of each sample."""
        scores = np.zeros(recording.presentations)
        for p in self.plan.network.populations:
            if p.rule is not None and p.name in recording.goodness:
                scores += p.rule.evidence * recording.goodness[p.name]
        found: Integers = recording.by_phase(scores).argmax(axis=1)
        return found

    def _winners(self, recording: Recording, seed: int) -> Integers:
        """Neuron of the read-out with the most spikes in the last phase, of each sample."""
        last = recording.program.phases[-1]
        for name in structure.active(self.plan.network, last):
            if self.plan.answers(name):
                counts = recording.by_phase(recording.counts[name])[:, -1]
                found: Integers = ranking(counts, recording.samples, seed)[:, 0]
                return found
        return np.full(len(recording.samples), NOBODY)
