"""What samples bring to processes that run on their own: a page each, turned by time.

The engine writes the next sample into shared memory between two runs. A network that others run,
on Lava's own runtime, has no session to do so: its processes hold all samples and turn the page
themselves, at the first step of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pffspike.arithmetic import grids
from pffspike.engines.lava.arithmetic import Arithmetic
from pffspike.engines.lava.memory import Schedule
from pffspike.network.spec import Program
from pffspike.typing import Array, Integers, Signals


@dataclass(frozen=True)
class Pages:
    """All samples of a run.

    Parameters
    ----------
    program : Program
        What is done with each.
    arithmetic : Arithmetic
        Of the models.
    samples : (samples,) ndarray of int64
        Numbers that key the random numbers. After the last one they begin again.
    signals : mapping of str to ndarray
        As `pffspike.engines.base.check_signals` gives them; none for a population that is driven
        from outside.
    sizes : mapping of str to int
        Neurons of the input populations.
    """

    program: Program
    arithmetic: Arithmetic
    samples: Integers
    signals: Signals
    sizes: Mapping[str, int]

    def schedule(self, sample: int) -> Schedule:
        """One lane with the sample at a position."""
        number = self.samples[sample % len(self.samples)]
        return Schedule(np.array([number]), np.ones(1, np.int64))

    def classes(self, signal: str | None, sample: int) -> Array | None:
        """``(1,)`` class of a signal that teaches."""
        if signal not in self.signals:
            return None
        return self.signals[str(signal)][[sample % len(self.samples)]]

    def probabilities(self, name: str, sample: int) -> tuple[Array | None, ...]:
        """``(1, units)`` spike probabilities of an input population, by phase."""
        row = sample % len(self.samples)
        found: list[Array | None] = []
        for phase in self.program.phases:
            source = phase.inputs.get(name)
            if source is None or (isinstance(source, str) and source not in self.signals):
                found.append(None)
                continue
            value = source if isinstance(source, int) else self.signals[source][row]
            if np.ndim(value) == 0:  # a class: its neuron spikes in every step
                value = np.arange(self.sizes[name]) == value
            p = np.asarray(value, np.float64)[None]
            found.append(self.arithmetic.encode(p, grids.DRIVE_GRID))
        return tuple(found)


class Open:
    """Part of a model: turn the page at the first step of a sample."""

    clock: Any
    time_step: int

    def turn(self, sample: int) -> None:
        """Take what the sample at a position brings."""
        raise NotImplementedError

    def begin(self) -> None:
        """Turn the page if a sample begins with this time step."""
        sample, step = divmod(self.time_step - 1, self.clock.steps * self.clock.phases)
        if step == 0:
            self.turn(sample)

    def run_spk(self) -> None:
        """Turn the page, then do what the model does."""
        self.begin()
        super().run_spk()  # type: ignore[misc]
