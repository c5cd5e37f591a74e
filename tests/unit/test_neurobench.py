"""Our metrics against NeuroBench's, on a network that both can express, where it is installed.

NeuroBench sees a torch module that sends the recorded spikes through linear layers with our
weights, step by step and projection by projection, as it would see any spiking network.
"""

import numpy as np
import pytest

import pffspike
from pffspike.arithmetic import counter
from pffspike.baselines.result import layer_operations
from pffspike.circuits import PFF, pff
from pffspike.energies import metrics
from pffspike.engines.reference import ReferenceEngine
from pffspike.network import Training, initial
from pffspike.recording import Probes

pytestmark = pytest.mark.filterwarnings("ignore")  # of torch and of what NeuroBench imports

PIXELS, CLASSES, SAMPLES = 9, 4, 6
NETWORK = pff(
    PFF(PIXELS, CLASSES, (10, 20), bias=0.2, lateral=5, weight_grid=-2),
    "small",
    Training("digits", 1),
)
WEIGHTS = initial(NETWORK, 1)
SPIKING = ("hidden_1", "hidden_2", "readout")


@pytest.fixture(scope="module")
def torch():
    pytest.importorskip("neurobench")
    return pytest.importorskip("torch")


def recorded():
    keys = counter.derive_keys(5, np.arange(SAMPLES))
    probes = Probes(rasters=("image", *SPIKING))
    with ReferenceEngine().compile(NETWORK, "one_pass", WEIGHTS, seed=2, probes=probes) as session:
        images = counter.uniform(keys[:, None], np.arange(PIXELS))
        return session.run({"image": images}, np.arange(SAMPLES))


def replay(torch, recording):
    """A module with a linear layer a projection and an activation a population."""
    projections = [NETWORK.projection(name) for name in recording.program.phases[0].projections]

    class Replay(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.ModuleDict()
            for p in projections:
                w = WEIGHTS.weights[p.name]
                layer = torch.nn.Linear(*w.shape, bias=False)
                layer.weight = torch.nn.Parameter(torch.tensor(w.T), requires_grad=False)
                self.layers[p.name] = layer
            self.neurons = torch.nn.ModuleDict({name: torch.nn.ReLU() for name in SPIKING})
            # NeuroBench counts bytes of parameters and buffers: these are the biases.
            for name in SPIKING:
                bias = torch.tensor(WEIGHTS.biases[name])
                self.register_buffer(f"bias_{name}", bias)

        def forward(self, _):
            for t in range(recording.program.steps):
                spikes = {n: torch.tensor(r[t].astype(float)) for n, r in recording.rasters.items()}
                for p in projections:
                    self.layers[p.name](spikes[p.pre])
                for name in SPIKING:
                    self.neurons[name](spikes[name])
            return torch.zeros(SAMPLES)

    return Replay()


def measured(torch, module, names, data):
    from neurobench.models import TorchModel

    model = TorchModel(module)
    model.register_hooks()
    predictions = model(data[0])
    found = {}
    for metric in names:
        value = metric(model, predictions, data)
        found |= value if isinstance(value, dict) else {type(metric).__name__: value}
    return found


def test_metrics_are_those_of_neurobench(torch):
    from neurobench.metrics.static import ConnectionSparsity, Footprint
    from neurobench.metrics.workload import ActivationSparsity, SynapticOperations

    recording = recorded()
    ours = metrics([recording], SAMPLES, WEIGHTS)
    module = replay(torch, recording)
    data = (torch.zeros(SAMPLES, PIXELS), torch.zeros(SAMPLES))
    theirs = measured(torch, module, (SynapticOperations(), ActivationSparsity()), data)
    assert ours.Effective_MACs == theirs["Effective_MACs"] == 0
    assert ours.Effective_ACs == theirs["Effective_ACs"] > 0
    assert ours.Dense == theirs["Dense"] > ours.Effective_ACs
    assert ours.ActivationSparsity == pytest.approx(theirs["ActivationSparsity"], abs=1e-12)
    assert ours.ConnectionSparsity == pytest.approx(
        ConnectionSparsity()(replay_model(module)), abs=5e-5
    )
    for layer in module.layers.values():  # the integers that we count: 6 bits and a sign
        layer.weight = torch.nn.Parameter((layer.weight * 4).to(torch.int8), requires_grad=False)
    for name in SPIKING:
        setattr(module, f"bias_{name}", (getattr(module, f"bias_{name}") * 2**24).to(torch.int32))
    assert ours.Footprint == Footprint()(replay_model(module))


def replay_model(module):
    from neurobench.models import TorchModel

    return TorchModel(module)


def test_operations_of_dense_layers_are_those_of_neurobench(torch):
    from neurobench.metrics.workload import SynapticOperations

    x = np.maximum(counter.normal(3, SAMPLES * 12), 0).reshape(SAMPLES, 12).astype(np.float32)
    w = counter.normal(4, 12 * 7).reshape(12, 7).astype(np.float32)
    linear = torch.nn.Linear(12, 7, bias=False)
    linear.weight = torch.nn.Parameter(torch.tensor(w.T), requires_grad=False)
    data = (torch.tensor(x), torch.zeros(SAMPLES))
    theirs = measured(torch, torch.nn.Sequential(linear), (SynapticOperations(),), data)
    ours = layer_operations([(x, 7)])
    assert ours.Effective_MACs == theirs["Effective_MACs"] > 0
    assert ours.Effective_ACs == theirs["Effective_ACs"] == 0
    assert ours.Dense == theirs["Dense"] > ours.Effective_MACs


@pytest.mark.parametrize("mode", ["one_pass", "goodness", "feedback", "proposal"])
def test_the_benchmark_measures_a_trained_network_as_we_do(torch, mode):
    from neurobench.benchmarks import Benchmark
    from neurobench.metrics.static import ConnectionSparsity, Footprint
    from neurobench.metrics.workload import (
        ActivationSparsity,
        ClassificationAccuracy,
        SynapticOperations,
    )

    from pffspike.neurobench import loader, to_neurobench

    data = pffspike.first_samples(pffspike.load_data("digits"), test=12)
    card = {"pff": {"hidden": [12, 9], "lateral": 3}}
    network = pffspike.load_network("digits", card)
    run = pffspike.Execution("numpy")
    trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 1), 1)
    workload = [ClassificationAccuracy, SynapticOperations, ActivationSparsity]
    theirs = Benchmark(
        to_neurobench(trained, mode, execution=run),
        loader(data),
        [],
        [],
        [[Footprint, ConnectionSparsity], workload],
    ).run(quiet=True)
    theirs |= theirs["SynapticOperations"]
    everyone = tuple(p.name for p in network.populations if "prediction" not in p.name)
    images = trained.coding.encode(data.test_images, data.levels)
    probes = run.replace(probes=Probes(rasters=everyone))
    answers = pffspike.classify(trained, images, mode, execution=probes)
    ours = metrics(answers.recordings, 12, trained.parameters)
    assert theirs["ClassificationAccuracy"] == pytest.approx(answers.accuracy(data.test_labels))
    assert theirs["Effective_ACs"] == ours.Effective_ACs > 0
    assert theirs["Effective_MACs"] == ours.Effective_MACs == 0
    assert theirs["Dense"] == ours.Dense
    assert theirs["ActivationSparsity"] == pytest.approx(ours.ActivationSparsity, abs=1e-12)
    assert theirs["Footprint"] == ours.Footprint
    assert theirs["ConnectionSparsity"] == pytest.approx(ours.ConnectionSparsity, abs=5e-5)
