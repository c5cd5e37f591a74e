"""A placement for an objective: the fewest cores, the shortest step, the least energy.

Placements that use more cores are made by limiting the work of a core: to a half, a quarter, ...
of all the work that recorded spikes cause. Each is evaluated in full, messages and barrier
included, and the best one is taken; placements between those tried may be a little better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pffspike.choices import OBJECTIVES
from pffspike.devices import Device, Times
from pffspike.energies import EventCount, Traffic, count_events, energy_of_events
from pffspike.energies.steps import step_time
from pffspike.errors import ValidationError
from pffspike.mapping.demand import Balance
from pffspike.mapping.mapper import place
from pffspike.mapping.placement import Placement
from pffspike.mapping.traffic import traffic_on
from pffspike.network.spec import Network
from pffspike.recording import Recording

_GROWTH = 1.5  #: cores that each further placement may use, over those of the one before
_SLACK = 1.1  #: work that a core may take over an equal share, for parts are not all of a size


def traffic(
    recordings: Sequence[Recording], device: Device, *, placement: str = "cores"
) -> Traffic | None:
    """Place what inferences use, and count its messages and the work of its cores.

    Parameters
    ----------
    recordings : sequence of Recording
        All that the inferences (or, of a program that learns, training samples) presented. Their
        programs are placed, and nothing else.
    device : Device
        The card.
    placement : {"cores", "speed", "energy"}
        Objective of the placement, see `arrange`.

    Returns
    -------
    Traffic or None
        As `pffspike.energies.energy` takes it; None if the card gives no limits of a core or no
        formats.

    Raises
    ------
    ValidationError
        If the objective is not known, or needs values that the card does not give.

    Examples
    --------
    >>> import pffspike
    >>> import numpy as np
    >>> from pffspike import cards, devices, inference
    >>> network, loihi = cards.load_network("digits"), devices.load_device("loihi1")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)
    >>> answer = pffspike.classify(
    ...     trained, np.full((2, 64), [[0.25], [0.5]]), "one_pass",
    ...     execution=pffspike.Execution("numpy"))
    >>> len(traffic(answer.recordings, loihi).cores)
    2
    >>> len(traffic(answer.recordings, loihi, placement="speed").cores) > 10
    True
    """
    check_objective(placement)
    if device.limits is None or device.formats is None:
        return None
    learning = any(recording.program.learns for recording in recordings)
    return traffic_on(arrange(recordings, device, placement, learning=learning), recordings, device)


def check_objective(objective: str) -> None:
    """Raise `ValidationError` if an objective of a placement is not known.

    Parameters
    ----------
    objective : str
        Should be one of `OBJECTIVES`.

    Examples
    --------
    >>> check_objective("energy")
    """
    if objective not in OBJECTIVES:
        raise ValidationError(
            f"placement {objective!r} is not known; give one of: {', '.join(OBJECTIVES)}"
        )


def arrange(
    recordings: Sequence[Recording],
    device: Device,
    objective: str = "cores",
    *,
    network: Network | None = None,
    learning: bool = False,
) -> Placement:
    """Place a network on the cores of a device, for an objective.

    Parameters
    ----------
    recordings : sequence of Recording
        What the inferences presented: their spikes are the work to be shared out.
    device : Device
        With limits and formats; for ``speed`` and ``energy`` with times and static power too.
    objective : {"cores", "speed", "energy"}
        ``cores``: as few as hold the network. ``speed``: the shortest step. ``energy``: the least
        energy of events and of the static power of the cores in use.
    network : Network or None
        What is placed; None: the programs of the recordings and nothing else.
    learning : bool
        Whether it learns on the device, see `pffspike.mapping.place`.

    Returns
    -------
    Placement
        The best of those tried, of equals the one with the fewest cores.

    Raises
    ------
    ValidationError
        If the objective is not known, or needs values that the card does not give.

    Examples
    --------
    >>> import pffspike
    >>> import numpy as np
    >>> from pffspike import cards, devices, inference
    >>> network, loihi = cards.load_network("digits"), devices.load_device("loihi1")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), 0)
    >>> answer = pffspike.classify(
    ...     trained, np.full((2, 64), [[0.25], [0.5]]), "one_pass",
    ...     execution=pffspike.Execution("numpy"))
    >>> [len(arrange(answer.recordings, loihi, way).cores) > 2 for way in ("cores", "speed")]
    [False, True]
    """
    check_objective(objective)
    if network is None:
        programs = {recording.program.name: recording.program for recording in recordings}
        network = recordings[0].network.replace(programs=tuple(programs.values()))
    fewest = place(network, device, learning=learning)
    if objective == "cores":
        return fewest
    times = device.static.times if device.static else None
    if times is None:
        raise ValidationError(
            f"device {device.name!r} gives no times of its events, so a placement can't be chosen "
            f"for {objective}; add the tables [static.times] to its card or place for cores"
        )
    counted = count_events(recordings)
    tried = [fewest]
    for balance in _balances(network, counted, times, fewest, device):
        tried.append(place(network, device, learning=learning, balance=balance))
    return min(tried, key=lambda placed: _cost(placed, recordings, counted, device, objective))


def _balances(
    network: Network,
    counted: Sequence[EventCount],
    times: Times,
    fewest: Placement,
    device: Device,
) -> Iterator[Balance]:
    """Limits of a core's work, for more and more cores."""
    assert device.limits is not None
    receiving = {p.name: p.post for p in network.projections}
    work: dict[str, float] = {}
    for count in counted:
        if time := times.durations.get(count.event):
            population = receiving.get(count.place, count.place)
            work[population] = work.get(population, 0.0) + count.number * time.si
    cores = float(len(fewest.cores))
    while cores * _GROWTH <= device.limits.cores.value:
        cores *= _GROWTH
        yield Balance(work, _SLACK * sum(work.values()) / cores)


def _cost(
    placed: Placement,
    recordings: Sequence[Recording],
    counted: Sequence[EventCount],
    device: Device,
    objective: str,
) -> float:
    assert device.static is not None
    found = traffic_on(placed, recordings, device)
    if objective == "speed":
        steps = sum(count.number for count in counted if count.event == "step")
        inferences = len(counted[0].by_inference)
        return step_time(device.static, steps / inferences, None, found).si
    total = energy_of_events(counted, device, traffic=found).total
    if total is None:
        raise ValidationError(
            f"device {device.name!r} has no energy for the operations of this network, so a "
            f"placement can't be chosen for energy; place for cores or speed"
        )
    return total
