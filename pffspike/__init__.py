"""Predictive forward-forward learning on spiking neurons: NumPy, Brian2 and Lava, to the bit."""

__version__ = "0.1.0"
