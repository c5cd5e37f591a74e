"""Lava processes from a plan, connected and started."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pffspike.engines.lava import compat, loihi
from pffspike.engines.lava.cooperative_runtime import CooperativeRuntime
from pffspike.engines.lava.memory import Memory, shared
from pffspike.engines.lava.plan import Plan, Synapses
from pffspike.engines.lava.processes.connection.process import Connection
from pffspike.engines.lava.processes.population.process import Population
from pffspike.engines.lava.processes.source.process import Source
from pffspike.engines.lava.runtime import GuardedRuntime

AnyRuntime = GuardedRuntime | CooperativeRuntime
Stock = Callable[[Synapses], Any]


def start(
    plan: Plan, memory: Memory, timeout: float, forked: bool, stock: Stock | None = None
) -> list[AnyRuntime]:
    """Make the processes of a plan and start them.

    Parameters
    ----------
    plan : Plan
        Processes and channels of the network.
    memory : Memory
        What processes and session share.
    timeout : float
        See the runtimes.
    forked : bool
        An operating-system process for each Lava process, instead of cooperation in this one.
    stock : callable or None
        Makes the LearningDense of a plastic projection, see `pffspike.engines.lava.loihi`.

    Returns
    -------
    list of GuardedRuntime or of CooperativeRuntime
        One for each connected part of the network, because Lava finds the processes of a
        network by their connections.
    """
    progress = shared((len(plan.neurons) + len(plan.projections),), np.int64)
    runtime = GuardedRuntime if forked else CooperativeRuntime
    started: list[AnyRuntime] = []
    with compat.logging_untouched():
        processes = _make(plan, memory, progress, stock)
        try:
            for part in _parts(plan):
                started.append(
                    runtime(
                        [processes[name] for name in part],
                        plan.arithmetic.tag,
                        lambda: int(progress.sum()),
                        timeout,
                    )
                )
        except BaseException:
            for each in started:
                each.stop()
            raise
    return started


def _make(plan: Plan, memory: Memory, progress: np.ndarray, stock: Stock | None) -> dict[str, Any]:
    slots = iter(np.split(progress, len(progress)))
    schedule, probes = memory.schedule, memory.probes
    processes: dict[str, Any] = {}
    for each in plan.sources:
        processes[each.name] = Source(
            neurons=each,
            probabilities=memory.probabilities(each.name),
            schedule=schedule,
            probe=probes[each.name],
            progress=next(slots),
        )
    for each in plan.populations:
        processes[each.name] = Population(
            neurons=each,
            bias=memory.biases[each.name],
            rate=memory.rates["biases", each.name],
            classes=memory.classes.get((each.plasticity and each.plasticity.signal) or ""),
            schedule=schedule,
            probe=probes[each.name],
            progress=next(slots),
        )
    for synapses in plan.projections:
        pre, post = processes[synapses.pre], processes[synapses.post]
        if stock is not None and loihi.is_stock(synapses):
            processes[_key(synapses.name)] = _dense(stock(synapses), pre, post)
            continue
        process = Connection(
            synapses=synapses,
            weights=memory.weights[synapses.owner],
            rate=memory.rates["weights", synapses.owner],
            schedule=schedule,
            progress=next(slots),
        )
        (pre.g_out if synapses.graded else pre.s_out).connect(process.s_in)
        process.a_out.connect(post.a_in)
        if synapses.plasticity:
            post.f_out.connect(process.f_in)
        processes[_key(synapses.name)] = process
    for each in plan.populations:
        if each.plasticity and each.plasticity.target_population:
            processes[each.plasticity.target_population].s_out.connect(processes[each.name].t_in)
    return processes


def _dense(process: Any, pre: Any, post: Any) -> Any:
    """Connect a LearningDense, whose ports have no lanes (Lava's reshape fails on NumPy 2)."""
    pre.d_out.connect(process.s_in)
    process.a_out.connect(post.d_in)
    if hasattr(process, "s_in_y1"):
        post.y1_out.connect(process.s_in_y1)
        post.y2_out.connect(process.s_in_y2)
    return process


def _key(projection: str) -> str:
    """Key of a projection's process: a projection may be called like a population."""
    return f"projection {projection}"


def _parts(plan: Plan) -> list[list[str]]:
    """Keys of the processes, by connected part."""
    part = {each.name: {each.name} for each in plan.neurons}
    for synapses in plan.projections:
        joined = part[synapses.pre] | part[synapses.post] | {_key(synapses.name)}
        for name in joined:
            part[name] = joined
    for each in plan.populations:
        if each.plasticity and each.plasticity.target_population:
            joined = part[each.name] | part[each.plasticity.target_population]
            for name in joined:
                part[name] = joined
    distinct = {id(names): names for names in part.values()}
    return [sorted(names) for names in distinct.values()]
