"""The report: one HTML file about a trained network, to hand to a colleague."""

from pffspike.reporting.build import report

__all__ = ["report"]
