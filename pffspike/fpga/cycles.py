"""Cycles that a core takes, from the spikes alone."""

from __future__ import annotations

import numpy as np

from pffspike.fpga.plan import CorePlan
from pffspike.network.spec import Program
from pffspike.recording import Recording
from pffspike.typing import Integers

DERIVE = 7  #: to derive a key: the latency of the mixer and one to take it
_PHASE = 1 + 3 * DERIVE
_POPULATION = 3  #: to read the table of draws, to begin and to close
_DRAW = 1 + 9  #: to begin, and until the last neuron is through
_DELIVER = 8  #: until the last word is through
_TURN = 1  #: from the draw to what follows
_TIES = 2 * DERIVE + _DRAW


def cycles(plan: CorePlan, recording: Recording) -> Integers:
    """Cycles that a core takes for each sample, without what it takes to tell the host.

    Parameters
    ----------
    plan : CorePlan
        Of the core.
    recording : Recording
        Of a program of the plan, or of the program ``candidate`` (`Driver.run_candidates`), on any
        engine, with the rasters of all populations.

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
    program, phases = recording.program, len(recording.program.phases)
    found = np.sum([part.sum(axis=0) for part in step_cycles(plan, recording).values()], axis=0)
    last = plan.draws_of(plan.phases[_first_phase(plan, program) + phases - 1])
    ties = sum(_POPULATION + plan.slots[d.slot].size * d.answers for d in last)
    total: Integers = recording.by_phase(found + _PHASE).sum(axis=1) + _TIES + ties
    return total


def step_cycles(plan: CorePlan, recording: Recording) -> dict[str, Integers]:
    """Cycles of each step by what the core does in it.

    Parameters
    ----------
    plan : CorePlan
        Of the core.
    recording : Recording
        As of `cycles`.

    Returns
    -------
    dict of str to (steps, presentations) ndarray of int64
        ``keys``: of the step; ``draw``: all neurons; ``deliver``: all spikes, not in the last step.
    """
    spikes = _before_marks(plan, recording)
    program, phases = recording.program, len(recording.program.phases)
    shape = (program.steps, recording.presentations)
    found = {name: np.zeros(shape, np.int64) for name in ("keys", "draw", "deliver")}
    found["keys"][:] = DERIVE + _TURN
    for number in range(phases):
        entry = plan.phases[_first_phase(plan, program) + number]
        some = slice(number, None, phases)
        drawn = sum(_POPULATION + plan.slots[d.slot].size for d in plan.draws_of(entry))
        found["draw"][:, some] = _DRAW + drawn
        operations = plan.operations_of(entry)
        begin = spikes[:-1, some, [o.begin for o in operations]]
        end = spikes[:-1, some, [o.end for o in operations]]
        found["deliver"][:-1, some] = _DELIVER + np.maximum(1, end - begin).sum(axis=2)
    return found


def _first_phase(plan: CorePlan, program: Program) -> int:
    """The phase of ``candidate`` is any one of ``goodness``, which differ in the label only."""
    return plan.first_phase["goodness" if program.name == "candidate" else program.name]


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
