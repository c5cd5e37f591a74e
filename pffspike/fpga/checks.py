"""What a core of an FPGA can't do, said before anything is built."""

from __future__ import annotations

from collections.abc import Sequence

from pffspike.errors import ValidationError, unknown
from pffspike.mapping.demand import format_bits
from pffspike.network import exactness, structure
from pffspike.network.spec import Network

MOST_BITS = 8  #: of a weight
LANES = (2, 4, 8, 16, 32, 64)  #: weights that a core may add in a cycle
_MOST_PHASES = 255  #: that a byte can number
_MOST_NEURONS = 1 << 16  #: that two bytes can number
_MOST_STEPS = 1 << 16


def check_network(network: Network, programs: Sequence[str], lanes: int) -> None:
    """Refuse what the core lacks.

    Parameters
    ----------
    network : Network
        The network.
    programs : sequence of str
        Programs that the core shall run.
    lanes : int
        Weights that are added in a cycle.

    Raises
    ------
    ValidationError
        One sentence with the value and the remedy.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> check_network(load_network("digits"), ["one_pass"], 12)
    Traceback (most recent call last):
    ...
    pffspike.errors.ValidationError: lanes = 12 must be one of 2, 4, 8, 16, 32, 64
    """
    if lanes not in LANES:
        raise ValidationError(f"lanes = {lanes} must be one of {', '.join(map(str, LANES))}")
    if not programs:
        there = ", ".join(p.name for p in network.programs if not p.learns)
        raise ValidationError(
            f"network {network.name!r} has neither 'one_pass' nor 'goodness'; name programs for "
            f"the core, of {there}"
        )
    _check_programs(network, programs)
    _check_weights(network, programs)
    exactness.check(network)


def _check_programs(network: Network, programs: Sequence[str]) -> None:
    names = [p.name for p in network.programs]
    phases, neurons = 0, set()
    for name in programs:
        if name not in names:
            raise unknown("program", name, names)
        program = network.program(name)
        if program.learns or program.hard_negative:
            raise ValidationError(
                f"program {name!r} learns, and the core of the FPGA does not; export programs "
                f"that learn nothing, such as one_pass"
            )
        if program.steps > _MOST_STEPS:
            raise ValidationError(
                f"program {name!r} has {program.steps} steps and the core counts {_MOST_STEPS}; "
                f"shorten its burn-in"
            )
        phases += len(program.phases)
        neurons |= set(structure.extent(network, program).populations)
    if phases > _MOST_PHASES:
        raise ValidationError(
            f"programs {', '.join(programs)} have {phases} phases and the core numbers "
            f"{_MOST_PHASES}; export fewer of them"
        )
    total = sum(-(-p.size // LANES[-1]) * LANES[-1] for p in neurons)
    if total > _MOST_NEURONS:
        raise ValidationError(
            f"network {network.name!r} needs {total} neurons and the core numbers "
            f"{_MOST_NEURONS}; make its populations smaller"
        )
    training = network.training
    if training.coding == "saccades" or training.encoding != "rates":
        kind = "saccades" if training.coding == "saccades" else training.encoding
        raise ValidationError(
            f"network {network.name!r} sees images in time ({kind}), and the core keeps one "
            f"spike probability a pixel; train with coding 'grey' or 'on_off' and rates"
        )


def _check_weights(network: Network, programs: Sequence[str]) -> None:
    for name in programs:
        for projection in structure.extent(network, network.program(name)).projections:
            bits = format_bits(network.projection(structure.weights_of(projection)))
            if bits > MOST_BITS:
                raise ValidationError(
                    f"weights of {projection.name!r} need {bits} bits and the core of the FPGA "
                    f"has {MOST_BITS}; run `pffspike quantize --bits {MOST_BITS}` first"
                )
