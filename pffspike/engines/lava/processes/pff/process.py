"""One process that holds a program of a network."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pffspike.engines.given import check_signals, expanded, signal_size
from pffspike.engines.lava.compat import logging_untouched
from pffspike.engines.lava.planning import make_plan
from pffspike.engines.lava.processes.arithmetic import Arithmetic
from pffspike.engines.lava.processes.circuit.process import Circuit
from pffspike.engines.lava.processes.memory import Memory
from pffspike.engines.lava.processes.plan import Setting
from pffspike.errors import ValidationError
from pffspike.network import exactness, parameters
from pffspike.network.events import Stimulus
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Program
from pffspike.typing import Array, Integers


class PFF(Circuit):
    """A program of a trained network as one hierarchical Lava process, learning included.

    Connect it, run it on Lava's own runtime with
    ``Loihi2SimCfg(select_tag="fixed_pt", select_sub_proc_model=True)`` (or ``"floating_pt"``), or
    on one of `pffspike.lava.CooperativeRuntime` and `pffspike.lava.GuardedRuntime`, and read and
    set its variables. Spikes and learned weights are those of every engine, bit for bit: the
    engine ``lava`` runs the same processes.

    Parameters
    ----------
    network : Network or TrainedNetwork
        A network alone starts from its initial weights.
    program : str
        Name of one of its programs.
    signals : mapping of str to ndarray or Events
        As for `pffspike.engines.base.Session.run`. Populations in ``external`` need none. A -1 in
        the signal of a hard negative asks for the most convincing wrong class.
    samples : (samples,) or (turns, lanes) array_like of int, or None
        Numbers that key the random numbers; 0, 1, 2, ... if they are not given. They follow each
        other; in an array of two dimensions, those of a row run side by side.
    seed : int or None
        Of all random numbers; that of the trained network, or 0, if it is not given.
    external : tuple of str
        Input populations that have a port, ``<population>_in``, for the user's own spikes.
    arithmetic : {"fixed", "floating"}
        That of the process models to be selected, so of the variables' values: multiples of the
        weights' grid as integers, or doubles.

    Attributes
    ----------
    <population>_in : InPort of shape (units,), or (lanes, units) with several lanes
        Of populations in ``external``: entries other than 0 are spikes.
    <population>_out : OutPort of shape (units,), or (lanes, units) with several lanes
        1 for every spike of the step.
    <population>_gains, <population>_spikes : Var
        Gain by number of spikes; spikes of the step.
    <population>_bias, <population>_current : Var
        Not of input populations: the biases, and the current that arrived last, in fixed point in
        units of 2^-24, or of the finer grid of its largest projection (``<population>.shifts`` of
        the plan).
    <projection>_weights : Var of shape (n_pre, width)
        The synapses of each sender, in the order of their receivers. Those of tied projections are
        the same.
    steps : int
        Time steps for all samples.

    Raises
    ------
    ValidationError
        If a name, a signal or a shape does not suit the network, or a program that learns is given
        samples side by side.

    Examples
    --------
    >>> import numpy as np
    >>> from pffspike import load_network
    >>> pff = PFF(load_network("digits"), "one_pass", {"image": np.full((1, 64), 0.25)})
    >>> pff.readout_out.shape, pff.image_to_hidden_1_weights.shape[0]
    ((10,), 64)
    """

    def __init__(
        self,
        network: Any,
        program: str,
        signals: Mapping[str, Stimulus] | None = None,
        samples: npt.ArrayLike | None = None,
        *,
        seed: int | None = None,
        external: tuple[str, ...] = (),
        arithmetic: str = "fixed",
    ) -> None:
        self._runtime = None  # what Lava's __del__ asks for, also after an error in what follows
        trained, network = network, getattr(network, "network", network)
        seed = int(getattr(trained, "seed", 0)) if seed is None else seed
        start = getattr(trained, "parameters", None) or parameters.initial(network, seed)
        if arithmetic not in ("fixed", "floating"):
            raise ValidationError(f"arithmetic = {arithmetic!r} must be 'fixed' or 'floating'")
        exactness.check(network)
        parameters.check(network, start)
        self._network, self._program = network, network.program(program)
        self._external, self._start = _check_external(self._program, external), start
        signals, (turns, lanes), samples = signals or {}, *_arranged(signals or {}, samples)
        if lanes > 1 and self._program.learns:
            raise ValidationError(
                f"program {program!r} learns, one sample after the other; samples of shape "
                f"({turns}, {lanes}) would run {lanes} side by side"
            )
        reckon = Arithmetic(arithmetic)  # type: ignore[arg-type]
        plan, setting = make_plan(network, self._program, reckon), Setting(reckon, lanes, seed)
        given, numbers = self._checked(signals, samples)
        in_time = any(values.ndim == 3 for values in given.values())
        frames = self._program.steps if in_time else 1
        memory = Memory(plan, setting, start, batches=turns, frames=frames)
        memory.load(given, numbers)
        with logging_untouched():
            super().__init__(plan, setting, memory, tuple(external))

    def _checked(
        self, signals: Mapping[str, Stimulus], samples: npt.ArrayLike
    ) -> tuple[dict[str, Array], Integers]:
        """Signals and samples; external populations need no signal."""
        network, program = self._network, self._program
        count = len(np.asarray(samples))
        others = {
            source: np.zeros((count, signal_size(network, program, source)))
            for phase in program.phases
            for name, source in phase.inputs.items()
            if name in self._external and isinstance(source, str) and source not in signals
        }
        checked, numbers = check_signals(network, program, {**others, **signals}, samples)
        return expanded(checked, program), numbers

    def text(self) -> str:
        """Write the model for people: processes, ports and variables, a line each.

        Returns
        -------
        str
        """
        plan, (lanes, seed) = (
            self.memory.plan,
            (self.memory.setting.lanes, self.memory.setting.seed),
        )
        clock, tag = plan.clock, self.tag
        lines = [
            f"program {plan.program}: {clock.phases} presentation(s) of {clock.steps} steps a "
            f"sample, the first {clock.burn_in} before the window; {tag}, seed {seed}, "
            f"{lanes} lane(s)",
            "",
        ]
        for each in plan.neurons:
            kind = "population" if each.inputs is None else "input"
            follows = [str(each) for each in dict.fromkeys(each.inputs or ()) if each is not None]
            port = [f"{each.name}_in"] if each.name in self._external else follows
            learns = "learns" if each.plasticity else ""
            lines.append(_line(kind, each.name, f"{each.size}", ", ".join(port), learns))
        for synapses in plan.projections:
            kind = "projection" if synapses.owner == synapses.name else "tied projection"
            senders, receivers = synapses.sizes
            size = f"{senders} x {receivers}"
            way = f"{synapses.pre} -> {synapses.post}, {synapses.connectivity}"
            if synapses.graded:
                way += ", graded spikes"
            learns = "learns" if synapses.plasticity else ""
            lines.append(_line(kind, synapses.name, size, way, learns))
        return "\n".join(lines)

    def load(self, signals: Mapping[str, Stimulus], samples: npt.ArrayLike) -> None:
        """Put in other samples, which the next run presents, before or after any run.

        Parameters
        ----------
        signals : mapping of str to ndarray
            As for the class.
        samples : (samples,) array_like of int
            Exactly as many as before.

        Raises
        ------
        ValidationError
            If they do not suit the network, are more or fewer, or are in time and the first ones
            were not.
        """
        checked, numbers = self._checked(signals, samples)
        room = self.memory.samples.size
        if len(numbers) != room:
            raise ValidationError(
                f"{len(numbers)} samples do not fill a process that was made for {room}; give "
                f"{room}, or make another"
            )
        if self.memory.frames == 1 and any(values.ndim == 3 for values in checked.values()):
            raise ValidationError(
                "the process was made for signals that are the same in every step; make it with "
                "signals in time"
            )
        self.memory.load(checked, numbers)

    def set_learning_scale(self, scale: float) -> None:
        """Set the factor of all learning rates, before or after any run.

        Parameters
        ----------
        scale : float
            At least 0; 1 at the beginning.

        Raises
        ------
        ValidationError
            If the program learns nothing, or a change of a weight would not be exact.
        """
        if not self._program.learns:
            raise ValidationError(
                f"program {self._program.name!r} learns nothing, so it can't be asked to learn; "
                f"those that learn are: "
                f"{', '.join(p.name for p in self._network.programs if p.learns) or 'none'}"
            )
        if not 0 <= scale < np.inf:
            raise ValidationError(f"learning scale {scale} must be finite and at least 0")
        exactness.check(self._network, learning_scale=scale)
        self.memory.set_rates(scale)

    @property
    def hard_negatives(self) -> Integers:
        """``(samples,)`` wrong classes that were chosen, or given; -1 where there are none."""
        return self.memory.chosen.reshape(-1).copy()

    def parameters(self) -> Parameters:
        """Weights and biases as they are now, before, between or after runs.

        Returns
        -------
        Parameters
            Those that the program does not use are as they were.
        """
        learned = Parameters(*self.memory.learned())
        others = self._start.without(learned.weights, learned.biases)
        return others.joined(learned).fixed_as(self._start)


def _line(kind: str, name: str, size: str, how: str, learns: str) -> str:
    return (
        f"{kind:15}  {name:32}  {size:>9}  {how}{'; ' if how and learns else ''}{learns}".rstrip()
    )


def _arranged(
    signals: Mapping[str, Stimulus], samples: npt.ArrayLike | None
) -> tuple[tuple[int, int], Array]:
    """Turns and lanes, and the samples one after the other."""
    if samples is None:
        samples = np.arange(max([len(values) for values in signals.values()] or [1]))
    numbers = np.asarray(samples)
    if not numbers.size:
        raise ValidationError("there are no samples; give at least one")
    if numbers.ndim == 2:
        return (numbers.shape[0], numbers.shape[1]), numbers.reshape(-1)
    return (len(np.atleast_1d(numbers)), 1), numbers


def _check_external(program: Program, external: tuple[str, ...]) -> tuple[str, ...]:
    inputs = {name: None for phase in program.phases for name in phase.inputs}
    if isinstance(external, str):
        raise ValidationError(
            f"external = {external!r} is a text; give names, as in ({external!r},)"
        )
    for name in external:
        if name not in inputs:
            raise ValidationError(
                f"external population {name!r} is no input of program {program.name!r}; its inputs "
                f"are: {', '.join(inputs)}"
            )
    return tuple(external)
