"""Energy: counts against rasters, energies against counts times values."""

import dataclasses

import numpy as np
import pytest

from energy_cases import two_neurons
from pffspike.arithmetic import counter
from pffspike.circuits import PFF, pff
from pffspike.devices import (
    Barrier,
    Device,
    Profile,
    Quantity,
    StaticPower,
    Times,
    known_devices,
    load_device,
)
from pffspike.energies import CoreLoad, Spread, Traffic, count_events, counts, energy, metrics
from pffspike.energies.host import measure
from pffspike.engines.reference import ReferenceEngine
from pffspike.network import Training, initial, structure
from pffspike.recording import Probes

PIXELS, CLASSES, SAMPLES = 9, 4, 5
CIRCUIT = PFF(PIXELS, CLASSES, (10, 20), burn_in=2, window=4, bias=0.2, weight_grid=-2, lateral=5)
NETWORK = pff(CIRCUIT, "small", Training("digits", 1))
WEIGHTS = initial(NETWORK, 1)
RASTERS = {
    "goodness": ("image", "label", "hidden_1", "hidden_2"),
    "one_pass": ("image", "hidden_1", "hidden_2", "readout"),
}


def recording(program, probes=None, seed=3, network=NETWORK):
    """Random images and labels, put through a program."""
    keys = counter.derive_keys(seed, np.arange(SAMPLES))
    signals = {
        "image": counter.uniform(keys[:, None], np.arange(PIXELS)),
        "label": np.arange(SAMPLES) % CLASSES,
        "negative": np.full(SAMPLES, -1),
    }
    used = structure.extent(network, network.program(program)).signals
    probes = probes or Probes(rasters=RASTERS.get(program, ()))
    with ReferenceEngine().compile(network, program, WEIGHTS, seed=seed, probes=probes) as session:
        return session.run({name: signals[name] for name in used}, np.arange(SAMPLES))


def total(entries, **fields):
    return sum(
        e.number for e in entries if all(getattr(e, key) == value for key, value in fields.items())
    )


@pytest.mark.parametrize("program", RASTERS)
def test_events_are_counted_as_rasters_show_them(program):
    recorded = recording(program)
    entries, steps = count_events([recorded]), recorded.program.steps
    for index, phase in enumerate(recorded.program.phases):
        name = f"{program}/{phase.name}"
        shown = {
            p: r.reshape(steps, SAMPLES, -1, r.shape[2])[:, :, index]
            for p, r in recorded.rasters.items()
        }
        for population, raster in shown.items():
            where = {"place": population, "phase": name}
            assert total(entries, event="spike", **where) == raster.sum()
            assert total(entries, event="neuron_update", **where) == raster.size
        for projection in map(NETWORK.projection, phase.projections):
            exists = structure.mask(NETWORK, projection)
            arrived = (shown[projection.pre] @ exists.astype(int)).sum()
            where = {"place": projection.name, "phase": name}
            assert total(entries, event="synaptic_operation", **where) == arrived
            dense = exists.sum() * steps * SAMPLES
            assert total(entries, event="dense_operation", **where) == dense


def test_a_silent_population_is_updated_and_draws_nothing():
    entries = count_events([recording("reconstruct")])
    chained = {"place": "hidden_1_prediction", "phase": "reconstruct/below"}
    assert total(entries, event="neuron_update", **chained) == 10 * 6 * SAMPLES
    assert total(entries, event="random_number", **chained) == 0
    assert total(entries, event="random_number", place="image", phase="reconstruct/below") > 0


def test_parts_are_told_apart():
    entries = count_events([recording("train")])
    parts = {e.place: e.part for e in entries if e.part != "learning"}
    assert parts["image"] == parts["label"] == "input"
    assert parts["hidden_1"] == parts["hidden_2_to_hidden_1"] == "representation"
    assert parts["readout"] == parts["hidden_1_to_readout"] == "readout"
    assert parts["image_prediction"] == parts["hidden_1_to_image_prediction"] == "generative"
    assert {e.event for e in entries if e.part == "learning"} == {
        "learning_update",
        "random_number",
    }


def test_learning_counts_synapses_of_senders_that_spiked():
    everyone = tuple(p.name for p in NETWORK.populations)
    coarse, fine = recording("train"), recording("train", Probes(counts=everyone))
    upper, exact = count_events([coarse]), count_events([fine])
    where = {"event": "learning_update", "place": "image_to_hidden_1", "phase": "train/positive"}
    assert total(upper, **where) == PIXELS * 10 * SAMPLES
    senders = np.count_nonzero(fine.by_phase(fine.counts["image"])[:, 1])
    assert 0 < senders < PIXELS * SAMPLES, "some pixel was silent, or the test shows nothing"
    assert total(exact, **where) == senders * 10
    biases = {"event": "learning_update", "place": "hidden_1", "phase": "train/positive"}
    assert total(exact, **biases) == 10 * SAMPLES
    free = {"event": "learning_update", "place": "image_to_hidden_1", "phase": "train/free"}
    assert total(exact, **free) == 0
    assert counts([recording("goodness")]).learning_updates == 0


def test_in_a_phase_of_sign_0_goodness_changes_biases_only():
    free = dataclasses.replace(CIRCUIT, homeostasis_free=(True,))
    entries = count_events([recording("train", network=pff(free, "free", Training("digits", 1)))])
    phase = {"event": "learning_update", "phase": "train/free"}
    assert total(entries, place="hidden_1", **phase) == 10 * SAMPLES
    assert total(entries, place="image_to_hidden_1", **phase) == 0
    assert total(entries, place="hidden_1_to_readout", **phase) == 10 * CLASSES * SAMPLES


def test_rounding_draws_a_number_a_neuron_and_side():
    entries = count_events([recording("train")])
    drawn = {"event": "random_number", "phase": "train/positive", "part": "learning"}
    assert total(entries, place="image", **drawn) == PIXELS * SAMPLES  # sends only
    assert total(entries, place="hidden_1", **drawn) == 2 * 10 * SAMPLES  # sends and receives


@pytest.mark.parametrize("name", known_devices())
def test_every_energy_is_a_count_times_a_value(name):
    device = load_device(name)
    result = energy([recording("goodness")], device, traffic=Traffic(7.0, 3.0, 4.0, 5.0))
    for found in result.profiles.values():
        known = [term for term in found.terms if term.value]
        assert sum(term.count * term.value.si for term in known) == pytest.approx(found.total)
        assert {term.event for term in found.terms if not term.value} == set(found.unpriced)
        assert 0 < found.events <= found.total <= found.whole_chip
        slack = 1e-12 * found.total
        assert found.spread.low - slack <= found.total <= found.spread.high + slack
    assert sum(result.by(lambda term: term.event).values()) == pytest.approx(result.total)
    low, high = result.by_profile
    assert low <= result.total <= high


def test_messages_have_an_energy_by_message_and_hop():
    recorded, device = [recording("one_pass")], load_device("loihi1")
    without = energy(recorded, device)
    result = energy(recorded, device, traffic=Traffic(10, 20, 30, 40))
    added = (10 + 20) * 1.7e-12 + 30 * 3e-12 + 40 * 4e-12
    assert result.total - without.total == pytest.approx(added, rel=1e-6)
    assert result.by(lambda term: term.part)["routing"] == pytest.approx(added, rel=1e-9)
    added = (10 + 20) * 111e-12 + 30 * 3e-12 + 40 * 4.2e-12
    more = result.profiles["sana-fe"].events - without.profiles["sana-fe"].events
    assert more == pytest.approx(added, rel=1e-6)


def static_of(result):
    return result.total - result.events


def test_static_energy_follows_the_time_of_a_step():
    recorded, device = [recording("one_pass")], load_device("loihi1")
    steps = recorded[0].program.steps
    assert static_of(energy(recorded, device)) == pytest.approx(0.1044 * 1e-5 * steps)
    longer = energy(recorded, device, step=1e-3)
    assert static_of(longer) == pytest.approx(0.1044 * 1e-3 * steps)
    assert next(t for t in longer.terms if t.part == "static").value.kind == "assumed"
    assert static_of(energy(recorded, load_device("cpu2015"))) == 0


def test_the_cores_in_use_lead_and_the_whole_chip_stands_beside_them():
    cores = (CoreLoad(spike=1.0),) * 3
    placed = Traffic(0, 0, cores=cores, chips=2)
    result = energy([recording("one_pass")], load_device("loihi1"), traffic=placed, step=1e-5)
    steps = recording("one_pass").program.steps
    assert static_of(result) == pytest.approx(3 * 0.816e-3 * 1e-5 * steps)
    assert result.whole_chip - result.events == pytest.approx(2 * 0.1044 * 1e-5 * steps)
    assert next(t for t in result.terms if t.part == "static").place == "3 cores"


def test_a_profile_that_contains_static_power_is_not_charged_for_it_again():
    result = energy([recording("one_pass")], load_device("truenorth"))
    average, marginal = (result.profiles[name] for name in ("merolla2014", "marginal"))
    steps = recording("one_pass").program.steps
    assert average.events == average.total == average.whole_chip
    assert marginal.total - marginal.events == pytest.approx(64e-3 * 1e-3 * steps)
    assert marginal.events < average.events < marginal.total


def quantity(value, unit):
    return Quantity(value, unit, "a test", "assumed")


def test_a_device_that_does_not_skip_zeros_pays_for_every_synapse():
    device = Device("x", "", "p", {"p": Profile(dense_operation=quantity(1, "J"))}, ("all else",))
    result = energy([recording("one_pass")], device)
    assert result.total == result.counts.dense_operations > result.counts.synaptic_operations
    assert "synaptic_operation" not in result.unpriced
    assert "neuron_update" in result.unpriced


def test_without_an_energy_of_what_occurs_there_is_no_value():
    only_learning = Profile(learning_update=quantity(1, "J"))
    only_spikes = Profile(spike=quantity(1, "J"))
    device = Device("x", "", "a", {"a": only_learning, "b": only_spikes}, ("all else",))
    result = energy([recording("one_pass")], device)
    assert result.events is result.total is result.whole_chip is result.spread is None
    assert result.profiles["b"].total is None, "spikes without operations are no energy"
    assert result.by_profile is None
    assert "synaptic_operation" in result.unpriced


def test_profiles_are_compared_by_the_same_value():
    both = {
        name: Profile(spike=quantity(v, "J"), synaptic_operation=quantity(0, "J"))
        for name, v in (("less", 1.0), ("more", 2.0))
    }
    static = StaticPower(quantity(1, "W"), quantity(1, "s"))
    result = energy([two_neurons()], Device("x", "", "more", both, ("all else",), static))
    assert (result.events, result.total, result.whole_chip) == (14.0, 24.0, 24.0)
    assert result.by_profile == (17.0, 24.0)


def test_a_step_takes_as_long_as_the_busiest_core_and_static_power_is_of_all_chips():
    times = Times(
        synaptic_operation=quantity(1, "s"),
        spike=quantity(3, "s"),
        barrier=(Barrier(1, quantity(0.5, "s")), Barrier(4, quantity(0.75, "s"))),
    )
    static = StaticPower(quantity(1, "W"), quantity(1, "s"), times=times)
    profile = Profile(spike=quantity(1.0, "J"), synaptic_operation=quantity(0.0, "J"))
    device = Device("x", "", "p", {"p": profile}, ("all else",), static)
    cores = (
        CoreLoad(synaptic_operation=30, neuron_update=1e9),
        CoreLoad(synaptic_operation=9, spike=10),
    )
    recorded = [two_neurons()]
    placed = Traffic(0, 0, chips=2, cores=cores, notes=("too large",))
    result = energy(recorded, device, traffic=placed)
    assert result.total == pytest.approx(7 + 2 * (39 + 10 * 0.5))
    assert sum(term.energy for term in result.terms) == result.total
    source = next(t.value.source for t in result.terms if t.event == "static")
    assert "busiest of 2 cores: 0.9 x 1 s synaptic operation + 1 x 3 s spike + 0.5 s bar" in source
    assert result.not_counted == ("too large", "all else")
    wide = energy(recorded, device, traffic=dataclasses.replace(placed, tiles=5))
    assert wide.total == pytest.approx(7 + 2 * (39 + 10 * 0.75))
    assert energy(recorded, device, traffic=Traffic(0, 0, chips=2)).total == 7 + 2 * 10
    assert energy(recorded, device, traffic=placed, step=2.0).total == 7 + 2 * 20


def test_a_profile_that_lacks_what_occurs_is_not_compared():
    dear, cheap = quantity(2.0, "J"), quantity(1.0, "J")
    free = {"synaptic_operation": quantity(0.0, "J")}
    profiles = {
        "whole": Profile(spike=dear, neuron_update=dear, **free),
        "part": Profile(spike=cheap, **free),
        "lacks nothing that occurs": Profile(spike=cheap, neuron_update=dear, **free),
    }
    result = energy([two_neurons()], Device("x", "", "whole", profiles, ("all else",)))
    assert result.by_profile == (7 + 2 * 20, 2 * 7 + 2 * 20)
    assert result.profiles["part"].total == 7
    assert result.comparable == ("whole", "lacks nothing that occurs")


def test_the_spread_is_that_of_images_computed_one_by_one():
    recorded, device = recording("goodness"), load_device("loihi1")
    result = energy([recorded], device, step=1e-6)
    alone = [energy([recorded.select([k])], device, step=1e-6) for k in range(SAMPLES)]
    energies = np.array([one.total for one in alone])
    operations = np.array([one.counts.synaptic_operations for one in alone])
    assert np.ptp(energies) > 0
    assert result.total == pytest.approx(energies.mean(), rel=1e-12)
    for spread, values in (
        (result.spread, energies),
        (result.counts.spread["synaptic_operations"], operations),
    ):
        assert spread.deviation == pytest.approx(values.std(ddof=1), rel=1e-9)
        assert (spread.low, spread.high) == pytest.approx(np.percentile(values, (2.5, 97.5)))
    assert result.counts.spread["steps"] == Spread(0.0, 24.0, 24.0)
    assert alone[0].spread is None
    assert alone[0].counts.spread == {}


def test_presentations_of_an_image_in_several_traces_are_one_inference():
    recorded = recording("goodness")
    halves = [recorded.select(np.arange(SAMPLES) % 2 == k) for k in (0, 1)]
    whole, parts = (counts(found) for found in ([recorded], halves))
    assert whole == parts
    twice = counts([recorded, recorded])
    assert twice.spikes == 2 * whole.spikes


@pytest.mark.parametrize("program", RASTERS)
def test_metrics_count_what_rasters_show(program):
    recorded = recording(program)
    result = metrics([recorded], SAMPLES, WEIGHTS)
    effective = dense = 0
    used = set()
    for index, phase in enumerate(recorded.program.phases):
        for projection in map(NETWORK.projection, phase.projections):
            w = WEIGHTS.weights[projection.name]
            raster = recorded.rasters[projection.pre]
            raster = raster.reshape(len(raster), SAMPLES, -1, raster.shape[2])[:, :, index]
            operations = (raster @ (w != 0).astype(int)).sum()
            possible = w.size * recorded.program.steps * SAMPLES
            name = (projection.name, f"{program}/{phase.name}")
            found = next(o for o in result.by_projection if (o.projection, o.phase) == name)
            assert found.Effective_ACs == pytest.approx(operations / SAMPLES, rel=1e-12)
            assert found.Dense == pytest.approx(possible / SAMPLES, rel=1e-12)
            effective, dense = effective + operations, dense + possible
            used.add(projection.name)
    silent = np.concatenate(
        [r.reshape(-1) for name, r in recorded.rasters.items() if name not in ("image", "label")]
    )
    matrices = [WEIGHTS.weights[name] for name in used]
    zeros = sum((w == 0).sum() for w in matrices)
    assert any((w == 0).any() and (w != 0).any() for w in matrices)
    assert result.Effective_MACs == 0
    assert result.Effective_ACs == pytest.approx(effective / SAMPLES, rel=1e-12)
    assert result.Dense == pytest.approx(dense / SAMPLES, rel=1e-12)
    assert result.ActivationSparsity == pytest.approx(1 - silent.mean(), rel=1e-12)
    assert result.ConnectionSparsity == pytest.approx(zeros / sum(w.size for w in matrices))


def test_metrics_ask_for_rasters_where_weights_are_zero():
    recorded = dataclasses.replace(recording("one_pass"), rasters={})
    with pytest.raises(ValueError, match="record its raster"):
        metrics([recorded], SAMPLES, WEIGHTS)


def test_footprint_is_the_size_of_the_integers():
    # Weights in [-8, 8] on the grid 2^-2 need 6 bits and a sign, biases in [-8, 8] on 2^-24 four
    # bytes.
    n = 1 + PIXELS * 10 + 10 * 20 + 20 * 10 + 2 * 10 * 10 + 2 * 20 * 20 + CLASSES * 20 - 1
    biased = 10 + 20
    assert metrics([recording("goodness")], SAMPLES, WEIGHTS).Footprint == n + 4 * biased


def test_a_machine_without_counters_has_no_value(tmp_path):
    assert measure(lambda: None, 1, folder=tmp_path) is None


def test_counters_are_read_and_the_idle_power_is_subtracted(tmp_path):
    pytest.importorskip("zeus")
    platform = tmp_path / "intel-rapl:1"
    platform.mkdir()
    (platform / "name").write_text("psys\n")
    (platform / "energy_uj").write_text("7\n")
    assert measure(lambda: None, 1, folder=tmp_path) is None, "the whole platform is no package"
    package = tmp_path / "intel-rapl:0"
    package.mkdir()
    (package / "name").write_text("package-0\n")
    (package / "max_energy_range_uj").write_text(f"{2**40}\n")
    meter = package / "energy_uj"
    meter.write_text("1000000\n")

    def spend(joule):
        meter.write_text(f"{int(meter.read_text()) + int(joule * 1e6)}\n")

    result = measure(
        lambda: spend(6), 3, repetitions=4, folder=tmp_path, idle_seconds=0.0, wait=lambda _: None
    )
    assert result.zones == ("package-0",)
    assert result.idle_watt == 0
    assert result.joule == (2.0,) * 4
    idle = measure(lambda: None, 1, repetitions=2, folder=tmp_path, wait=lambda _: spend(1))
    assert idle.idle_watt > 0
    assert all(joule < 0 for joule in idle.joule), "the baseline is taken off"
