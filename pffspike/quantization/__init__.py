"""Quantization: a trained network in the number formats of a device."""

from pffspike.quantization.activity import Moments, activity
from pffspike.quantization.report import BiasReport, WeightReport
from pffspike.quantization.weights import Quantized, check_bits, quantize

__all__ = [
    "BiasReport",
    "Moments",
    "Quantized",
    "WeightReport",
    "activity",
    "check_bits",
    "quantize",
]
