"""What the models of both kinds of populations share: random numbers, sending, counting."""

from __future__ import annotations

from typing import Any

import numpy as np

from pffspike.arithmetic import counter
from pffspike.engines.lava.memory import Probe, Schedule
from pffspike.engines.lava.plan import Neurons
from pffspike.engines.lava.ranges import CheckedModel
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
        ``neurons``, ``schedule``, ``probe`` and ``progress`` of the process.
    """

    def __init__(self, proc_params: Any) -> None:
        neurons: Neurons = proc_params["neurons"]
        super().__init__(proc_params, f"population {neurons.name!r}", neurons)
        self.schedule: Schedule = proc_params["schedule"]
        self.probe: Probe = proc_params["probe"]
        self.progress: Array = proc_params["progress"]
        self.active, self.shifts = neurons.active, neurons.shifts
        self.streams, self.gains = neurons.streams, neurons.gains
        self.offsets = counter.offsets(neurons.counters)
        self.silence = np.zeros(neurons.shape, self.gains.dtype)
        self.keys = np.zeros((0, 0), np.uint64)  # of this presentation, by lane and step

    @property
    def used(self) -> int:
        """Lanes that hold a sample."""
        return int(self.schedule.used[0])

    def bits(self, phase: int, step: int, chosen: Array | None = None) -> Keys:
        """Draw ``(used, units)`` integers of 24 bits: the uniform numbers times 2^24.

        Parameters
        ----------
        phase, step : int
            Of the program, and of the presentation.
        chosen : (n,) ndarray of int or None
            Neurons to draw for, all by default.
        """
        if step == 0:
            samples = counter.derive_keys(self.streams[phase], self.schedule.samples[: self.used])
            self.keys = counter.derive_keys(samples[:, None], np.arange(self.clock.steps))
        offsets = self.offsets if chosen is None else self.offsets[chosen]
        return counter.mix(self.keys[:, step, None] + offsets) >> _SHIFT

    def emit(self, phase: int, step: int, spikes: Bools | None) -> None:
        """Send the spikes of a step and count them.

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
        self.progress[0] = self.time_step

    def _send(self, spikes: Bools | None, many: Array | None) -> None:
        plain = graded = self.silence
        if spikes is not None and self.s_out.csp_ports:
            plain = np.zeros_like(self.silence)
            plain[: len(spikes)] = spikes
        if spikes is not None and (self.g_out.csp_ports or self.d_out.csp_ports):
            graded = np.zeros_like(self.silence)
            np.multiply(spikes, self.gains[many][:, None], graded[: len(spikes)])
        self.s_out.send(plain)
        self.g_out.send(graded)
        self.d_out.send(graded[0])

    def _count(self, phase: int, step: int, spikes: Bools | None, many: Array | None) -> None:
        probe = self.probe
        if step == 0:
            probe.spikes[phase] = 0
            probe.counts[phase] = 0
        if probe.raster is not None:
            probe.raster[phase, step] = False
        if spikes is None:
            return
        used = len(spikes)
        probe.spikes[phase, :used] += many
        if step >= self.clock.burn_in:
            probe.counts[phase, :used] += spikes
        if probe.raster is not None:
            probe.raster[phase, step, :used] = spikes
