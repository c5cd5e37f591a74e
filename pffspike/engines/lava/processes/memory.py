"""Memory that the processes of a network share: weights, signals in, spikes out.

Lava moves variables one number a message, 784 x 500 weights take seconds. Lava's processes
are forked, so an anonymous shared mapping made before belongs to them as well; it has no name
in the file system, so nothing is left behind however the program ends. Variables of the processes
lie in it too, which is how tied projections have one and the same weights.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pffspike.arithmetic import grids
from pffspike.engines.lava.processes.plan import Neurons, Plan, Setting, Synapses
from pffspike.network import constants, rows
from pffspike.typing import Array, Floats, Integers

if TYPE_CHECKING:  # an export folder holds this file, but not that one
    from pffspike.network.parameters import Parameters


def shared(shape: tuple[int, ...], dtype: type[np.generic]) -> Array:
    """Array of zeros that this process and its children see alike."""
    count = int(np.prod(shape))
    room = mmap.mmap(-1, max(1, count * np.dtype(dtype).itemsize))
    return np.frombuffer(room, dtype, count).reshape(shape)


@dataclass(frozen=True)
class Probe:
    """Spike counters of a population, as a chip's probes, for the samples that ran last.

    Parameters
    ----------
    spikes : (phases, lanes) ndarray of int64
        Over all steps.
    counts : (phases, lanes, units) ndarray of int64
        In the window.
    raster : (batches, phases, steps, lanes, units) ndarray of bool or None
        Every spike, if it was asked for.
    """

    spikes: Array
    counts: Array
    raster: Array | None


class Memory:
    """Everything that the processes of a plan share.

    Parameters
    ----------
    plan : Plan
        What is run.
    setting : Setting
        How it is run.
    start : Parameters
        Weights, biases, and which of them are fixed.
    batches : int
        Samples that follow each other in every lane; after the last one they begin again.
    rasters : iterable of str
        Populations of which every spike is recorded.
    frames : int
        Spike probabilities of each input: 1, the same in every step, or one a step.
    """

    def __init__(
        self,
        plan: Plan,
        setting: Setting,
        start: Parameters,
        batches: int = 1,
        rasters: Iterable[str] = (),
        frames: int = 1,
    ) -> None:
        self.plan, self.setting = plan, setting
        self.batches, self.frames = batches, frames
        self._dtype = setting.arithmetic.dtype
        #: raw rows by projection that owns them, raw biases by population
        self.weights: dict[str, Array] = {}
        for each in plan.projections:
            if each.owner not in self.weights:
                matrix = start.weights[each.owner]
                self.weights[each.owner] = self._filled(rows.to_rows(each, matrix), each.grid)
        self.biases = {
            each.name: self._filled(start.biases[each.name], grids.DRIVE_GRID)
            for each in plan.populations
        }
        #: where learning leaves them as they are: rows by projection, and by population
        self.fixed_weights = {
            each.name: rows.to_rows(each, start.fixed_weights[each.name])
            for each in plan.projections
            if each.name in start.fixed_weights
        }
        self.fixed_biases = start.fixed_biases
        #: raw learning rates on the grid 2^-20, by key
        self.rates = {key: shared((1,), self._dtype) for key in self._learners}
        self.set_rates(1.0)
        lanes = setting.lanes
        #: numbers of the samples of each batch, and how many of the lanes hold one: the first
        self.samples = shared((batches, lanes), np.int64)
        self.used = shared((batches,), np.int64)
        #: classes and signs by signal, (batches, lanes)
        self.classes = {name: shared((batches, lanes), np.int64) for name in self._taught()}
        #: wrong classes that were chosen, (batches, lanes); -1 where none was
        self.chosen = shared((batches, lanes), np.int64)
        self.chosen[:] = -1
        self._probabilities = {
            each.name: {
                source: shared((batches, lanes, frames, each.size), self._dtype)
                for source in each.inputs or ()
                if source is not None
            }
            for each in plan.sources
        }
        recorded = set(rasters)
        self.probes = {each.name: self._probe(each, each.name in recorded) for each in plan.neurons}
        parts: tuple[Neurons | Synapses, ...] = (*plan.neurons, *plan.projections)
        self._progress = shared((len(parts),), np.int64)
        self._slots = {
            _key(each): self._progress[index : index + 1] for index, each in enumerate(parts)
        }

    @property
    def _learners(self) -> dict[str, float]:
        """Learning rates by key of whatever learns."""
        parts: tuple[Neurons | Synapses, ...] = (*self.plan.populations, *self.plan.projections)
        return {_key(each): each.plasticity.learning_rate for each in parts if each.plasticity}

    def _taught(self) -> set[str]:
        chosen, learners = self.plan.wrong_class, [n.plasticity for n in self.plan.neurons]
        signals = {each.target_signal for each in learners if each}
        signals |= {s for each in learners if each for s in each.signs if isinstance(s, str)}
        return {s for s in signals if s} | ({chosen.truth, chosen.signal} if chosen else set())

    def _filled(self, values: Floats, grid: int) -> Array:
        raw = self.setting.arithmetic.encode(values, grid)
        room = shared(raw.shape, self._dtype)
        room[:] = raw
        return room

    def _probe(self, neurons: Neurons, raster: bool) -> Probe:
        (phases, steps), lanes = (self.plan.clock.phases, self.plan.clock.steps), self.setting.lanes
        return Probe(
            shared((phases, lanes), np.int64),
            shared((phases, lanes, neurons.size), np.int64),
            shared((self.batches, phases, steps, lanes, neurons.size), np.bool_)
            if raster
            else None,
        )

    def set_rates(self, learning_scale: float) -> None:
        """Set all learning rates, before samples run."""
        for key, value in self._learners.items():
            rate = constants.rate(value, learning_scale)
            self.rates[key][0] = self.setting.arithmetic.encode(rate, grids.RATE_GRID)

    def rate(self, part: Neurons | Synapses) -> Array | None:
        """``(1,)`` raw learning rate of a population or projection that learns."""
        return self.rates.get(_key(part))

    def slot(self, part: Neurons | Synapses) -> Array:
        """``(1,)`` number of the last time step that a process has finished."""
        return self._slots[_key(part)]

    def finished(self) -> int:
        """Steps that were finished, summed over the processes."""
        return int(self._progress.sum())

    def probabilities(self, source: Neurons) -> tuple[Array | None, ...]:
        """``(batches, lanes, frames, units)`` raw spike probabilities of an input, by phase."""
        arrays = self._probabilities[source.name]
        return tuple(None if f is None else arrays[f] for f in source.inputs or ())

    def load(self, signals: Mapping[str, Array], samples: Integers) -> None:
        """Put in the samples that run next, as many as lanes and batches hold, or fewer.

        Parameters
        ----------
        signals : mapping of str to ndarray
            (samples,) classes, (samples, units) probabilities, or (samples, frames, units) those
            of each step; an input whose signal is not among them is silent.
        samples : (samples,) ndarray of int64
            Their numbers.
        """
        count, lanes = len(samples), self.setting.lanes
        self.used[:] = np.clip(count - np.arange(self.batches) * lanes, 0, lanes)
        self.samples.reshape(-1)[:count] = samples
        for signal in self.classes.keys() & signals.keys():
            self.classes[signal].reshape(-1)[:count] = signals[signal]
        for each in self.plan.sources:
            for source, room in self._probabilities[each.name].items():
                if isinstance(source, str) and source not in signals:
                    continue
                values = signals[source] if isinstance(source, str) else np.full(count, source)
                if values.ndim == 1:  # probability 1 is a spike in every step
                    values = (values[:, None] == np.arange(each.size)).astype(np.float64)
                raw = self.setting.arithmetic.encode(values, grids.DRIVE_GRID)
                shown = raw if raw.ndim == 3 else raw[:, None]
                room.reshape(-1, self.frames, each.size)[:count] = shown

    def learned(self) -> tuple[dict[str, Floats], dict[str, Floats]]:
        """Weights, as matrices, by the projection that owns them, and biases, as they are now."""
        decode, weights = self.setting.arithmetic.decode, {}
        for each in self.plan.projections:
            if each.owner not in weights:
                raw = self.weights[each.owner]
                weights[each.owner] = rows.to_matrix(each, decode(raw, each.grid))
        biases = {name: decode(raw, grids.DRIVE_GRID) for name, raw in self.biases.items()}
        return weights, biases


def _key(part: Neurons | Synapses) -> str:
    """A projection may be called like a population."""
    return part.name if isinstance(part, Neurons) else f"projection {part.name}"
