"""From lists of spikes and monitored states to a recording, as every engine returns it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pffspike.engines.brian2.equations import monitors
from pffspike.network.spec import Network, Program
from pffspike.recording import Probes, Recording
from pffspike.typing import Array, Floats, Integers, Signals

Events = Mapping[str, tuple[Array, Array]]


def recording(
    network: Network,
    program: Program,
    samples: Integers,
    events: Events,
    observed: Mapping[str, Floats],
    hard_negatives: Integers,
    probes: Probes,
) -> Recording:
    """Count spikes by presentation.

    Parameters
    ----------
    network : Network
        Specification of the network.
    program : Program
        One of its programs.
    samples : (samples,) ndarray of int64
        Numbers of the samples, which key their random numbers.
    events : mapping of str to pair of (spikes,) ndarray of int
        By population: neuron and step of every spike; steps after the last presentation are left
        out.
    observed : mapping of str to (times, units) ndarray of float64
        What `monitors.make_monitors` kept, by "population.variable" or "projection.w".
    hard_negatives : (samples,) ndarray of int64
        The class that was chosen for each sample, -1 without one.
    probes : Probes
        What is kept.

    Returns
    -------
    Recording
    """
    shown = len(samples) * len(program.phases)
    spikes, goodness, counts, rasters = {}, {}, {}, {}
    for name, (neurons, ticks) in events.items():
        size = network.population(name).size
        raster = np.zeros((shown * program.steps, size), bool)
        mine = ticks < len(raster)
        raster[ticks[mine], neurons[mine]] = True
        by_step = raster.reshape(shown, program.steps, size)
        window = by_step[:, program.burn_in :].sum(axis=1, dtype=np.int64)
        spikes[name] = by_step.sum(axis=(1, 2), dtype=np.int64)
        goodness[name] = np.square(window).sum(axis=1) / program.window**2
        if name in probes.counts:
            counts[name] = window
        if name in probes.rasters:
            rasters[name] = by_step.transpose(1, 0, 2)
    return Recording(
        network,
        program,
        samples,
        spikes,
        goodness,
        hard_negatives,
        counts,
        rasters,
        **monitors.states(network, program, len(samples), observed, probes),
    )


def hard_negatives(
    program: Program,
    signals: Signals,
    samples: int,
    losses: Array | None,
) -> Integers:
    """Class that replaced -1, sample by sample.

    Parameters
    ----------
    program : Program
        One of its programs.
    signals : mapping of str to ndarray
        By name, as a run gets them.
    samples : int
        How many there are.
    losses : (presentations + 1, classes) ndarray or None
        To how many others a candidate lost, at the begin of each presentation.

    Returns
    -------
    (samples,) ndarray of int64
        -1 if the program chooses none.
    """
    chosen = program.hard_negative
    if chosen is None or losses is None or not samples:
        return np.full(samples, -1, np.int64)
    after = [phase.name for phase in program.phases].index(chosen.phase) + 1
    classes = losses[after :: len(program.phases)][:samples].argmin(axis=1)
    given = signals.get(chosen.signal, np.full(samples, -1))
    return np.where(given < 0, classes, given).astype(np.int64)
