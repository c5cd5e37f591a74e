"""Energy of an inference of a network without spikes, from its operations alone."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np

from pffspike.devices import Device, load_device
from pffspike.energies.breakdown import energy_of_events
from pffspike.energies.events import EventCount
from pffspike.energies.result import Energy
from pffspike.errors import ValidationError

_NO_STATIC = "static power: how long an inference takes is not known"


def price_ann(
    macs: float,
    dense: float,
    device: str | Path | Device,
    *,
    neurons: float = 0.0,
    updates: float = 0.0,
) -> Energy:
    """Compute the energy of an inference of a network without spikes, such as a perceptron.

    A profile with an energy of ``multiply_accumulate`` charges ``macs``, one with an energy of
    ``dense_operation`` charges ``dense``. No static power is charged.

    Parameters
    ----------
    macs : float
        Multiply-accumulates that are executed. Where zeros of the input are not skipped, as in the
        measurements of ``cortex-m4f``, that is all of them: give the value of ``dense``.
    dense : float
        Multiply-accumulates if none is skipped: the products of all layers.
    device : str, Path or Device
        Device card.
    neurons : float
        Neurons whose value is computed, charged as ``neuron_update``.
    updates : float
        Changes of weights, charged as ``learning_update``; of an inference, none.

    Returns
    -------
    Energy
        Each term has the source of its value. There is no value (None) where the card has no
        energy of a multiplication, as those of chips that know spikes alone.

    Raises
    ------
    ValidationError
        If there is no such device, or a number is negative or ``macs`` above ``dense``.

    Examples
    --------
    A perceptron of 784 inputs, 500 hidden neurons and 10 outputs:

    >>> products = 784 * 500 + 500 * 10
    >>> f"{price_ann(products, products, 'cortex-m4f').total * 1e6:.1f} µJ"
    '23.9 µJ'
    >>> price_ann(products, products, "loihi1").total is None
    True
    """
    given = {"macs": macs, "dense": dense, "neurons": neurons, "updates": updates}
    for name, number in given.items():
        if not 0 <= number < math.inf:
            raise ValidationError(f"{name} = {number} must be a number of events, 0 or more")
    if macs > dense:
        raise ValidationError(
            f"macs = {macs} are more than dense = {dense}; dense counts those that are skipped too"
        )
    card = device if isinstance(device, Device) else load_device(device)
    counted = [
        EventCount(event, part, "layers", "all", np.array([float(number)]))
        for event, part, number in (
            ("multiply_accumulate", "representation", macs),
            ("dense_operation", "representation", dense),
            ("neuron_update", "representation", neurons),
            ("learning_update", "learning", updates),
        )
        if number or event == "dense_operation"
    ]
    found = energy_of_events(counted, card)
    notes = (_NO_STATIC, *found.not_counted) if card.static else found.not_counted
    return dataclasses.replace(found, not_counted=notes)
