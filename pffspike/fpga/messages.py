"""What a host says to a core, see `pffspike.fpga.core`."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np

from pffspike.arithmetic import counter, grids
from pffspike.errors import ValidationError
from pffspike.fpga.plan import CorePlan
from pffspike.typing import Array

IDENTIFY, IMAGE, RUN = b"?", b"I", b"R"
STEP, PHASE, ANSWER = b"S", b"P", b"A"
STEPWISE, COUNTS = 1, 2  #: flags of a command to run
NOBODY = 0xFFFF  #: neuron of a read-out that there is not


def image_message(plan: CorePlan, signals: Mapping[str, Array]) -> bytes:
    r"""The command that gives a core the signals of a sample; empty if it takes none.

    Parameters
    ----------
    plan : CorePlan
        Of the core.
    signals : mapping of str to ndarray
        By name: ``(units,)`` spike probabilities, or a class. Those that are not given are 0.

    Returns
    -------
    bytes

    Raises
    ------
    ValidationError
        If a signal has another shape, or values that are no probabilities.

    Examples
    --------
    >>> import pffspike
    >>> from pffspike.fpga import make_plan
    >>> trained = pffspike.quantize(pffspike.train("digits", epochs=1), 8, moments=0).trained
    >>> image_message(make_plan(trained), {"image": np.full(64, 0.5)})[:5]
    b'I\x00\x00\x80\x00'
    """
    values = [np.zeros(0)]
    for each in plan.inputs:
        given = np.asarray(signals.get(each.signal, np.zeros(each.size)), np.float64)
        if given.ndim == 0:
            given = (np.arange(each.size) == given).astype(np.float64)
        if given.shape != (each.size,) or not np.all((given >= 0) & (given <= 1)):
            raise ValidationError(
                f"signal {each.signal!r} has shape {given.shape} and values from "
                f"{given.min(initial=0)} to {given.max(initial=0)}; give {each.size} probabilities"
            )
        values.append(given)
    whole = np.concatenate(values) * 2.0**-grids.DRIVE_GRID
    return IMAGE + whole.astype("<u4").tobytes() if plan.inputs else b""


def run_message(
    plan: CorePlan, program: str, sample: int, seed: int, flags: int, phase: int | None = None
) -> bytes:
    """The command to run a program, or one phase of it.

    Parameters
    ----------
    plan : CorePlan
        Of the core.
    program : str
        Name of one of its programs.
    sample, seed : int
        That key the random numbers.
    flags : int
        Sum of `STEPWISE` and `COUNTS`, or 0.
    phase : int or None
        Place of the phase in the program; None: all of them, in their order.

    Returns
    -------
    bytes
    """
    first, number = plan.first_phase[program], len(plan.network.program(program).phases)
    if phase is not None:
        first, number = first + phase, 1
    offset = int(counter.offsets(sample)[0])
    return RUN + struct.pack("<BBBQQ", flags, first, number, seed, offset)
