"""Device cards: what an event costs, where the figure comes from, how far it can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

from pffspike.cards import toml
from pffspike.devices.formats import Formats
from pffspike.devices.limits import Limits
from pffspike.errors import UserError

_JOULE = {"J": 1.0, "nJ": 1e-9, "pJ": 1e-12, "fJ": 1e-15}


@dataclass(frozen=True)
class Figure:
    """Energy of one event.

    Parameters
    ----------
    value : float
    unit : {"J", "nJ", "pJ", "fJ"}
    source : str
        Where the figure stands.
    kind : {"measured", "published", "assumed"}
        Measured on silicon by its source, published by its source without a measurement (for
        example from simulation), or assumed by the card's author.
    """

    value: float
    unit: Literal["J", "nJ", "pJ", "fJ"]
    source: str
    kind: Literal["measured", "published", "assumed"]

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError(f"value = {self.value} must not be negative")
        if not self.source.strip():
            raise ValueError(f"source = {self.source!r} must say where {self.value} stands")

    @property
    def joule(self) -> float:
        """The figure in joule."""
        return self.value * _JOULE[self.unit]


@dataclass(frozen=True)
class Profile:
    """One consistent set of figures of a device.

    Parameters
    ----------
    synaptic_operation : Figure
        A spike that arrives at one synapse.
    neuron_update : Figure
        A neuron in a step, whether it spikes or not.
    spike : Figure
        Added for each spike of a neuron.
    random_number : Figure or None
        Added for each neuron that draws in a step; None: not stated by the source.
    """

    synaptic_operation: Figure
    neuron_update: Figure
    spike: Figure
    random_number: Figure | None = None


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
        What the figures leave out.
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
    formats: Formats | None = None
    limits: Limits | None = None

    def __post_init__(self) -> None:
        if self.default not in self.profiles:
            raise ValueError(
                f"default = {self.default!r} must be one of the profiles: "
                f"{', '.join(self.profiles)}"
            )


def known_devices() -> tuple[str, ...]:
    """Names of the device cards that come with the package."""
    folder = resources.files("pffspike.hardware")
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name[:-5] for name in names if name.endswith(".toml")))


def load_device(card: str | Path) -> Device:
    """Load a device card by name or path (`UserError` if there is none or a key is wrong)."""
    text = str(card)
    if isinstance(card, Path) or "/" in text or text.endswith(".toml"):
        return toml.build(Device, toml.read(Path(card)), text)
    if text not in known_devices():
        raise UserError(
            f"device {text!r} is not known; give the path of a card or one of: "
            f"{', '.join(known_devices())}"
        )
    resource = resources.files("pffspike.hardware") / f"{text}.toml"
    source = f"hardware/{text}.toml"
    return toml.build(Device, toml.parse(resource.read_text("utf-8"), source), source)
