"""Our energies against SANA-FE's simulation of Loihi, spike by spike, where it is installed.

Boyle et al., SANA-FE (TCAD 2025). It replays the spikes of a small network of ours, placed on
five cores, with its own counting of synapses, neurons, messages and hops. Both use the values of
its `loihi.yaml`; two things differ, and the test takes both off:

- a neuron of ours draws a random number in each step (6 pJ; `loihi.yaml` has no noise);
- it is updated in each step (21.6 pJ), for a draw is due, where SANA-FE's replayed neurons are
  updated in the steps in which they spike.

The duration of a step is an estimate, of the busiest core, one thing after the other: it is held to
within a quarter of SANA-FE's, which simulates what goes on side by side.
"""

import dataclasses
from importlib.resources import files

import numpy as np
import pytest

from pffspike import mapping
from pffspike.arithmetic import counter
from pffspike.circuits import PFF, pff
from pffspike.devices import load_device
from pffspike.energies import Traffic, energy
from pffspike.engines.reference import ReferenceEngine
from pffspike.network import Training, initial, structure
from pffspike.recording import Probes

sanafe = pytest.importorskip("sanafe")

PLACES = {"image": 0, "hidden_1": 5, "hidden_2": 6, "readout": 31}  #: tile by population
NETWORK = pff(PFF(9, 4, (10, 20), bias=0.2, lateral=5), "small", Training("digits", 1))
UPDATE, DRAW = 21.6e-12, 6e-12  #: joule


def recorded(network):
    pixels = network.population("image").size
    images = counter.uniform(counter.derive_keys(7, np.arange(1))[:, None], np.arange(pixels))
    weights, probes = initial(network, 1), Probes(rasters=tuple(PLACES))
    with ReferenceEngine().compile(network, "one_pass", weights, seed=1, probes=probes) as session:
        return session.run({"image": images}, [0])


def architecture(folder):
    """Its Loihi, with replayed neurons that cost what others cost."""
    text = (files("sanafe.examples") / "loihi.yaml").read_text()
    for key, figure in (
        ("energy_access_neuron", "51.2e-12"),
        ("energy_update_neuron", "21.6e-12"),
        ("energy_spike_out", "69.3e-12"),
        ("latency_access_neuron", "6.0e-9"),
        ("latency_update_neuron", "3.7e-9"),
        ("latency_spike_out", "30.0e-9"),
    ):
        assert f"{key}: {figure}" in text, "the card quotes this value"
        assert f"{key}: 0.0" in text
        text = text.replace(f"{key}: 0.0", f"{key}: {figure}")
    for figure in ("latency_process_spike: 3.8e-9", "latency_message_in: 16.0e-9"):
        assert figure in text, "the card quotes this value"
    assert "latency_message_out: 5.1e-9" in text
    assert "{ 1: 0.6e-6, 2: 1.0e-6, 4: 1.4e-6, 29: 1.8e-6 }" in text
    path = folder / "loihi.yaml"
    path.write_text(text)
    return sanafe.load_arch(path)


def replay(recording, folder, cores):
    """Let SANA-FE count the same spikes; ``cores`` has each neuron's, four a tile."""
    chip_design, network, number = architecture(folder), sanafe.Network(), 0
    groups = {}
    for name, places in cores.items():
        raster = recording.rasters[name][:, 0]
        groups[name] = network.create_neuron_group(name, raster.shape[1])
        for i, neuron in enumerate(groups[name]):
            neuron.set_attributes(
                soma_hw_name=f"loihi_inputs[{number}]",
                model_attributes={"spikes": [bool(s) for s in raster[:, i]]},
            )
            core = int(places[i])
            neuron.map_to_core(chip_design.tiles[core // 4].cores[core % 4])
            number += 1
    for projection in map(recording.network.projection, recording.program.phases[0].projections):
        for i, j in zip(*np.nonzero(structure.mask(recording.network, projection)), strict=True):
            # Weight 0: a replayed neuron takes no current. The synapse is served all the same.
            target = groups[projection.post][int(j)]
            groups[projection.pre][int(i)].connect_to_neuron(target, {"weight": 0.0})
    chip = sanafe.SpikingChip(chip_design)
    chip.load(network)
    return chip.sim(recording.program.steps)


def traffic(recording):
    """One message a spike and core; tiles lie in an 8 x 4 mesh, column by column."""
    on = off = x = y = 0
    projections = [NETWORK.projection(name) for name in recording.program.phases[0].projections]
    for name, tile in PLACES.items():
        spikes = int(recording.rasters[name].sum())
        targets = {PLACES[p.post] for p in projections if p.pre == name}
        on += spikes * (tile in targets)
        off += spikes * len(targets - {tile})
        x += spikes * sum(abs(t // 4 - tile // 4) for t in targets)
        y += spikes * sum(abs(t % 4 - tile % 4) for t in targets)
    return Traffic(on, off, x, y)


def test_our_joule_are_those_of_sanafe_but_for_what_is_explained(tmp_path):
    recording = recorded(NETWORK)
    sizes = {name: recording.rasters[name].shape[2] for name in PLACES}
    cores = {name: np.full(size, 4 * PLACES[name]) for name, size in sizes.items()}
    theirs = replay(recording, tmp_path, cores)
    messages = traffic(recording)
    ours = energy([recording], load_device("loihi1"), traffic=messages)
    assert theirs["neurons_fired"] == ours.counts.spikes > 50
    assert theirs["spikes"] == ours.counts.synaptic_operations
    assert theirs["packets_sent"] == messages.on_core + messages.off_core > 50
    explained = DRAW * ours.counts.random_numbers
    explained += UPDATE * (ours.counts.neuron_updates - theirs["neurons_updated"])
    expected = theirs["energy"]["total"] + explained
    assert ours.profiles["sana-fe"].events == pytest.approx(expected, rel=1e-9)
    assert explained < 0.2 * expected


@pytest.mark.parametrize("compartments", [1024, 300, 80])
def test_the_step_time_is_that_of_sanafe_within_a_quarter(tmp_path, compartments):
    network = pff(PFF(64, 10, (200, 200), bias=0.2), "large", Training("digits", 1))
    recording, card = recorded(network), load_device("loihi1")
    limit = dataclasses.replace(card.limits.compartments, value=compartments)
    card = dataclasses.replace(card, limits=dataclasses.replace(card.limits, compartments=limit))
    placed = mapping.place(network.replace(programs=(recording.program,)), card)
    theirs = replay(recording, tmp_path, {name: placed.cores_of(name) for name in PLACES})
    ours = energy([recording], card, traffic=mapping.traffic([recording], card))
    seconds = (ours.whole_chip - ours.events) / card.static.power.si
    assert seconds == pytest.approx(theirs["sim_time"], rel=0.25)
