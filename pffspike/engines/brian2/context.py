"""What all parts of a model share: clocks, tables, and the order of a step.

A step of Brian2's clock is a step of the specification. The schedule of a step:

===================  ==========================================================================
slot                 what happens
===================  ==========================================================================
``start``            at the first step of a presentation only: compare and learn what the last
                     presentation left behind, record it, clear, begin (see `Order`)
``groups``           key of the step, draw, currents to zero
``thresholds``       list of spikes
``synapses``         count, gain, trace, deliver (see `Synaptic`)
===================  ==========================================================================

So a spike of step t is read at t + 1. The end of a presentation is served at the first step of
the next, hence a run has one step more than its presentations.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from brian2 import Clock, NeuronGroup, TimedArray, second

from pffspike.engines.brian2 import functions
from pffspike.engines.brian2.layout import Layout
from pffspike.engines.brian2.schedule import Columns
from pffspike.recording import Probes

#: Duration of a step. It stands for no physical time; as a power of two it makes all times of
#: all clocks exact, so that they never drift apart.
STEP = 2.0**-10 * second


class Order(IntEnum):
    """Order within the slot ``start``."""

    MODULATE = 0  #: third factors
    SCORE = 1  #: of the hard negatives
    SELECT = 2
    COMPETE = 3
    COMPARE = 4  #: post factors, biases, draws for rounding
    RECORD = 5
    LEARN = 6
    BEGIN = 7  #: populations and projections, then neurons
    BEGIN_NEURONS = 8


class Synaptic(IntEnum):
    """Order within the slot ``synapses``."""

    GAIN = 0
    TRACE = 1
    DELIVER = 2


class BuildContext:
    """What all parts of a model share; made in the device that is active then.

    Parameters
    ----------
    layout : Layout
        Indices of neurons and synapses.
    columns : Columns
        Columns of the schedule.
    width : int
        Columns of the signals.
    probes : Probes
        What is recorded.
    samples : int
        Length of the longest chunk.
    standalone : bool
        Whether a C++ program is written.
    frames : int
        Rows of signals a sample: 1, or one a step.
    """

    def __init__(
        self,
        layout: Layout,
        columns: Columns,
        width: int,
        probes: Probes,
        samples: int,
        standalone: bool,
        frames: int = 1,
    ) -> None:
        self.layout, self.columns, self.probes = layout, columns, probes
        self.program, self.learns = layout.program, layout.learns
        self.standalone, self.has_signals = standalone, width > 0
        self.in_time = frames > 1
        presentation, phases = STEP * self.program.steps, len(self.program.phases)
        self.clock = Clock(dt=STEP, name="step_clock")
        self.presentations = Clock(dt=presentation, name="presentation_clock")
        self.schedule = TimedArray(
            np.zeros((samples * phases + 1, columns.width)), dt=presentation, name="schedule"
        )
        # Signals in time are the same in every phase, so a step asks for its row by its number.
        duration = STEP if self.in_time else presentation * phases
        self.signals = TimedArray(
            np.zeros((samples * frames, max(1, width))), dt=duration, name="signals"
        )
        self.namespace = {
            **functions.counter_functions(),
            "schedule": self.schedule,
            "signals": self.signals,
        }

    def each_presentation(self, group: NeuronGroup, code: str, order: int, name: str) -> None:
        """Let a group do something at the first step of every presentation."""
        group.run_regularly(code, clock=self.presentations, when="start", order=order, name=name)


def set_schedule(thing, when: str, order: int) -> None:  # type: ignore[no-untyped-def]
    """Say when in a step a Brian2 object runs."""
    thing.when, thing.order = when, order
