"""What synapses receive: means and second moments of what senders send, from real spikes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import grids
from pffspike.execution import Execution, counting, open_session
from pffspike.network import signals, structure
from pffspike.network.events import Stimulus
from pffspike.network.spec import Network, Program, Projection
from pffspike.recording import Probes, Recording
from pffspike.trained import TrainedNetwork
from pffspike.typing import Floats

_BATCH = 32  #: samples whose rasters are held at a time


@dataclass(frozen=True)
class Moments:
    """Moments of the inputs of a projection's synapses, over steps and presentations.

    An input is ``g_pre s_i``, or ``s_i`` if the projection is not normalized. Its first step is
    left out, for every presentation starts from silence.

    Parameters
    ----------
    mean : (n_pre,) ndarray of float64
        Mean of what each sender contributes a step.
    second : (n_pre, n_pre) ndarray of float64
        Means of products.
    steady : bool
        Whether the projection is enabled in all phases in which its target is active, so that a
        mean can be made up for by the bias.
    """

    mean: Floats
    second: Floats
    steady: bool

    @property
    def centred(self) -> Floats:
        """Second moments about the mean if the bias can make up for it, else about 0."""
        if not self.steady:
            return self.second
        return self.second - np.outer(self.mean, self.mean)


def activity(
    trained: TrainedNetwork,
    images: Stimulus,
    labels: npt.NDArray[np.int64],
    *,
    execution: Execution = Execution(),
) -> dict[str, Moments]:
    """Measure what the synapses of each projection receive while the network runs.

    All programs that learn nothing and need no other signals than images and labels are run.

    Parameters
    ----------
    trained : TrainedNetwork
        The network and its weights.
    images : (samples, neurons) ndarray of float64
        Spike probabilities.
    labels : (samples,) ndarray of int64
        True classes.
    execution : Execution
        Engine, seed, progress.

    Returns
    -------
    dict of str to Moments
        By projection with weights of its own; those that are tied to it count. Projections that
        no program enables, and those without any input, are left out.
    """
    network = trained.network
    programs = [p for p in network.programs if _can_run(network, p)]
    report = counting(execution, "activity", len(programs) * len(images))
    sums: dict[str, _Sum] = {}
    for program in programs:
        pres = {p.pre for p in structure.extent(network, program).projections}
        recorded = execution.replace(probes=Probes(rasters=tuple(pres)))
        with open_session(trained, program.name, recorded) as session:
            for start in range(0, len(images), _BATCH):
                some = slice(start, start + _BATCH)
                given = {signals.IMAGE: images[some], signals.LABEL: labels[some]}
                numbers = np.arange(len(images))[some]
                _add(network, program, session.run(given, numbers, progress=report), sums)
    return {
        name: Moments(
            total.first / total.count,
            total.second / total.count,
            _steady(network, programs, network.projection(name)),
        )
        for name, total in sums.items()
        if total.first.any()
    }


@dataclass
class _Sum:
    first: Floats
    second: Floats
    count: int = 0


def _can_run(network: Network, program: Program) -> bool:
    known = {signals.IMAGE, signals.LABEL}
    return not program.learns and set(structure.extent(network, program).signals) <= known


def _add(network: Network, program: Program, recording: Recording, sums: dict[str, _Sum]) -> None:
    """Add a run; projections that hear the same in the same phases share the products."""
    products: dict[tuple[str, bool, tuple[int, ...]], tuple[Floats, Floats, int]] = {}
    for projection in structure.extent(network, program).projections:
        enabled = tuple(
            index
            for index, phase in enumerate(program.phases)
            if projection.name in phase.projections
        )
        key = (projection.pre, projection.normalized, enabled)
        if key not in products:
            sent = _sent(network, projection, recording, enabled)
            products[key] = (sent.sum(axis=0), sent.T @ sent, len(sent))
        first, second, count = products[key]
        owner = structure.weights_of(projection)
        if owner not in sums:
            sums[owner] = _Sum(np.zeros_like(first), np.zeros_like(second))
        total = sums[owner]
        total.first, total.second = total.first + first, total.second + second
        total.count += count


def _sent(
    network: Network, projection: Projection, recording: Recording, phases: tuple[int, ...]
) -> Floats:
    """Inputs of a projection's synapses, a row for each step of the phases it is enabled in."""
    raster = recording.rasters[projection.pre]
    steps, _, size = raster.shape
    by_phase = raster.reshape(steps, len(recording.samples), -1, size)[:-1, :, list(phases)]
    spikes = by_phase.reshape(-1, size).astype(np.float64)
    if projection.normalized:
        table = grids.gain_table(network.population(projection.pre).normalization, size)
        spikes *= table[spikes.sum(axis=1).astype(int)][:, None]
    return spikes


def _steady(network: Network, programs: list[Program], projection: Projection) -> bool:
    phases = (phase for program in programs for phase in program.phases)
    heard = [p for p in phases if projection.post in structure.active(network, p)]
    return all(projection.name in phase.projections for phase in heard)


def means(moments: Mapping[str, Moments], name: str) -> Floats | None:
    """Mean inputs that a bias can make up for; None if it can't."""
    found = moments.get(name)
    return found.mean if found is not None and found.steady else None
