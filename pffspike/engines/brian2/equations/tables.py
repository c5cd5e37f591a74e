"""What a run consists of, as arrays that Brian2 reads by time: inputs, and what learns when.

Rows are presentations, unless said otherwise. What happens at the end of a presentation happens at
the first step of the next one; so the tables of learning begin with a row for the presentation
before the first, in which nothing is learned. The last row is for the time after the run: silence.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pffspike.engines.given import all_frames
from pffspike.network import constants, signs, structure
from pffspike.network.spec import Network, Phase, Population, Program
from pffspike.network.structure import learns_in
from pffspike.typing import Floats, Integers, Signals

CHOSEN = -2  #: in the place of a class: the hard negative that was chosen
NO_CLASS = -1  #: in the place of a class: none


def class_signals(network: Network, program: Program) -> frozenset[str]:
    """Signals that hold one integer a sample: classes that teach or are chosen, and signs."""
    target_signals = {p.rule.target_signal for p in network.populations if p.rule is not None}
    chosen = program.hard_negative
    found = target_signals | ({chosen.truth, chosen.signal} if chosen else set())
    return frozenset(name for name in found if name is not None) | set(signs.named(program))


def sources(program: Program, population: Population) -> list[str | int]:
    """Sources of an input population, in the phases in which it is active."""
    return [f.inputs[population.name] for f in program.phases if population.name in f.inputs]


class EquationsTables:
    """Writes the tables of a run.

    Parameters
    ----------
    network : Network
        Specification of the network.
    program : Program
        One of its programs.
    signals : mapping of str to ndarray
        As `pffspike.engines.given.expanded` gives them.
    samples : (samples,) ndarray of int64
        Numbers of the samples, which key their random numbers.
    scale : float
        Factor of the learning rates.
    rows : int
        Number of samples that the tables hold; those beyond ``samples`` are silent.
    frames : int
        Rows of a stimulus in a presentation: 1, or one a step where any signal is in time.
    """

    def __init__(
        self,
        network: Network,
        program: Program,
        signals: Signals,
        samples: Integers,
        scale: float,
        rows: int,
        frames: int = 1,
    ) -> None:
        self._network, self._program, self._signals = network, program, signals
        self._samples, self._scale, self._rows = samples, scale, rows
        self._frames = frames

    def write(self, external: tuple[str, ...] = ()) -> dict[str, Floats]:
        """Write them by the names under which the model looks them up.

        Parameters
        ----------
        external : tuple of str
            Input populations that follow no signal.

        Returns
        -------
        dict of str to ndarray of float64
            ``sample`` has a row for each sample, a stimulus in time one for each step, the others
            one for each presentation and one more; ``ended`` is the sample of the presentation
            that has just ended.
        """
        extent = structure.extent(self._network, self._program)
        samples = np.zeros(self._rows)
        samples[: len(self._samples)] = self._samples
        tables = {"sample": samples, "stream": self._now(lambda f: f.stream)}
        tables["ended"] = self._ended(lambda _: self._samples)
        for population in extent.populations:
            if not population.input:
                tables |= self._neurons(population)
            elif population.name not in external:
                tables |= self._input(population)
        for p in extent.projections:
            tables[f"{p.name}.enabled"] = self._now(lambda f, p=p: p.name in f.projections)  # type: ignore[misc]
            tables[f"{p.name}.eta"] = self._ended(
                lambda f, p=p: learns_in(p, f) * constants.rate(p.learning_rate, self._scale)  # type: ignore[misc]
            )
        chosen = self._program.hard_negative
        if chosen:
            tables["candidates.chooses"] = self._ended(lambda f: f.name == chosen.phase)
            tables["candidates.truth"] = self._ended(lambda _: self._signals[chosen.truth])
        return tables

    def _now(self, value: Callable[[Phase], npt.ArrayLike], silent: float = 0.0) -> Floats:
        """``value(phase)`` for all samples: a number, or rows of numbers for each sample."""
        phases, count = self._program.phases, len(self._samples)
        columns = [np.asarray(value(phase), float) for phase in phases]
        tail = max(columns, key=np.ndim).shape[1:]
        table = np.full((self._rows * len(phases) + 1, *tail), silent)
        for k, column in enumerate(columns):
            table[k : count * len(phases) : len(phases)] = column
        return table

    def _ended(self, value: Callable[[Phase], npt.ArrayLike], silent: float = 0.0) -> Floats:
        """Same, one row later: of the presentation that has just ended."""
        table = np.roll(self._now(value, silent), 1, axis=0)
        table[0] = silent
        return table

    def _input(self, population: Population) -> dict[str, Floats]:
        name, classes = population.name, class_signals(self._network, self._program)

        def neuron(phase: Phase) -> npt.ArrayLike:
            source = phase.inputs.get(name)
            if isinstance(source, int):
                return source
            if source not in classes:
                return NO_CLASS
            return np.where(self._signals[source] < 0, CHOSEN, self._signals[source])

        def stimulus(phase: Phase) -> npt.ArrayLike:
            source, size = phase.inputs.get(name), population.size
            found = np.zeros((len(self._samples), self._frames, size))
            if source is not None and not isinstance(source, int) and source not in classes:
                given = self._signals[source]
                shown = given if given.ndim > 1 else given[:, None] == np.arange(size)
                found[:] = all_frames(shown)
            return found

        return {
            f"{name}.neuron": self._now(neuron, NO_CLASS),
            f"{name}.stimulus": self._now(stimulus).reshape(-1, population.size),
        }

    def _neurons(self, population: Population) -> dict[str, Floats]:
        name, bias, rule = population.name, population.bias, population.rule

        def learning(value: Callable[[Phase], npt.ArrayLike]) -> Floats:
            return self._ended(lambda f: value(f) if name in f.learn else 0.0)

        tables = {
            "active": self._now(lambda f: name in structure.active(self._network, f)),
            "eta_b": learning(lambda _: constants.rate(bias.learning_rate, self._scale)),
            "h": learning(lambda _: constants.rate(bias.homeostasis)),
        }
        if rule is not None:
            for key in ("offset", "gain", "slope", "theta"):
                tables[key] = learning(
                    lambda f, key=key: signs.coefficients(rule, f, self._signals)[key]  # type: ignore[misc]
                )
            if rule.target_signal is not None:
                tables["label"] = self._ended(lambda f: self._target(population, f), NO_CLASS)
        return {f"{name}.{key}": table for key, table in tables.items()}

    def _target(self, population: Population, phase: Phase) -> npt.ArrayLike:
        if population.rule is None or population.name not in phase.learn:
            return NO_CLASS
        given, chosen = (
            self._signals[str(population.rule.target_signal)],
            self._program.hard_negative,
        )
        names = [f.name for f in self._program.phases]
        known = chosen and names.index(chosen.phase) < names.index(phase.name)
        return np.where(given < 0, CHOSEN if known else NO_CLASS, given)
