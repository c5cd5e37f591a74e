"""From a network to a placement: split what does not fit on a core, pack what does.

1. *Split*: each population is cut into as few equal parts as fit on a core each: neurons, incoming
   axons and synapse words of a part, and its outgoing axons, one a neuron, projection and core with
   targets. More parts of one population mean more outgoing axons of another, so this is repeated
   until nothing changes.
2. *Pack*: parts go, the largest first, to the first core with room and the same noise setting.
3. *Number*: cores follow the order of the populations, tiles of the mesh column by column and back,
   so that cores with consecutive numbers are neighbours.

A cut through the inputs of a neuron is impossible on cores that exchange spikes only: a neuron with
more incoming axons than a core has stays as it is, and `pffspike.mapping.rules` reports it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from pffspike.devices import Device, Limits
from pffspike.mapping import scale
from pffspike.mapping.demand import Balance, Demand
from pffspike.mapping.placement import Block, Core, NoiseSetting, Placement, Route, Usage, targets
from pffspike.network.spec import Network, Projection

Parts = dict[str, list[Block]]


def place(
    network: Network,
    device: Device,
    *,
    learning: bool = False,
    balance: Balance | None = None,
) -> Placement:
    """Place a network on the cores of a device, on as few as hold it.

    Parameters
    ----------
    network : Network
        Its weights may need more bits than the device has; the placement is that of the device's
        own, and `pffspike.mapping.check` says so.
    device : Device
        With limits and formats.
    learning : bool
        Whether it shall learn on the device: all programs are placed, and synapses that learn take
        what learning needs. Otherwise the programs that learn nothing.
    balance : Balance or None
        Most work of a core; None: any. See `pffspike.mapping.arrange`.

    Returns
    -------
    Placement
        The cores, in the order of the populations, and the ways of the spikes.

    Raises
    ------
    ValidationError
        If the card gives no limits or no formats.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> from pffspike.devices import load_device
    >>> len(place(load_network("digits"), load_device("loihi1")).cores)
    4
    """
    demand = Demand.make(network, device, learning, balance)
    parts = _split(demand)
    noises = scale.noises(demand)
    groups = _pack(demand, parts, noises)
    order = {p.name: index for index, p in enumerate(demand.populations)}
    groups.sort(key=lambda blocks: min((order[b.population], b.start) for b in blocks))
    placed = [
        _core(demand, index, blocks, noises[blocks[0].population])
        for index, blocks in enumerate(groups)
    ]
    routes = {p.name: _route(demand, placed, p) for p in demand.projections}
    cores = tuple(
        dataclasses.replace(
            core, usage=core.usage + Usage(axons_out=_leaving(demand, core, routes))
        )
        for core in placed
    )
    return Placement(
        network,
        device.name,
        learning,
        cores,
        routes,
        {p.name: demand.bits(p) for p in demand.projections},
        scale.exponents(demand, noises),
    )


def _split(demand: Demand) -> Parts:
    counts = {p.name: 1 for p in demand.populations}
    while True:
        parts = {name: _cut(demand, name, count) for name, count in counts.items()}
        wanted = {name: _fitting(demand, name, counts[name], parts) for name in counts}
        if wanted == counts:
            return parts
        counts = wanted


def _cut(demand: Demand, population: str, count: int) -> list[Block]:
    """Cut into so many parts of equal size, at the limits of groups if that makes no more."""
    size, quantum = demand.network.population(population).size, demand.quantum(population)
    width = -(-size // count)
    width = -(-width // quantum) * quantum if width > quantum else width
    return [Block(population, start, min(start + width, size)) for start in range(0, size, width)]


def _fitting(demand: Demand, population: str, least: int, parts: Parts) -> int:
    """Smallest number of parts, from ``least`` on, that fit on a core each.

    If a single neuron has too many axons, these are not counted.
    """
    size = demand.network.population(population).size
    limits = _limits(demand.limits)
    leaving = demand.destinations(population, parts)
    single = demand.arriving(Block(population, 0, 1)) + Usage(axons_out=leaving)
    ignored = {key for key, most in limits.items() if getattr(single, key) > most}
    quantum = demand.quantum(population)
    for count in range(least, size + 1):
        # Parts of the same size that begin alike in a group need the same.
        cut = _cut(demand, population, count)
        blocks = {(b.size, b.start % quantum): b for b in cut}.values()
        needs = (demand.arriving(b) + Usage(axons_out=leaving * b.size) for b in blocks)
        light = all(demand.light([b]) or b.size == 1 for b in blocks)
        if light and all(_fits(need, limits, ignored) for need in needs):
            return count
    return size


def _limits(limits: Limits) -> dict[str, int]:
    return {field.name: getattr(limits, field.name).value for field in dataclasses.fields(Usage)}


def _fits(usage: Usage, limits: Mapping[str, int], ignored: set[str]) -> bool:
    return all(getattr(usage, key) <= most for key, most in limits.items() if key not in ignored)


def _pack(
    demand: Demand, parts: Parts, noises: dict[str, NoiseSetting | None]
) -> list[list[Block]]:
    limits = _limits(demand.limits)
    needs = {
        block: demand.arriving(block)
        + Usage(axons_out=demand.destinations(name, parts) * block.size)
        for name, blocks in parts.items()
        for block in blocks
    }

    def share(block: Block) -> float:
        return max(getattr(needs[block], key) / most for key, most in limits.items())

    cores: list[tuple[list[Block], Usage]] = []
    for block in sorted(needs, key=share, reverse=True):
        for index, (blocks, usage) in enumerate(cores):
            alike = noises[blocks[0].population] == noises[block.population]
            light = demand.light([*blocks, block])
            if alike and light and _fits(usage + needs[block], limits, set()):
                cores[index] = ([*blocks, block], usage + needs[block])
                break
        else:
            cores.append(([block], needs[block]))
    return [blocks for blocks, _ in cores]


def _core(demand: Demand, index: int, blocks: list[Block], noise: NoiseSetting | None) -> Core:
    limits = demand.limits
    chip, position = divmod(index, limits.cores.value)
    x = y = None
    if limits.tile_cores and limits.mesh_height:
        x, y = divmod(position // limits.tile_cores.value, limits.mesh_height.value)
        y = limits.mesh_height.value - 1 - y if x % 2 else y
    usage = Usage()
    for block in blocks:
        usage = usage + demand.arriving(block)
    return Core(index, chip, x, y, tuple(blocks), usage, noise)


def _route(demand: Demand, cores: Sequence[Core], projection: Projection) -> Route:
    pre = demand.network.population(projection.pre)
    own = _holders(cores, projection.pre, pre.size)
    held = _holders(cores, projection.post, demand.network.population(projection.post).size)
    found = np.zeros((5, pre.size), np.int64)
    known: dict[tuple[int, int, int], tuple[int, ...]] = {}
    for sender in range(pre.size):
        first, behind = targets(demand.network, projection, sender)
        key = (int(own[sender]), first, behind)
        if key not in known:
            known[key] = _reach(cores, key[0], np.unique(held[first:behind]))
        found[:, sender] = known[key]
    return Route(projection.name, *found)


def _reach(cores: Sequence[Core], own: int, ends: np.ndarray) -> tuple[int, ...]:
    here = cores[own]
    others = [cores[end] for end in ends if end != own]
    near = [core for core in others if core.chip == here.chip]
    hops_x = sum(abs(core.x - here.x) for core in near if core.x is not None and here.x is not None)
    hops_y = sum(abs(core.y - here.y) for core in near if core.y is not None and here.y is not None)
    return (len(ends) - len(others), len(near), len(others) - len(near), hops_x, hops_y)


def _holders(cores: Sequence[Core], population: str, size: int) -> np.ndarray:
    held = np.zeros(size, np.int64)
    for core in cores:
        for block in core.blocks:
            if block.population == population:
                held[block.start : block.stop] = core.index
    return held


def _leaving(demand: Demand, core: Core, routes: dict[str, Route]) -> int:
    """Outgoing axons of a core: one for each sender, projection and core with targets."""
    total = 0
    for projection in demand.projections:
        route = routes[projection.name]
        entries = route.within + route.between + route.off_chip
        for block in core.blocks:
            if block.population == projection.pre:
                total += int(entries[block.start : block.stop].sum())
    return total
