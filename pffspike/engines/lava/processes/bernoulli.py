"""What the models of both kinds of populations share: random numbers, sending, counting."""

from __future__ import annotations

from typing import Any

import numpy as np

from pffspike.arithmetic import counter
from pffspike.engines.lava.processes.plan import Neurons
from pffspike.engines.lava.processes.ranges import CheckedModel
from pffspike.network.hard_negatives import choose_hard_negatives
from pffspike.typing import Array, Bools, Floats, Integers, Keys

_SHIFT = np.uint64(64 - counter.UNIFORM_BITS)


def floating_uniform(bits: Keys) -> Floats:
    """Uniform numbers in [0, 1) from integers of 24 bits."""
    return bits.astype(np.float64) * 2.0**-counter.UNIFORM_BITS


def fixed_uniform(bits: Keys) -> Integers:
    """Uniform numbers as multiples of 2^-24, from integers of 24 bits."""
    return bits.astype(np.int64)


class BernoulliModel(CheckedModel):
    """Draws, sends and counts; the sub-classes say with which probability and which numbers.

    Parameters
    ----------
    proc_params : ProcessParameters
        See `CheckedModel`.
    """

    part: Neurons
    gains: Array
    s: Array

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        lanes, seed = self.setting.lanes, self.setting.seed
        self.probe = self.memory.probes[self.part.name]
        self.active, self.shifts = self.part.active, self.part.shifts
        self.streams = [
            counter.derive_key(seed, counter.SPIKES, stream) for stream in self.part.streams
        ]
        self.offsets = counter.offsets(counter.neuron_counters(self.part.index, self.part.size))
        self.silence = np.zeros((lanes, self.part.size), self.arithmetic.payload)
        self.shape = self.setting.shape(self.part.size)
        self.keys = np.zeros((0, 0), np.uint64)  # of this presentation, by lane and step
        self.wrong_class: Any = self.plan.wrong_class
        self.chosen = np.full(lanes, -1)  # wrong classes

    def bits(self, phase: int, step: int, neurons: Array | None = None) -> Keys:
        """Draw ``(used, units)`` integers of 24 bits: the uniform numbers times 2^24.

        Parameters
        ----------
        phase, step : int
            Of the program, and of the presentation.
        neurons : (n,) ndarray of int or None
            To draw for, all by default.
        """
        if step == 0:
            numbers = self.memory.samples[self.batch, : self.used]
            samples = counter.derive_keys(self.streams[phase], numbers)
            self.keys = counter.derive_keys(samples[:, None], np.arange(self.clock.steps))
        offsets = self.offsets if neurons is None else self.offsets[neurons]
        return counter.mix(self.keys[:, step, None] + offsets) >> _SHIFT

    def emit(self, phase: int, step: int, spikes: Bools | None) -> None:
        """Send the spikes of a step and count them; in the last step, choose the wrong class.

        Parameters
        ----------
        phase, step : int
            Of the program, and of the presentation.
        spikes : (used, units) ndarray of bool or None
            None: silence.
        """
        many = None if spikes is None else np.count_nonzero(spikes, axis=1)
        self._send(spikes, many)
        self._count(phase, step, spikes, many)
        if step == self.last and self.wrong_class and self.wrong_class.phase == phase:
            self._choose(phase)
        self.progress[0] = self.time_step

    def _send(self, spikes: Bools | None, many: Array | None) -> None:
        graded = self.silence
        if spikes is None:
            self.s.fill(0)
        else:
            lanes = self.s.reshape(self.silence.shape)
            lanes[: len(spikes)] = spikes
            lanes[len(spikes) :] = 0
            if self.g_out.csp_ports:
                graded = np.zeros_like(self.silence)
                np.multiply(spikes, self.gains[many][:, None], graded[: len(spikes)])
        self.s_out.send(self.s)
        self.g_out.send(graded.reshape(self.shape))

    def _count(self, phase: int, step: int, spikes: Bools | None, many: Array | None) -> None:
        probe, raster = self.probe, self.probe.raster
        if step == 0:
            probe.spikes[phase] = 0
            probe.counts[phase] = 0
        if raster is not None:
            raster[self.batch, phase, step] = False
        if spikes is None:
            return
        used = len(spikes)
        probe.spikes[phase, :used] += many
        if step >= self.clock.burn_in:
            probe.counts[phase, :used] += spikes
        if raster is not None:
            raster[self.batch, phase, step, :used] = spikes

    def _choose(self, phase: int) -> None:
        """Choose the wrong class of each sample and send it, or take what was chosen."""
        chosen = self.wrong_class
        if chosen.population == self.part.name:
            used = self.used
            given = {
                signal: self.memory.classes[signal][self.batch, :used]
                for signal in (chosen.signal, chosen.truth)
            }
            numbers = self.memory.samples[self.batch, :used]
            counts = self.probe.counts[phase, :used]
            self.chosen[:used] = choose_hard_negatives(
                chosen, counts, given, self.setting.seed, numbers
            )
            self.memory.chosen[self.batch] = self.chosen
            self.h_out.send(self.chosen)
        elif self.h_in.csp_ports:
            self.chosen = self.h_in.recv()
