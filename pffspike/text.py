"""Figures as people read them."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence


def percent(fraction: float) -> str:
    """Give a fraction as a percentage with one decimal."""
    return f"{100 * fraction:.1f} %"


def percent_within(fraction: float, low: float, high: float) -> str:
    """Give a fraction and its interval as percentages with one decimal.

    Parameters
    ----------
    fraction : float
        The value.
    low, high : float
        Ends of its interval; nan: there is none.

    Returns
    -------
    str

    Examples
    --------
    >>> percent_within(0.975, 0.953, 0.987)
    '97.5 % (95.3 to 98.7)'
    """
    if math.isnan(low) or math.isnan(high):
        return percent(fraction)
    return f"{percent(fraction)} ({100 * low:.1f} to {100 * high:.1f})"


def joule_within(value: float | None, low: float, high: float) -> str:
    """Give an energy and its interval.

    Parameters
    ----------
    value : float or None
        Energy, J; None: there is no value.
    low, high : float
        Ends of its interval, J; nan: there is none.

    Returns
    -------
    str

    Examples
    --------
    >>> joule_within(5.3e-6, 5.2e-6, 5.4e-6)
    '5.3 µJ (5.2 µJ to 5.4 µJ)'
    """
    if value is None or math.isnan(low) or math.isnan(high):
        return joule(value)
    return f"{joule(value)} ({joule(low)} to {joule(high)})"


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


def unit(name: str) -> str:
    """Give a unit of a device card as people write it: cards are ASCII and write u for micro.

    Parameters
    ----------
    name : str
        Such as ``"uJ"``.

    Returns
    -------
    str

    Examples
    --------
    >>> unit("uJ"), unit("pJ")
    ('µJ', 'pJ')
    """
    return f"µ{name[1:]}" if name.startswith("u") else name


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


def html_table(title: str, rows: Sequence[Sequence[object]], columns: Sequence[str] = ()) -> str:
    """Give a short table for a notebook.

    Parameters
    ----------
    title : str
        Above it.
    rows : sequence of sequence of object
        Its cells; each is escaped.
    columns : sequence of str
        Their names, if they have any.

    Returns
    -------
    str
        HTML.

    Examples
    --------
    >>> html_table("a < b", [("mode", "one_pass")]).count("<td")
    2
    """

    def line(cells: Sequence[object], kind: str) -> str:
        texts = (f"<{kind} style='text-align: left'>{html.escape(str(c))}</{kind}>" for c in cells)
        return f"<tr>{''.join(texts)}</tr>"

    head = f"<thead>{line(columns, 'th')}</thead>" if columns else ""
    body = "".join(line(row, "td") for row in rows)
    return (
        f"<table><caption style='text-align: left'>{html.escape(title)}</caption>{head}"
        f"<tbody>{body}</tbody></table>"
    )
