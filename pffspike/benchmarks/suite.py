"""The benchmark: which measurements are made, and what is reported."""

from __future__ import annotations

import dataclasses
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pffspike.benchmarks.dense import time_dense
from pffspike.benchmarks.first_use import time_first_use
from pffspike.benchmarks.handwritten import Kernel, Library
from pffspike.benchmarks.learners import Learning, time_learning
from pffspike.benchmarks.memory import measure_memory
from pffspike.benchmarks.naive_brian2 import time_naive_brian2
from pffspike.benchmarks.networks import TARGET_RATE, benchmark_network
from pffspike.benchmarks.plan import BenchmarkPlan
from pffspike.benchmarks.timing import (
    KERNEL,
    AlternatingTimings,
    Timing,
    Workload,
    make_workload,
    time_alternating,
    time_engine,
    time_kernel,
)
from pffspike.cards import load_network
from pffspike.data import Dataset
from pffspike.engines import available_engines, make_engine
from pffspike.engines.families import brian2_target, compiler
from pffspike.engines.registry import resolve
from pffspike.errors import MissingPackageError, ValidationError
from pffspike.trained import versions

EPOCH = 60_000  #: images of an epoch of MNIST
BRIAN2 = "brian2:cpp_standalone"
#: Names that stand for one of the others, and the control that is not exact.
_LEFT_OUT = ("fastest", "brian2", "lava", "numpy:rates")

Say = Callable[[str], None]
Size = tuple[int, int, int]
Rows = dict[str, Timing]


def chosen_engines(names: list[str], plan: BenchmarkPlan) -> list[str]:
    """Engines to time: those asked for, or all that are installed, without aliases.

    Raises
    ------
    ValidationError
        If one that was asked for does not exist or is not available.
    """
    states = {state.name: state for state in available_engines()}
    if not names:
        left_out = (*_LEFT_OUT, *plan.leaves_out)
        return [n for n, state in states.items() if state.available and n not in left_out]
    for name in names:
        make_engine(name)  # says what is wrong with a name
        if not states[name].available:
            raise ValidationError(f"engine {name!r} can't be timed: {states[name].detail}")
    stands_for = {
        "fastest": resolve("fastest"),
        "brian2": f"brian2:{brian2_target()}",
        "lava": "lava:fixed",
    }
    plain = [stands_for.get(name, name) for name in names]
    return list(dict.fromkeys(stands_for.get(name, name) for name in plain))


def label(size: Size) -> str:
    """A size as people write it: 784-500-500."""
    return "-".join(map(str, size))


@dataclass
class Suite:
    """One run of the benchmark.

    Parameters
    ----------
    plan : BenchmarkPlan
        How much of everything.
    engines : list of str
        From `chosen_engines`.
    datasets : dict of int to Dataset
        By number of pixels.
    seed : int
        Of images, weights and spikes.
    say : callable
        Told what is measured now.
    """

    plan: BenchmarkPlan
    engines: list[str]
    datasets: dict[int, Dataset]
    seed: int
    say: Say

    def run(self) -> dict[str, Any]:
        """Measure everything.

        Returns
        -------
        dict
            Ready for JSON: tables by name, and the values ``train_step_over_limit``,
            ``first_use_s``, ``minutes_to``, ``speedup_over_recipe``, ``bytes_per_synapse`` and
            ``epoch_seconds``.

        Raises
        ------
        ValidationError
            If there is no C++ compiler.
        """
        self.say("compiling the hand-written kernel")
        self._library = Library()
        learners = [name for name in self.engines if not name.startswith("lava")]
        steps = {size: self._sizes(size, learners) for size in self.plan.sizes}
        here = steps[self.plan.headline]
        timed = {name: row for name, row in here.items() if name in learners}
        fastest = min(timed, key=lambda name: timed[name].step) if timed else None
        compared = list(dict.fromkeys(n for n in (fastest, BRIAN2) if n in timed and n))
        growth = self._growth(compared, steps)
        whole = self._trainings(compared)
        naive = self._naive() if BRIAN2 in timed or not timed else None
        memory = {name: self._memory(name) for name in compared}
        return {
            "machine": machine(),
            "seed": self.seed,
            "plan": dataclasses.asdict(self.plan),
            "datasets": {str(pixels): data.name for pixels, data in self.datasets.items()},
            "train_step": {label(size): _json(rows) for size, rows in steps.items()},
            "inference_step": self._inference(),
            "growth": growth,
            "whole_training": _trainings_json(whole),
            "recipe": naive.as_json() if naive else None,
            "memory": memory,
            **_figures(whole, naive, memory, fastest),
            "train_step_over_limit_by_size": {
                label(size): {
                    "brian2": _over_kernel(rows, BRIAN2),
                    "fastest": _over_kernel(rows, fastest),
                }
                for size, rows in steps.items()
            },
            "first_use_s": self._first_use(fastest),
            **self._learning(fastest),
            "spikes_per_step": {t.name: t.spikes for t in (whole.kernel, *whole.engines)},
        }

    def _workload(self, size: Size, samples: int, **changes: Any) -> Workload:
        dataset = self.datasets[size[0]]
        network = benchmark_network(size[0], size[1:], dataset=dataset.name, **changes)
        return make_workload(network, dataset, samples, self.seed)

    def _sizes(self, size: Size, learners: list[str]) -> Rows:
        plan, workload = self.plan, self._workload(size, 500)
        self.say(f"training step at {label(size)}: hand-written kernel, dense products")
        rows = {KERNEL: time_kernel(self._library, workload, workload.size, plan.repeats)}
        for timing in time_dense(workload, self._spikes(workload), plan.budget / 3):
            rows[timing.name] = timing
        for name in learners:
            self.say(f"training step at {label(size)}: {name}")
            rows[name] = self._time(name, workload)
        return rows

    def _compare(self, workload: Workload, names: list[str]) -> Rows:
        kernel = time_kernel(self._library, workload, workload.size, self.plan.repeats)
        return {KERNEL: kernel, **{name: self._time(name, workload) for name in names}}

    def _time(self, name: str, workload: Workload, program: str = "train") -> Timing:
        return time_engine(
            name,
            make_engine(name),
            workload,
            program=program,
            budget=self.plan.budget,
            repeats=self.plan.repeats,
            most=workload.size,
        )

    def _spikes(self, workload: Workload) -> dict[str, Any]:
        images, labels, negatives = workload.samples(200)
        with Kernel(self._library, workload.network, workload.parameters, self.seed) as kernel:
            _, result = kernel.run(images, workload.dataset.levels, labels, negatives)
        return dict(result.spikes)

    def _growth(self, compared: list[str], steps: dict[Size, Rows]) -> dict[str, Any]:
        plan, (pixels, width, _) = self.plan, self.plan.headline
        curves: dict[str, list[tuple[float, Workload]]] = {
            "width": [(w, self._workload((pixels, w, w), 500)) for w in plan.widths],
            "activity": [
                (a, self._workload((pixels, width, width), 500, target_rate=a * TARGET_RATE))
                for a in plan.activities
            ],
            "window": [
                (w, self._workload((pixels, width, width), 500, window=w)) for w in plan.windows
            ],
        }
        known = [(self._workload(size, 500).network, rows) for size, rows in steps.items()]
        found: dict[str, Any] = {}
        for kind, points in curves.items():
            found[kind] = []
            for value, workload in points:
                rows = next((r for network, r in known if network == workload.network), None)
                if rows is None:
                    self.say(f"growth with {kind}: {value:g}")
                    rows = self._compare(workload, compared)
                    known.append((workload.network, rows))
                part = {name: rows[name] for name in (KERNEL, *compared)}
                found[kind].append({"value": value, **_json(part)})
        return found

    def _trainings(self, compared: list[str]) -> AlternatingTimings:
        plan = self.plan
        self.say(f"{plan.samples} images at {label(plan.headline)}: kernel, {', '.join(compared)}")
        workload = self._workload(plan.headline, plan.samples)
        engines = {name: make_engine(name) for name in compared}
        return time_alternating(self._library, engines, workload, plan.rounds)

    def _naive(self) -> Timing | None:
        target = "cython" if compiler() and self.plan.naive_cython else "numpy"
        self.say(f"the naive script at {label(self.plan.headline)}, Brian2 with {target}")
        workload = self._workload(self.plan.headline, 500)
        try:
            return time_naive_brian2(workload, self.plan.naive_samples, target)
        except MissingPackageError:
            return None

    def _first_use(self, name: str | None) -> float | None:
        if name is None:
            return None
        self.say(f"first use of {name}")
        return time_first_use(name)

    def _learning(self, name: str | None) -> dict[str, Any]:
        if name is None:
            return {"learning": {}, "minutes_to": {}}
        plan, data = self.plan, self.datasets[self.plan.headline[0]]
        changes = {"pff": {"hidden": list(plan.hidden)}, "training": {"latent_images": 0}}
        network = load_network(plan.card, changes)
        task = Learning(network, plan.hidden, data, self.seed, plan.part, plan.minutes)
        found = time_learning(task, name, self.say)
        rows = {who: row["minutes_to"] for who, row in found.items()}
        goals = next(iter(rows.values()))
        return {
            "learning": found,
            "minutes_to": {goal: {who: row[goal] for who, row in rows.items()} for goal in goals},
        }

    def _memory(self, name: str) -> dict[str, Any]:
        self.say(f"memory at {label(self.plan.memory)}: {name}")
        pixels, first, second = self.plan.memory
        return measure_memory(name, pixels, (first, second), self.plan.memory_samples, self.seed)

    def _inference(self) -> dict[str, Any]:
        size = self.plan.headline
        rows = {}
        for name in self.engines:
            if name.startswith("lava"):
                self.say(f"inference step at {label(size)}: {name}")
                rows[name] = self._time(name, self._workload(size, 4), "one_pass")
        return _json(rows)


def _figures(
    whole: AlternatingTimings, naive: Timing | None, memory: dict[str, Any], fastest: str | None
) -> dict[str, Any]:
    steps = {timing.name: timing.step for timing in whole.engines}
    rate = next((t for t in whole.engines if t.name == BRIAN2), None)
    per_epoch = {t.name: t.step for t in (whole.kernel, *whole.engines)}
    first = memory.get(BRIAN2) or next(iter(memory.values()), None)
    return {
        "train_step_over_limit": {
            "brian2": whole.ratio(BRIAN2),
            "fastest": whole.ratio(fastest) if fastest else None,
            "fastest_engine": fastest,
        },
        "speedup_over_recipe": naive.step / rate.step if naive and rate else None,
        "speedup_over_recipe_fastest": (
            naive.step / steps[fastest] if naive and fastest in steps else None
        ),
        "bytes_per_synapse": first["bytes_per_synapse"] if first else None,
        "epoch_seconds": {name: step * whole.steps * EPOCH for name, step in per_epoch.items()},
    }


def _over_kernel(rows: Rows, name: str | None) -> float | None:
    """Step of an engine by that of the hand-written kernel; None if it was not timed."""
    return rows[name].step / rows[KERNEL].step if name in rows else None


def _json(rows: Rows) -> dict[str, Any]:
    kernel = rows.get(KERNEL)
    return {
        name: {**row.as_json(), "over_limit": _over_kernel(rows, name) if kernel else None}
        for name, row in rows.items()
    }


def _trainings_json(whole: AlternatingTimings) -> dict[str, Any]:
    rows = {timing.name: timing for timing in (whole.kernel, *whole.engines)}
    content = _json(rows)
    for name in content:
        if name != KERNEL:
            content[name]["over_limit"] = whole.ratio(name)
    return content


def machine() -> dict[str, Any]:
    """What the figures depend on: processor, cores, system, versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "platform": platform.platform(),
        "compiler": compiler(),
        "load": list(os.getloadavg()),
        "versions": versions(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), "")
