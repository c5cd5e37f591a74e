"""Mapping: every placement against a count from the masks; the design rules; messages."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from mapping_cases import circuit, stated, zeros
from pffspike import mapping
from pffspike.cards import load_network
from pffspike.choices import OBJECTIVES
from pffspike.circuits import PFF, pff
from pffspike.devices import Profile, Quantity, load_device
from pffspike.energies import counts, energy
from pffspike.energies.steps import step_time
from pffspike.engines.reference import ReferenceEngine
from pffspike.errors import ValidationError
from pffspike.mapping.demand import Demand
from pffspike.mapping.placement import Block
from pffspike.network import Training, initial, structure
from pffspike.recording import Probes
from pffspike.testing import networks

RANDOM = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def device(**limits):
    """Loihi 1 with other limits."""
    card = load_device("loihi1")
    changes = {name: stated(value) for name, value in limits.items()}
    return dataclasses.replace(card, limits=dataclasses.replace(card.limits, **changes))


TINY = {"compartments": 6, "axons_in": 40, "axons_out": 40, "synapse_words": 60, "cores": 8}
TINY |= {"mesh_width": 2, "mesh_height": 2, "tile_cores": 2}


def reaches(network, projection):
    """Which sender has an entry for which target: a neuron counts in its own group."""
    mask = structure.mask(network, projection)
    return mask | np.eye(len(mask), dtype=bool) if projection.connectivity == "blocks" else mask


def assert_consistent(placed, card):
    """Neurons lie on one core each; usage and routes are those counted from the masks."""
    network, limits = placed.network, card.limits
    held = {
        name: placed.cores_of(name)
        for name in {b.population for c in placed.cores for b in c.blocks}
    }
    for name, cores in held.items():
        size = network.population(name).size
        blocks = [b for c in placed.cores for b in c.blocks if b.population == name]
        assert sorted(n for b in blocks for n in range(b.start, b.stop)) == list(range(size))
        assert cores.min() >= 0
    for core in placed.cores:
        incoming = outgoing = words = 0
        for name, route in placed.routes.items():
            p = network.projection(name)
            entries = reaches(network, p)
            on_post, on_pre = held[p.post] == core.index, held[p.pre] == core.index
            fans = entries[:, on_post].sum(axis=1)
            incoming += np.count_nonzero(fans)
            words += sum(limits.words(int(k), placed.weight_bits[name]) for k in fans)
            for sender in np.flatnonzero(on_pre):
                ends = set(held[p.post][entries[sender]].tolist())
                outgoing += len(ends)
                assert route.within[sender] == (core.index in ends)
                others = [placed.cores[end] for end in ends - {core.index}]
                near = [c for c in others if c.chip == core.chip]
                assert route.between[sender] == len(near)
                assert route.off_chip[sender] == len(others) - len(near)
                assert route.hops_x[sender] == sum(abs(c.x - core.x) for c in near)
                assert route.hops_y[sender] == sum(abs(c.y - core.y) for c in near)
        usage = core.usage
        assert usage.compartments == sum(b.size for b in core.blocks)
        assert (usage.axons_in, usage.axons_out, usage.synapse_words) == (incoming, outgoing, words)


def exceeded(placed, card):
    return {
        key
        for core in placed.cores
        for key, value in vars(core.usage).items()
        if value > getattr(card.limits, key).value
    }


@settings(RANDOM, max_examples=12)
@given(networks())
def test_random_networks_on_tiny_cores(network):
    card = device(**TINY)
    network = network.replace(
        programs=tuple(
            dataclasses.replace(
                program,
                hard_negative=None,
                phases=tuple(dataclasses.replace(p, learn=()) for p in program.phases),
            )
            for program in network.programs
        )
    )
    placed = mapping.place(network, card)
    assert_consistent(placed, card)
    found = {f.rule for f in mapping.check(placed, zeros(network), card)}
    assert ("capacity" in found) == bool(exceeded(placed, card))


@pytest.mark.parametrize(("hidden", "expected"), [(500, 22), (1000, 62)])
def test_cores_of_both_circuits_are_those_known(hidden, expected):
    card = load_device("loihi1")
    for lateral, learning in itertools.product((0, 10), (False, True)):
        placed = mapping.place(circuit(hidden, lateral=lateral), card, learning=learning)
        assert abs(len(placed.cores) - expected) <= 0.06 * expected
        assert not exceeded(placed, card)
        assert placed.chips == 1


def test_layer_1_of_2000_units_must_be_split():
    """A whole layer would hear 784 + 2 x 2000 and its own lateral axons; its parts hear less."""
    card = load_device("loihi1")
    network = circuit(2000, lateral=10)
    whole = Demand.make(network, card, learning=False).arriving(Block("hidden_1", 0, 2000))
    assert whole.axons_in > 784 + 2 * 2000 > card.limits.axons_in.value
    placed = mapping.place(network, card)
    assert len(set(placed.cores_of("hidden_1"))) > 1
    assert not exceeded(placed, card)
    assert placed.chips > 1
    rules = {f.rule: f.severity for f in mapping.check(placed, zeros(network), card)}
    assert rules["one_chip"] == "warning"


def test_a_neuron_with_too_many_axons_is_an_error():
    card = device(axons_in=1500)
    network = circuit(1000)
    placed = mapping.place(network, card)
    broken = mapping.check(placed, zeros(network), card)
    assert broken[0].rule == "capacity"
    assert broken[0].severity == "error"
    assert "needs 2000 of axons_in and has 1500" in broken[0].message


def test_learning_takes_two_axons():
    card, network = load_device("loihi1"), circuit(500)
    block = Block("hidden_1", 0, 80)
    plain, learning = (Demand.make(network, card, way).arriving(block) for way in (False, True))
    assert plain.axons_in == 784 + 500
    assert learning.axons_in == 2 * plain.axons_in
    assert learning.synapse_words == plain.synapse_words == 1284 * 12


def test_messages_are_those_of_the_spikes():
    network = pff(PFF(64, 10, (20, 20), burn_in=1, window=4), "digits", Training("digits", 1))
    card = device(compartments=9, cores=16, mesh_width=2, mesh_height=4, tile_cores=2)
    placed = mapping.place(network, card)
    assert_consistent(placed, card)
    assert placed.chips > 1
    images = np.full((3, 64), 0.25)
    probes = Probes(rasters=tuple(p.name for p in network.populations))
    parameters = initial(network, 2)
    with ReferenceEngine().compile(network, "goodness", parameters, seed=0, probes=probes) as run:
        recording = run.run({"image": images}, np.arange(3))
    found = mapping.messages(placed, [recording])
    assert found.exact
    for name in recording.program.phases[0].projections:
        projection = network.projection(name)
        raster = recording.rasters[projection.pre]
        held, ends = placed.cores_of(projection.pre), placed.cores_of(projection.post)
        entries = reaches(network, projection)
        counts = [0, 0, 0]
        for sender in range(len(entries)):
            spikes = int(raster[:, :, sender].sum())
            for end in set(ends[entries[sender]].tolist()):
                same_chip = placed.cores[end].chip == placed.cores[held[sender]].chip
                counts[0 if end == held[sender] else 1 if same_chip else 2] += spikes
        total = [ways[name].sum() for ways in (found.within, found.between, found.off_chip)]
        assert total == pytest.approx(counts)
        alone = [
            mapping.messages(placed, [recording.select([k])]).between[name][0] for k in range(3)
        ]
        assert found.between[name] == pytest.approx(alone)
    assert sum(ways.sum() for ways in found.hops_x.values()) > 0


def test_messages_without_rasters_are_exact_where_they_can_be():
    network = circuit(40, lateral=0)
    recording_of = {}
    for probes in (Probes(), Probes(rasters=tuple(p.name for p in network.populations))):
        parameters = initial(network, 2)
        engine = ReferenceEngine()
        with engine.compile(network, "one_pass", parameters, seed=0, probes=probes) as run:
            recording_of[bool(probes.rasters)] = run.run(
                {"image": np.full((2, 784), 0.125)}, np.arange(2)
            )
    placed = mapping.place(network, load_device("loihi1"))  # each population on one core
    known, guessed = (mapping.messages(placed, [recording_of[way]]) for way in (True, False))
    assert guessed.exact
    for way in ("within", "between", "off_chip", "hops_x", "hops_y"):
        mine, its = getattr(guessed, way), getattr(known, way)
        assert all(np.array_equal(mine[name], its[name]) for name in its)
    split = mapping.place(network, device(compartments=33))
    known, guessed = (mapping.messages(split, [recording_of[way]]) for way in (True, False))
    assert known.exact
    assert not guessed.exact
    for name in known.between:
        assert (guessed.between[name] + guessed.within[name]).mean() == pytest.approx(
            (known.between[name] + known.within[name]).mean(), rel=0.25
        )


def test_traffic_is_the_sum_of_the_messages_of_the_placement():
    network = circuit(40)
    probes = Probes(counts=tuple(p.name for p in network.populations))
    signals = {"image": np.full((2, 784), 0.125), "label": np.array([3, 4])}
    signals["negative"] = np.array([5, -1])
    for program, learning in (("one_pass", False), ("train", True)):
        with ReferenceEngine().compile(
            network, program, initial(network, 2), seed=0, probes=probes
        ) as run:
            needed = structure.extent(network, network.program(program)).signals
            recording = run.run({s: signals[s] for s in needed}, np.arange(2))
        card = device(compartments=33, learning_axons=1)
        found = mapping.traffic([recording], card)
        used = network.replace(programs=(network.program(program),))
        placed = mapping.place(used, card, learning=learning)
        sent = mapping.messages(placed, [recording])
        assert found.chips == placed.chips
        assert np.array_equal(found.on_core, sum(sent.within.values()))
        leaving = sum(sent.between.values()) + sum(sent.off_chip.values())
        assert np.array_equal(found.off_core, leaving)
        assert leaving.min() > 0
        assert np.array_equal(found.hops_x, sum(sent.hops_x.values()))
        assert np.array_equal(found.hops_y, sum(sent.hops_y.values()))
        assert found.tiles == len({(core.x, core.y) for core in placed.cores})
    assert mapping.traffic([recording], load_device("cpu2015")) is None


def test_loads_of_cores_are_those_of_the_spikes():
    network = pff(PFF(64, 10, (20, 20), burn_in=1, window=4), "digits", Training("digits", 1))
    card = device(compartments=9, cores=16, mesh_width=2, mesh_height=4, tile_cores=2)
    probes = Probes(rasters=tuple(p.name for p in network.populations))
    parameters, signals = initial(network, 2), {"image": np.full((3, 64), 0.25)}
    with ReferenceEngine().compile(network, "goodness", parameters, seed=0, probes=probes) as run:
        recording = run.run(signals, np.arange(3))
    placed = mapping.place(network.replace(programs=(recording.program,)), card)
    found = mapping.loads(placed, [recording])
    assert len(found) == len(placed.cores)
    for core, load in zip(placed.cores, found, strict=True):
        operations = messages_in = messages_out = spikes = neurons = 0
        for block in core.blocks:
            raster = recording.rasters[block.population][:, :, block.start : block.stop]
            spikes, neurons = spikes + int(raster.sum()), neurons + block.size
            for name in recording.program.phases[0].projections:
                projection = network.projection(name)
                entries, mask = reaches(network, projection), structure.mask(network, projection)
                if projection.post == block.population:
                    sent = recording.rasters[projection.pre].sum(axis=(0, 1))
                    operations += int(sent @ mask[:, block.start : block.stop].sum(axis=1))
                    messages_in += int(sent @ entries[:, block.start : block.stop].any(axis=1))
                if projection.pre == block.population:
                    ends = placed.cores_of(projection.post)
                    for sender in range(block.start, block.stop):
                        count = int(recording.rasters[block.population][:, :, sender].sum())
                        messages_out += count * len(set(ends[entries[sender]].tolist()))
        steps = recording.program.steps * recording.presentations
        expected = (operations, neurons * steps, spikes, messages_in, messages_out)
        assert dataclasses.astuple(load) == pytest.approx([value / 3 for value in expected])
    counted = counts([recording])
    total = np.sum([dataclasses.astuple(load) for load in found], axis=0)
    assert total[0] == pytest.approx(counted.synaptic_operations)
    assert total[1] == pytest.approx(counted.neuron_updates)
    assert total[2] == pytest.approx(counted.spikes)
    sent = mapping.traffic([recording], card)
    assert total[3] == total[4] == pytest.approx((sent.on_core + sent.off_core).mean())
    assert sent.cores == found
    spread = mapping.loads(placed, [dataclasses.replace(recording, rasters={})])
    assert sum(load.spike for load in spread) == pytest.approx(counted.spikes)


def test_an_energy_says_why_a_network_does_not_fit():
    network, card = load_network("digits"), load_device("loihi1")
    needed = mapping.unmet_constraints(mapping.place(network, card), card)
    assert len(needed) == 1
    assert "its weights need 21 bits and the device has 8" in needed[0]
    few = circuit(40)
    assert mapping.unmet_constraints(mapping.place(few, card), card) == ()
    learning = mapping.unmet_constraints(mapping.place(few, card, learning=True), card)
    assert len(learning) == 1
    assert "learning on the device is hypothetical" in learning[0]


def one_pass(network, images=3, parameters=None):
    """Spikes of some grey images, all of them recorded."""
    used = structure.extent(network, network.program("one_pass")).populations
    probes = Probes(rasters=tuple(p.name for p in used))
    shown = np.full((images, network.population("image").size), 0.25)
    with ReferenceEngine().compile(
        network, "one_pass", parameters or initial(network, 2), seed=0, probes=probes
    ) as session:
        return session.run({"image": shown}, np.arange(images))


def test_a_placement_for_speed_has_the_shorter_step_and_one_for_energy_the_least_energy():
    network, card = load_network("digits", {"pff": {"hidden": [100, 100]}}), load_device("loihi1")
    recordings, found = [one_pass(network)], {}
    for objective in OBJECTIVES:
        placed = mapping.arrange(recordings, card, objective)
        assert_consistent(placed, card)
        assert not exceeded(placed, card)
        on = mapping.traffic(recordings, card, placement=objective)
        assert len(on.cores) == len(placed.cores)
        steps = counts(recordings).steps
        result = energy(recordings, card, traffic=on)
        found[objective] = (len(placed.cores), step_time(card.static, steps, None, on).si, result)
    cores, speed, least = (found[objective] for objective in ("cores", "speed", "energy"))
    assert cores[0] <= least[0] <= speed[0]
    assert speed[1] < 0.5 * cores[1], "the work is shared out"
    assert least[2].total <= min(cores[2].total, speed[2].total)
    assert all(result.counts == cores[2].counts for *_, result in found.values())


def test_a_balance_keeps_every_core_below_its_limit():
    network, card = load_network("digits"), load_device("loihi1")
    work = {p.name: float(p.size) for p in network.populations}
    placed = mapping.place(network, card, balance=mapping.Balance(work, 40.0))
    assert_consistent(placed, card)
    shares = [sum(block.size for block in core.blocks) for core in placed.cores]
    assert max(shares) <= 40
    assert len(placed.cores) < 2 * sum(shares) / 40, "cores are filled"


def test_what_an_objective_needs_is_said():
    card, recordings = load_device("loihi1"), [one_pass(circuit(20))]
    with pytest.raises(ValidationError, match="placement 'power' is not known; give one of: cores"):
        mapping.traffic(recordings, card, placement="power")
    timeless = dataclasses.replace(card, static=dataclasses.replace(card.static, times=None))
    with pytest.raises(ValidationError, match=r"gives no times .* chosen for speed"):
        mapping.traffic(recordings, timeless, placement="speed")
    silent = {"learning": Profile(learning_update=Quantity(1.0, "J", "a test", "assumed"))}
    free = dataclasses.replace(card, profiles=silent, default="learning")
    with pytest.raises(ValidationError, match="can't be chosen for energy"):
        mapping.traffic(recordings, free, placement="energy")


def test_what_is_not_placed_has_no_messages():
    network = circuit(20)
    placed = mapping.place(network, load_device("loihi1"))
    with pytest.raises(ValueError, match="not placed"):
        mapping.messages(dataclasses.replace(placed, routes={}), [_empty(network)])


def _empty(network):
    with ReferenceEngine().compile(network, "one_pass", zeros(network), seed=0) as session:
        return session.run({"image": np.zeros((1, 784))}, [0])


def test_a_card_without_limits_is_refused():
    card = dataclasses.replace(load_device("loihi1"), limits=None)
    with pytest.raises(ValidationError, match="gives no limits"):
        mapping.place(circuit(20), card)


def test_the_report_and_the_picture_show_every_core():
    card, network = device(mesh_height=2, cores=64), circuit(100)
    placed = mapping.place(network, card)
    broken = mapping.check(placed, zeros(network), card)
    content = mapping.summary(placed, broken, card)
    assert content["cores_used"] == len(content["cores"]) == len(placed.cores)
    text = mapping.markdown(content)
    for core in placed.cores:
        assert f"| {core.index} | {core.chip} | {core.x}, {core.y} |" in text
    assert all(rule.message in text for rule in broken)
    pytest.importorskip("matplotlib")
    from pffspike.plots.placement import placement

    drawing = placement(placed, card)
    blocks = sum(len(core.blocks) for core in placed.cores)
    assert len(drawing.axes[0].patches) == 2 * 2 + blocks  # tiles in use and next to them
