"""Cards of FPGAs: how much of what a device has, and how the tools are told which it is."""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

from pffspike.cards import toml
from pffspike.devices.sourced import SourcedValue, require
from pffspike.errors import ValidationError, unknown


@dataclass(frozen=True)
class FabricRoom:
    """What a device has.

    Parameters
    ----------
    luts, registers, multipliers, block_rams : SourcedValue
        Look-up tables of 4 inputs, flip-flops, multipliers of 18 x 18 bits, blocks of memory.
    block_ram_words, block_ram_width : SourcedValue
        Words of a block of memory, and bits of a word.

    Raises
    ------
    ValidationError
        If a value is below 1.
    """

    luts: SourcedValue
    registers: SourcedValue
    multipliers: SourcedValue
    block_rams: SourcedValue
    block_ram_words: SourcedValue
    block_ram_width: SourcedValue

    def __post_init__(self) -> None:
        for field in fields(self):
            require(field.name, getattr(self, field.name), 1, 2**31)


@dataclass(frozen=True)
class Fabric:
    """The card of an FPGA.

    Parameters
    ----------
    name : str
        Name of the card.
    description : str
        One line for people.
    place_and_route : tuple of str
        Options of nextpnr-ecp5 that name the device.
    fabric : FabricRoom
        What the device has.

    Examples
    --------
    >>> load_fabric("ecp5-85").fabric.multipliers.value
    156
    """

    name: str
    description: str
    place_and_route: tuple[str, ...]
    fabric: FabricRoom


def is_fabric(content: Any) -> bool:
    """Whether a parsed card is that of an FPGA."""
    return isinstance(content, dict) and "fabric" in content


def known_fabrics() -> tuple[str, ...]:
    """Names of the cards of FPGAs that come with the package.

    Returns
    -------
    tuple of str
        In alphabetical order.

    Examples
    --------
    >>> known_fabrics()
    ('ecp5-85',)
    """
    folder = resources.files("pffspike.hardware")
    cards = (entry for entry in folder.iterdir() if entry.name.endswith(".toml"))
    found = [c.name[:-5] for c in cards if is_fabric(toml.parse(c.read_text("utf-8"), c.name))]
    return tuple(sorted(found))


def load_fabric(card: str | Path) -> Fabric:
    """Load the card of an FPGA.

    Parameters
    ----------
    card : str or Path
        Name of a card that comes with the package, or the path of one.

    Returns
    -------
    Fabric
        The card, every value checked.

    Raises
    ------
    ValidationError
        If there is no such card, a key is wrong, or it is the card of another kind of device.

    Examples
    --------
    >>> load_fabric("ecp5-85").name
    'ecp5-85'
    """
    text = str(card)
    if isinstance(card, Path) or "/" in text or text.endswith(".toml"):
        content, source = toml.read(Path(card)), text
    else:
        resource = resources.files("pffspike.hardware") / f"{text}.toml"
        if not text.replace("-", "").isalnum() or not resource.is_file():
            raise unknown("FPGA", text, known_fabrics(), "or give the path of a card")
        source = f"hardware/{text}.toml"
        content = toml.parse(resource.read_text("utf-8"), source)
    if not is_fabric(content):
        raise ValidationError(
            f"{source} is not the card of an FPGA, which has a table [fabric]; there are: "
            f"{', '.join(known_fabrics())}"
        )
    return toml.build(Fabric, content, source)
