"""Device cards: what an event costs, where the value comes from, how far it can be trusted."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pffspike.cards import toml
from pffspike.devices.fabric import is_fabric, known_fabrics
from pffspike.devices.formats import Formats
from pffspike.devices.limits import Limits
from pffspike.devices.sourced import JOULE, Quantity
from pffspike.devices.static import StaticPower
from pffspike.errors import ValidationError, unknown
from pffspike.text import html_table

TEMPLATE = "template.toml"  #: name of the card to begin one's own with

#: cards that were renamed, by their old names: values of 2015 are named so
_RENAMED = {"cpu": "cpu2015", "gpu": "gpu2015", "arm": "arm2015"}


@dataclass(frozen=True)
class Profile:
    """One consistent set of energies of a device, by event; None: not given by the source.

    Parameters
    ----------
    synaptic_operation : Quantity or None
        A spike that arrives at one synapse: an accumulate.
    multiply_accumulate : Quantity or None
        The same of an input that is not a spike.
    dense_operation : Quantity or None
        A synapse in a step, whatever arrives there: of devices that do not skip zeros.
    neuron_update : Quantity or None
        A neuron in a step, whether it spikes or not.
    spike : Quantity or None
        Added for each spike of a neuron.
    random_number : Quantity or None
        Added for each random number that is drawn.
    learning_update : Quantity or None
        A weight or bias in a phase that changes it.
    message_on_core, message_off_core : Quantity or None
        A spike's message to the core that it comes from, and to another one.
    hop_x, hop_y : Quantity or None
        A message from one router to the next, east or west, and north or south.
    contains_static : bool
        Whether the energies of the events contain the static power of the device already.

    Raises
    ------
    ValidationError
        If no event has an energy, a unit is none of energy, or operations would count twice.

    Examples
    --------
    >>> Profile(spike=Quantity(29, "pJ", "an example", "assumed")).energies.keys()
    dict_keys(['spike'])
    """

    synaptic_operation: Quantity | None = None
    multiply_accumulate: Quantity | None = None
    dense_operation: Quantity | None = None
    neuron_update: Quantity | None = None
    spike: Quantity | None = None
    random_number: Quantity | None = None
    learning_update: Quantity | None = None
    message_on_core: Quantity | None = None
    message_off_core: Quantity | None = None
    hop_x: Quantity | None = None
    hop_y: Quantity | None = None
    contains_static: bool = False

    def __post_init__(self) -> None:
        for event, energy in self.energies.items():
            energy.check(event, JOULE)
        if not self.energies:
            raise ValidationError(
                f"a profile needs the energy of one event at least: {', '.join(EVENTS)}"
            )
        if self.dense_operation and (self.synaptic_operation or self.multiply_accumulate):
            raise ValidationError(
                "dense_operation counts what synaptic_operation and multiply_accumulate count, so "
                "a profile has one or the other; make two profiles"
            )

    @property
    def energies(self) -> dict[str, Quantity]:
        """The energies that are given, by event."""
        found = {event: getattr(self, event) for event in EVENTS}
        return {event: energy for event, energy in found.items() if energy is not None}


#: events that a device may give an energy for
EVENTS = tuple(f.name for f in dataclasses.fields(Profile) if f.name != "contains_static")


@dataclass(frozen=True)
class Device:
    """A device card.

    Parameters
    ----------
    name : str
        Name of the card.
    description : str
        One line for people.
    default : str
        Name of the profile that a single value is taken from.
    profiles : mapping of str to Profile
        Sets of energies from different sources; results show what each of them gives.
    not_counted : tuple of str
        What the values leave out, and what to beware of.
    static : StaticPower or None
        None: not known, or contained in the energies of the events.
    formats : Formats or None
        None: numbers are held as in the network.
    limits : Limits or None
        None: whatever fits into memory.

    Raises
    ------
    ValidationError
        If the default is none of the profiles, or nothing is said to be left out.

    Examples
    --------
    >>> load_device("loihi1").profiles["davies2018"].synaptic_operation.value
    23.6
    """

    name: str
    description: str
    default: str
    profiles: Mapping[str, Profile]
    not_counted: tuple[str, ...]
    static: StaticPower | None = None
    formats: Formats | None = None
    limits: Limits | None = None

    def __post_init__(self) -> None:
        if self.default not in self.profiles:
            raise ValidationError(
                f"default = {self.default!r} must be one of the profiles: "
                f"{', '.join(self.profiles)}"
            )
        if not self.not_counted:
            raise ValidationError("not_counted = [] must name what the values leave out")

    def __repr__(self) -> str:
        return f"Device({self.name!r}, {self.description}; profiles {', '.join(self.profiles)})"

    def _repr_html_(self) -> str:
        events = [e for e in EVENTS if any(e in p.energies for p in self.profiles.values())]
        rows = [
            (
                event.replace("_", " "),
                *(
                    f"{value.value:g} {value.unit}, {value.kind}" if value else ""
                    for value in (profile.energies.get(event) for profile in self.profiles.values())
                ),
            )
            for event in events
        ]
        title = f"{self.name}: {self.description}; energy per event, by profile"
        return html_table(title, rows, ("event", *self.profiles))


def known_devices() -> tuple[str, ...]:
    """Names of the device cards that come with the package.

    Returns
    -------
    tuple of str
        In alphabetical order, without the template and without FPGAs, which have no energies.

    Examples
    --------
    >>> "loihi1" in known_devices()
    True
    """
    folder, others = resources.files("pffspike.hardware"), {TEMPLATE[:-5], *known_fabrics()}
    names = (entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(sorted(name for name in names if name not in others))


def load_device(card: str | Path) -> Device:
    """Load a device card.

    Parameters
    ----------
    card : str or Path
        Name of a card that comes with the package, or the path of one.

    Returns
    -------
    Device
        The card, every value checked.

    Raises
    ------
    ValidationError
        If there is no such card, a key is wrong, or a value is still the template's.

    Examples
    --------
    >>> load_device("spinnaker").description
    'SpiNNaker 1: ARM968 cores, 130 nm'
    """
    text = str(card)
    if isinstance(card, Path) or "/" in text or text.endswith(".toml"):
        return _built(toml.read(Path(card)), text)
    if text in _RENAMED:
        _warn(f"device {text!r} is now called {_RENAMED[text]!r}; the old name will go")
        text = _RENAMED[text]
    if text in known_fabrics():
        raise ValidationError(_fpga(text))
    if text not in known_devices():
        raise unknown("device", text, known_devices(), "or give the path of a card")
    resource = resources.files("pffspike.hardware") / f"{text}.toml"
    source = f"hardware/{text}.toml"
    return _built(toml.parse(resource.read_text("utf-8"), source), source)


def _built(data: dict[str, Any], source: str) -> Device:
    """Make a card of parsed data, with the one key of 0.1 that has another form now."""
    if is_fabric(data):
        raise ValidationError(_fpga(source))
    static = data.get("static")
    times = static.get("times") if isinstance(static, dict) else None
    if isinstance(times, dict) and "step" in times and "barrier" not in times:
        _warn(f"{source}: static.times.step is now a list static.times.barrier, by tiles in use")
        times["barrier"] = [{"tiles": 1, "time": times.pop("step")}]
    return toml.build(Device, data, source)


def _fpga(card: str) -> str:
    return (
        f"{card} is an FPGA, for whose events no public source gives energies, and which has no "
        f"cores to place neurons on; it goes with `pffspike export --target fpga`"
    )


def _warn(message: str) -> None:
    warnings.warn(message, FutureWarning, stacklevel=3)
