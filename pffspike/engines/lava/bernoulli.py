"""What the models of both kinds of populations share: random numbers, sending, counting."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from lava.magma.core.model.py.model import PyLoihiProcessModel

from pffspike.arithmetic import counter, grids
from pffspike.engines.lava.memory import Probe, Schedule
from pffspike.engines.lava.plan import Neurons

Array = npt.NDArray  # type: ignore[type-arg]


def floating_uniform(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """Uniform numbers in [0, 1) from integers of 24 bits."""
    return bits.astype(np.float64) * 2.0**-counter.UNIFORM_BITS


def fixed_uniform(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Uniform numbers as multiples of 2^-24, from integers of 24 bits."""
    return bits.astype(np.int64)


def check_range(name: str, current: Array | int) -> None:
    """Raise `OverflowError` if a current needs more bits than the network was checked for."""
    if np.max(np.abs(current), initial=0) >> grids.EXACT_BITS:
        raise OverflowError(f"a current into {name!r} needs more than {grids.EXACT_BITS} bits")


class BernoulliModel(PyLoihiProcessModel):  # type: ignore[misc]
    """Draws, sends and counts; the sub-classes say with which probability and which numbers.

    Parameters
    ----------
    proc_params : ProcessParameters
        ``neurons``, ``schedule``, ``probe`` and ``progress`` of the process.
    """

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        neurons: Neurons = proc_params["neurons"]
        self.schedule: Schedule = proc_params["schedule"]
        self.probe: Probe = proc_params["probe"]
        self.progress: Array = proc_params["progress"]
        self.name, self.clock = neurons.name, neurons.clock
        self.active, self.shifts = neurons.active, neurons.shifts
        self.counters, self.streams, self.gains = neurons.counters, neurons.streams, neurons.gains
        self.silence = np.zeros(neurons.shape, self.gains.dtype)

    @property
    def used(self) -> int:
        """Lanes that hold a sample."""
        return int(self.schedule.used[0])

    def bits(self, phase: int, step: int) -> npt.NDArray[np.uint64]:
        """Draw ``(used, units)`` integers of 24 bits: the uniform numbers times 2^24."""
        samples = counter.derive_keys(self.streams[phase], self.schedule.samples[: self.used])
        keys = counter.derive_keys(samples, step)
        return counter.derive_keys(keys[:, None], self.counters) >> np.uint64(
            64 - counter.UNIFORM_BITS
        )

    def emit(self, phase: int, step: int, spikes: npt.NDArray[np.bool_] | None) -> None:
        """Send the spikes of a step and count them.

        Parameters
        ----------
        phase, step : int
        spikes : (used, units) ndarray of bool or None
            None: silence.
        """
        self._send(spikes)
        self._count(phase, step, spikes)
        self.progress[0] = self.time_step

    def _send(self, spikes: npt.NDArray[np.bool_] | None) -> None:
        plain = graded = self.silence
        if spikes is not None and self.s_out.csp_ports:
            plain = np.zeros_like(self.silence)
            plain[: len(spikes)] = spikes
        if spikes is not None and self.g_out.csp_ports:
            graded = np.zeros_like(self.silence)
            np.multiply(spikes, self.gains[spikes.sum(axis=1)][:, None], graded[: len(spikes)])
        self.s_out.send(plain)
        self.g_out.send(graded)

    def _count(self, phase: int, step: int, spikes: npt.NDArray[np.bool_] | None) -> None:
        probe = self.probe
        if step == 0:
            probe.spikes[phase] = 0
            probe.counts[phase] = 0
        if probe.raster is not None:
            probe.raster[phase, step] = False
        if spikes is None:
            return
        used = len(spikes)
        probe.spikes[phase, :used] += spikes.sum(axis=1)
        if step >= self.clock.burn_in:
            probe.counts[phase, :used] += spikes
        if probe.raster is not None:
            probe.raster[phase, step, :used] = spikes
