"""Energy per inference: events of a recording, counted, times the values of a device card."""

from pffspike.energy.breakdown import Energy, ProfileEnergy, Term, energy, energy_of_events
from pffspike.energy.counts import Counts, Spread, counts
from pffspike.energy.events import PARTS, CoreLoad, EventCount, Traffic, count_events
from pffspike.energy.metrics import Metrics, metrics
from pffspike.energy.plain import plain, totals

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
    "totals",
]
