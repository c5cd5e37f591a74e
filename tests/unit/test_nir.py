"""NIR graphs: the network read back to the bit, and one pass as a layer that does what it says."""

import dataclasses

import numpy as np
import pytest

import pffspike
from pffspike.arithmetic import grids
from pffspike.circuits import PFF, pff
from pffspike.deployment.exported import export
from pffspike.execution import Execution
from pffspike.network import Network, Parameters, Training, initial
from pffspike.recording import Probes
from pffspike.trained import TrainedNetwork

nir = pytest.importorskip("nir")

from pffspike.deployment.nir import from_nir, graph_of, layer, write_nir  # noqa: E402
from pffspike.deployment.nir.running import run_graph  # noqa: E402

NUMPY = Execution("numpy", seed=3)
DATA = pffspike.first_samples(pffspike.load_data("digits"), train=20, test=30)


def network(normalization: str) -> Network:
    circuit = PFF(64, 10, (30, 20), burn_in=1, window=4, normalization=normalization)
    return pff(circuit, "small", Training("digits", 1))


def trained(normalization: str = "none") -> TrainedNetwork:
    """Weights as they begin, and biases with which many neurons spike."""
    specification = network(normalization)
    weights = initial(specification, 1).weights
    biases = {p.name: np.full(p.size, 0.25) for p in specification.populations if not p.input}
    return TrainedNetwork(specification, Parameters(weights, biases), 1)


def recorded(state: TrainedNetwork, images: np.ndarray) -> pffspike.Recording:
    names = pffspike.populations_of(state.network, "one_pass")
    execution = NUMPY.replace(probes=Probes(rasters=names))
    return pffspike.run(state, "one_pass", {"image": images}, execution=execution)


def encoded(state: TrainedNetwork) -> np.ndarray:
    return state.coding.encode(DATA.test_images, DATA.levels)


def test_a_native_graph_is_read_back_to_the_bit(tmp_path):
    state = pffspike.begin(network("sqrt"), DATA, seed=7)
    state = state.replace(provenance={"made": "here", "bits": 8})
    export(state, nir=tmp_path / "net.nir", profile="native")
    found = from_nir(tmp_path / "net.nir")
    assert found.network == state.network
    assert found.parameters.equal(state.parameters)
    assert (found.seed, found.provenance) == (7, state.provenance)
    assert found.data == state.data
    first = recorded(state, encoded(state))
    assert first.same_spikes(recorded(found, encoded(found)))
    again = graph_of(found, "native")
    assert again.metadata == graph_of(state, "native").metadata


def test_the_mean_image_of_on_and_off_neurons_is_read_back(tmp_path):
    circuit = PFF(128, 10, (20, 10), burn_in=1, window=4)
    specification = pff(circuit, "small", Training("digits", 1, coding="on_off"))
    state = pffspike.begin(specification, DATA, seed=0)
    write_nir(tmp_path / "net.nir", graph_of(state, "native"))
    found = from_nir(tmp_path / "net.nir")
    np.testing.assert_array_equal(found.coding.mean, state.coding.mean)


@pytest.mark.parametrize("seed", [0, 3])
def test_with_noise_and_without_normalization_the_graph_gives_our_spikes(seed):
    """Not in their statistics only: the same bits, for the same random numbers."""
    state = trained()
    execution = Execution("numpy", seed=seed, probes=Probes(rasters=("image", "readout")))
    given = {"image": encoded(state)}
    recording = pffspike.run(state, "one_pass", given, execution=execution)
    graph = graph_of(state, "lif-noise")
    rasters = layer.rasters_of(recording, layer.layout_of(state.network), seed)
    found = np.array(list(run_graph(graph, rasters, layer.DT)))
    assert found.any()
    np.testing.assert_array_equal(found, recording.rasters["readout"])


def test_zeros_for_the_noise_leave_it_out():
    state = trained()
    recording, layout = recorded(state, encoded(state)), layer.layout_of(state.network)
    rasters = layer.rasters_of(recording, layout, None)
    silent = np.zeros((*rasters.shape[:2], layout.size))
    noisy = np.concatenate([rasters, silent], axis=-1)
    without = list(run_graph(graph_of(state, "lif"), rasters, layer.DT))
    np.testing.assert_array_equal(
        list(run_graph(graph_of(state, "lif-noise"), noisy, layer.DT)), without
    )


def test_the_stated_accuracy_is_that_of_the_network_where_nothing_is_lost():
    metadata = graph_of(trained(), "lif-noise", DATA, execution=NUMPY).metadata
    assert metadata["accuracy_graph"] == metadata["accuracy_network"]
    assert "divisive normalization" not in metadata["lost"]


def test_mean_gains_multiply_the_weights():
    """Against means over spikes that are taken here one by one."""
    state = trained("sqrt")
    graph = graph_of(state, "lif", DATA, execution=NUMPY)
    training = state.coding.encode(DATA.train_images, DATA.levels)
    raster = recorded(state, training).rasters["image"][:-1]
    table = grids.gain_table("sqrt", 64)
    gains = [table[n] for n in raster.sum(axis=-1).ravel() for _ in range(n)]
    layout = layer.layout_of(state.network)
    found = graph.nodes["weights_in"].weight[layout.columns("hidden_1")]
    expected = state.parameters.weights["image_to_hidden_1"].T * np.mean(gains)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert "mean gain" in graph.metadata["lost"]
    assert "with the gain of the input" in graph.metadata["accuracy"]


def test_a_graph_runs_in_any_order_of_its_nodes():
    state = trained()
    graph, layout = graph_of(state), layer.layout_of(state.network)
    rasters = layer.rasters_of(recorded(state, encoded(state)), layout, None)
    turned = nir.NIRGraph(dict(reversed(graph.nodes.items())), list(reversed(graph.edges)))
    np.testing.assert_array_equal(
        list(run_graph(turned, rasters, layer.DT)), list(run_graph(graph, rasters, layer.DT))
    )


def test_the_readme_of_an_export_says_what_the_graph_lacks(tmp_path):
    export(trained("sqrt"), tmp_path / "out", nir=tmp_path / "net.nir", dataset=DATA)
    readme = (tmp_path / "out" / "README.txt").read_text()
    assert nir.read(tmp_path / "net.nir").metadata["lost"] in readme
    assert "NIR accuracy" in readme
    assert pffspike.load(tmp_path / "out").network.name == "small"  # its digests hold


def damaged(change) -> object:
    graph = graph_of(trained(), "native")
    change(graph)
    return graph


def tied(graph) -> None:
    state = trained()
    name = next(p.name for p in state.network.projections if p.tied)
    graph.nodes[f"projection.{name}"].weight[0, 0] += 1


FAULTS = {
    "a weight off the grid": (
        lambda graph: graph.nodes["projection.image_to_hidden_1"].weight.__setitem__((0, 0), 0.1),
        "'image_to_hidden_1' must be multiples of 2^",
    ),
    "a projection is missing": (
        lambda graph: graph.nodes.pop("projection.image_to_hidden_1"),
        "lacks a part of the profile 'native'",
    ),
    "another card": (
        lambda graph: graph.metadata.update(hash="0"),
        "does not have the hash",
    ),
    "another program's": (lambda graph: graph.metadata.clear(), "another program, with nodes"),
    "for other simulators": (
        lambda graph: graph.metadata.update(profile="lif"),
        "has the profile 'lif', which is for other simulators",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_graph_that_is_none_of_ours_gets_one_sentence(fault):
    change, sentence = FAULTS[fault]
    with pytest.raises(pffspike.PffspikeError) as caught:
        from_nir(damaged(change))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_weights_of_tied_projections_must_be_alike():
    state = trained()
    assert any(p.tied for p in state.network.projections)
    with pytest.raises(pffspike.FileError, match="is tied to"):
        from_nir(damaged(tied))


def test_a_damaged_file_gets_one_sentence(tmp_path):
    path = tmp_path / "net.nir"
    export(trained(), nir=path, profile="native")
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(pffspike.FileError, match="is no complete NIR file"):
        from_nir(path)
    path.write_text("nothing")
    with pytest.raises(pffspike.FileError, match="is no complete NIR file"):
        from_nir(path)


def test_what_can_not_be_exported_says_why():
    state = trained("sqrt")
    with pytest.raises(pffspike.ValidationError, match="--data"):
        graph_of(state, "lif")
    with pytest.raises(pffspike.ValidationError, match="profile 'nice'"):
        export(state, nir="x.nir", profile="nice")
    program = state.network.program("one_pass")
    phase = dataclasses.replace(program.phases[0], inputs={"image": "image", "label": 0})
    other = dataclasses.replace(program, phases=(phase,))
    programs = tuple(other if p is program else p for p in state.network.programs)
    with pytest.raises(pffspike.ValidationError, match="has one input; export the profile 'nat"):
        graph_of(state.replace(network=state.network.replace(programs=programs)), "lif", DATA)


def test_a_node_that_is_not_run_is_named():
    graph = graph_of(trained(), "native")
    with pytest.raises(pffspike.ValidationError, match="is of type Threshold"):
        list(run_graph(graph, [np.zeros((1, 64))], 1.0))
