"""From a trained network to the tables of a core: what it draws, what it adds, in which order.

A population has whole words of ``lanes`` neurons; the neurons that fill its last word up do not
exist and never spike. A step first draws, one neuron a cycle, and then runs a list of operations,
one for each word of receiving neurons and each projection that ends there: the weights of all
spikes of the sending population are added, one spike a cycle, the sum is multiplied by the gain
and added to the currents of the word.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from pffspike.arithmetic import counter, grids
from pffspike.fpga.checks import check_network
from pffspike.fpga.plan import (
    KINDS,
    CorePlan,
    Draw,
    Input,
    Kind,
    Operation,
    Presentation,
    Slot,
    Widths,
)
from pffspike.mapping.demand import format_bits
from pffspike.network import exactness, rows, structure
from pffspike.network.parameters import Parameters
from pffspike.network.spec import Network, Phase, Population, Projection
from pffspike.trained import TrainedNetwork
from pffspike.typing import Integers

PROGRAMS = ("one_pass", "goodness")  #: that a core holds unless others are named
_UNIT_GAIN = 0  #: place of the gain 1, for projections that are not normalized


def make_plan(
    trained: TrainedNetwork, programs: Sequence[str] | None = None, lanes: int = 16
) -> CorePlan:
    """Lay a network out on a core.

    Parameters
    ----------
    trained : TrainedNetwork
        With weights of at most 8 bits.
    programs : sequence of str or None
        Programs that the core shall run, which learn nothing; None: those of `PROGRAMS` that the
        network has.
    lanes : int
        Weights that are added in a cycle, a power of two from 2 to 64.

    Returns
    -------
    CorePlan

    Raises
    ------
    ValidationError
        If the network is not quantized, or uses what the core lacks.

    Examples
    --------
    >>> import pffspike
    >>> trained = pffspike.quantize(pffspike.train("digits", epochs=1), 8, moments=0).trained
    >>> make_plan(trained).programs
    ('one_pass', 'goodness')
    """
    network = trained.network
    if programs is None:
        programs = [p.name for p in network.programs if p.name in PROGRAMS]
        programs.sort(key=PROGRAMS.index)
    check_network(network, programs, lanes)
    return _Planner(network, trained.parameters, tuple(programs), lanes).plan()


class _Planner:
    """Builds the tables one after the other."""

    def __init__(
        self, network: Network, parameters: Parameters, programs: tuple[str, ...], lanes: int
    ) -> None:
        self.network, self.parameters = network, parameters
        self.programs, self.lanes = programs, lanes
        extents = [structure.extent(network, network.program(name)) for name in programs]
        active = {p.name for extent in extents for p in extent.populations}
        enabled = {p.name for extent in extents for p in extent.projections}
        self.populations = [p for p in network.populations if p.name in active]
        # A projection of zeros delivers nothing, so it takes neither memory nor time.
        self.projections = [
            p
            for p in network.projections
            if p.name in enabled and self.parameters.weights[structure.weights_of(p)].any()
        ]
        self.slots = self._slots()
        self.numbers = {slot.name: number for number, slot in enumerate(self.slots)}
        self.inputs: dict[tuple[str, str], Input] = {}
        self.blocks: list[Integers] = []
        self.placed: dict[tuple[str, int], int] = {}
        self.lists: dict[tuple[str, ...], int] = {}
        self.operations: list[Operation] = []
        self.draws: list[Draw] = []
        self.gain_grid = min((_gain_grid(p) for p in self.populations), default=0)
        self.finest = min((p.grid for p in self.projections), default=0)
        self.tables = self._tables()

    def _slots(self) -> tuple[Slot, ...]:
        found: list[Slot] = []
        word = mark = 0
        for p in self.populations:
            words = -(-p.size // self.lanes)
            index = self.network.index(p.name) << 32
            offset = int(counter.offsets(index)[0])
            found.append(Slot(p.name, p.size, words, word, mark, offset))
            word, mark = word + words, mark + words + 1
        return tuple(found)

    def _tables(self) -> dict[str, tuple[int, Integers]]:
        """Place and values of the table of gains of each normalization."""
        found: dict[str, tuple[int, Integers]] = {}
        place = 0
        for kind in sorted({p.normalization for p in self.populations} - {"none"}):
            size = max(p.size for p in self.populations if p.normalization == kind)
            table = (grids.gain_table(kind, size) * 2.0**-self.gain_grid).astype(np.int64)
            found[kind] = (place, table)
            place += len(table)
        return found

    def plan(self) -> CorePlan:
        phases: list[Presentation] = []
        first: dict[str, int] = {}
        for name in self.programs:
            program, first[name] = self.network.program(name), len(phases)
            for phase in program.phases:
                operations = self._operations(phase)
                draws = self._draws(phase)
                offset = int(counter.offsets(phase.stream)[0])
                phases.append(
                    Presentation(draws, operations, program.burn_in, program.steps - 1, offset)
                )
        empty = np.zeros((1, self.lanes), np.int64)
        gains = [table for _, table in self.tables.values()] or [np.ones(1, np.int64)]
        return CorePlan(
            self.network,
            self.programs,
            self.lanes,
            self.slots,
            tuple(self.inputs.values()),
            tuple(self.draws),
            tuple(self.operations),
            tuple(phases),
            first,
            np.concatenate([*self.blocks, empty] if not self.blocks else self.blocks),
            self._biases(),
            np.concatenate(gains),
            1 << -self.gain_grid,
            self._widths(),
        )

    def _draws(self, phase: Phase) -> int:
        start, names = len(self.draws), structure.active(self.network, phase)
        drawn = [p for p in self.populations if p.name in names]
        for p in drawn:
            kind, source = self._source(phase, p)
            gains = 0 if p.normalization == "none" else self.tables[p.normalization][0]
            votes = p.rule.evidence if p.rule is not None else 0
            answers = self.network.has_role("readout") and self.network.role("readout") == p
            last = p is drawn[-1]
            slot = self.numbers[p.name]
            self.draws.append(
                Draw(KINDS.index(kind), slot, source, gains, votes, int(answers), int(last))
            )
        return start

    def _source(self, phase: Phase, population: Population) -> tuple[Kind, int]:
        if not population.input:
            return "free", 0
        source = phase.inputs[population.name]
        if isinstance(source, int):
            return "class", source
        key = (source, population.name)
        if key not in self.inputs:
            base = sum(each.size for each in self.inputs.values())
            self.inputs[key] = Input(*key, base, population.size)
        return "signal", self.inputs[key].base

    def _operations(self, phase: Phase) -> int:
        """Place of the operations of a phase; phases with the same projections share them."""
        if phase.projections in self.lists:
            return self.lists[phase.projections]
        place = self.lists[phase.projections] = len(self.operations)
        names = structure.active(self.network, phase)
        for p in self.populations:
            if p.name in names and not p.input:
                arriving = [
                    q for q in self.projections if q.post == p.name and q.name in phase.projections
                ]
                for word in range(self.slots[self.numbers[p.name]].words):
                    self._word(p, word, arriving)
        if len(self.operations) == place:  # nothing is delivered
            self.operations.append(Operation(0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1))
        else:
            self.operations[-1] = dataclasses.replace(self.operations[-1], last=1)
        return place

    def _word(self, population: Population, word: int, arriving: list[Projection]) -> None:
        place = self.slots[self.numbers[population.name]].first + word
        if not arriving:  # a current of zero is written all the same
            self.operations.append(Operation(0, 0, 0, 0, 0, 0, 0, place, 1, 1, 0))
        for number, q in enumerate(arriving):
            base, begin, end = self._rows(q, word)
            low, high = self._range(q)
            normalized = q.normalized and self.network.population(q.pre).normalization != "none"
            self.operations.append(
                Operation(
                    base,
                    begin,
                    end,
                    1 + self.numbers[q.pre] if normalized else _UNIT_GAIN,
                    q.grid - self.finest,
                    int(low >= 0 or high <= 0),
                    int(high <= 0),
                    place,
                    int(number == 0),
                    int(number == len(arriving) - 1),
                    0,
                )
            )

    def _rows(self, projection: Projection, word: int) -> tuple[int, int, int]:
        """Base address of the rows of a word, and the marks around the senders that reach it."""
        pre = self.slots[self.numbers[projection.pre]]
        low, high = self._senders(projection, word)
        first, last = low // self.lanes, -(-high // self.lanes)
        key = (structure.weights_of(projection), word)
        if key not in self.placed:
            self.placed[key] = sum(map(len, self.blocks))
            w = self.parameters.weights[key[0]] * 2.0**-projection.grid
            columns = slice(word * self.lanes, (word + 1) * self.lanes)
            part = w[first * self.lanes : last * self.lanes, columns].astype(np.int64)
            block = np.zeros(((last - first) * self.lanes, self.lanes), np.int64)
            block[: len(part), : part.shape[1]] = part
            self.blocks.append(np.abs(block) if self._range(projection)[1] <= 0 else block)
        base = self.placed[key] - (pre.first + first) * self.lanes
        return base, pre.mark + first, pre.mark + last

    def _senders(self, projection: Projection, word: int) -> tuple[int, int]:
        """Range of the senders that have synapses onto a word of receivers."""
        size = self.network.population(projection.pre).size
        block = rows.block_size(projection)
        if block == 0:
            return 0, size
        low, high = word * self.lanes, min((word + 1) * self.lanes, size)
        return low // block * block, -(-high // block) * block

    def _owner(self, projection: Projection) -> Projection:
        """The projection whose weights are used."""
        return self.network.projection(structure.weights_of(projection))

    def _range(self, projection: Projection) -> tuple[int, int]:
        """Least and largest weight as integers."""
        owner = self._owner(projection)
        unit = 2.0**-owner.grid
        return round(owner.low * unit), round(owner.high * unit)

    def _biases(self) -> Integers:
        total = (self.slots[-1].first + self.slots[-1].words) * self.lanes
        found = np.zeros(total, np.int64)
        for slot in self.slots:
            if slot.name in self.parameters.biases:
                start = slot.first * self.lanes
                values = self.parameters.biases[slot.name] * 2.0**-grids.DRIVE_GRID
                found[start : start + slot.size] = values.astype(np.int64)
        return found

    def _widths(self) -> Widths:
        network, current_grid = self.network, self.finest + self.gain_grid
        sums, arriving = [1], dict.fromkeys(self.numbers, 0.0)
        for q in self.projections:
            most = structure.fan_in(network, q) * max(map(abs, self._range(q)))
            sums.append(most)
            arriving[q.post] += exactness.drive(network, q).largest
        shift = max((q.grid - self.finest for q in self.projections), default=0)
        largest = max(p.bias.limit for p in self.populations)
        programs = [network.program(name) for name in self.programs]
        window, steps = max(p.window for p in programs), max(p.steps for p in programs)
        size = max(p.size for p in self.populations)
        neurons = sum(p.size for p in self.populations)
        return Widths(
            weight=max((format_bits(self._owner(q)) for q in self.projections), default=1),
            sum=1 + max(sums).bit_length(),
            gain=((1 << -self.gain_grid) << shift).bit_length(),
            current=1 + grids.bits(max(arriving.values()), current_grid),
            current_grid=current_grid,
            bias=1 + grids.bits(largest, grids.DRIVE_GRID),
            count=window.bit_length(),
            total=(size * steps).bit_length(),
            score=1 + (neurons * window**2).bit_length(),
        )


def _gain_grid(population: Population) -> int:
    if population.normalization == "sqrt":
        return grids.GAIN_GRID
    return -(population.size.bit_length() // 2) if population.normalization == "shift" else 0
