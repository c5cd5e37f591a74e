"""The NumPy reference engine: it defines what a network computes."""

from pffspike.engines.reference.session import ReferenceEngine

__all__ = ["ReferenceEngine"]
