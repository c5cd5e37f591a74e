"""What a core takes of an FPGA, before anything is built."""

from __future__ import annotations

from dataclasses import dataclass, fields

from pffspike.devices.fabric import Fabric
from pffspike.errors import ValidationError
from pffspike.fpga.plan import CorePlan

_MIXER = 20  #: multipliers of the mixer
_WIDTH = 18  #: bits of a multiplier's factor
# Look-up tables and registers of the rest, and of a lane: fitted to syntheses of the digits with
# 8 and 16 lanes (docs/fpga.md).
_LUTS, _LANE_LUTS = 4700, 132
_REGISTERS, _LANE_REGISTERS = 2440, 149


@dataclass(frozen=True)
class CoreUsage:
    """What a core takes.

    Parameters
    ----------
    luts, registers : int
        Look-up tables and flip-flops, an estimate.
    multipliers : int
        Of 18 x 18 bits.
    block_rams : int
        Blocks of memory, at most; synthesis puts small memories into look-up tables.
    """

    luts: int
    registers: int
    multipliers: int
    block_rams: int


def usage(plan: CorePlan, fabric: Fabric) -> CoreUsage:
    """Count what a core takes.

    Parameters
    ----------
    plan : CorePlan
        Of the core.
    fabric : Fabric
        The device, for the form of its blocks of memory.

    Returns
    -------
    CoreUsage

    Examples
    --------
    >>> import pffspike
    >>> from pffspike.devices.fabric import load_fabric
    >>> from pffspike.fpga import make_plan
    >>> trained = pffspike.quantize(pffspike.train("digits", epochs=1), 8, moments=0).trained
    >>> usage(make_plan(trained), load_fabric("ecp5-85")).registers
    4824
    """
    lanes, widths = plan.lanes, plan.widths
    tiles = -(-widths.sum // _WIDTH) * -(-(widths.gain + 1) // _WIDTH)
    return CoreUsage(
        luts=_LUTS + _LANE_LUTS * lanes,
        registers=_REGISTERS + _LANE_REGISTERS * lanes,
        multipliers=_MIXER + lanes * tiles,
        block_rams=sum(_blocks(depth, width, fabric) for depth, width in memories(plan).values()),
    )


def memories(plan: CorePlan) -> dict[str, tuple[int, int]]:
    """Words and bits of a word of the large memories of a core, by name.

    Parameters
    ----------
    plan : CorePlan
        Of the core.

    Returns
    -------
    dict of str to tuple of int
    """
    widths, neurons = plan.widths, plan.words * plan.lanes
    number = max(1, (neurons - 1).bit_length())
    operation = (len(plan.rows) - 1).bit_length() + 2 * number + 16
    return {
        "weights": (len(plan.rows), widths.weight * plan.lanes),
        "currents": (plan.words, widths.current * plan.lanes),
        "biases": (neurons, widths.bias),
        "inputs": (max(1, sum(each.size for each in plan.inputs)), 25),
        "counts": (neurons, widths.count),
        "numbers": (neurons, number),
        "gains": (len(plan.gains), int(plan.unit_gain).bit_length()),
        "operations": (len(plan.operations), operation),
    }


def check_fit(plan: CorePlan, fabric: Fabric) -> CoreUsage:
    """Refuse a core that a device has no room for.

    Parameters
    ----------
    plan : CorePlan
        Of the core.
    fabric : Fabric
        The device.

    Returns
    -------
    CoreUsage
        What the core takes.

    Raises
    ------
    ValidationError
        One sentence with what is used up, and the remedy.
    """
    found = usage(plan, fabric)
    for field in fields(found):
        used, most = getattr(found, field.name), getattr(fabric.fabric, field.name).value
        if used > most:
            raise ValidationError(
                f"network {plan.network.name!r} needs about {used:,} {_NAMES[field.name]} and "
                f"{fabric.name} has {most:,}; {_remedy(plan, field.name, fabric)}"
            )
    return found


_NAMES = {
    "luts": "look-up tables",
    "registers": "registers",
    "multipliers": "multipliers",
    "block_rams": "block RAMs",
}


def _remedy(plan: CorePlan, name: str, fabric: Fabric) -> str:
    if name != "block_rams":
        return f"take fewer lanes than {plan.lanes}"
    weights = _blocks(*memories(plan)["weights"], fabric)
    return (
        f"{weights:,} of them hold weights: quantize to fewer bits than {plan.widths.weight}, "
        f"export fewer programs than {', '.join(plan.programs)}, or make populations smaller"
    )


def _blocks(depth: int, width: int, fabric: Fabric) -> int:
    """Fewest blocks for a memory; a block can be half as wide and twice as deep, and so on."""
    words, bits = fabric.fabric.block_ram_words.value, fabric.fabric.block_ram_width.value
    forms = [(words // 2, 2 * bits)]
    while bits:
        forms.append((words, bits))
        words, bits = 2 * words, bits // 2
    return min(-(-depth // words) * -(-width // bits) for words, bits in forms)
