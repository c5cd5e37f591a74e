"""Energy per inference: events of a recording, counted, times the values of a device card."""

from pffspike.energies.ann import price_ann
from pffspike.energies.breakdown import energy, energy_of_events
from pffspike.energies.counts import Counts, Spread, counts
from pffspike.energies.events import PARTS, CoreLoad, EventCount, Traffic, count_events
from pffspike.energies.metrics import Metrics, metrics
from pffspike.energies.plain import plain, totals
from pffspike.energies.result import Energy, ProfileEnergy, Term

__all__ = [
    "PARTS",
    "CoreLoad",
    "Counts",
    "Energy",
    "EventCount",
    "Metrics",
    "ProfileEnergy",
    "Spread",
    "Term",
    "Traffic",
    "count_events",
    "counts",
    "energy",
    "energy_of_events",
    "metrics",
    "plain",
    "price_ann",
    "totals",
]
