"""The tables of a plan as memories, and the layouts of what travels through a core."""

from collections.abc import Mapping, Sequence
from typing import Any

from amaranth.hdl import signed, unsigned
from amaranth.lib import data
from amaranth.lib.memory import Memory
from amaranth.utils import bits_for

from pffspike.fpga.plan import KINDS, CorePlan


class Layouts:
    """Layouts of words and tokens, from the sizes of a plan.

    Parameters
    ----------
    plan : CorePlan
        Of the core.

    Attributes
    ----------
    token : StructLayout
        A neuron on its way through the draw. ``neuron``: it is one; ``mark``: the number of spikes
        so far is kept at ``place``; ``opens``, ``closes``: first neuron of its population, and
        what follows the last; ``ends``: what follows the last population; ``tie``: its number
        decides between equals and is no spike.
    draw, operation, phase : StructLayout
        Entries of the three tables of the plan.
    """

    def __init__(self, plan: CorePlan) -> None:
        neurons = plan.words * plan.lanes
        self.number = bits_for(neurons - 1)
        self.length = bits_for(neurons)
        self.marks = plan.slots[-1].mark + plan.slots[-1].words + 1
        self.mark = bits_for(self.marks - 1)
        self.slot = bits_for(len(plan.slots) - 1)
        self.word = bits_for(plan.words - 1)
        self.size = bits_for(max(slot.size for slot in plan.slots))
        self.inputs = max(1, sum(each.size for each in plan.inputs))
        self.source = max(bits_for(self.inputs), self.size)
        self.gains = bits_for(len(plan.gains) - 1)
        self.row = bits_for(len(plan.rows) - 1)
        kind, votes = bits_for(len(KINDS) - 1), signed(2)
        self.token = data.StructLayout(
            {
                **dict.fromkeys(("neuron", "mark", "opens", "closes", "ends", "tie"), 1),
                "number": self.number,
                "index": self.size,
                "slot": self.slot,
                "place": self.mark,
                "kind": kind,
                "source": self.source,
                "class_hit": 1,
                "gains": self.gains,
                "votes": votes,
            }
        )
        self.draw = data.StructLayout(
            {
                "kind": kind,
                "slot": self.slot,
                "source": self.source,
                "gains": self.gains,
                "votes": votes,
                "answers": 1,
                "last": 1,
                "size": self.size,
                "number": self.number,
                "mark": self.mark,
                "offset": 64,
            }
        )
        shift = bits_for(max(o.shift for o in plan.operations))
        self.operation = data.StructLayout(
            {
                "base": self.row,
                "begin": self.mark,
                "end": self.mark,
                "gain": bits_for(len(plan.slots)),
                "shift": shift,
                "unsigned": 1,
                "negative": 1,
                "word": self.word,
                "opens": 1,
                "closes": 1,
                "last": 1,
            }
        )
        step = bits_for(max(p.last for p in plan.phases))
        self.phase = data.StructLayout(
            {
                "draws": bits_for(len(plan.draws)),
                "operations": bits_for(len(plan.operations)),
                "burn_in": step,
                "last": step,
                "offset": unsigned(64),
            }
        )


def draws(plan: CorePlan, layouts: Layouts) -> Memory:
    """Memory of the table of draws, with what an entry has to know of its slot."""
    entries = []
    for each in plan.draws:
        slot = plan.slots[each.slot]
        place = {"size": slot.size, "number": slot.first * plan.lanes, "mark": slot.mark}
        entries.append({**vars(each), **place, "offset": slot.offset})
    return table(layouts.draw, entries)


def operations(plan: CorePlan, layouts: Layouts) -> Memory:
    """Memory of the table of operations."""
    wrap = (1 << layouts.row) - 1
    entries = [{**vars(each), "base": each.base & wrap} for each in plan.operations]
    return table(layouts.operation, entries)


def phases(plan: CorePlan, layouts: Layouts) -> Memory:
    """Memory of the table of phases."""
    return table(layouts.phase, [vars(each) for each in plan.phases])


def table(layout: data.StructLayout, entries: Sequence[Mapping[str, Any]]) -> Memory:
    """Memory of some entries."""
    return Memory(shape=layout, depth=max(2, len(entries)), init=entries)
