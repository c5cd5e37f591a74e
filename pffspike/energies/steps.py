"""How long a step lasts, and the static power meanwhile."""

from __future__ import annotations

from pffspike.devices import Quantity, StaticPower, Times
from pffspike.energies.events import CoreLoad, Traffic


def step_time(static: StaticPower, steps: float, given: float | None, traffic: Traffic) -> Quantity:
    """Give the duration of a step: as given, that of the busiest core, or the card's own.

    Parameters
    ----------
    static : StaticPower
        Of the device card.
    steps : float
        Steps of an inference.
    given : float or None
        Duration by the user, s.
    traffic : Traffic
        The work of cores per inference, and the tiles in use.

    Returns
    -------
    Quantity
        With a source that shows how it was computed.

    Examples
    --------
    >>> from pffspike.devices import load_device
    >>> placed = Traffic(0, 0, tiles=1, cores=(CoreLoad(synaptic_operation=1000),))
    >>> time = step_time(load_device("loihi1").static, 10, None, placed)
    >>> f"{time.value:.4g} {time.unit}"
    '0.98 us'
    """
    if given is not None:
        return Quantity(given, "s", "given by the user", "assumed")
    times = static.times
    if times is None or not traffic.cores:
        return static.step_time
    busiest = max(traffic.cores, key=lambda core: seconds(core, times))
    barrier = times.barrier_of(traffic.tiles)
    lasting = seconds(busiest, times) / steps + (barrier.si if barrier else 0.0)
    terms = [
        f"{_count(getattr(busiest, event) / steps)} x {time.value:g} {time.unit} "
        f"{event.replace('_', ' ')}"
        for event, time in times.durations.items()
    ]
    used = [*times.durations.values()]
    if barrier:
        tiles = f"{traffic.tiles} tile{'s' if traffic.tiles > 1 else ''}"
        terms.append(f"{barrier.value:g} {barrier.unit} barrier of {tiles}")
        used.append(barrier)
    sources = "; ".join(dict.fromkeys(time.source for time in used))
    source = f"the busiest of {len(traffic.cores)} cores: {' + '.join(terms)}; {sources}"
    # An estimate from measured times is no measurement of this step.
    assumed = any(time.kind == "assumed" for time in used)
    return Quantity(lasting * 1e6, "us", source, "assumed" if assumed else "published")


def _count(number: float) -> str:
    return f"{number:,.0f}" if number >= 1000 else f"{number:.4g}"


def seconds(core: CoreLoad, times: Times) -> float:
    """Time that a core works for an inference, one event after the other, s.

    Parameters
    ----------
    core : CoreLoad
        Work of the core per inference.
    times : Times
        Of the device card.

    Returns
    -------
    float
        Without the barrier.

    Examples
    --------
    >>> from pffspike.devices import load_device
    >>> f"{seconds(CoreLoad(spike=2), load_device('loihi1').static.times):.3g}"
    '6e-08'
    """
    return sum(getattr(core, event) * time.si for event, time in times.durations.items())


def cores_power(static: StaticPower, traffic: Traffic) -> tuple[Quantity, str]:
    """Give the static power of the cores in use, and which cores these are.

    Parameters
    ----------
    static : StaticPower
        Of the device card.
    traffic : Traffic
        The cores and chips that the network is on.

    Returns
    -------
    power : Quantity
        Of whole chips where the card does not tell the cores' part or no placement is known.
    place : str
        The cores, in words.

    Examples
    --------
    >>> from pffspike.devices import load_device
    >>> power, place = cores_power(load_device("loihi1").static, Traffic(0, 0, cores=(CoreLoad(),)))
    >>> f"{power.value:.4g} {power.unit}, {place}"
    '0.816 mW, 1 core'
    """
    if static.core_power is None or not traffic.cores:
        whole, n = static.power, traffic.chips
        place = "the whole chip" if n == 1 else f"{n} whole chips"
        return Quantity(n * whole.value, whole.unit, whole.source, whole.kind), place
    each, n = static.core_power, len(traffic.cores)
    source = f"{n} x {each.value:g} {each.unit}, {each.source}" if n > 1 else each.source
    place = f"{n} core{'s' if n > 1 else ''}"
    return Quantity(n * each.value, each.unit, source, each.kind), place
