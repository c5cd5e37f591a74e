"""Make a NIR graph in one of the profiles, and measure what it answers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from pffspike.data import Dataset
from pffspike.deployment.nir import layer
from pffspike.deployment.nir.native import PROFILE as NATIVE
from pffspike.deployment.nir.native import native_graph
from pffspike.deployment.nir.package import nir
from pffspike.deployment.nir.running import run_graph
from pffspike.errors import ValidationError, unknown
from pffspike.execution import Execution, counting, open_session
from pffspike.files import write_whole
from pffspike.inference.proposal import ranking
from pffspike.network import signals
from pffspike.network.events import Stimulus
from pffspike.recording import Probes, Recording
from pffspike.text import percent
from pffspike.trained import TrainedNetwork
from pffspike.typing import Floats

PROFILES = (layer.NOISELESS, layer.NOISY, NATIVE)
_MEASURED = 128  #: training images that gains are measured with
_JUDGED = 1000  #: test images at most that the graph answers
_BATCH = 50  #: of them at a time

_LOST = (
    "all modes but one pass, the generative circuit, goodness and all learning; the dyadic number "
    "formats: the numbers are doubles, which snnTorch and Norse round to single precision"
)


def graph_of(
    trained: TrainedNetwork,
    profile: str = layer.NOISELESS,
    dataset: Dataset | None = None,
    *,
    execution: Execution = Execution(),
) -> Any:
    """Make the NIR graph of a trained network.

    Parameters
    ----------
    trained : TrainedNetwork
        A trained network, whole.
    profile : {"lif", "lif-noise", "native"}
        ``lif``: one pass as a layer of ``LIF`` neurons without noise, which snnTorch and Norse load
        and run; ``lif-noise``: the same, with the noise as a part of the input; ``native``: the
        whole network, for `from_nir`. See `pffspike.deployment.nir.layer` and ``native``.
    dataset : Dataset or None
        Its training images measure mean gains, its test images the accuracy of a layer.
    execution : Execution
        Engine and seed of these measurements, and who is told of them.

    Returns
    -------
    nir.NIRGraph
        Its metadata say what is lost, and of a layer the accuracy that it reached here.

    Raises
    ------
    ValidationError
        If there is no such profile, or the network has no such layer, or it is normalized and
        there is no data set.

    Examples
    --------
    >>> import pffspike
    >>> network = pffspike.load_network("digits-loihi1")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    >>> graph_of(trained).metadata["accuracy"]
    'not measured: no data set was at hand'
    """
    check_profile(profile)
    if profile == NATIVE:
        return native_graph(trained)
    noise = profile == layer.NOISY
    layout = layer.layout_of(trained.network)
    gains = _gains(trained, layout, dataset, execution)
    graph = layer.layer_graph(trained, gains, noise)
    graph.metadata |= {
        "lost": _lost(gains, noise),
        "accuracy": "not measured: no data set was at hand",
    }
    if dataset is not None and len(dataset.test_images):
        mean = gains.get(layout.input.name)
        graph.metadata |= _accuracy(graph, trained, layout, dataset, mean, execution)
    return graph


def check_profile(profile: str) -> None:
    """Raise `ValidationError` if there is no such profile."""
    if profile not in PROFILES:
        raise unknown("profile", profile, PROFILES)


def write_nir(path: str | Path, graph: Any) -> None:
    """Write a graph, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Of the file.
    graph : nir.NIRGraph
        As `graph_of` makes it.
    """
    buffer = io.BytesIO()
    nir.write(buffer, graph)
    write_whole(Path(path), buffer.getvalue())


def _gains(
    trained: TrainedNetwork,
    layout: layer.OnePassLayer,
    dataset: Dataset | None,
    execution: Execution,
) -> dict[str, float]:
    needed = layer.gains_needed(layout)
    if not needed:
        return {}
    if dataset is None or not len(dataset.train_images):
        raise ValidationError(
            f"network {trained.network.name!r} normalizes what its populations send, and a NIR "
            f"graph takes the mean gain over training images, which are not at hand; give the data "
            f"set (--data), or export the profile 'native'"
        )
    images = trained.coding.encode(dataset.train_images[:_MEASURED], dataset.levels)
    probes = Probes(rasters=tuple(p.name for p in needed))
    recording = _one_pass(trained, images, execution.replace(probes=probes), "gains")
    return {p.name: layer.mean_gain(p, recording.rasters[p.name][:-1]) for p in needed}


def _one_pass(
    trained: TrainedNetwork, images: Stimulus, execution: Execution, stage: str
) -> Recording:
    report = counting(execution, stage, len(images))
    with open_session(trained, "one_pass", execution) as session:
        return session.run({signals.IMAGE: images}, np.arange(len(images)), progress=report)


def _lost(gains: dict[str, float], noise: bool) -> str:
    lost = [] if noise else ["the noise: a neuron takes the more probable bit"]
    if gains:
        lost.append(
            f"divisive normalization: weights are multiplied by the mean gain of the sender, over "
            f"its spikes in one pass of the first {_MEASURED} training images"
        )
    return "; ".join([*lost, _LOST])


def _accuracy(
    graph: Any,
    trained: TrainedNetwork,
    layout: layer.OnePassLayer,
    dataset: Dataset,
    mean: float | None,
    execution: Execution,
) -> dict[str, Any]:
    """Accuracy of the graph as it is, and of the network, for the same input spikes."""
    count = min(_JUDGED, len(dataset.test_images))
    images = trained.coding.encode(dataset.test_images[:count], dataset.levels)
    readout = trained.network.role("readout").name
    probes = Probes((readout,), (layout.input.name,))
    recording = _one_pass(trained, images, execution.replace(probes=probes), "one_pass")

    def right(spikes: Any) -> float:
        answers = ranking(spikes, recording.samples, execution.seed)[:, 0]
        return float(np.mean(answers == dataset.test_labels[:count]))

    found = {
        "accuracy_graph": right(_counts(graph, recording, layout, None, execution)),
        "accuracy_network": right(recording.counts[readout]),
    }
    text = (
        f"{percent(found['accuracy_graph'])} of {count} test images of {dataset.name}, run by "
        f"pffspike with seed {execution.seed}; the network itself, in one pass with the same input "
        f"spikes: {percent(found['accuracy_network'])}"
    )
    if mean is not None:
        scaled = right(_counts(graph, recording, layout, mean, execution))
        found["accuracy_with_input_gain"] = scaled
        text += f"; the graph with the gain of the input in its spikes: {percent(scaled)}"
    return {"accuracy": text, **found}


def _counts(
    graph: Any,
    recording: Recording,
    layout: layer.OnePassLayer,
    mean: float | None,
    execution: Execution,
) -> Floats:
    """``(samples, classes)`` spikes of the graph's output in the window."""
    seed = execution.seed if graph.metadata["profile"] == layer.NOISY else None
    burn_in = layout.network.program("one_pass").burn_in
    count, found = len(recording.samples), []
    report = counting(execution, "graph", count)
    for start in range(0, count, _BATCH):
        some = recording.select(np.arange(count)[start : start + _BATCH])
        steps = list(run_graph(graph, layer.rasters_of(some, layout, seed, mean), layer.DT))
        found.append(np.sum(steps[burn_in:], axis=0))
        if report:
            report(len(some.samples))
    return np.concatenate(found)
