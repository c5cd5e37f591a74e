"""Each module of the core by itself, in Amaranth's simulator, against the reference."""

import dataclasses

import numpy as np
import pytest

from pffspike.arithmetic import counter, grids
from pffspike.network.parameters import Parameters
from pffspike.network.spec import (
    Bias,
    Goodness,
    Network,
    Phase,
    Population,
    Program,
    Projection,
    Training,
)
from pffspike.trained import TrainedNetwork

pytest.importorskip("amaranth")
from amaranth.sim import Simulator

from pffspike.fpga.accumulators import Accumulators
from pffspike.fpga.answer import NOBODY, Answer
from pffspike.fpga.comparer import Comparer
from pffspike.fpga.counts import SpikeCounts
from pffspike.fpga.deliverer import Deliverer
from pffspike.fpga.drawer import Drawer
from pffspike.fpga.gains import Gains
from pffspike.fpga.mixer import Mixer
from pffspike.fpga.planner import make_plan
from pffspike.fpga.row_memory import RowMemory
from pffspike.fpga.spikes import SpikeList
from pffspike.fpga.tables import Layouts

PIXELS, CELLS, LANES = 5, 6, 4


def trained() -> TrainedNetwork:
    """Pixels drive cells, which excite and inhibit one another in groups."""
    populations = (
        Population("pixels", PIXELS, input=True),
        Population("cells", CELLS, "shift", bias=Bias(limit=8.0), rule=Goodness(1.0, 0.5)),
    )
    projections = (
        Projection("drive", "pixels", "cells", grid=-4, low=-8.0, high=7.9375),
        Projection("rest", "cells", "cells", "blocks", 2, grid=-6, low=-3.984375, high=0.0),
        Projection(
            "self", "cells", "cells", "one_to_one", normalized=False, grid=-5, low=0.0, high=2
        ),
    )
    phase = Phase("only", {"pixels": "light"}, ("drive", "rest", "self"))
    network = Network(
        "parts", populations, projections, (Program("main", 1, 4, (phase,)),), Training("none", 1)
    )
    whole = counter.integers(3, np.arange(PIXELS * CELLS), 256) - 128
    inner = counter.integers(4, np.arange(CELLS * CELLS), 256).reshape(CELLS, CELLS)
    pairs = np.kron(np.eye(CELLS // 2), np.ones((2, 2))) - np.eye(CELLS)
    weights = {
        "drive": whole.reshape(PIXELS, CELLS) * 2.0**-4,
        "rest": -inner * pairs * 2.0**-6,
        "self": np.eye(CELLS) * (inner % 65) * 2.0**-5,
    }
    biases = {"cells": grids.nearest(counter.uniform(5, np.arange(CELLS)) - 0.4, -24)}
    return TrainedNetwork(network, Parameters(weights, biases), 0)


NETWORK = trained()
PLAN = make_plan(NETWORK, ["main"], LANES)
LAYOUTS = Layouts(PLAN)
CELL = PLAN.slots[1]


def simulate(component, bench):
    """Run a test bench to its end."""
    simulator = Simulator(component)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def token(**fields):
    """A token of a neuron that is drawn."""
    return {"neuron": 1, **fields}


def test_the_mixer_gives_an_output_of_splitmix64_in_every_cycle():
    mixer, key = Mixer(), counter.derive_key(7, 1)
    words = [(key + int(counter.offsets(n)[0])) % 2**64 for n in range(20)]
    found = []

    async def bench(ctx):
        for cycle in range(len(words) + Mixer.LATENCY):
            ctx.set(mixer.x, words[cycle] if cycle < len(words) else 0)
            await ctx.tick()
            found.append(ctx.get(mixer.y))

    simulate(mixer, bench)
    expected = [counter.derive_key(key, n) for n in range(20)]
    assert found[Mixer.LATENCY - 1 : Mixer.LATENCY - 1 + 20] == expected


def test_the_drawer_visits_every_neuron_at_its_position_of_the_stream():
    drawer, key, seen, marks = Drawer(PLAN, LAYOUTS), counter.derive_key(2, 0, 1, 5, 3), [], []

    async def bench(ctx):
        ctx.set(drawer.key, key)
        ctx.set(drawer.start, 1)
        await ctx.tick()
        ctx.set(drawer.start, 0)
        for _ in range(40):
            now = ctx.get(drawer.token)
            if now.neuron:
                seen.append((now.number, ctx.get(drawer.x)))
            if now.mark:
                marks.append((now.place, len(seen) - now.neuron))
            await ctx.tick()

    simulate(drawer, bench)
    expected = []
    for slot, population in zip(PLAN.slots, NETWORK.network.populations, strict=True):
        places = counter.neuron_counters(NETWORK.network.index(slot.name), population.size)
        for j, offset in enumerate(counter.offsets(places)):
            expected.append((slot.first * LANES + j, (key + int(offset)) % 2**64))
    assert seen == expected
    assert marks == [(0, 0), (1, 4), (2, 5), (3, 5), (4, 9), (5, 11)]


def test_the_comparer_compares_exact_sums_of_bias_and_current_with_uniform_numbers():
    comparer, widths = Comparer(PLAN, LAYOUTS), PLAN.widths
    currents = counter.integers(8, np.arange(CELLS), 2**15) - 2**14
    keys = [counter.derive_key(9, j) for j in range(CELLS + PIXELS)]
    light = counter.integers(10, np.arange(PIXELS), 2**24 + 1)
    light[0] = 2**24
    found = []

    async def bench(ctx):
        for place, value in enumerate(light):
            ctx.set(comparer.write_input, 1)
            ctx.set(comparer.input_address, place)
            ctx.set(comparer.input_data, int(value))
            await ctx.tick()
        ctx.set(comparer.write_input, 0)
        for word in range(CELL.words):
            packed = sum(
                (int(value) & (1 << widths.current) - 1) << widths.current * lane
                for lane, value in enumerate(currents[word * LANES : (word + 1) * LANES])
            )
            ctx.set(comparer.write_current, 1)
            ctx.set(comparer.write_word, CELL.first + word)
            ctx.set(comparer.write_data, packed)
            await ctx.tick()
        ctx.set(comparer.write_current, 0)
        tokens = [token(number=CELL.first * LANES + j, kind=0) for j in range(CELLS)]
        tokens += [token(number=j, kind=1, source=j) for j in range(PIXELS)]
        for cycle in range(len(tokens) + comparer.LATENCY):
            ctx.set(comparer.token, tokens[cycle] if cycle < len(tokens) else {})
            ctx.set(comparer.x, (keys[cycle] + counter.GOLDEN) % 2**64 if cycle < len(keys) else 0)
            await ctx.tick()
            if cycle >= comparer.LATENCY - 1:
                found.append(ctx.get(comparer.spike))

    simulate(comparer, bench)
    drive = NETWORK.parameters.biases["cells"] + currents * 2.0**widths.current_grid
    p = np.concatenate([grids.saturate(drive, 0.0, 1.0), light * 2.0**-24])
    uniform = np.concatenate([counter.uniform(key, 0) for key in keys])
    assert found[: len(p)] == (uniform < p).astype(int).tolist()
    assert 0 < sum(found) < len(p)


def test_the_list_holds_spikes_in_order_with_marks_between_words():
    spikes, found = SpikeList(PLAN, LAYOUTS), {}
    fired = [0, 2, 3]

    async def bench(ctx):
        for j in range(PIXELS):
            ctx.set(
                spikes.token, token(number=j, mark=j % LANES == 0, place=j // LANES, opens=j == 0)
            )
            ctx.set(spikes.spike, j in fired)
            await ctx.tick()
        ctx.set(spikes.token, {"closes": 1, "mark": 1, "place": 2})
        ctx.set(spikes.spike, 0)
        found["count"] = ctx.get(spikes.count)
        await ctx.tick()
        ctx.set(spikes.token, {})
        ctx.set(spikes.read_marks, 1)
        ctx.set(spikes.begin_mark, 1)
        ctx.set(spikes.end_mark, 2)
        found["numbers"] = []
        for place in range(len(fired)):
            ctx.set(spikes.address, place)
            await ctx.tick()
            found["numbers"].append(ctx.get(spikes.number))
        found["marks"] = ctx.get(spikes.begin), ctx.get(spikes.end)

    simulate(spikes, bench)
    assert found == {"count": 3, "numbers": fired, "marks": (3, 3)}


@pytest.mark.parametrize(("slot", "kind"), [(0, "sqrt"), (1, "shift")])
def test_gains_are_those_of_the_table(slot, kind):
    gains, size = Gains(PLAN, LAYOUTS), PLAN.slots[slot].size
    found = []

    async def bench(ctx):
        for count in range(size + 1):
            ctx.set(gains.token, {"closes": 1, "slot": slot, "gains": PLAN.draws[slot].gains})
            ctx.set(gains.count, count)
            await ctx.tick()
            ctx.set(gains.token, {})
            ctx.set(gains.place, slot + 1)
            await ctx.tick()
            found.append(ctx.get(gains.gain) / PLAN.unit_gain)
        ctx.set(gains.place, 0)
        assert ctx.get(gains.gain) == PLAN.unit_gain

    simulate(gains, bench)
    assert found == grids.gain_table(kind, size).tolist()


def test_rows_are_weights_with_their_signs():
    rows, found = RowMemory(PLAN, LAYOUTS), []
    operations = [o for o in PLAN.operations if o.word == CELL.first]

    async def bench(ctx):
        for o in operations:
            ctx.set(rows.address, (o.base + CELL.first * LANES + 1) % 2**LAYOUTS.row)
            await ctx.tick()
            ctx.set(rows.unsigned, o.unsigned)
            ctx.set(rows.negative, o.negative)
            await ctx.tick()
            found.append([ctx.get(weight) for weight in rows.weights])

    simulate(rows, bench)
    w = NETWORK.parameters.weights
    assert found[1] == (w["rest"][1, :LANES] * 2.0**6).astype(int).tolist()
    assert found[2] == (w["self"][1, :LANES] * 2.0**5).astype(int).tolist()
    assert min(found[1]) < 0 < max(found[2])


def test_an_operation_takes_one_beat_for_each_spike_and_one_for_none():
    deliverer, seen = Deliverer(PLAN, LAYOUTS), []
    lengths = {0: 0, 1: 2, 2: 3, 3: 3, 4: 3, 5: 4}  # spikes before each mark

    async def bench(ctx):
        ctx.set(deliverer.start, 1)
        begin = end = 0
        for _ in range(40):
            if ctx.get(deliverer.read_marks):
                following = [ctx.get(deliverer.begin_mark), ctx.get(deliverer.end_mark)]
            await ctx.tick()
            ctx.set(deliverer.start, 0)
            begin, end = (lengths[mark] for mark in following)
            ctx.set(deliverer.begin, begin)
            ctx.set(deliverer.end, end)
            beat = ctx.get(deliverer.beat)
            if beat.valid:
                place = ctx.get(deliverer.address) if beat.spike else None
                seen.append((beat.operation.word, place, beat.last))

    simulate(deliverer, bench)
    expected = []
    for o in PLAN.operations:
        places = list(range(lengths[o.begin], lengths[o.end])) or [None]
        expected += [(o.word, p, int(n == len(places) - 1)) for n, p in enumerate(places)]
    assert seen == expected
    assert any(place is None for _, place, _ in seen)


def test_accumulators_add_multiply_and_add_as_the_reference():
    """The cells 0, 1 and 3 spike, and the pixels 1 and 4."""
    unit = Accumulators(PLAN, LAYOUTS)
    fired = {"pixels": [1, 4], "cells": [0, 1, 3]}
    gain = {"pixels": 181, "cells": 128}
    words = {}
    numbers = {"pixels": PLAN.slots[0].first * LANES, "cells": CELL.first * LANES}
    projections = ("drive", "rest", "self")
    wrap = (1 << LAYOUTS.row) - 1

    async def bench(ctx):
        beats = []
        for index, o in enumerate(PLAN.operations):
            pre = NETWORK.network.projection(projections[index % 3]).pre
            slot = PLAN.slots[PLAN.slot(pre)]
            low, high = (o.begin - slot.mark) * LANES, (o.end - slot.mark) * LANES
            some = [numbers[pre] + j for j in fired[pre] if low <= j < high] or [None]
            for n, number in enumerate(some):
                fields = {**dataclasses.asdict(o), "base": o.base & wrap}
                flags = {"valid": 1, "first": n == 0, "last": n == len(some) - 1}
                spike = {"spike": number is not None, "operation": fields}
                beats.append(({**flags, **spike}, number or 0))
        for cycle in range(len(beats) + 9):
            ctx.set(unit.beat, beats[cycle][0] if cycle < len(beats) else {"valid": 0})
            place = ctx.get(unit.place)
            ctx.set(unit.gain, PLAN.unit_gain if place == 0 else list(gain.values())[place - 1])
            await ctx.tick()
            ctx.set(unit.number, beats[cycle][1] if cycle < len(beats) else 0)
            place = ctx.get(unit.place)
            ctx.set(unit.gain, PLAN.unit_gain if place == 0 else list(gain.values())[place - 1])
            if ctx.get(unit.write):
                words[ctx.get(unit.word)] = ctx.get(unit.currents)

    simulate(unit, bench)
    expected = np.zeros(CELLS)
    for name in projections:
        q = NETWORK.network.projection(name)
        sent = NETWORK.parameters.weights[name][fired[q.pre]].sum(axis=0)
        expected += sent * (gain[q.pre] / PLAN.unit_gain if q.normalized else 1.0)
    width, found = PLAN.widths.current, []
    for j in range(CELLS):
        bits = words[CELL.first + j // LANES] >> width * (j % LANES) & (1 << width) - 1
        found.append(bits - (1 << width if bits >> width - 1 else 0))
    assert np.array_equal(np.array(found) * 2.0**PLAN.widths.current_grid, expected)


def test_counts_give_goodness_as_the_sum_of_their_squares():
    counts = SpikeCounts(PLAN, LAYOUTS)
    raster = counter.uniform(11, np.arange(5 * CELLS)).reshape(5, CELLS) < 0.6
    found = {}

    async def bench(ctx):
        ctx.set(counts.begin, 1)
        await ctx.tick()
        ctx.set(counts.begin, 0)
        for step, fired in enumerate(raster):  # one step of burn-in, four of the window
            ctx.set(counts.first_step, step == 0)
            ctx.set(counts.counting, step >= 1)
            ctx.set(counts.first_counted, step == 1)
            for j in range(CELLS + 1):
                number = CELL.first * LANES + j
                ctx.set(counts.ahead, token(number=number) if j < CELLS else {})
                if j:
                    now = token(number=number - 1, slot=1, opens=j == 1, votes=-1)
                    ctx.set(counts.token, now)
                    ctx.set(counts.spike, bool(fired[j - 1]))
                else:
                    ctx.set(counts.token, {})
                await ctx.tick()
        ctx.set(counts.token, {})
        ctx.set(counts.slot, 1)
        found["sums"] = ctx.get(counts.spikes), ctx.get(counts.squares), ctx.get(counts.score)
        ctx.set(counts.reading, 1)
        found["counts"] = []
        for j in range(CELLS):
            ctx.set(counts.number, CELL.first * LANES + j)
            await ctx.tick()
            found["counts"].append(ctx.get(counts.count))

    simulate(counts, bench)
    expected = raster[1:].sum(axis=0)
    squares = int(np.square(expected).sum())
    assert found["counts"] == expected.tolist()
    assert found["sums"] == (int(raster.sum()), squares, -squares)


def test_the_answer_is_the_first_of_the_best():
    answer, found = Answer(PLAN, LAYOUTS), []

    async def bench(ctx):
        ctx.set(answer.begin, 1)
        await ctx.tick()
        ctx.set(answer.begin, 0)
        found.append(ctx.get(answer.winner))
        for phase, score in enumerate([-9, -4, -4, -7]):
            ctx.set(answer.judge, 1)
            ctx.set(answer.phase, phase)
            ctx.set(answer.score, score)
            await ctx.tick()
        ctx.set(answer.judge, 0)
        found.append(ctx.get(answer.best_phase))
        for index, (count, uniform) in enumerate([(2, 99), (3, 5), (3, 7), (1, 2**24 - 1)]):
            ctx.set(answer.token, token(tie=1, index=index))
            ctx.set(answer.count, count)
            ctx.set(answer.uniform, uniform)
            await ctx.tick()
        found.append(ctx.get(answer.winner))

    simulate(answer, bench)
    assert found == [NOBODY, 1, 2]
