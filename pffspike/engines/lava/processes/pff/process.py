"""One process that holds a whole network."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var

from pffspike.arithmetic import grids
from pffspike.engines.base import check_signals, signal_size
from pffspike.engines.lava.arithmetic import Arithmetic
from pffspike.engines.lava.pages import Pages
from pffspike.engines.lava.plan import make_plan
from pffspike.errors import ValidationError
from pffspike.network import constants, exactness, parameters
from pffspike.network.parameters import Parameters
from pffspike.network.rows import to_matrix, to_rows
from pffspike.typing import Array, Integers


class PFF(AbstractProcess):
    """A program of a trained network as one hierarchical Lava process, learning included.

    Connect it, run it on any Lava runtime with
    ``Loihi2SimCfg(select_tag="fixed_pt", select_sub_proc_model=True)`` (or ``"floating_pt"``), and
    read and set its variables. Spikes and learned weights are those of every engine, bit for bit.

    Parameters
    ----------
    network : Network or TrainedNetwork
        A network alone starts from its initial weights.
    program : str
        Name of one of its programs.
    signals : mapping of str to ndarray
        As for `pffspike.engines.base.Session.run`. Populations in ``external`` need none.
    samples : (samples,) array_like of int or None
        Numbers that key the random numbers; 0, 1, 2, ... if they are not given.
    seed : int or None
        Of all random numbers; that of the trained network, or 0, if it is not given.
    external : tuple of str
        Input populations that have a port, ``<population>_in``, for the user's own spikes.
    arithmetic : {"fixed", "floating"}
        That of the process models to be selected, so of the variables' values: multiples of the
        weights' grid as integers, or doubles.

    Attributes
    ----------
    <population>_in : InPort of shape (units,)
        Of populations in ``external``: entries other than 0 are spikes.
    <population>_out : OutPort of shape (units,)
        1 for every spike of the step.
    <population>_bias, <population>_gains, <population>_spikes : Var
        Biases (not of input populations); gain by number of spikes; spikes of the step.
    <projection>_weights : Var of shape (n_pre, width)
        The synapses of each sender, in the order of their receivers.
    steps : int
        Time steps for all samples.

    Raises
    ------
    ValidationError
        If a name, a signal or a shape does not suit the network, or the program learns from hard
        negatives that it would have to choose itself: give every class of its signal.

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
        signals: Mapping[str, Array] | None = None,
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
        reckon, chosen = Arithmetic(arithmetic), network.program(program)  # type: ignore[arg-type]
        plan = make_plan(network, chosen, seed, reckon, 1)
        sizes = {each.name: each.shape[1] for each in plan.sources}
        for name in external:
            if name not in sizes:
                raise ValidationError(
                    f"external population {name!r} is no input of program {program!r}; its inputs "
                    f"are: {', '.join(sizes)}"
                )
        given, numbers = _given(network, chosen, signals or {}, samples, external)
        pages = Pages(chosen, reckon, numbers, given, sizes)
        super().__init__(
            plan=plan,
            pages=pages,
            raw=_raw(network, plan, start, reckon),
            external=external,
            specification=network,
            start=start,
        )
        self.steps = len(numbers) * len(chosen.phases) * chosen.steps
        for each in plan.neurons:
            units = each.shape[1]
            if each.name in external:
                setattr(self, f"{each.name}_in", InPort(shape=(units,)))
            setattr(self, f"{each.name}_out", OutPort(shape=(units,)))
            setattr(self, f"{each.name}_gains", Var(shape=(units + 1,), init=each.gains))
            setattr(self, f"{each.name}_spikes", Var(shape=(units,), init=0))
        for each in plan.populations:
            bias = self.proc_params["raw"]["bias", each.name]
            setattr(self, f"{each.name}_bias", Var(shape=bias.shape, init=bias))
        for synapses in plan.projections:
            rows = self.proc_params["raw"]["weights", synapses.name]
            setattr(self, f"{synapses.name}_weights", Var(shape=rows.shape, init=rows))

    def parameters(self) -> Parameters:
        """Weights and biases as they are now, read from the variables (slow: a number a message).

        Returns
        -------
        Parameters
            Those that the program does not use are as they were.
        """
        network, plan = self.proc_params["specification"], self.proc_params["plan"]
        start, decode = self.proc_params["start"], plan.arithmetic.decode
        weights, biases = dict(start.weights), dict(start.biases)
        for synapses in plan.projections:
            if synapses.owner == synapses.name:
                projection = network.projection(synapses.name)
                rows = np.asarray(getattr(self, f"{synapses.name}_weights").get())
                weights[synapses.name] = to_matrix(projection, decode(rows, projection.grid))
        for each in plan.populations:
            raw = np.asarray(getattr(self, f"{each.name}_bias").get())
            biases[each.name] = decode(raw, grids.DRIVE_GRID)
        return Parameters(weights, biases)


def _given(
    network: Any,
    program: Any,
    signals: Mapping[str, Array],
    samples: npt.ArrayLike | None,
    external: tuple[str, ...],
) -> tuple[dict[str, Array], Integers]:
    """Checked signals and samples; what external populations would follow is made up."""
    if samples is None:
        samples = np.arange(max([len(values) for values in signals.values()] or [1]))
    count = len(np.asarray(samples))
    made_up = {
        source: np.zeros((count, signal_size(network, program, source)))
        for phase in program.phases
        for name, source in phase.inputs.items()
        if name in external and isinstance(source, str) and source not in signals
    }
    checked, numbers = check_signals(network, program, {**made_up, **signals}, samples)
    if not count:
        raise ValidationError(f"program {program.name!r} was given no samples; give at least one")
    chosen = program.hard_negative
    if chosen and np.any(checked.get(chosen.signal, np.zeros(0)) < 0):
        raise ValidationError(
            f"signal {chosen.signal!r} holds -1, a hard negative to be chosen while it runs, which "
            f"needs a session of an engine; give a class for every sample"
        )
    return checked, numbers


def _raw(network: Any, plan: Any, start: Parameters, reckon: Arithmetic) -> dict[Any, Array]:
    """Weights, biases and rates as the models hold them."""
    found: dict[Any, Array] = {}
    for each in plan.populations:
        found["bias", each.name] = reckon.encode(start.biases[each.name], grids.DRIVE_GRID)
        rate = constants.rate(network.population(each.name).bias.learning_rate)
        found["bias rate", each.name] = np.array([reckon.encode(rate, grids.RATE_GRID)])
    plastic = {synapses.name for synapses in plan.projections if synapses.plasticity}
    for synapses in plan.projections:
        if synapses.owner != synapses.name and synapses.owner in plastic:
            raise ValidationError(
                f"projection {synapses.name!r} is tied to {synapses.owner!r}, which this program "
                f"changes: two Lava processes can't share a variable; use an engine"
            )
        owner = network.projection(synapses.owner)
        found["weights", synapses.name] = reckon.encode(
            to_rows(owner, start.weights[synapses.owner]), owner.grid
        )
        rate = constants.rate(network.projection(synapses.name).learning_rate)
        found["weights rate", synapses.name] = np.array([reckon.encode(rate, grids.RATE_GRID)])
    return found
