"""Engine and session: samples go to compiled code in blocks, one block a thread."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue

import numpy as np

from pffspike.engines.base import Engine, Session, Task
from pffspike.engines.given import all_frames, signal_size
from pffspike.engines.numba.fixed import find_fixed
from pffspike.engines.numba.kernel import WorkingArrays
from pffspike.engines.numba.lanes import LANES
from pffspike.engines.numba.plan import KernelPlan, aligned_zeros
from pffspike.engines.numba.run import RUNNERS, Inputs, Outputs
from pffspike.network.parameters import Parameters
from pffspike.recording import Recording
from pffspike.typing import Integers, Progress, Signals

_BLOCK = 64  #: samples between two looks at the outside: progress, Ctrl-C


class NumbaEngine(Engine):
    """Exact simulation in code that Numba compiles, event-driven; learns on one core."""

    name = "numba"
    parallel = True

    def _compile(self, task: Task) -> NumbaSession:
        return NumbaSession(self, task)


class NumbaSession(Session):
    """See `pffspike.engines.base.Session`."""

    def __init__(self, engine: NumbaEngine, task: Task) -> None:
        super().__init__(engine, task)
        self._network, self._program, self._probes = task.network, task.program, task.probes
        self._plan = KernelPlan(task.network, task.program, task.seed)
        self._weights, self._biases = self._plan.pack(task.parameters)
        self._fixed = find_fixed(self._plan, task.parameters, self._weights, self._biases)
        self._others = task.parameters.without(
            [p.name for p in self._plan.owners], [p.name for p in self._plan.extent.populations]
        )
        self._memories: SimpleQueue[WorkingArrays] = SimpleQueue()
        self._threads = task.cores
        for _ in range(self._threads):
            self._memories.put(self._memory())

    def _memory(self) -> WorkingArrays:
        plan, steps = self._plan, self._program.steps
        neurons, sums = plan.neurons, plan.accumulators
        columns = sum(signal_size(self._network, self._program, name) for name in plan.signals)
        cached = sums if (plan.projections.cached | plan.projections.precomputed).any() else 0
        real = np.dtype(np.float64)
        return WorkingArrays(
            fired=np.zeros((steps, neurons), np.int32),
            n_spikes=np.zeros((steps, len(plan.populations.size)), np.int64),
            sums=aligned_zeros(sums, plan.dtype),
            cached=aligned_zeros(steps * cached, plan.dtype).reshape(steps, cached),
            drive=aligned_zeros(neurons, real),
            counts=np.zeros(neurons, np.int32),
            traces=aligned_zeros(neurons, real),
            factors=aligned_zeros(neurons, real),
            active_inputs=np.zeros(columns, np.int64),
            active_offsets=np.zeros(columns + LANES, np.uint64),
            levels=np.zeros((steps, columns + LANES)),
            senders=aligned_zeros(neurons, np.dtype(np.uint32)),
            receivers=aligned_zeros(neurons, np.dtype(np.uint32)),
            precomputed=np.zeros(len(plan.projections.pre), bool),
            steps_of=np.zeros(columns, np.uint64),
            widths=np.zeros(len(plan.signals), np.int64),
            listed=np.zeros(max(64, neurons), np.int64),
            receiving=np.zeros(neurons, np.int64),
            drawn=np.zeros(len(plan.populations.size), bool),
            pre_traces=aligned_zeros(neurons, real),
        )

    def _run(
        self,
        signals: Signals,
        samples: Integers,
        learning_scale: float,
        progress: Progress,
    ) -> Recording:
        """See `pffspike.engines.base.Session.run`."""
        inputs, outputs = self._inputs(signals, samples), self._outputs(len(samples))
        rates, bias_rates = self._plan.rates(learning_scale)
        plan, runner = self._plan, RUNNERS[self._plan.dtype]

        def work(first: int, last: int) -> int:
            memory = self._memories.get()
            runner.run_samples(
                self._weights,
                self._biases,
                memory,
                (plan.populations, plan.projections, plan.phases, plan.schedule, self._fixed),
                inputs,
                outputs,
                first,
                last,
                rates,
                bias_rates,
            )
            self._memories.put(memory)
            return last - first

        if runner.compiles:
            with self._compiling():
                work(0, 0)
        blocks = [(k, min(k + _BLOCK, len(samples))) for k in range(0, len(samples), _BLOCK)]
        for done in self._map(work, blocks):
            progress(done)
        return self._trace(outputs, samples)

    def _map(
        self, work: Callable[[int, int], int], blocks: Sequence[tuple[int, int]]
    ) -> Iterator[int]:
        """Yield what ``work`` returns, in any order; on an error, what has not begun never will."""
        if self._threads == 1 or len(blocks) < 2:
            yield from itertools.starmap(work, blocks)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            try:
                for future in as_completed([pool.submit(work, *block) for block in blocks]):
                    yield future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _inputs(
        self,
        signals: Signals,
        samples: Integers,
    ) -> Inputs:
        names = self._plan.signals
        classes = np.full((len(samples), len(names)), -1, np.int64)
        columns = np.full(len(names), -1, np.int64)
        widths = np.full(len(names), -1, np.int64)
        in_time = any(values.ndim == 3 for values in signals.values())
        frames = self._program.steps if in_time else 1
        tables, column = [np.zeros((len(samples), frames, 0))], 0
        for index, name in enumerate(names):
            values = signals[name]
            if values.ndim == 1:
                classes[:, index] = values
            else:
                shown = all_frames(values)
                columns[index], widths[index] = column, shown.shape[2]
                tables.append(np.broadcast_to(shown, (len(samples), frames, shown.shape[2])))
                column += shown.shape[2]
        joined = tables[-1] if len(tables) == 2 else np.concatenate(tables, axis=2)
        table = np.ascontiguousarray(joined).view()
        table.flags.writeable = False  # a broadcast table is; another type would compile again
        return Inputs(samples.astype(np.uint64), classes, table, columns, widths)

    def _outputs(self, samples: int) -> Outputs:
        plan = self._plan
        rows, populations = samples * len(self._program.phases), len(plan.extent.populations)
        size = {p.name: p.size for p in plan.extent.populations}
        first = dict(zip(size, plan.populations.start, strict=True))
        counted = [n for n in size if n in self._probes.counts]
        seen = [n for n in size if n in self._probes.rasters]
        ends = np.cumsum([size[n] for n in seen])
        columns = {n: end - size[n] for n, end in zip(seen, ends, strict=True)}
        return Outputs(
            spikes=np.zeros((rows, populations), np.int64),
            squares=np.zeros((rows, populations), np.int64),
            hard_negatives=np.full(samples, -1, np.int64),
            counted=np.array([first[n] + k for n in counted for k in range(size[n])], np.int64),
            counts=np.zeros((rows, sum(size[n] for n in counted)), np.int64),
            seen=np.array([columns.get(n, -1) for n in size], np.int64),
            rasters=np.zeros(
                (self._program.steps, rows if seen else 0, sum(size[n] for n in seen)), bool
            ),
        )

    def _trace(self, outputs: Outputs, samples: Integers) -> Recording:
        names = [p.name for p in self._plan.extent.populations]
        sizes = {p.name: p.size for p in self._plan.extent.populations}
        counts, rasters, column = {}, {}, 0
        for name in (n for n in names if n in self._probes.counts):
            counts[name] = outputs.counts[:, column : column + sizes[name]]
            column += sizes[name]
        for index, name in enumerate(names):
            if name in self._probes.rasters:
                begin = int(outputs.seen[index])
                rasters[name] = outputs.rasters[:, :, begin : begin + sizes[name]]
        squares = outputs.squares / self._program.window**2
        return Recording(
            self._network,
            self._program,
            samples,
            {name: outputs.spikes[:, k].copy() for k, name in enumerate(names)},
            {name: squares[:, k].copy() for k, name in enumerate(names)},
            outputs.hard_negatives,
            counts,
            rasters,
        )

    def _parameters(self) -> Parameters:
        return self._others.copy().joined(self._plan.unpack(self._weights, self._biases))
