"""Cycles that a core takes, from the spikes alone."""

from __future__ import annotations

import numpy as np

from pffspike.fpga.plan import CorePlan
from pffspike.recording import Recording
from pffspike.typing import Integers

DERIVE = 7  #: to derive a key: the latency of the mixer and one to take it
_PHASE = 1 + 3 * DERIVE
_POPULATION = 3  #: to read the table of draws, to begin and to close
_DRAW = 1 + 9  #: to begin, and until the last neuron is through
_DELIVER = 9  #: until the last word is through
_TURN = 1  #: from the draw to what follows
_TIES = 2 * DERIVE + _DRAW


def cycles(plan: CorePlan, recording: Recording) -> Integers:
    """Cycles that a core takes for each sample, without what it takes to tell the host.

    Parameters
    ----------
    plan : CorePlan
        Of the core.
    recording : Recording
        Of a program of the plan, on any engine, with the rasters of all populations.

    Returns
    -------
    (samples,) ndarray of int64
        The number that the core counts itself.

    Examples
    --------
    >>> import numpy as np
    >>> import pffspike
    >>> from pffspike.fpga import make_plan
    >>> trained = pffspike.quantize(pffspike.train("digits", epochs=1), 8, moments=0).trained
    >>> names = pffspike.populations_of(trained.network, "one_pass")
    >>> execution = pffspike.Execution(probes=pffspike.Probes(rasters=names))
    >>> images = pffspike.load_data("digits").test_images[:2] / 16
    >>> recording = pffspike.run(trained, "one_pass", {"image": images}, execution=execution)
    >>> bool((cycles(make_plan(trained), recording) > 18 * 574).all())
    True
    """
    spikes = _before_marks(plan, recording)
    found = np.zeros(recording.presentations, np.int64)
    program, phases = recording.program, len(recording.program.phases)
    for number in range(phases):
        entry = plan.phases[plan.first_phase[program.name] + number]
        drawn = sum(_POPULATION + plan.slots[d.slot].size for d in plan.draws_of(entry))
        fixed = _PHASE + program.steps * (DERIVE + _DRAW + drawn + _TURN)
        operations = plan.operations_of(entry)
        begin = spikes[:-1, number::phases, [o.begin for o in operations]]
        end = spikes[:-1, number::phases, [o.end for o in operations]]
        beats = np.maximum(1, end - begin).sum(axis=(0, 2))
        found[number::phases] = fixed + beats + (program.steps - 1) * _DELIVER
    last = plan.draws_of(entry)
    ties = sum(_POPULATION + plan.slots[d.slot].size * d.answers for d in last)
    return found.reshape(-1, phases).sum(axis=1) + _TIES + ties


def _before_marks(plan: CorePlan, recording: Recording) -> Integers:
    """Spikes of a population before each of its marks: ``(steps, presentations, marks)``."""
    steps, marks = recording.program.steps, plan.slots[-1].mark + plan.slots[-1].words + 1
    found = np.zeros((steps, recording.presentations, marks), np.int64)
    for slot in plan.slots:
        if slot.name in recording.rasters:
            raster = recording.rasters[slot.name]
            for word in range(slot.words):
                part = raster[:, :, word * plan.lanes : (word + 1) * plan.lanes]
                place = slot.mark + word
                found[:, :, place + 1] = found[:, :, place] + part.sum(axis=2)
    return found
