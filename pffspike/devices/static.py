"""Static power of a device, and the times that say how long a step lasts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from pffspike.devices.sourced import SECOND, WATT, Quantity
from pffspike.errors import ValidationError


@dataclass(frozen=True)
class Barrier:
    """Time at the end of every step until all cores know that all are done.

    Parameters
    ----------
    tiles : int
        The time is that of networks on at least so many tiles of the mesh; of several entries the
        one with the most tiles that the network reaches counts.
    time : Quantity
        Duration.

    Raises
    ------
    ValidationError
        If ``tiles`` is below 1 or the unit of the time is none of time.

    Examples
    --------
    >>> Barrier(2, Quantity(1.0, "us", "SANA-FE, arch/loihi.yaml", "measured")).tiles
    2
    """

    tiles: int
    time: Quantity

    def __post_init__(self) -> None:
        if self.tiles < 1:
            raise ValidationError(f"tiles = {self.tiles} must be at least 1")
        self.time.check("time", SECOND)


@dataclass(frozen=True)
class Times:
    """How long a core works on an event, one event after the other; None: no time of its own.

    Parameters
    ----------
    synaptic_operation : Quantity or None
        Of a synapse onto one of its neurons, see `pffspike.devices.Profile`.
    neuron_update : Quantity or None
        Of one of its neurons.
    spike : Quantity or None
        Of a spike of one of its neurons.
    message_in : Quantity or None
        Of a message that it takes.
    message_out : Quantity or None
        Of a message that it sends, to itself or to another core.
    barrier : tuple of Barrier
        Time at the end of every step, by the number of tiles in use; empty: none.

    Raises
    ------
    ValidationError
        If no time is given, or a unit is none of time.

    Examples
    --------
    >>> def us(value): return Quantity(value, "us", "an example", "assumed")
    >>> times = Times(spike=us(0.03), barrier=(Barrier(1, us(0.6)), Barrier(2, us(1.0))))
    >>> times.barrier_of(3).si
    1e-06
    """

    synaptic_operation: Quantity | None = None
    neuron_update: Quantity | None = None
    spike: Quantity | None = None
    message_in: Quantity | None = None
    message_out: Quantity | None = None
    barrier: tuple[Barrier, ...] = ()

    def __post_init__(self) -> None:
        for event, time in self.durations.items():
            time.check(event, SECOND)
        if not self.durations and not self.barrier:
            raise ValidationError("times needs a value for one event at least; else leave it out")

    @property
    def durations(self) -> dict[str, Quantity]:
        """The times that are given, by event, without the barrier."""
        names = [field.name for field in dataclasses.fields(self) if field.name != "barrier"]
        found = {name: getattr(self, name) for name in names}
        return {name: time for name, time in found.items() if time is not None}

    def barrier_of(self, tiles: int) -> Quantity | None:
        """Give the barrier of a network on so many tiles; None if the card gives none.

        Parameters
        ----------
        tiles : int
            Tiles on which the network has cores.
        """
        reached = [barrier for barrier in self.barrier if barrier.tiles <= tiles]
        return max(reached, key=lambda barrier: barrier.tiles).time if reached else None


@dataclass(frozen=True)
class StaticPower:
    """Power of a device whatever its neurons do, mostly leakage.

    Parameters
    ----------
    power : Quantity
        Of one chip.
    step_time : Quantity
        Duration of a step where nothing better is known.
    core_power : Quantity or None
        The part of ``power`` that belongs to one core, so that a network can be charged for the
        cores that it uses; None: the source does not tell the cores' part.
    times : Times or None
        Times from which the duration of a step follows, once it is known what the busiest core
        does.

    Raises
    ------
    ValidationError
        If a unit is none of power or of time.

    Examples
    --------
    >>> power = Quantity(104.4, "mW", "an example", "measured")
    >>> StaticPower(power, Quantity(10, "us", "an example", "assumed")).power.si
    0.1044
    """

    power: Quantity
    step_time: Quantity
    core_power: Quantity | None = None
    times: Times | None = None

    def __post_init__(self) -> None:
        self.power.check("power", WATT)
        self.step_time.check("step_time", SECOND)
        if self.core_power is not None:
            self.core_power.check("core_power", WATT)
