"""Memory that the session shares with its population processes: signals in, spikes out.

Lava moves variables one number a message, 784 x 500 weights take seconds. Lava's processes
are forked, so an anonymous shared mapping made before belongs to them as well; it has no name
in the file system, so nothing is left behind however the program ends.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pffspike.arithmetic import grids
from pffspike.engines.lava.arithmetic import Arithmetic
from pffspike.engines.lava.plan import Plan
from pffspike.network import constants, rows
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Program
from pffspike.recording import Probes
from pffspike.typing import Array, Integers


def shared(shape: tuple[int, ...], dtype: type[np.generic]) -> Array:
    """Array of zeros that this process and its children see alike."""
    count = int(np.prod(shape))
    room = mmap.mmap(-1, max(1, count * np.dtype(dtype).itemsize))
    return np.frombuffer(room, dtype, count).reshape(shape)


@dataclass(frozen=True)
class Probe:
    """Spike counters of a population, as a chip's probes.

    Parameters
    ----------
    spikes : (phases, lanes) ndarray of int64
        Over all steps.
    counts : (phases, lanes, units) ndarray of int64
        In the window.
    raster : (phases, steps, lanes, units) ndarray of bool or None
        Every spike, if it was asked for.
    """

    spikes: Array
    counts: Array
    raster: Array | None


@dataclass(frozen=True)
class Schedule:
    """What is presented at present, one sample a lane.

    Parameters
    ----------
    samples : (lanes,) ndarray of int64
        Numbers of the samples.
    used : (1,) ndarray of int64
        Lanes that hold a sample: the first ones.
    """

    samples: Array
    used: Array


class Memory:
    """Everything shared, for one program.

    Parameters
    ----------
    network : Network
        Specification of the network.
    program : Program
        One of its programs.
    plan : Plan
        Processes and channels of the network.
    parameters : Parameters
        Weights and biases that it begins with.
    probes : Probes
        What is recorded.
    lanes : int
        Samples that run side by side.
    """

    def __init__(
        self,
        network: Network,
        program: Program,
        plan: Plan,
        parameters: Parameters,
        probes: Probes,
        lanes: int,
    ) -> None:
        self._network = network
        self._arithmetic: Arithmetic = plan.arithmetic
        #: raw rows by projection that owns them, raw biases by population
        self.weights = {
            name: self._filled(rows.to_rows(p, parameters.weights[name]), p.grid)
            for name in dict.fromkeys(each.owner for each in plan.projections)
            for p in [network.projection(name)]
        }
        self.biases = {
            each.name: self._filled(parameters.biases[each.name], grids.DRIVE_GRID)
            for each in plan.populations
        }
        #: raw learning rates on the grid 2^-20, by projection and by population
        self.rates = {
            key: shared((1,), self._arithmetic.dtype)
            for key in [
                *(("weights", name) for name in self.weights),
                *(("biases", name) for name in self.biases),
            ]
        }
        learners = (each.plasticity for each in plan.populations)
        #: classes by signal that teaches
        self.classes = {
            plasticity.signal: shared((lanes,), np.int64)
            for plasticity in learners
            if plasticity and plasticity.signal
        }
        self._sizes = {each.name: each.shape[1] for each in plan.sources}
        phases, steps = plan.clock.phases, plan.clock.steps
        self.schedule = Schedule(shared((lanes,), np.int64), shared((1,), np.int64))
        self.probes = {}
        for each in plan.neurons:
            units, raster = each.shape[1], None
            if each.name in probes.rasters:
                raster = shared((phases, steps, lanes, units), np.bool_)
            self.probes[each.name] = Probe(
                shared((phases, lanes), np.int64), shared((phases, lanes, units), np.int64), raster
            )
        #: by input population and phase: the signal or the constant class it follows
        self._followed = {
            name: [phase.inputs.get(name) for phase in program.phases] for name in self._sizes
        }
        self._distinct = {
            name: list(dict.fromkeys(f for f in followed if f is not None))
            for name, followed in self._followed.items()
        }
        self._probabilities = {
            name: {
                source: shared((lanes, size), self._arithmetic.dtype)
                for source in self._distinct[name]
            }
            for name, size in self._sizes.items()
        }

    def _filled(self, values: Array, grid: int) -> Array:
        raw = self._arithmetic.encode(values, grid)
        room = shared(raw.shape, self._arithmetic.dtype)
        room[:] = raw
        return room

    def set_rates(self, learning_scale: float) -> None:
        """Set all learning rates, before samples run."""
        for (kind, name), room in self.rates.items():
            if kind == "weights":
                value = self._network.projection(name).learning_rate
            else:
                value = self._network.population(name).bias.learning_rate
            rate = constants.rate(value, learning_scale)
            room[0] = self._arithmetic.encode(rate, grids.RATE_GRID)

    def parameters(self) -> Parameters:
        """Weights and biases as they are now, of the projections and populations of the plan."""
        decode = self._arithmetic.decode
        weights = {}
        for name, raw in self.weights.items():
            projection = self._network.projection(name)
            weights[name] = rows.to_matrix(projection, decode(raw, projection.grid))
        return Parameters(
            weights,
            {name: decode(raw, grids.DRIVE_GRID) for name, raw in self.biases.items()},
        )

    def probabilities(self, name: str) -> tuple[Array | None, ...]:
        """``(lanes, units)`` spike probabilities of an input population, by phase."""
        arrays = self._probabilities[name]
        return tuple(None if f is None else arrays[f] for f in self._followed[name])

    def load(self, signals: Mapping[str, Array], samples: Integers) -> None:
        """Put samples into the first lanes, before they run."""
        used = len(samples)
        self.schedule.used[0] = used
        self.schedule.samples[:used] = samples
        for signal, classes in self.classes.items():
            classes[:used] = signals[signal]
        for name, size in self._sizes.items():
            for source in self._distinct[name]:
                values = signals[source] if isinstance(source, str) else np.full(used, source)
                if values.ndim == 1:  # probability 1 is a spike in every step
                    values = (values[:, None] == np.arange(size)).astype(np.float64)
                self._probabilities[name][source][:used] = self._arithmetic.encode(
                    values, grids.DRIVE_GRID
                )
