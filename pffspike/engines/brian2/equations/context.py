"""What all parts of a readable model share: clocks, tables by time, the namespace, names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum

import numpy as np
from brian2 import Clock, TimedArray

from pffspike.arithmetic import counter
from pffspike.engines.brian2.equations import functions, tables
from pffspike.engines.brian2.equations.options import Options
from pffspike.network import structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Phase, Population, Program, Projection
from pffspike.typing import Floats


class EquationsOrder(IntEnum):
    """Order within the slot ``start``; monitors, which have order 0, see the state after it."""

    COMPARE = -5  #: post factors, biases, numbers that round what is learned, scores
    COMPETE = -3  #: of hard negatives
    LEARN = -2  #: weights
    BEGIN = -1  #: what the user's neurons begin with


class EquationsContext:
    """Made in the Brian2 device that is active then.

    Parameters
    ----------
    network : Network
        Specification of the network.
    program : Program
        One of its programs.
    start : Parameters
        Weights and biases that the model begins with, and which of them are fixed.
    seed : int
        Of everything random.
    values : mapping of str to ndarray
        By `pffspike.engines.brian2.equations.tables`.
    options : Options
        How the model is built.
    frames : int
        Rows of a stimulus in a presentation: 1, or one a step.
    """

    def __init__(
        self,
        network: Network,
        program: Program,
        start: Parameters,
        seed: int,
        values: Mapping[str, Floats],
        options: Options,
        frames: int = 1,
    ) -> None:
        self.network, self.program, self.options = network, program, options
        self.start = start
        self.extent = structure.extent(network, program)
        self.classes = tables.class_signals(network, program)
        self.timed: dict[str, TimedArray] = {}  #: by name of the table, those that are used
        self.texts: dict[str, list[str]] = {}  #: what is run, by name of population or projection
        self.clock = Clock(dt=options.dt, name=self.name("step_clock"))
        self._presentation = options.dt * program.steps
        self.frame = options.dt if frames > 1 else self._presentation  #: of a stimulus
        self.presentations = Clock(dt=self._presentation, name=self.name("presentation_clock"))
        self._values = values
        self.namespace = {
            **functions.generator(),
            **options.namespace,
            "steps": program.steps,
            "phases": len(program.phases),
            "burn_in": program.burn_in,
            "T": program.window,
            "spikes": functions.key_constant(counter.derive_key(seed, counter.SPIKES)),
            "rounding": functions.key_constant(counter.derive_key(seed, counter.ROUNDING)),
            "choices": functions.key_constant(counter.derive_key(seed, counter.HARD_NEGATIVES)),
            "sample": self.table("sample", self._presentation * len(program.phases)),
            "ended": self.table("ended"),
            "stream": self.table("stream"),
        }

    def name(self, name: str) -> str:
        """Name of a Brian2 object."""
        return f"{self.options.prefix}{name}"

    def table(self, name: str, dt: object = None) -> TimedArray:
        """Table that Brian2 reads by time, one row a presentation (or ``dt``)."""
        if name not in self.timed:
            self.timed[name] = TimedArray(
                self._values[name],
                dt=self._presentation if dt is None else dt,
                name=self.name(f"{name.replace('.', '_')}_table"),
            )
        return self.timed[name]

    def always(self, holds: Callable[[Phase], bool]) -> bool:
        """Whether something holds in every phase."""
        return all(holds(phase) for phase in self.program.phases)

    def plastic(self, projection: Projection) -> bool:
        """Whether the program changes a projection."""
        return any(structure.learns_in(projection, phase) for phase in self.program.phases)

    def weighted(self, projection: Projection) -> bool:
        """Whether spikes arrive multiplied by a gain that is not always 1."""
        pre = self.network.population(projection.pre)
        return projection.normalized and pre.normalization != "none" and not self.one_hot(pre)

    def one_hot(self, population: Population) -> bool:
        """Whether at most one neuron of a population spikes in a step: that of a class."""
        sources = tables.sources(self.program, population)
        return (
            population.input
            and population.name not in self.options.external
            and all(isinstance(source, int) or source in self.classes for source in sources)
        )

    def normalized_senders(self, population: Population) -> list[Population]:
        """Populations whose spikes arrive here multiplied by their gain."""
        names = [
            p.pre for p in self.extent.projections if p.post == population.name and self.weighted(p)
        ]
        return [self.network.population(name) for name in dict.fromkeys(names)]

    def current(self, projection: Projection) -> str:
        """Variable of the receiving population to which its spikes add."""
        if self.weighted(projection):
            return f"I_{projection.pre}"
        receiver = self.network.population(projection.post)
        return "I_direct" if self.normalized_senders(receiver) else "I"

    def has_gain(self, population: Population) -> bool:
        """Whether the gain of a population matters to anybody."""
        return any(p.pre == population.name and self.weighted(p) for p in self.extent.projections)

    def decides(self, population: Population) -> bool:
        """Whether its spikes choose the hard negative."""
        chosen = self.program.hard_negative
        return chosen is not None and chosen.population == population.name

    def has_trace(self, population: Population) -> bool:
        """Whether a plastic projection reads its spikes, each times its gain."""
        return any(
            p.pre == population.name and self.weighted(p) and self.plastic(p)
            for p in self.extent.projections
        )

    def has_goodness(self, population: Population) -> bool:
        """Whether the goodness of a population means something: a rule depends on it."""
        rule = population.rule
        return rule is not None and any(rule.coefficients(sign).gain for sign in (-1, 0, 1))

    def learning_phases(self, population: Population) -> list[Phase]:
        """Phases after which a population learns."""
        return [phase for phase in self.program.phases if population.name in phase.learn]

    def sends_plastic(self, population: Population) -> bool:
        """Whether a plastic projection starts here."""
        return any(p.pre == population.name and self.plastic(p) for p in self.extent.projections)

    def receives_plastic(self, population: Population) -> bool:
        """Whether a plastic projection ends here."""
        return any(p.post == population.name and self.plastic(p) for p in self.extent.projections)

    def document(self, name: str, title: str, text: str) -> str:
        """Keep a text, so that a person can print it; gives it back."""
        self.texts.setdefault(name, []).append(f"# {title}\n{text.strip()}")
        return text


def constant(number: int) -> np.int64:
    """Integer constant of a namespace, 64 bits wide on every target."""
    return np.int64(number)
