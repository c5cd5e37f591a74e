"""Figures as people read them."""

from __future__ import annotations


def percent(fraction: float) -> str:
    """Give a fraction as a percentage with one decimal."""
    return f"{100 * fraction:.1f} %"


def joule(value: float | None) -> str:
    """Give an energy with a prefix that leaves three digits before the point at most.

    Parameters
    ----------
    value : float or None
        Energy, J; None: there is no value.

    Returns
    -------
    str
        Three digits and a unit.

    Examples
    --------
    >>> joule(5.3e-6), joule(None)
    ('5.3 µJ', 'no value')
    """
    if value is None:
        return "no value"
    for factor, unit in ((1e3, "kJ"), (1.0, "J"), (1e-3, "mJ"), (1e-6, "µJ"), (1e-9, "nJ")):
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value / 1e-12:.3g} pJ" if value else "0"


def three_energies(events: float | None, total: float | None, whole_chip: float | None) -> str:
    """Give the three values of an energy, the leading one first.

    Parameters
    ----------
    events, total, whole_chip : float or None
        Energies, J: of the events alone, with the static power of the cores in use, and with
        that of the whole chip, see `pffspike.energies.ProfileEnergy`.

    Returns
    -------
    str
        One value where all are the same.

    Examples
    --------
    >>> three_energies(4.5e-6, 5.3e-6, 55e-6)
    '5.3 µJ (4.5 µJ; 55 µJ)'
    >>> three_energies(4.5e-6, 4.5e-6, 4.5e-6)
    '4.5 µJ'
    """
    if events == total == whole_chip:
        return joule(total)
    return f"{joule(total)} ({joule(events)}; {joule(whole_chip)})"
