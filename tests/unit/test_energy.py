"""Energy: counts against rasters, joule against counts times figures, an example by hand."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from pffspike.arithmetic import counter
from pffspike.circuits import PFF, pff
from pffspike.devices import Device, Figure, Profile, Static, Times, known_devices, load_device
from pffspike.energy import Load, Traffic, counts, energy, ledger, metrics
from pffspike.energy.host import measure
from pffspike.engines.reference import ReferenceEngine
from pffspike.network import (
    Network,
    Phase,
    Population,
    Program,
    Projection,
    Training,
    initial,
    structure,
)
from pffspike.recording import Probes, Recording

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


def two_neurons():
    """The example of `pffspike.energy.account.energy`: 10 steps, 4 and 3 spikes."""
    program = Program("run", 2, 8, (Phase("one", {"sender": "rate"}, ("synapse",)),))
    network = Network(
        "two",
        (Population("sender", 1, input=True), Population("receiver", 1)),
        (Projection("synapse", "sender", "receiver"),),
        (program,),
        Training("digits", 1),
    )
    spikes = {"sender": np.array([4]), "receiver": np.array([3])}
    return Recording(network, program, np.array([0]), spikes, {}, np.array([-1]))


def test_the_example_by_hand_is_what_the_code_says():
    result = energy([two_neurons()], 1, load_device("loihi1"))
    assert result.dynamic == pytest.approx(4 * 23.6e-12 + 20 * 52e-12 + 7 * 29e-12, rel=1e-12)
    assert result.static == pytest.approx(10 * 10e-6 * 104e-3, rel=1e-12)
    for text in ("4 x 23.6 pJ", "20 x 52 pJ", "7 x 29 pJ", "= 1337.4 pJ", "= 10.4 uJ"):
        assert text in energy.__doc__
    assert result.dynamic == pytest.approx(1337.4e-12, rel=1e-9)


def test_the_example_of_the_docs_is_what_the_code_says():
    text = (Path(__file__).parents[2] / "docs" / "energy.md").read_text("utf-8")
    cores = (
        Load(neuron_update=10, spike=4, message_out=4),
        Load(synaptic_operation=4, neuron_update=10, spike=3, message_in=4),
    )
    placed = Traffic(0, 4, hops_x=4, cores=cores)
    result = energy([two_neurons()], 1, load_device("loihi1"), traffic=placed)
    step = (4 * 3.8 + 10 * 9.7 + 3 * 30 + 4 * 16) * 1e-9 / 10 + 1.8e-6
    assert result.static == pytest.approx(10 * step * 104e-3, rel=1e-9)
    for event, joule in result.parts.items():
        shown = f"{joule * 1e12:.5g} pJ" if event != "static" else f"{joule * 1e6:.5g} uJ"
        assert f"| {shown} |" in text or not joule, event
    assert f"**{result.dynamic * 1e12:.1f} pJ**" in text
    assert f"| {step * 1e6:.6g} us |" in text


@pytest.mark.parametrize("program", RASTERS)
def test_a_ledger_counts_what_rasters_show(program):
    recorded = recording(program)
    entries, steps = ledger([recorded]), recorded.program.steps
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
    entries = ledger([recording("reconstruct")])
    chained = {"place": "hidden_1_prediction", "phase": "reconstruct/below"}
    assert total(entries, event="neuron_update", **chained) == 10 * 6 * SAMPLES
    assert total(entries, event="random_number", **chained) == 0
    assert total(entries, event="random_number", place="image", phase="reconstruct/below") > 0


def test_parts_are_told_apart():
    entries = ledger([recording("train")])
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
    upper, exact = ledger([coarse]), ledger([fine])
    where = {"event": "learning_update", "place": "image_to_hidden_1", "phase": "train/positive"}
    assert total(upper, **where) == PIXELS * 10 * SAMPLES
    senders = np.count_nonzero(fine.by_phase(fine.counts["image"])[:, 1])
    assert 0 < senders < PIXELS * SAMPLES, "some pixel was silent, or the test shows nothing"
    assert total(exact, **where) == senders * 10
    biases = {"event": "learning_update", "place": "hidden_1", "phase": "train/positive"}
    assert total(exact, **biases) == 10 * SAMPLES
    free = {"event": "learning_update", "place": "image_to_hidden_1", "phase": "train/free"}
    assert total(exact, **free) == 0
    assert counts([recording("goodness")], SAMPLES).learning_updates == 0


def test_without_a_contrast_goodness_changes_biases_only():
    free = dataclasses.replace(CIRCUIT, homeostasis_free=(True,))
    entries = ledger([recording("train", network=pff(free, "free", Training("digits", 1)))])
    phase = {"event": "learning_update", "phase": "train/free"}
    assert total(entries, place="hidden_1", **phase) == 10 * SAMPLES
    assert total(entries, place="image_to_hidden_1", **phase) == 0
    assert total(entries, place="hidden_1_to_readout", **phase) == 10 * CLASSES * SAMPLES


def test_rounding_draws_a_number_a_neuron_and_side():
    entries = ledger([recording("train")])
    drawn = {"event": "random_number", "phase": "train/positive", "part": "learning"}
    assert total(entries, place="image", **drawn) == PIXELS * SAMPLES  # sends only
    assert total(entries, place="hidden_1", **drawn) == 2 * 10 * SAMPLES  # sends and receives


@pytest.mark.parametrize("name", known_devices())
def test_every_joule_is_a_count_times_a_figure(name):
    device = load_device(name)
    result = energy([recording("goodness")], SAMPLES, device, traffic=Traffic(7.0, 3.0, 4.0, 5.0))
    priced = [row for row in result.rows if row.figure]
    assert sum(row.count * row.figure.si for row in priced) == pytest.approx(result.joule)
    assert {row.event for row in result.rows if not row.figure} == set(result.unpriced)
    assert sum(result.parts.values()) == pytest.approx(result.joule)
    assert result.low <= result.joule <= result.high
    assert result.joule > 0
    assert min(result.profiles.values()) == pytest.approx(result.low)


def test_traffic_is_priced_by_message_and_hop():
    recorded, device = [recording("one_pass")], load_device("loihi1")
    without = energy(recorded, SAMPLES, device)
    result = energy(recorded, SAMPLES, device, traffic=Traffic(10, 20, 30, 40))
    added = (10 + 20) * 1.7e-12 + 30 * 3e-12 + 40 * 4e-12
    assert result.joule - without.joule == pytest.approx(added, rel=1e-6)
    assert result.by(lambda row: row.part)["routing"] == pytest.approx(added, rel=1e-9)
    added = (10 + 20) * 111e-12 + 30 * 3e-12 + 40 * 4.2e-12
    more = result.profiles["sana-fe"] - without.profiles["sana-fe"]
    assert more == pytest.approx(added, rel=1e-6)


def test_static_energy_follows_the_time_of_a_step():
    recorded, device = [recording("one_pass")], load_device("loihi1")
    steps = recorded[0].program.steps
    assert energy(recorded, SAMPLES, device).static == pytest.approx(0.104 * 1e-5 * steps)
    longer = energy(recorded, SAMPLES, device, step_time=1e-3)
    assert longer.static == pytest.approx(0.104 * 1e-3 * steps)
    assert next(r for r in longer.rows if r.part == "static").figure.kind == "assumed"
    assert energy(recorded, SAMPLES, load_device("cpu")).static == 0


def test_a_device_that_does_not_skip_zeros_pays_for_every_synapse():
    figure = Figure(1.0, "J", "a test", "assumed")
    device = Device("x", "", "p", {"p": Profile(dense_operation=figure)}, ("all else",))
    result = energy([recording("one_pass")], SAMPLES, device)
    assert result.joule == result.counts.dense_operations > result.counts.synaptic_operations
    assert "synaptic_operation" not in result.unpriced
    assert "neuron_update" in result.unpriced


def test_a_range_reaches_from_without_static_energy_to_with_it():
    cheap, dear = (Profile(spike=Figure(v, "J", "a test", "assumed")) for v in (1.0, 2.0))
    static = Static(Figure(1, "W", "a test", "assumed"), Figure(1, "s", "a test", "assumed"))
    device = Device("x", "", "dear", {"cheap": cheap, "dear": dear}, ("all else",), static)
    result = energy([two_neurons()], 1, device)
    assert (result.low, result.joule, result.high) == (7.0, 24.0, 24.0)


def figure(value, unit):
    return Figure(value, unit, "a test", "assumed")


def test_a_step_takes_as_long_as_the_busiest_core_and_static_power_is_of_all_chips():
    times = Times(synaptic_operation=figure(1, "s"), spike=figure(3, "s"), step=figure(0.5, "s"))
    static = Static(figure(1, "W"), figure(1, "s"), times)
    profile = Profile(spike=figure(1.0, "J"))
    device = Device("x", "", "p", {"p": profile}, ("all else",), static)
    cores = (Load(synaptic_operation=30, neuron_update=1e9), Load(synaptic_operation=9, spike=10))
    recorded, placed = [two_neurons()], Traffic(0, 0, chips=2, cores=cores, notes=("too large",))
    result = energy(recorded, 1, device, traffic=placed)
    assert (result.low, result.high) == (7.0, result.joule)
    assert result.joule == pytest.approx(7 + 2 * (39 + 10 * 0.5))
    assert sum(row.joule for row in result.rows) == result.joule
    source = next(row.figure.source for row in result.rows if row.event == "static")
    assert "busiest of 2 cores: 0.9 x 1 s synaptic operation + 1 x 3 s spike + 0.5 s bar" in source
    assert result.not_counted == ("too large", "all else")
    assert energy(recorded, 1, device, traffic=Traffic(0, 0, chips=2)).joule == 7 + 2 * 10
    assert energy(recorded, 1, device, traffic=placed, step_time=2.0).joule == 7 + 2 * 20


def test_every_profile_is_the_sum_of_its_rows():
    device = load_device("loihi1")
    result = energy([recording("goodness")], SAMPLES, device, traffic=Traffic(7.0, 3.0, 4.0, 5.0))
    assert {*result.others, device.default} == {*device.profiles}
    for name, rows in result.others.items():
        assert sum(row.count * row.figure.si for row in rows) == pytest.approx(
            result.profiles[name], rel=1e-12
        )


def test_a_profile_that_lacks_what_occurs_is_left_out_of_the_range():
    dear, cheap = (Figure(v, "J", "a test", "assumed") for v in (2.0, 1.0))
    profiles = {
        "whole": Profile(spike=dear, neuron_update=dear),
        "part": Profile(spike=cheap),
        "lacks nothing that occurs": Profile(spike=cheap, neuron_update=dear),
    }
    device = Device("x", "", "whole", profiles, ("all else",))
    result = energy([two_neurons()], 1, device)
    assert (result.low, result.high) == (7 + 2 * 20, 2 * 7 + 2 * 20)
    assert result.profiles["part"] == 7


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


def test_a_machine_without_counters_has_no_figure(tmp_path):
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
