r"""The profiles ``lif`` and ``lif-noise``: one pass as a recurrent layer that others load and run.

snnTorch and Norse load ``Affine``, ``Linear`` and ``LIF`` nodes. With ``tau = dt`` a leaky
integrate-and-fire neuron forgets everything from one step to the next, as ours do, and spikes where
what it receives exceeds its threshold. All neurons of one pass are one such layer::

    input -> weights_in -> neurons -> answers -> output
                           ^     |
          weights_recurrent <--- sending

``weights_in`` (``Affine``) holds the weights of the image and the biases; ``sending`` picks the
neurons that send to others, ``answers`` those of the read-out (``Linear``, of zeros and ones); the
circle takes one step, which is the delay of our projections. The input is what the input population
sends, its spikes of the step before. Without noise a neuron takes the more probable bit:

.. math:: s_j = 1 \text{ if } b_j + \sum_i \bar g_i w_{ij} s_i > 1/2

``lif-noise`` has one more input a neuron, which is subtracted: a uniform number in [-1/2, 1/2),
drawn by whoever runs the graph, makes it the Bernoulli neuron again, and 0 leaves the noise out.

Divisive normalization has no node. Its gain is replaced by its mean over the spikes of training
images in one pass, a number for each sending population, which the weights are multiplied by.
A network whose normalization is "none" loses nothing by that. The gain of the input population can
be put back by who makes the input: a spike then has the value of the gain over its mean, not 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pffspike import cards
from pffspike.arithmetic import counter, grids
from pffspike.deployment.nir.package import nir
from pffspike.errors import ValidationError
from pffspike.network import structure
from pffspike.network.spec import Network, Population, Projection
from pffspike.recording import Recording
from pffspike.trained import TrainedNetwork
from pffspike.typing import Bools, Floats, Integers

NOISELESS, NOISY = "lif", "lif-noise"
DT = 1e-4  #: seconds of a step: what snnTorch takes every NIR graph to have
THRESHOLD = 0.5


@dataclass(frozen=True)
class OnePassLayer:
    """Which input and which neuron of the layer is what.

    Parameters
    ----------
    network : Network
        Has a program ``one_pass``.
    populations : tuple of Population
        Of the layer, in the order of its neurons.
    projections : tuple of Projection
        Of one pass.
    """

    network: Network
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]

    @property
    def input(self) -> Population:
        """The population that images drive."""
        return self.network.role("input")

    @property
    def size(self) -> int:
        """Neurons of the layer."""
        return sum(p.size for p in self.populations)

    def columns(self, name: str) -> slice:
        """Neurons of a population in the layer, or inputs of the input population."""
        if name == self.input.name:
            return slice(0, self.input.size)
        names = [p.name for p in self.populations]
        start = sum(p.size for p in self.populations[: names.index(name)])
        return slice(start, start + self.network.population(name).size)

    @property
    def sending(self) -> Integers:
        """Numbers of the neurons that send to others."""
        pres = {p.pre for p in self.projections} - {self.input.name}
        parts = [np.r_[self.columns(p.name)] for p in self.populations if p.name in pres]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def layout_of(network: Network) -> OnePassLayer:
    """Find the layer of a network's program ``one_pass``.

    Parameters
    ----------
    network : Network
        With a read-out, and one pass that only images drive.

    Returns
    -------
    OnePassLayer

    Raises
    ------
    ValidationError
        If it has none.

    Examples
    --------
    >>> from pffspike.cards import load_network
    >>> layout_of(load_network("digits")).size
    510
    """
    program = network.program("one_pass")
    used = structure.extent(network, program)
    driven = {p.name for p in used.populations if p.input}
    if len(program.phases) != 1 or driven != {network.role("input").name}:
        raise ValidationError(
            f"program 'one_pass' of network {network.name!r} has {len(program.phases)} phases and "
            f"the inputs {', '.join(sorted(driven))}, but a NIR graph of one layer has one input; "
            f"export the profile 'native'"
        )
    layer = tuple(p for p in used.populations if not p.input)
    if network.role("readout") not in layer:
        raise ValidationError(
            f"program 'one_pass' of network {network.name!r} does not use its read-out, so a graph "
            f"has no answer; export the profile 'native'"
        )
    return OnePassLayer(network, layer, used.projections)


def gains_needed(layout: OnePassLayer) -> tuple[Population, ...]:
    """Populations whose gain is not 1 in what they send."""
    pres = {p.pre for p in layout.projections if p.normalized}
    return tuple(
        p
        for p in (layout.input, *layout.populations)
        if p.name in pres and p.normalization != "none"
    )


def mean_gain(population: Population, raster: Bools) -> float:
    """Mean of the gain of a population over the spikes that it sends.

    Parameters
    ----------
    population : Population
        With a normalization.
    raster : (steps, samples, units) ndarray of bool
        Its spikes.

    Returns
    -------
    float
        1 if it never spikes.

    Examples
    --------
    >>> mean_gain(Population("a", 4), np.ones((1, 1, 4), bool))
    0.5
    """
    counts = raster.sum(axis=-1)
    gains = grids.gain_table(population.normalization, population.size)[counts]
    return float(np.sum(gains * counts) / counts.sum()) if counts.any() else 1.0


def layer_graph(trained: TrainedNetwork, gains: Mapping[str, float], noise: bool) -> Any:
    """Make the graph.

    Parameters
    ----------
    trained : TrainedNetwork
        A trained network, whole.
    gains : mapping of str to float
        That replace the gains of `gains_needed`, by population.
    noise : bool
        Whether the input has a number for each neuron, too.

    Returns
    -------
    nir.NIRGraph

    Examples
    --------
    >>> import pffspike
    >>> network = pffspike.load_network("digits-loihi1")
    >>> trained = pffspike.TrainedNetwork(network, pffspike.initial(network, 0), seed=0)
    >>> sorted(layer_graph(trained, {}, noise=False).nodes)
    ['answers', 'input', 'neurons', 'output', 'sending', 'weights_in', 'weights_recurrent']
    """
    layout, ones = layout_of(trained.network), np.ones(layout_of(trained.network).size)
    weights_in, recurrent = _weights(layout, trained, gains)
    if noise:
        weights_in = np.hstack([weights_in, -np.eye(layout.size)])
    biases = np.concatenate([trained.parameters.biases[p.name] for p in layout.populations])
    answers = np.r_[layout.columns(layout.network.role("readout").name)]
    nodes = {
        "input": nir.Input({"input": np.array(weights_in.shape[1:])}),
        "weights_in": nir.Affine(weights_in, biases),
        "neurons": nir.LIF(
            tau=DT * ones,
            r=ones,
            v_leak=0 * ones,
            v_threshold=THRESHOLD * ones,
            v_reset=0 * ones,
        ),
        "answers": nir.Linear(_selection(answers, layout.size)),
        "output": nir.Output({"output": np.array([len(answers)])}),
    }
    edges = [("input", "weights_in"), ("weights_in", "neurons")]
    if len(layout.sending):
        nodes["sending"] = nir.Linear(_selection(layout.sending, layout.size))
        nodes["weights_recurrent"] = nir.Linear(recurrent[:, layout.sending])
        edges += [
            ("neurons", "sending"),
            ("sending", "weights_recurrent"),
            ("weights_recurrent", "neurons"),
        ]
    # Norse follows edges in their order and gives out the node that it comes to last.
    edges += [("neurons", "answers"), ("answers", "output")]
    return nir.NIRGraph(nodes, edges, metadata=_metadata(layout, gains, noise))


def _weights(
    layout: OnePassLayer, trained: TrainedNetwork, gains: Mapping[str, float]
) -> tuple[Floats, Floats]:
    """``(n_post, n_pre)`` weights from the input, and within the layer."""
    from_input = np.zeros((layout.size, layout.input.size))
    recurrent = np.zeros((layout.size, layout.size))
    for projection in layout.projections:
        w = trained.parameters.weights[structure.weights_of(projection)]
        gain = gains.get(projection.pre, 1.0) if projection.normalized else 1.0
        target = from_input if projection.pre == layout.input.name else recurrent
        target[layout.columns(projection.post), layout.columns(projection.pre)] += gain * w.T
    return from_input, recurrent


def _selection(neurons: Integers, size: int) -> Floats:
    return np.eye(size)[neurons]


def _metadata(layout: OnePassLayer, gains: Mapping[str, float], noise: bool) -> dict[str, Any]:
    program = layout.network.program("one_pass")
    places = [(p.name, layout.columns(p.name)) for p in layout.populations]
    inputs = f"0 to {layout.input.size - 1}: spikes of {layout.input.name}, of the step before"
    if layout.input.name in gains:
        inputs += (
            f", of the value 1 (or, which answers better, gain / {gains[layout.input.name]:.6f} "
            f"with the gain 1/sqrt(number of its spikes in the step))"
        )
    if noise:
        inputs += (
            f"; {layout.input.size} to {layout.input.size + layout.size - 1}: a number for each "
            f"neuron, uniform in [-1/2, 1/2), new in every step, or 0 for no noise"
        )
    return {
        "network": layout.network.name,
        "hash": cards.network_hash(layout.network),
        "profile": NOISY if noise else NOISELESS,
        "dt": DT,
        "steps": program.steps,
        "burn_in": program.burn_in,
        "time": (
            f"dt in seconds is one step (norse.torch.from_nir(graph, dt={DT})); a presentation "
            f"lasts {program.burn_in + program.window} steps, from silence; the answer is the "
            f"output with the most spikes after the first {program.burn_in}"
        ),
        "input": inputs,
        "neurons": "; ".join(f"{name}: {s.start} to {s.stop - 1}" for name, s in places),
        "gains": "; ".join(f"{name}: {gain:.6f}" for name, gain in gains.items()) or "none",
    }


def rasters_of(
    recording: Recording, layout: OnePassLayer, seed: int | None, mean: float | None = None
) -> Floats:
    """What the graph's input receives, so that it does what a recorded run of one pass did.

    Parameters
    ----------
    recording : Recording
        Of one pass, with the raster of the input population.
    layout : OnePassLayer
        Of the network.
    seed : int or None
        Of the run, whose noise follows the spikes; None: no noise.
    mean : float or None
        Mean gain of the input population, if its spikes are to have the value of their gain over
        it; None: they have the value 1.

    Returns
    -------
    (steps, samples, inputs) ndarray of float64
    """
    sent = recording.rasters[layout.input.name]
    values = sent.astype(np.float64)
    if mean is not None:
        table = grids.gain_table(layout.input.normalization, layout.input.size)
        values *= table[sent.sum(axis=-1)][..., np.newaxis] / mean
    shown = np.concatenate([np.zeros_like(values[:1]), values[:-1]])
    if seed is None:
        return shown
    return np.concatenate([shown, _noise(recording, layout, seed)], axis=-1)


def _noise(recording: Recording, layout: OnePassLayer, seed: int) -> Floats:
    """Random numbers of the neurons as an engine draws them, less 1/2."""
    program = layout.network.program("one_pass")
    key = counter.derive_key(seed, counter.SPIKES, program.phases[0].stream)
    samples = counter.derive_keys(key, recording.samples)
    noise = np.empty((program.steps, len(samples), layout.size))
    for step in range(program.steps):
        keys = counter.derive_keys(samples, step)[:, np.newaxis]
        for p in layout.populations:
            places = counter.neuron_counters(layout.network.index(p.name), p.size)
            noise[step, :, layout.columns(p.name)] = counter.uniform(keys, places) - 0.5
    return noise
