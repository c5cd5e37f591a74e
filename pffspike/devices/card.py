"""Device cards: what an event costs, where the figure comes from, how far it can be trusted."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

from pffspike.cards import toml
from pffspike.devices.formats import Formats
from pffspike.devices.limits import Limits
from pffspike.errors import ValidationError, unknown

_JOULE = {"J": 1.0, "mJ": 1e-3, "uJ": 1e-6, "nJ": 1e-9, "pJ": 1e-12, "fJ": 1e-15}
_WATT = {"W": 1.0, "mW": 1e-3, "uW": 1e-6}
_SECOND = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_SI = _JOULE | _WATT | _SECOND


@dataclass(frozen=True)
class Figure:
    """One number of a card: the energy of an event, a power or a duration.

    Parameters
    ----------
    value : float
    unit : str
        Of energy: J, mJ, uJ, nJ, pJ, fJ; of power: W, mW, uW; of time: s, ms, us, ns.
    source : str
        Where the figure stands.
    kind : {"measured", "published", "assumed"}
        Measured on silicon by its source, published by its source without a measurement (for
        example from simulation), or assumed by the card's author.
    """

    value: float
    unit: Literal["J", "mJ", "uJ", "nJ", "pJ", "fJ", "W", "mW", "uW", "s", "ms", "us", "ns"]
    source: str
    kind: Literal["measured", "published", "assumed"]

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValidationError(f"value = {self.value} must not be negative")
        if not self.source.strip():
            raise ValidationError(f"source = {self.source!r} must say where {self.value} stands")

    @property
    def si(self) -> float:
        """The figure in joule, watt or seconds."""
        return self.value * _SI[self.unit]

    def check(self, key: str, units: Mapping[str, float]) -> None:
        """Raise `ValidationError` if the unit is not one of those given."""
        if self.unit not in units:
            raise ValidationError(f"{key}: unit = {self.unit!r} must be one of: {', '.join(units)}")


@dataclass(frozen=True)
class Profile:
    """One consistent set of energies of a device, by event; None: not stated by the source.

    Parameters
    ----------
    synaptic_operation : Figure or None
        A spike that arrives at one synapse: an accumulate.
    multiply_accumulate : Figure or None
        The same of an input that is neither 0 nor a spike.
    dense_operation : Figure or None
        A synapse in a step, whatever arrives there: of devices that do not skip zeros.
    neuron_update : Figure or None
        A neuron in a step, whether it spikes or not.
    spike : Figure or None
        Added for each spike of a neuron.
    random_number : Figure or None
        Added for each random number that is drawn.
    learning_update : Figure or None
        A weight or bias in a phase that changes it.
    message_on_core, message_off_core : Figure or None
        A spike's message to the core that it comes from, and to another one.
    hop_x, hop_y : Figure or None
        A message from one router to the next, east or west, and north or south.
    """

    synaptic_operation: Figure | None = None
    multiply_accumulate: Figure | None = None
    dense_operation: Figure | None = None
    neuron_update: Figure | None = None
    spike: Figure | None = None
    random_number: Figure | None = None
    learning_update: Figure | None = None
    message_on_core: Figure | None = None
    message_off_core: Figure | None = None
    hop_x: Figure | None = None
    hop_y: Figure | None = None

    def __post_init__(self) -> None:
        for event, figure in self.figures.items():
            figure.check(event, _JOULE)
        if not self.figures:
            raise ValidationError(
                f"a profile needs a figure for one event at least: {', '.join(EVENTS)}"
            )
        if self.dense_operation and (self.synaptic_operation or self.multiply_accumulate):
            raise ValidationError(
                "dense_operation counts what synaptic_operation and multiply_accumulate count, so "
                "a profile has one or the other; make two profiles"
            )

    @property
    def figures(self) -> dict[str, Figure]:
        """The figures that are stated, by event."""
        found = {event: getattr(self, event) for event in EVENTS}
        return {event: figure for event, figure in found.items() if figure is not None}


EVENTS = tuple(field.name for field in dataclasses.fields(Profile))  #: that a device may price


@dataclass(frozen=True)
class Times:
    """How long a core works on an event, one event after the other; None: no time of its own.

    Parameters
    ----------
    synaptic_operation, neuron_update, spike : Figure or None
        Of its neurons and of the synapses onto them, see `Profile`.
    message_in, message_out : Figure or None
        A message that it takes, and one that it sends, to itself or to another core.
    step : Figure or None
        Of every step: until all cores know that all are done.
    """

    synaptic_operation: Figure | None = None
    neuron_update: Figure | None = None
    spike: Figure | None = None
    message_in: Figure | None = None
    message_out: Figure | None = None
    step: Figure | None = None

    def __post_init__(self) -> None:
        for event, figure in self.figures.items():
            figure.check(event, _SECOND)
        if not self.figures:
            raise ValidationError("times needs a figure for one event at least; else leave it out")

    @property
    def figures(self) -> dict[str, Figure]:
        """The figures that are stated, by event."""
        found = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {event: figure for event, figure in found.items() if figure is not None}


@dataclass(frozen=True)
class Static:
    """What a device burns while it waits.

    Parameters
    ----------
    power : Figure
        Of one chip.
    step_time : Figure
        Duration of a step where nothing better is known.
    times : Times or None
        From which the duration of a step follows, once it is known what the busiest core does.
    """

    power: Figure
    step_time: Figure
    times: Times | None = None

    def __post_init__(self) -> None:
        self.power.check("power", _WATT)
        self.step_time.check("step_time", _SECOND)


@dataclass(frozen=True)
class Device:
    """A device card.

    Parameters
    ----------
    name, description : str
    default : str
        Name of the profile that a single figure is taken from.
    profiles : mapping of str to Profile
        Sets of figures; their spread is the range that an account states.
    not_counted : tuple of str
        What the figures leave out, and what to beware of.
    static : Static or None
        None: not stated, or contained in the figures of the events.
    formats : Formats or None
        None: numbers are held as in the network.
    limits : Limits or None
        None: whatever fits into memory.
    """

    name: str
    description: str
    default: str
    profiles: Mapping[str, Profile]
    not_counted: tuple[str, ...]
    static: Static | None = None
    formats: Formats | None = None
    limits: Limits | None = None

    def __post_init__(self) -> None:
        if self.default not in self.profiles:
            raise ValidationError(
                f"default = {self.default!r} must be one of the profiles: "
                f"{', '.join(self.profiles)}"
            )
        if not self.not_counted:
            raise ValidationError("not_counted = [] must name what the figures leave out")


def known_devices() -> tuple[str, ...]:
    """Names of the device cards that come with the package."""
    folder = resources.files("pffspike.hardware")
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(n[:-5] for n in names if n.endswith(".toml") and n != TEMPLATE))


TEMPLATE = "template.toml"  #: name of the card to begin one's own with


def load_device(card: str | Path) -> Device:
    """Load a device card by name or path (`ValidationError` if there is none or a key is wrong)."""
    text = str(card)
    if isinstance(card, Path) or "/" in text or text.endswith(".toml"):
        return toml.build(Device, toml.read(Path(card)), text)
    if text not in known_devices():
        raise unknown("device", text, known_devices(), "or give the path of a card")
    resource = resources.files("pffspike.hardware") / f"{text}.toml"
    source = f"hardware/{text}.toml"
    return toml.build(Device, toml.parse(resource.read_text("utf-8"), source), source)
