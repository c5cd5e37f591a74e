"""NIR graphs as snnTorch and Norse load and run them (`make nir`)."""

import importlib.util
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import pffspike
from pffspike.circuits import PFF, pff
from pffspike.execution import Execution
from pffspike.inference.proposal import ranking
from pffspike.network import Training
from pffspike.recording import Probes

MISSING = [
    name for name in ("nir", "norse", "snntorch", "torch") if not importlib.util.find_spec(name)
]
pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(
        bool(MISSING), reason=f"{', '.join(MISSING)} not installed; `make nir` does"
    ),
    pytest.mark.filterwarnings("ignore"),  # of the simulators, which are not ours to mend
]

BURN_IN, SEED = 2, 5
DATA = pffspike.first_samples(pffspike.load_data("digits"), train=60, test=60)


def norse_run(graph, rasters):
    """``(steps, samples, outputs)`` of the graph in Norse, in double precision."""
    import norse.torch
    import torch

    model = norse.torch.from_nir(graph, dt=graph.metadata["dt"]).double()
    state, found = None, []
    with torch.no_grad():
        for raster in torch.from_numpy(rasters):
            spikes, state = model(raster, state)
            found.append(spikes.numpy())
    return np.array(found)


def snntorch_run(graph, rasters):
    """The same in snnTorch, whose spikes are single precision until a hook makes them double."""
    import snntorch.import_nir
    import snntorch.utils
    import torch

    model = snntorch.import_nir.import_from_nir(graph).double()
    model.neurons.register_forward_hook(lambda module, given, spikes: spikes.double())
    snntorch.utils.reset(model)
    state, found = None, []
    with torch.no_grad():
        for raster in torch.from_numpy(rasters):
            spikes, state = model(raster, state)
            found.append(spikes.numpy())
    return np.array(found)


SIMULATORS = {"norse": norse_run, "snntorch": snntorch_run}


@pytest.fixture(scope="module", params=["none", "sqrt"])
def trained(request):
    """A network of digits, trained for a moment."""
    circuit = PFF(
        64, 10, (60, 40), burn_in=BURN_IN, window=8, normalization=request.param, scale=(1, 2)
    )
    network = pff(circuit, "small", Training("digits", 1))
    state = pffspike.train(network, DATA, execution=Execution("numpy", seed=SEED))
    weights, biases = state.parameters.weights, state.parameters.biases
    loud = {name: np.full_like(b, 0.5625) for name, b in biases.items()}  # all spike at first
    return state.replace(parameters=pffspike.Parameters(weights, loud))


@pytest.fixture(scope="module", params=["lif", "lif-noise"])
def case(request, trained, tmp_path_factory):
    """A graph as a file has it, what it is given, and the recording that this comes from."""
    import nir

    from pffspike.deployment.nir import layer

    path = tmp_path_factory.mktemp("nir") / "net.nir"
    execution = Execution("numpy", seed=SEED)
    pffspike.export(trained, nir=path, profile=request.param, dataset=DATA, execution=execution)
    probes = Probes(("readout",), ("image", "readout"))
    images = trained.coding.encode(DATA.test_images, DATA.levels)
    recording = pffspike.run(
        trained, "one_pass", {"image": images}, execution=execution.replace(probes=probes)
    )
    seed = SEED if request.param == "lif-noise" else None
    rasters = layer.rasters_of(recording, layer.layout_of(trained.network), seed)
    return nir.read(path), rasters, recording


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_the_graph_does_there_what_it_does_here(simulator, case):
    from pffspike.deployment.nir.running import run_graph

    graph, rasters, recording = case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = SIMULATORS[simulator](graph, rasters)
    ours = np.array(list(run_graph(graph, rasters, graph.metadata["dt"])))
    assert found.any()
    if graph.metadata["gains"] == "none":
        np.testing.assert_array_equal(found, ours)
    else:  # folded gains are no dyadic numbers, and both round weights to single precision
        assert np.mean(found != ours) < 0.001
    answers = ranking(found[BURN_IN:].sum(axis=0), recording.samples, SEED)[:, 0]
    accuracy = np.mean(answers == DATA.test_labels)
    exact = graph.metadata["gains"] == "none"
    assert accuracy == pytest.approx(graph.metadata["accuracy_graph"], abs=1e-9 if exact else 0.04)


@pytest.mark.parametrize("simulator", SIMULATORS)
def test_with_our_random_numbers_it_gives_the_spikes_of_our_engines(simulator, case):
    graph, rasters, recording = case
    if graph.metadata["gains"] != "none" or graph.metadata["profile"] != "lif-noise":
        pytest.skip("a gain or the noise is lost in this graph")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = SIMULATORS[simulator](graph, rasters)
    np.testing.assert_array_equal(found, recording.rasters["readout"])


def test_the_example_of_the_page_runs(trained, tmp_path):
    """The block of docs/deployment.md that reads a graph into Norse."""
    page = Path(__file__).parents[2] / "docs" / "deployment.md"
    code = next(
        block for block in page.read_text("utf-8").split("```\n") if block.startswith("import nir")
    )
    pffspike.export(trained, nir=tmp_path / "digits.nir", dataset=DATA)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert 0 <= float(done.stdout.split()[-1]) <= 1
