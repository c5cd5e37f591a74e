"""What is timed, and how: workloads, clocks that leave compilation apart, medians."""

from __future__ import annotations

import dataclasses
import functools
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike import schedules, training
from pffspike.arithmetic import counter
from pffspike.benchmarks.handwritten import Kernel, Library
from pffspike.data import Dataset, grey_values, probabilities
from pffspike.engines.base import Engine, Session, Task
from pffspike.execution import Execution
from pffspike.network import initial, structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network
from pffspike.recording import NOTHING, Probes, Recording

#: The hand-written kernel by its name in the results.
KERNEL = "limit"


@dataclass(frozen=True, eq=False)
class Workload:
    """A network at its start and the samples it is to be trained on, in the order of training.

    Parameters
    ----------
    network : Network
        Which is timed.
    parameters : Parameters
        Weights and biases that every engine begins with.
    dataset : Dataset
        Its training part is what is trained on, once.
    seed : int
        Of the spikes.
    """

    network: Network
    parameters: Parameters
    dataset: Dataset
    seed: int

    @property
    def size(self) -> int:
        """Samples there are."""
        return len(self.dataset.train_images)

    @property
    def steps(self) -> int:
        """Steps of a training sample, all phases together."""
        program = self.network.program("train")
        return program.steps * len(program.phases)

    def samples(
        self, count: int
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """First samples in the order of training: images, labels, negatives."""
        order = counter.permutation(self.size, counter.derive_key(self.seed, counter.ORDER, 0))[
            :count
        ]
        labels, data = self.dataset.train_labels[order], self.dataset
        negatives = training.negatives(
            labels,
            np.arange(len(order)),
            data.classes,
            self.network.training.hard_negatives,
            self.seed,
        )
        return grey_values(data.train_images)[order], labels, negatives

    def signals(self, count: int) -> dict[str, npt.NDArray]:
        """First samples as an engine takes them."""
        images, labels, negatives = self.samples(count)
        return {
            "image": probabilities(images, self.dataset.levels),
            "label": labels,
            "negative": negatives,
        }


def make_workload(network: Network, dataset: Dataset, samples: int, seed: int) -> Workload:
    """Cut a data set to its first samples and draw the initial weights."""
    part = dataclasses.replace(
        dataset,
        train_images=dataset.train_images[:samples],
        train_labels=dataset.train_labels[:samples],
    )
    return Workload(network, initial(network, seed), part, seed)


@dataclass(frozen=True)
class Timing:
    """Time of a step, measured several times.

    Parameters
    ----------
    name : str
        What was timed.
    seconds : tuple of float
        Of a step, one number a repetition.
    samples : int
        Of a repetition.
    spikes : float
        A step, all populations together; 0 where they are not counted.
    events : float
        Synaptic events a step: spikes times the synapses that they travel.
    compile_seconds : float
        From nothing to a session that has run once.
    """

    name: str
    seconds: tuple[float, ...]
    samples: int
    spikes: float = 0.0
    events: float = 0.0
    compile_seconds: float = 0.0

    @property
    def step(self) -> float:
        """Median time of a step in seconds."""
        return statistics.median(self.seconds)

    def as_json(self) -> dict[str, object]:
        """Everything, with the derived figures in convenient units."""
        return {
            "microseconds_per_step": 1e6 * self.step,
            "nanoseconds_per_event": 1e9 * self.step / self.events if self.events else None,
            "seconds_per_step": list(self.seconds),
            "samples": self.samples,
            "spikes_per_step": self.spikes,
            "events_per_step": self.events,
            "compile_seconds": self.compile_seconds,
        }


def clocked(call: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def events(network: Network, program: str, spikes: dict[str, npt.NDArray[np.float64]]) -> float:
    """Synaptic events of spikes ``(phases,)`` by population, summed over phases."""
    total = 0.0
    for index, phase in enumerate(network.program(program).phases):
        for name in phase.projections:
            projection = network.projection(name)
            sent = spikes.get(projection.pre)
            if sent is not None:
                total += float(sent[index]) * structure.fan_out(network, projection)
    return total


def spikes_of(recording: Recording) -> dict[str, npt.NDArray[np.float64]]:
    """Mean spikes of a presentation by population, ``(phases,)``."""
    return {
        name: recording.by_phase(values).mean(axis=0, dtype=np.float64)
        for name, values in recording.spikes.items()
    }


def time_kernel(library: Library, workload: Workload, samples: int, repeats: int) -> Timing:
    """Time the kernel on the first samples, each repetition from the initial weights."""
    images, labels, negatives = workload.samples(samples)
    seconds = []
    for _ in range(repeats):
        with Kernel(library, workload.network, workload.parameters, workload.seed) as kernel:
            elapsed, result = kernel.run(images, workload.dataset.levels, labels, negatives)
        seconds.append(elapsed / (len(images) * workload.steps))
    spikes = dict(result.spikes)
    return Timing(
        KERNEL,
        tuple(seconds),
        len(images),
        sum(float(values.sum()) for values in spikes.values()) / workload.steps,
        events(workload.network, "train", spikes) / workload.steps,
    )


def time_engine(
    name: str,
    engine: Engine,
    workload: Workload,
    *,
    program: str = "train",
    budget: float,
    repeats: int,
    most: int,
) -> Timing:
    """Time an engine, on so many samples that a repetition takes ``budget`` seconds or longer.

    Parameters
    ----------
    name : str
        What to call it.
    engine : Engine
        Which is timed.
    workload : Workload
        The network, its data and its weights.
    program : str
        Which program runs.
    budget : float
        Seconds.
    repeats : int
        Runs after the first one.
    most : int
        Samples at most.

    Returns
    -------
    Timing
        Repetitions go on learning on the same samples.
    """
    start = time.perf_counter()
    with engine.compile(
        workload.network, program, workload.parameters, seed=workload.seed, probes=NOTHING
    ) as session:
        _run(session, workload, 1)
        compile_seconds = time.perf_counter() - start
        count = min(2, most)
        # Fixed costs of a run count as they do in a training only if the run is long.
        while (elapsed := _run(session, workload, count)[0]) < budget and count < most:
            count = min(most, math.ceil(count * min(4, max(1.5, budget / elapsed))))
        runs = [_run(session, workload, count) for _ in range(repeats)]
    described = workload.network.program(program)
    steps = described.steps * len(described.phases)
    spikes = spikes_of(runs[0][1])
    return Timing(
        name,
        tuple(elapsed / (count * steps) for elapsed, _ in runs),
        count,
        sum(float(values.sum()) for values in spikes.values()) / steps,
        events(workload.network, program, spikes) / steps,
        compile_seconds,
    )


def _run(session: Session, workload: Workload, count: int) -> tuple[float, Recording]:
    """Seconds of a run on the first samples, and its recording."""
    signals, numbers = workload.signals(count), np.arange(min(count, workload.size))
    start = time.perf_counter()
    recording = session.run(signals, numbers)
    return time.perf_counter() - start, recording


class ClockedEngine(Engine):
    """An engine that adds up how long compiling takes, to be taken off a whole training.

    Parameters
    ----------
    engine : Engine
        Which is timed.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine, self.name = engine, engine.name
        self.compile_seconds = 0.0

    def _compile(self, task: Task) -> Session:
        start = time.perf_counter()
        session = self.engine.compile(
            task.network, task.program.name, task.parameters, seed=task.seed, probes=task.probes
        )
        self.compile_seconds += time.perf_counter() - start
        return session


@dataclass(frozen=True)
class AlternatingTimings:
    """Whole trainings on the same samples: the hand-written kernel and engines in alternation.

    Parameters
    ----------
    kernel : Timing
        Of the hand-written kernel.
    engines : tuple of Timing
        All costs of `pffspike.training.train` but compilation, which ``compile_seconds`` holds.
    steps : int
        Of a sample.
    """

    kernel: Timing
    engines: tuple[Timing, ...]
    steps: int

    def ratio(self, name: str) -> float | None:
        """Median over rounds of an engine's time by that of the kernel right before it."""
        for timing in self.engines:
            if timing.name == name:
                rounds = zip(timing.seconds, self.kernel.seconds, strict=False)
                return statistics.median(mine / other for mine, other in rounds)
        return None


def time_alternating(
    library: Library, engines: dict[str, Engine], workload: Workload, repeats: int
) -> AlternatingTimings:
    """Time whole trainings, the kernel and every engine in turn, so that noise meets both."""
    begin = schedules.begin(workload.network, workload.dataset, seed=workload.seed, epochs=1)
    kernels: list[Timing] = []
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    compiling: dict[str, float] = {}
    spikes: dict[str, float] = {}
    steps = workload.size * workload.steps
    for name, engine in engines.items():  # what is compiled once and kept is compiled here
        compiling[name] = clocked(functools.partial(_begin, engine, workload))
    for _ in range(repeats):
        kernels.append(time_kernel(library, workload, workload.size, 1))
        for name, engine in engines.items():
            watched = ClockedEngine(engine)
            start = time.perf_counter()
            execution = Execution(watched)
            trained = training.train(begin, workload.dataset, execution=execution)
            whole = time.perf_counter() - start
            spikes[name] = float(np.mean(trained.history["spikes"])) / workload.steps
            seconds[name].append((whole - watched.compile_seconds) / steps)
    kernel = dataclasses.replace(kernels[0], seconds=tuple(t.seconds[0] for t in kernels))
    timings = tuple(
        Timing(name, tuple(values), workload.size, spikes[name], compile_seconds=compiling[name])
        for name, values in seconds.items()
    )
    return AlternatingTimings(kernel, timings, workload.steps)


def _begin(engine: Engine, workload: Workload) -> None:
    program = workload.network.program("train")
    probes = (
        Probes(counts=(program.hard_negative.population,)) if program.hard_negative else NOTHING
    )
    with engine.compile(
        workload.network, "train", workload.parameters, seed=workload.seed, probes=probes
    ) as session:
        _run(session, workload, 2)
