"""How a device holds numbers."""

from __future__ import annotations

from dataclasses import dataclass

from pffspike.devices.sourced import SourcedValue, require
from pffspike.errors import ValidationError


@dataclass(frozen=True)
class Formats:
    """Number formats of a device.

    A weight of a projection is an integer of ``weight_bits`` bits times a power of two that the
    projection's synapses share. Weights of one sign have no sign bit: their magnitude takes all
    bits.

    Parameters
    ----------
    weight_bits : SourcedValue
        Most bits of a weight, its sign included where both signs occur.
    mixed_step : SourcedValue
        What the device stores is a multiple of this where both signs occur: 2 means even values,
        twice the integer, with an exponent that is lower by one.
    weight_exponent_low, weight_exponent_high : SourcedValue
        Range of the exponent of a projection.
    bias_bits : SourcedValue or None
        Bits of a bias, with sign, times a power of two that a population shares; None: as in the
        network.
    random_bits : SourcedValue or None
        Bits of the random number that a neuron draws in a step: spike probabilities are multiples
        of 2 to minus this.
    payload_bits : SourcedValue
        Bits of a number that a spike carries; 0: a spike carries none.
    weight_shift : SourcedValue or None
        A stored weight adds ``weight * 2^(weight_shift + exponent)`` to the state of a neuron.
    noise_shift : SourcedValue or None
        A draw is ``(r - 2^(random_bits-1) + mantissa * 2^(random_bits-2)) * 2^(exponent -
        noise_shift)``, ``r`` of ``random_bits`` bits; mantissa and exponent are set per core. None:
        the device has no such setting.
    state_bits : SourcedValue or None
        Bits of the state of a neuron, with sign.

    Raises
    ------
    ValidationError
        If a value is out of its range, or a key that needs another one stands alone.

    Examples
    --------
    >>> from pffspike.devices import load_device
    >>> load_device("loihi1").formats.weight_bits.value
    8
    """

    weight_bits: SourcedValue
    mixed_step: SourcedValue
    weight_exponent_low: SourcedValue
    weight_exponent_high: SourcedValue
    payload_bits: SourcedValue
    bias_bits: SourcedValue | None = None
    random_bits: SourcedValue | None = None
    weight_shift: SourcedValue | None = None
    noise_shift: SourcedValue | None = None
    state_bits: SourcedValue | None = None

    def __post_init__(self) -> None:
        require("weight_bits", self.weight_bits, 2, 31)
        require("mixed_step", self.mixed_step, 1, 2)
        require("bias_bits", self.bias_bits, 2, 32)
        require("random_bits", self.random_bits, 1, 24)
        require("payload_bits", self.payload_bits, 0, 32)
        require("state_bits", self.state_bits, 8, 64)
        if self.noise_shift and not (self.random_bits and self.weight_shift):
            raise ValidationError("noise_shift needs random_bits and weight_shift; give them too")
        if self.weight_exponent_low.value > self.weight_exponent_high.value:
            raise ValidationError(
                f"weight_exponent_low = {self.weight_exponent_low.value} must not be above "
                f"weight_exponent_high = {self.weight_exponent_high.value}"
            )
