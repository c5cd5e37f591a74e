"""One process that holds a whole network."""

from collections.abc import Callable
from typing import Any

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var

from pffspike.engines.lava.processes.memory import Memory
from pffspike.engines.lava.processes.plan import Plan, Setting, Synapses
from pffspike.errors import ValidationError

Replaced = Callable[[Synapses], Any]


class NamedOutPort(OutPort):
    """An out port that names itself where a shape does not fit; Lava only says that it does not."""

    def connect(self, ports: Any, connection_configs: Any = None) -> None:
        for port in ports if isinstance(ports, list) else [ports]:
            if port.shape != self.shape:
                raise ValidationError(
                    f"port {self.name!r} sends arrays of shape {self.shape}, and "
                    f"{type(port.process).__name__}.{port.name} takes {port.shape}; "
                    f"connect a port of shape {self.shape}"
                )
        super().connect(ports, connection_configs)


class Circuit(AbstractProcess):
    """A plan as one hierarchical process: a process for each population and each projection.

    Parameters
    ----------
    plan : Plan
        What is run.
    setting : Setting
        How it is run.
    memory : Memory
        With the weights, and the samples that run.
    external : tuple of str
        Input populations that have a port, ``<population>_in``, for the user's own spikes.
    replaced : callable or None
        Gives for a projection the process that takes the place of `Connection`, or None: see
        `pffspike.engines.lava.loihi`.

    Notes
    -----
    Ports and variables are those of `pffspike.lava.PFF`.
    """

    def __init__(
        self,
        plan: Plan,
        setting: Setting,
        memory: Memory,
        external: tuple[str, ...] = (),
        replaced: Replaced | None = None,
    ) -> None:
        super().__init__(
            plan=plan, setting=setting, memory=memory, external=external, replaced=replaced
        )
        self.memory, self.tag = memory, setting.arithmetic.tag
        self.steps = memory.batches * plan.clock.phases * plan.clock.steps
        for each in plan.neurons:
            shape = setting.shape(each.size)
            if each.name in external:
                setattr(self, f"{each.name}_in", InPort(shape=shape))
            setattr(self, f"{each.name}_out", NamedOutPort(shape=shape))
            gains = setting.arithmetic.encode(each.gains, each.gain_grid)
            setattr(self, f"{each.name}_gains", Var(shape=gains.shape, init=gains))
            setattr(self, f"{each.name}_spikes", Var(shape=shape, init=0))
        for each in plan.populations:
            bias = memory.biases[each.name]
            setattr(self, f"{each.name}_bias", Var(shape=bias.shape, init=bias))
            shape = setting.shape(each.size)
            setattr(self, f"{each.name}_current", Var(shape=shape, init=0))
        for synapses in plan.projections:
            if replaced is None or replaced(synapses) is None:
                rows = memory.weights[synapses.owner]
                setattr(self, f"{synapses.name}_weights", Var(shape=rows.shape, init=rows))

    def run(self, condition: Any, run_cfg: Any = None, compile_config: Any = None) -> None:
        """Run, as every process of Lava; a configuration that would find no model is refused.

        Parameters
        ----------
        condition : AbstractRunCondition
            For how long.
        run_cfg : RunConfig or None
            Its ``select_tag``, if it has one, has to be the tag of the numbers.
        compile_config : dict or None
            For Lava's compiler.

        Raises
        ------
        ValidationError
            If the configuration selects models for other numbers than those of the process.
        """
        selected = getattr(run_cfg, "select_tag", None)
        if selected not in (None, self.tag):
            raise ValidationError(
                f"the run configuration selects models by the tag {selected!r}, and those of this "
                f"process have the tag {self.tag!r}; give "
                f"{type(run_cfg).__name__}(select_tag={self.tag!r}, select_sub_proc_model=True)"
            )
        super().run(condition, run_cfg, compile_config)

    def finished(self) -> int:
        """Steps that were finished, summed over populations and projections."""
        return self.memory.finished()
