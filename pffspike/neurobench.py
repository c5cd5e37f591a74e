"""A trained network as a model of NeuroBench, whose ``Benchmark`` measures it.

NeuroBench counts what goes through layers of PyTorch, so the spikes of an inference, as an engine
of this package gives them, go through a linear layer for each projection, step by step, and through
an activation for each population. The layers hold the weights as the smallest integers that fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pffspike import inference
from pffspike.arithmetic import grids
from pffspike.data.dataset import Dataset
from pffspike.energies.metrics import stored_bytes
from pffspike.errors import MissingPackageError, install_hint
from pffspike.execution import Execution
from pffspike.inference import AnyMode, Stopping, as_mode
from pffspike.inference.feedback import feedback_network
from pffspike.inputs import trained_levels
from pffspike.network import structure
from pffspike.network.spec import Network, Program
from pffspike.recording import Probes, Recording
from pffspike.trained import TrainedNetwork

try:
    import torch
    from neurobench.models import NeuroBenchModel
except ImportError as error:
    raise MissingPackageError(
        f"this needs NeuroBench ({error}); {install_hint('neurobench')}"
    ) from None

_INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def to_neurobench(
    trained: TrainedNetwork, mode: AnyMode = "goodness", *, execution: Execution = Execution()
) -> NetworkModel:
    """Make a model that NeuroBench's ``Benchmark`` accepts.

    Parameters
    ----------
    trained : TrainedNetwork
        The network and its weights.
    mode : str, Mode or Stopping
        How it answers; ``early`` and ``late`` as the rule that `pffspike.calibrate` found.
    execution : Execution
        Engine and seed. The noise of an image is keyed by its content, as of `pffspike.classify`.

    Returns
    -------
    NetworkModel
        Called with a batch of images, whole grey values ``(n, pixels)`` as in
        ``Dataset.test_images``, it gives the answers: ``(n,)`` labels.

    Raises
    ------
    MissingPackageError
        If NeuroBench or PyTorch is not installed (extra ``neurobench``).
    ValidationError
        If the network can't answer in the mode.

    Examples
    --------
    >>> import pffspike
    >>> from pffspike.neurobench import loader, to_neurobench
    >>> from neurobench.benchmarks import Benchmark
    >>> from neurobench.metrics.static import Footprint
    >>> from neurobench.metrics.workload import ClassificationAccuracy, SynapticOperations
    >>> data = pffspike.first_samples(pffspike.load_data("digits"), test=20)
    >>> network = pffspike.load_network("digits")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    >>> measured = Benchmark(
    ...     to_neurobench(trained, "one_pass"), loader(data), [], [],
    ...     [[Footprint], [ClassificationAccuracy, SynapticOperations]],
    ... ).run(quiet=True)
    >>> sorted(measured)
    ['ClassificationAccuracy', 'Footprint', 'SynapticOperations']
    """
    inference.check_mode(trained.network, mode)
    return NetworkModel(trained, mode, execution)


def loader(dataset: Dataset, batch_size: int = 100) -> Any:
    """Give the test images of a data set as ``Benchmark`` takes them.

    Parameters
    ----------
    dataset : Dataset
        Images and labels.
    batch_size : int
        Images of a batch.

    Returns
    -------
    torch.utils.data.DataLoader
        Of grey values and labels, in order.

    Raises
    ------
    MissingPackageError
        If NeuroBench or PyTorch is not installed (extra ``neurobench``).

    Examples
    --------
    >>> import pffspike
    >>> len(loader(pffspike.load_data("digits"), batch_size=60))
    6
    """
    images = torch.tensor(np.asarray(dataset.test_images, np.int64))
    labels = torch.tensor(np.asarray(dataset.test_labels, np.int64))
    pairs = torch.utils.data.TensorDataset(images, labels)
    return torch.utils.data.DataLoader(pairs, batch_size=batch_size)


class NetworkModel(NeuroBenchModel):
    """A trained network as NeuroBench sees it, see `to_neurobench`.

    Parameters
    ----------
    trained : TrainedNetwork
        The network and its weights.
    mode : str, Mode or Stopping
        How it answers.
    execution : Execution
        Engine and seed.
    """

    def __init__(self, trained: TrainedNetwork, mode: AnyMode, execution: Execution) -> None:
        super().__init__()
        name = mode.mode if isinstance(mode, Stopping) else as_mode(mode).name
        network = feedback_network(trained.network) if name == "feedback" else trained.network
        self._trained, self._mode = trained, mode
        self._layers = _Layers(trained, network, _programs(network, name, mode))
        senders = tuple(self._layers.rasters)
        self._execution = execution.replace(probes=Probes(rasters=senders))

    def __call__(self, batch: Any) -> Any:
        """Answer a batch of images, and send all spikes through the layers."""
        images = self._trained.coding.encode(batch.numpy(), trained_levels(self._trained))
        answers = inference.classify(self._trained, images, self._mode, execution=self._execution)
        for recording in answers.recordings:
            self._layers(recording)
        return torch.tensor(answers.predicted)

    def __net__(self) -> Any:
        """Give the layers."""
        return self._layers


def _programs(network: Network, name: str, mode: AnyMode) -> list[Program]:
    """Programs that a mode presents."""
    if name in ("one_pass", "feedback"):
        names = ["one_pass"]
    else:
        several = name == "proposal" or inference.check_mode(network, mode) < _labels(network)
        names = ["goodness", "one_pass"] if several else ["goodness"]
    return [network.program(program) for program in names]


def _labels(network: Network) -> int:
    return network.role("label").size


class _Weights(torch.nn.Linear):
    """A projection: the weights as integers, which products take as they are."""

    def __init__(self, weights: Any, kind: Any) -> None:
        super().__init__(*weights.shape, bias=False)
        values = torch.tensor(weights.T.astype(np.int64)).to(kind)
        self.weight = torch.nn.Parameter(values, requires_grad=False)

    def forward(self, spikes: Any) -> Any:
        """Give what arrives at each neuron, in units of the weights' grid."""
        return torch.nn.functional.linear(spikes, self.weight.to(spikes.dtype))


class _Layers(torch.nn.Module):
    """A layer for each matrix of weights, an activation for each population that is no input."""

    def __init__(self, trained: TrainedNetwork, network: Network, programs: list[Program]) -> None:
        super().__init__()
        extents = [structure.extent(network, program) for program in programs]
        used = {p.name: p for extent in extents for p in extent.projections}
        populations = {p.name: p for extent in extents for p in extent.populations}
        self.rasters = tuple(populations)
        self.weights, self.neurons = torch.nn.ModuleDict(), torch.nn.ModuleDict()
        for name in dict.fromkeys(structure.weights_of(p) for p in used.values()):
            p = network.projection(name)
            kind = _INTEGERS[stored_bytes(max(abs(p.low), abs(p.high)), p.grid)]
            values = trained.parameters.weights[name] / 2.0**p.grid
            self.weights[name] = _Weights(values, kind)
        for population in populations.values():
            if population.input:
                continue
            self.neurons[population.name] = torch.nn.ReLU()
            kind = _INTEGERS[stored_bytes(population.bias.limit, grids.DRIVE_GRID)]
            bias = trained.parameters.biases[population.name] / 2.0**grids.DRIVE_GRID
            values = torch.tensor(bias.astype(np.int64)).to(kind)
            self.register_buffer(f"bias_{population.name}", values)

    def forward(self, recording: Recording) -> None:
        """Send what was recorded through the layers, phase by phase and step by step."""
        network, phases = recording.network, recording.program.phases
        for index, phase in enumerate(phases):
            active = structure.active(network, phase)
            for step in range(recording.program.steps):
                spikes = {
                    name: torch.tensor(raster[step, index :: len(phases)].astype(np.float64))
                    for name, raster in recording.rasters.items()
                    if name in active
                }
                for p in map(network.projection, phase.projections):
                    self.weights[structure.weights_of(p)](spikes[p.pre])
                for name in active:
                    if name in self.neurons:
                        self.neurons[name](spikes[name])
