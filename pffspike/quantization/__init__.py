"""Quantization: a trained network in the number formats of a device."""

from pffspike.quantization.activity import Moments, activity
from pffspike.quantization.report import BiasReport, WeightReport
from pffspike.quantization.weights import (
    ROUNDINGS,
    Quantized,
    Rounding,
    check_bits,
    quantize,
)

__all__ = [
    "ROUNDINGS",
    "BiasReport",
    "Moments",
    "Quantized",
    "Rounding",
    "WeightReport",
    "activity",
    "check_bits",
    "quantize",
]
