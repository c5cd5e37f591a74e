"""The host's side of the protocol: images in, recordings and answers out."""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pffspike.arithmetic import counter
from pffspike.errors import PffspikeError, ValidationError
from pffspike.fpga.messages import (
    ANSWER,
    COUNTS,
    IDENTIFY,
    IMAGE,
    NOBODY,
    PHASE,
    STEP,
    STEPWISE,
    image_message,
    run_message,
)
from pffspike.fpga.plan import CorePlan
from pffspike.inference.elimination import candidate_network
from pffspike.network import signals as names
from pffspike.network import structure
from pffspike.network.spec import Network, Phase, Program
from pffspike.recording import Recording
from pffspike.typing import Array, Floats, Integers, Progress

GOODNESS = "goodness"  #: the program whose phases are labels


class Link(Protocol):
    """A way to a core: a simulation, or a serial port (``serial.Serial`` is one)."""

    def write(self, data: bytes) -> object:
        """Send some bytes."""

    def read(self, number: int) -> bytes:
        """Wait for some bytes; fewer, if they do not come in time."""


@dataclass(frozen=True)
class Reply:
    """What a core says in the end.

    Parameters
    ----------
    phase : int
        The phase with the largest score, from the first that ran; of equals, the lowest.
    winner : int
        Neuron of the read-out with the most spikes in the last phase; -1: it has none.
    cycles : int
        That the core took, without the time in which the host was told of steps and phases.
    """

    phase: int
    winner: int
    cycles: int


class Driver:
    """Runs programs on a core.

    Parameters
    ----------
    plan : CorePlan
        What the core computes.
    link : Link
        The way to it.

    Raises
    ------
    PffspikeError
        If the core does not answer, or is another one.

    Examples
    --------
    >>> import pffspike
    >>> from pffspike.fpga import Driver, make_plan
    >>> from pffspike.fpga.simulation import SimulatedLink
    >>> trained = pffspike.quantize(pffspike.train("digits", epochs=1), 8, moments=0).trained
    >>> plan = make_plan(trained, ["one_pass"])
    >>> Driver(plan, SimulatedLink(plan)).plan.lanes
    16
    """

    def __init__(self, plan: CorePlan, link: Link) -> None:
        self.plan, self._link = plan, link
        self._link.write(IDENTIFY)
        self._expect(IDENTIFY)
        if self._read(8) != plan.identity:
            raise PffspikeError(
                "the core is not that of this network; build it from the same export and load it "
                "again"
            )

    def run(
        self,
        program: str,
        signals: Mapping[str, Array],
        samples: Integers,
        seed: int = 0,
        *,
        spikes: bool = True,
        progress: Progress = lambda _: None,
    ) -> tuple[Recording, list[Reply]]:
        """Run a program.

        Parameters
        ----------
        program : str
            Name of a program of the plan.
        signals : mapping of str to ndarray
            By name: ``(samples, units)`` probabilities or ``(samples,)`` classes.
        samples : (samples,) ndarray of int64
            Numbers of the samples, which key their random numbers.
        seed : int
            Of everything random.
        spikes : bool
            Whether every spike is told, or counts alone.
        progress : callable
            Told of the number of samples that are done.

        Returns
        -------
        recording : Recording
            Spikes, goodness, counts and, with ``spikes``, rasters of all populations.
        replies : list of Reply
            One a sample.

        Raises
        ------
        ValidationError
            If the program or a signal is not what the plan has.
        PffspikeError
            If the core does not answer.
        """
        chosen = self._program(program)
        counter.check_seed(seed)
        record = _Record(self.plan.network, self.plan, chosen, np.asarray(samples), spikes)
        messages = [
            run_message(self.plan, program, int(sample), seed, _flags(spikes)) for sample in samples
        ]
        replies = self._run(messages, signals, record, progress)
        return record.recording(), replies

    def run_candidates(
        self,
        images: Floats,
        labels: Integers,
        samples: Integers,
        seed: int = 0,
        *,
        spikes: bool = True,
        progress: Progress = lambda _: None,
    ) -> tuple[Recording, list[Reply]]:
        """Present each image under one label: a phase of the program ``goodness``.

        Parameters
        ----------
        images : (samples, neurons) ndarray
            Spike probabilities.
        labels : (samples,) ndarray of int64
            The label of each.
        samples : (samples,) ndarray of int64
            Numbers of the samples, which key their random numbers.
        seed : int
            Of everything random.
        spikes : bool
            Whether every spike is told, or counts alone.
        progress : callable
            Told of the number of samples that are done.

        Returns
        -------
        recording : Recording
            Of the program ``candidate``, see `pffspike.inference.elimination.candidate_network`.
        replies : list of Reply
            One a sample; ``phase`` is the label.

        Raises
        ------
        ValidationError
            If the core has no ``goodness``, there is no such label, or images have another shape.
        PffspikeError
            If the core does not answer.

        Examples
        --------
        >>> import numpy as np
        >>> import pffspike
        >>> from pffspike.circuits import PFF
        >>> from pffspike.fpga import Driver, make_plan
        >>> from pffspike.fpga.simulation import SimulatedLink
        >>> from pffspike.network import Training
        >>> circuit = PFF(9, 3, (6,), latent=0, burn_in=1, window=4, lateral=2)
        >>> network = pffspike.pff(circuit, "tiny", Training("none", 1))
        >>> begun = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)
        >>> trained = pffspike.quantize(begun, 8, moments=None).trained
        >>> plan, image = make_plan(trained, ["goodness"], 4), np.full((1, 9), 0.25)
        >>> driver = Driver(plan, SimulatedLink(plan))
        >>> recording, replies = driver.run_candidates(image, np.array([2]), np.array([0]))
        >>> recording.program.name, replies[0].phase
        ('candidate', 2)
        """
        chosen = self._program(GOODNESS)
        counter.check_seed(seed)
        for label in labels:
            if not 0 <= label < len(chosen.phases):
                raise ValidationError(
                    f"label {label} must be from 0 to {len(chosen.phases) - 1}, the phases of "
                    f"{GOODNESS!r}"
                )
        network = candidate_network(self.plan.network)
        record = _Record(network, self.plan, network.programs[0], np.asarray(samples), spikes)
        messages = [
            run_message(self.plan, GOODNESS, int(sample), seed, _flags(spikes), int(label))
            for label, sample in zip(labels, samples, strict=True)
        ]
        found = self._run(messages, {names.IMAGE: images}, record, progress)
        replies = [
            dataclasses.replace(reply, phase=int(label))
            for label, reply in zip(labels, found, strict=True)
        ]
        return record.recording(), replies

    def _run(
        self,
        messages: list[bytes],
        signals: Mapping[str, Array],
        record: _Record,
        progress: Progress,
    ) -> list[Reply]:
        """Show the signals of each sample, send its message, and record what the core says."""
        replies = []
        for place, message in enumerate(messages):
            self._show({name: values[place] for name, values in signals.items()})
            replies.append(self._present(message, place, record))
            progress(1)
        return replies

    def _program(self, name: str) -> Program:
        if name not in self.plan.first_phase:
            raise ValidationError(
                f"program {name!r} is not on the core, which has {', '.join(self.plan.programs)}"
            )
        return self.plan.network.program(name)

    def _show(self, signals: Mapping[str, Array]) -> None:
        """Send the spike probabilities of all signals."""
        message = image_message(self.plan, signals)
        if message:
            self._link.write(message)
            self._expect(IMAGE)

    def _present(self, message: bytes, place: int, record: _Record) -> Reply:
        self._link.write(message)
        program, neurons = record.program, self.plan.words * self.plan.lanes
        number = len(program.phases)
        for phase in range(number):
            presentation = place * number + phase
            for step in range(program.steps if record.spikes else 0):
                self._expect(STEP)
                count = struct.unpack("<H", self._read(2))[0]
                record.step(presentation, step, np.frombuffer(self._read(2 * count), "<u2"))
            self._expect(PHASE)
            sums = [self._read(10) for _ in self.plan.slots]
            counts = np.frombuffer(self._read(2 * neurons), "<u2")
            record.phase(presentation, program.phases[phase], sums, counts)
        self._expect(ANSWER)
        best, winner, cycles = struct.unpack("<BHI", self._read(7))
        return Reply(best - message[2], -1 if winner == NOBODY else winner, cycles)

    def _expect(self, letter: bytes) -> None:
        found = self._read(1)
        if found != letter:
            raise PffspikeError(
                f"the core sent {found!r} where {letter!r} should be; close the link, wait a "
                f"second for the core to give the command up, and open it again"
            )

    def _read(self, number: int) -> bytes:
        found = self._link.read(number) if number else b""
        if len(found) < number:
            raise PffspikeError(
                f"the core sent {len(found)} bytes where {number} should be; see that it is "
                f"connected and holds this network"
            )
        return found


def _flags(spikes: bool) -> int:
    return COUNTS | (STEPWISE if spikes else 0)


class _Record:
    """Arrays of a recording, filled as the core speaks."""

    def __init__(
        self, network: Network, plan: CorePlan, program: Program, samples: Integers, spikes: bool
    ) -> None:
        self.program, self.spikes = program, spikes
        self._network, self._plan, self._samples = network, plan, samples
        shown, steps = len(samples) * len(program.phases), program.steps
        self._names = [p.name for p in structure.extent(network, program).populations]
        neurons = plan.words * plan.lanes
        self._raster = np.zeros((steps, shown, neurons), bool)
        self._counts = np.zeros((shown, neurons), np.int64)
        self._numbers = {name: np.zeros(shown, np.int64) for name in self._names}
        self._squares: dict[str, Floats] = {name: np.zeros(shown) for name in self._names}

    def step(self, presentation: int, step: int, numbers: Array) -> None:
        self._raster[step, presentation, numbers] = True

    def phase(self, presentation: int, phase: Phase, sums: list[bytes], counts: Array) -> None:
        """Keep what belongs to populations that are active: of others, it is older."""
        for name in structure.active(self._network, phase):
            number = self._plan.slot(name)
            part = self._part(name)
            self._counts[presentation, part] = counts[part]
            self._numbers[name][presentation] = int.from_bytes(sums[number][:4], "little")
            self._squares[name][presentation] = int.from_bytes(sums[number][4:], "little")

    def _part(self, name: str) -> slice:
        slot = self._plan.slots[self._plan.slot(name)]
        start = slot.first * self._plan.lanes
        return slice(start, start + slot.size)

    def recording(self) -> Recording:
        window, rasters = self.program.window, {}
        if self.spikes:
            rasters = {name: self._raster[:, :, self._part(name)] for name in self._names}
        return Recording(
            self._network,
            self.program,
            self._samples,
            self._numbers,
            {name: values / window**2 for name, values in self._squares.items()},
            np.full(len(self._samples), -1, np.int64),
            {name: self._counts[:, self._part(name)] for name in self._names},
            rasters,
        )
