"""Energy per inference: counts of a recording, priced by a device card."""

from pffspike.energy.account import Counts, Energy, Row, counts, energy, price
from pffspike.energy.ledger import PARTS, Entry, Load, Traffic, ledger
from pffspike.energy.metrics import Metrics, metrics

__all__ = [
    "PARTS",
    "Counts",
    "Energy",
    "Entry",
    "Load",
    "Metrics",
    "Row",
    "Traffic",
    "counts",
    "energy",
    "ledger",
    "metrics",
    "price",
]
