"""The hierarchical model: a process for each population and each projection."""

from typing import Any

from lava.magma.core.decorator import implements, tag
from lava.magma.core.model.sub.model import AbstractSubProcessModel
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from pffspike.engines.lava.processes.circuit.process import Circuit
from pffspike.engines.lava.processes.connection.process import Connection
from pffspike.engines.lava.processes.population.process import Population
from pffspike.engines.lava.processes.source.process import Source


@implements(proc=Circuit, protocol=LoihiProtocol)
@tag("fixed_pt", "floating_pt")
class CircuitModel(AbstractSubProcessModel):
    def __init__(self, proc: Any) -> None:
        given = {name: proc.proc_params[name] for name in ("plan", "setting", "memory")}
        plan, made = given["plan"], {}
        for each in plan.sources:
            made[each.name] = Source(part=each, **given)
            if each.name in proc.proc_params["external"]:
                getattr(proc, f"{each.name}_in").connect(made[each.name].spikes_in)
        for each in plan.populations:
            made[each.name] = Population(part=each, **given)
        for name, process in made.items():
            process.s_out.connect(getattr(proc, f"{name}_out"))
            for var in process.vars.members:
                outer = "spikes" if var.name == "s" else var.name
                getattr(proc.vars, f"{name}_{outer}").alias(var)
        self._teach(plan, made)
        for name, process in (*made.items(), *self._connect(proc, given, made).items()):
            setattr(self, name, process)  # Lava finds the parts of a model among its attributes

    def _teach(self, plan: Any, made: dict[str, Any]) -> None:
        """Connect populations with those that they copy, and with what chooses their class."""
        for each in plan.populations:
            if each.plasticity and each.plasticity.target_population:
                made[each.plasticity.target_population].s_out.connect(made[each.name].t_in)
        for each in plan.followers():
            made[plan.wrong_class.population].h_out.connect(made[each.name].h_in)
        # Lava finds processes by their connections: a channel that nobody uses joins the parts.
        first, *others = plan.parts()
        for name in others:
            made[first].link_out.connect(made[name].link_in)

    def _connect(self, proc: Any, given: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
        projections, replaced = {}, proc.proc_params["replaced"]
        for synapses in given["plan"].projections:
            pre, post = made[synapses.pre], made[synapses.post]
            process = replaced and replaced(synapses)
            if process is None:
                process = Connection(part=synapses, **given)
                getattr(proc.vars, f"{synapses.name}_weights").alias(process.vars.weights)
                if synapses.plasticity:
                    post.f_out.connect(process.f_in)
            elif hasattr(process, "s_in_y1"):
                post.y1_out.connect(process.s_in_y1)
                post.y2_out.connect(process.s_in_y2)
            (pre.g_out if synapses.graded else pre.s_out).connect(process.s_in)
            process.a_out.connect(post.a_in)
            projections[f"{synapses.name}_synapses"] = process
        return projections
