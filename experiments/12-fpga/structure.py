"""A picture of the core, read from its circuit: modules, memories, and the signals between them."""

import collections

import numpy as np
from amaranth.hdl import Fragment, Shape
from amaranth.hdl._mem import MemoryInstance  # what a memory is in an elaborated design
from matplotlib.patches import FancyArrowPatch

from pffspike.fpga.datapath import Datapath
from pffspike.fpga.tables import Layouts
from pffspike.plots.canvas import FALSE, NEUTRAL, PAGE, TRUE, figure, styled

HOST = "host"


def connections(plan):
    """Bits of the signals from module to module, and bits of memory of each module.

    A signal goes from the module that drives it to the module that reads what the datapath makes of
    it; what no module drives or reads is the host's.
    """
    top = Fragment.get(Datapath(plan, Layouts(plan)), None)
    driven: dict[str, set[int]] = {}
    read: dict[str, set[int]] = {}
    memory: collections.Counter[str] = collections.Counter()
    for sub, name, _ in top.subfragments:
        driven[name], read[name] = set(), set()
        for fragment in _all(Fragment.get(sub, None)):
            if isinstance(fragment, MemoryInstance):
                memory[name] += fragment._data.depth * Shape.cast(fragment._data.shape).width
            for statement in _statements(fragment):
                driven[name] |= {id(s) for s in statement._lhs_signals()}
                read[name] |= {id(s) for s in statement._rhs_signals()}
    found: collections.Counter[tuple[str, str]] = collections.Counter()
    for statement in _statements(top):
        for signal in statement._lhs_signals():
            readers = [n for n in read if id(signal) in read[n]] or [HOST]
            sources = {
                next((n for n in driven if id(s) in driven[n]), HOST)
                for s in statement._rhs_signals()
                if s is not signal  # which Amaranth lists, too
            }
            for source in sources:
                for reader in readers:
                    if source != reader:
                        found[source, reader] += len(signal)
    return [name for _, name, _ in top.subfragments], dict(found), memory


def _all(fragment):
    yield fragment
    for sub, _, _ in fragment.subfragments:
        yield from _all(Fragment.get(sub, None))


def _statements(fragment):
    for statements in fragment.statements.values():
        yield from statements


@styled
def structure(plan):
    """Modules in a column; arcs on the right lead down, on the left up, as wide as their bits."""
    names, signals, memory = connections(plan)
    names = [HOST, *names]
    drawing = figure(PAGE, 0.42 * len(names) + 0.6)
    axes, half = drawing.subplots(), 1.1
    for y, name in enumerate(names):
        kept = f", {memory[name] / 1024:.1f} kbit" if memory[name] else ""
        axes.text(
            0,
            -y,
            f"{name}{kept}",
            ha="center",
            va="center",
            bbox={"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": NEUTRAL},
        )
    for (source, reader), bits in sorted(signals.items(), key=lambda item: -item[1]):
        first, last = names.index(source), names.index(reader)
        down = last > first
        side = half if down else -half
        bend = 0.28 + 0.07 * abs(last - first)
        axes.add_patch(
            FancyArrowPatch(
                (side, -first - 0.12),
                (side, -last + (0.12 if down else -0.12)),
                connectionstyle=f"arc3,rad={-bend}",
                arrowstyle="-|>",
                mutation_scale=7,
                linewidth=0.4 + 0.35 * np.log2(bits + 1),
                color=TRUE if down else FALSE,
                alpha=0.7,
            )
        )
    axes.set(xlim=(-4.5, 4.5), ylim=(-len(names) + 0.4, 0.6))
    axes.axis("off")
    return drawing
