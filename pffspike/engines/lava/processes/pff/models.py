"""The hierarchical model: a process for each population and each projection."""

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, tag
from lava.magma.core.model.sub.model import AbstractSubProcessModel
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from pffspike.engines.lava.memory import Probe
from pffspike.engines.lava.processes.open_connection.process import OpenConnection
from pffspike.engines.lava.processes.open_population.process import OpenPopulation
from pffspike.engines.lava.processes.open_source.process import OpenSource
from pffspike.engines.lava.processes.pff.process import PFF


@implements(proc=PFF, protocol=LoihiProtocol)
@tag("fixed_pt", "floating_pt")
class PFFModel(AbstractSubProcessModel):
    def __init__(self, proc: Any) -> None:
        plan, pages = proc.proc_params["plan"], proc.proc_params["pages"]
        raw, external = proc.proc_params["raw"], proc.proc_params["external"]
        made: dict[str, Any] = {}
        for each in plan.sources:
            made[each.name] = OpenSource(
                pages=pages,
                neurons=each,
                probabilities=pages.probabilities(each.name, 0),
                **_shared(pages, each),
            )
            if each.name in external:
                getattr(proc, f"{each.name}_in").connect(made[each.name].spikes_in)
        for each in plan.populations:
            made[each.name] = OpenPopulation(
                pages=pages,
                neurons=each,
                bias=raw["bias", each.name],
                rate=raw["bias rate", each.name],
                classes=None,
                **_shared(pages, each),
            )
        for name, process in made.items():
            process.spikes_out.connect(getattr(proc, f"{name}_out"))
            for inner, outer in (("bias", "bias"), ("gains", "gains"), ("s", "spikes")):
                if hasattr(process, inner):
                    getattr(proc.vars, f"{name}_{outer}").alias(getattr(process.vars, inner))
        self._connect(proc, made)

    def _connect(self, proc: Any, made: dict[str, Any]) -> None:
        plan, pages = proc.proc_params["plan"], proc.proc_params["pages"]
        raw, projections = proc.proc_params["raw"], {}
        for synapses in plan.projections:
            process = OpenConnection(
                pages=pages,
                synapses=synapses,
                weights=raw["weights", synapses.name],
                rate=raw["weights rate", synapses.name],
                schedule=pages.schedule(0),
                progress=np.zeros(1, np.int64),
            )
            pre, post = made[synapses.pre], made[synapses.post]
            (pre.g_out if synapses.graded else pre.s_out).connect(process.s_in)
            process.a_out.connect(post.a_in)
            if synapses.plasticity:
                post.f_out.connect(process.f_in)
            getattr(proc.vars, f"{synapses.name}_weights").alias(process.vars.weights)
            projections[f"{synapses.name}_synapses"] = process
        for each in plan.populations:
            if each.plasticity and each.plasticity.target_population:
                made[each.plasticity.target_population].s_out.connect(made[each.name].t_in)
        for name, process in (*made.items(), *projections.items()):
            setattr(self, name, process)  # Lava finds the parts of a model among its attributes


def _shared(pages: Any, neurons: Any) -> dict[str, Any]:
    phases, (_, units) = neurons.clock.phases, neurons.shape
    return {
        "schedule": pages.schedule(0),
        "probe": Probe(
            np.zeros((phases, 1), np.int64), np.zeros((phases, 1, units), np.int64), None
        ),
        "progress": np.zeros(1, np.int64),
    }
