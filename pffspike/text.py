"""Figures as people read them."""

from __future__ import annotations


def percent(fraction: float) -> str:
    """Give a fraction as a percentage with one decimal."""
    return f"{100 * fraction:.1f} %"


def joule(value: float) -> str:
    """Give an energy with a prefix that leaves three digits before the point at most."""
    for factor, unit in ((1e3, "kJ"), (1.0, "J"), (1e-3, "mJ"), (1e-6, "µJ"), (1e-9, "nJ")):
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value / 1e-12:.3g} pJ" if value else "0"
