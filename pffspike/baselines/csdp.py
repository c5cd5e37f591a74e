r"""Contrastive-signal-dependent plasticity (CSDP), the spiking forward-forward by PFF's author.

Leaky integrate-and-fire neurons, which learn in every step. A layer hears the one below, the one
above and the label, and inhibits itself; all synapses take a step. Its goodness is of the traces
``z`` of its spikes, high for an image with its label, and what it learns is the product of a
sender's spike and of the derivative of the layer's loss:

.. math:: \Delta w_{ij} \propto s_i(t - 1) R \, \partial L / \partial z_j(t),
    \quad L = -\log \sigma(\pm (\sum_j z_j^2 - \theta))

by Adam, with the sign of the label's truth. A weight also loses a little where a neuron spikes and
its sender does not. Output neurons hear all hidden layers, and learn by the delta rule on the
traces of their spikes. Source: Ororbia, Science Advances 10, eadn6076 (2024), arXiv 2303.18187, and
the supervised model that his laboratory publishes (NACLab/ngc-museum, ``csdp_snn``), whose settings
are the defaults here. What differs: the circuit that reconstructs the image is left out (it does
not act back), any number of hidden layers, and random numbers of this project.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.baselines.adam import Adam, Arrays
from pffspike.baselines.rates import Progress
from pffspike.baselines.result import Operations, Outcome, Report, SystemResult, cpu_seconds, scaled
from pffspike.baselines.settings import check_counts, check_hidden
from pffspike.data import Dataset

_BLOCK = 500  #: test images at a time
_CLIP = 1.0  #: of gradients, element by element; they are far smaller
_TEST = 1 << 40  #: number of the first test image, which keys its draws
_LOWEST = 0.025  #: threshold of a neuron

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class CSDP:
    """Settings of contrastive-signal-dependent plasticity with labels.

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden layers, from the bottom up.
    epochs : int
        Passes over the training images.
    steps : int
        Of a presentation, in training and at inference.
    batch : int
        Images an update; as many presentations under false labels stand beside them.
    learning_rate : float
        Of Adam, in every step.
    weight_decay : float
        What a weight loses for each image and step in which its neuron spikes without its sender.
    threshold : float
        Of the goodness.
    step_time, membrane_time, trace_time : float
        Duration of a step and time constants of the potential and of the traces, in ms.
    resistance, lateral_resistance : float
        Factors of the weights, and of those by which a layer inhibits itself.
    spike_threshold, jitter : float
        Of the potential, at the start of a presentation: uniform around the former.
    threshold_rate : float
        By which a layer's thresholds rise with every spike in it beyond one a step.
    """

    hidden: tuple[int, ...]
    epochs: int = 30
    steps: int = 50
    batch: int = 500
    learning_rate: float = 0.002
    weight_decay: float = 0.00005
    threshold: float = 10.0
    step_time: float = 3.0
    membrane_time: float = 100.0
    trace_time: float = 13.0
    resistance: float = 0.1
    lateral_resistance: float = 0.01
    spike_threshold: float = 0.055
    jitter: float = 0.025
    threshold_rate: float = 0.001

    def __post_init__(self) -> None:
        check_hidden(self.hidden)
        check_counts(self, "epochs", "steps", "batch")


@dataclass
class LeakyNeurons:
    """State of a layer of neurons: what it sent last, potentials, traces, thresholds."""

    sent: Floats
    potential: Floats
    trace: Floats
    thresholds: Floats

    def advance(self, config: CSDP, current: Floats) -> None:
        """One step of Euler's method; a spike resets the potential and sets the trace to one."""
        rate = np.float32(config.step_time / config.membrane_time)
        self.potential += rate * (current - self.potential)
        self.sent = (self.potential > self.thresholds).astype(np.float32)
        self.potential *= 1 - self.sent
        surplus = self.sent.sum(axis=1, keepdims=True) - 1
        self.thresholds = np.maximum(self.thresholds + config.threshold_rate * surplus, _LOWEST)
        decay = np.float32(1 - config.step_time / config.trace_time)
        self.trace = self.trace * decay * (1 - self.sent) + self.sent


def initial(config: CSDP, pixels: int, classes: int, seed: int) -> Arrays:
    """Uniform weights in [-1, 1], by what they lead to and, after a dot, where they come from."""
    arrays: Arrays = {}
    for name, (rows, columns) in shapes(config, pixels, classes).items():
        key = counter.derive_key(seed, counter.WEIGHTS, len(arrays))
        drawn = counter.uniform(key, np.arange(rows * columns)).reshape(rows, columns)
        arrays[name] = (2 * drawn - 1).astype(np.float32)
    for layer, size in enumerate((*config.hidden, classes), start=1):
        key = counter.derive_key(seed, counter.WEIGHTS, 1000 + layer)
        drawn = config.jitter * (2 * counter.uniform(key, np.arange(size)) - 1)
        arrays[f"threshold{layer}"] = (config.spike_threshold + drawn[None]).astype(np.float32)
    return arrays


def shapes(config: CSDP, pixels: int, classes: int) -> dict[str, tuple[int, int]]:
    """Rows and columns of every matrix of weights."""
    sizes, found = (pixels, *config.hidden), {}
    for k, (below, size) in enumerate(itertools.pairwise(sizes), start=1):
        found[f"{k}.below"] = (below, size)
        found[f"{k}.itself"] = (size, size)
        found[f"{k}.context"] = (classes, size)
        if k < len(config.hidden):
            found[f"{k}.above"] = (sizes[k + 1], size)
        found[f"out.{k}"] = (size, classes)
    return found


def present(
    config: CSDP, w: Arrays, layers: list[LeakyNeurons], image: Floats, label: Floats
) -> list[Floats]:
    """One step of all layers, from what was sent in the last one: what each heard, for learning.

    Parameters
    ----------
    config : CSDP
        Settings.
    w : dict of str to ndarray
        Weights.
    layers : list of LeakyNeurons
        Hidden ones and the output neurons; they advance.
    image, label : (samples, neurons) ndarray
        Spikes of the last step; zeros say nothing of the label.

    Returns
    -------
    list of ndarray
        What the image and the layers sent in the last step.
    """
    sent = [image, *(layer.sent for layer in layers)]
    top = len(layers) - 1
    for k, layer in enumerate(layers[:-1], start=1):
        current = sent[k - 1] @ w[f"{k}.below"] + label @ w[f"{k}.context"]
        if k < top:
            current += sent[k + 1] @ w[f"{k}.above"]
        current *= np.float32(config.resistance)
        current -= np.float32(config.lateral_resistance) * (sent[k] @ w[f"{k}.itself"])
        layer.advance(config, current)
    heard = [sent[k] @ w[f"out.{k}"] for k in range(1, top + 1)]
    layers[-1].advance(config, np.sum(heard, axis=0))
    return sent


def gradients(
    config: CSDP, layers: list[LeakyNeurons], sent: list[Floats], label: Floats, true: Floats
) -> Arrays:
    """Derivatives of the layers' losses by what each synapse can see.

    Parameters
    ----------
    config : CSDP
        Settings.
    layers : list of LeakyNeurons
        After a step.
    sent : list of ndarray
        What `present` gave.
    label : (samples, classes) ndarray
        Of the presentations.
    true : (samples, 1) ndarray
        1 of true labels, 0 of false ones.

    Returns
    -------
    dict of str to ndarray
    """
    found: Arrays = {}
    top = len(layers) - 1
    for k, layer in enumerate(layers[:-1], start=1):
        goodness = np.square(layer.trace).sum(axis=1, keepdims=True) - config.threshold
        wrong = 1 / (1 + np.exp(-goodness)) - true
        signal = (wrong * 2 * layer.trace / len(true)).astype(np.float32)
        factors = {"below": sent[k - 1], "itself": sent[k], "context": label}
        if k < top:
            factors["above"] = sent[k + 1]
        scale = {"itself": config.lateral_resistance}
        for source, heard in factors.items():
            factor = np.float32(scale.get(source, config.resistance))
            found[f"{k}.{source}"] = heard.T @ (factor * signal)
    error = 2 * (layers[-1].trace - label) * true / true.sum()
    for k in range(1, top + 1):
        found[f"out.{k}"] = sent[k].T @ (np.float32(config.resistance) * error)
    return found


def constrain(
    config: CSDP, w: Arrays, layers: list[LeakyNeurons], heard: dict[str, Floats]
) -> None:
    """Decay where a neuron spiked without its sender; then the limits of the weights, in place."""
    for name, sent in heard.items():
        k, source = name.split(".")
        spikes = layers[int(k) - 1].sent
        w[name] -= np.float32(config.weight_decay) * ((1 - sent).T @ spikes)
        np.clip(w[name], 0.0 if source == "itself" else -1.0, 1.0, out=w[name])
        if source == "itself":
            np.fill_diagonal(w[name], 0.0)
    for name in (n for n in w if n.startswith("out.")):
        np.clip(w[name], -1.0, 1.0, out=w[name])


def run(config: CSDP, dataset: Dataset, seed: int, store: Path, report: Report) -> SystemResult:
    """Train, or go on with a training, and judge."""
    train, test = scaled(dataset)
    progress = Progress(
        initial(config, train.shape[1], dataset.classes, seed), Adam(config.learning_rate, _CLIP)
    )
    path = store.with_suffix(".npz")
    progress.load(path)
    for epoch in range(progress.epochs, config.epochs):
        start = cpu_seconds()
        order = counter.permutation(len(train), counter.derive_key(seed, counter.ORDER, epoch))
        for first in range(0, len(train), config.batch):
            part = order[first : first + config.batch]
            numbers = epoch * len(train) + first + np.arange(len(part))
            shown = train[part], dataset.train_labels[part], numbers
            _learn(config, progress, *shown, classes=dataset.classes, seed=seed)
        progress.epochs, progress.seconds = epoch + 1, progress.seconds + cpu_seconds() - start
        progress.save(path)
        report((epoch + 1) / config.epochs)
    sizes = shapes(config, train.shape[1], dataset.classes).values()
    mode = _judge(config, progress.parameters, test, dataset.test_labels, seed)
    size = sum(rows * columns for rows, columns in sizes)
    return SystemResult({"one_pass": mode}, size, progress.seconds)


def _begin(config: CSDP, w: Arrays, samples: int) -> list[LeakyNeurons]:
    """Layers at rest: no trace of an earlier image, and the thresholds as they were."""
    layers = []
    for k in range(1, len(config.hidden) + 2):
        rows = np.repeat(w[f"threshold{k}"], samples, axis=0)
        nothing = np.zeros_like(rows)
        layers.append(LeakyNeurons(nothing, nothing.copy(), nothing.copy(), rows))
    return layers


def _spikes(images: Floats, numbers: npt.NDArray[np.int64], step: int, seed: int) -> Floats:
    keys = counter.derive_keys(
        counter.derive_keys(counter.derive_key(seed, counter.SPIKES), numbers), step
    )
    drawn = counter.uniform(keys[:, None], np.arange(images.shape[1]))
    return (drawn < images).astype(np.float32)


def _learn(
    config: CSDP,
    progress: Progress,
    images: Floats,
    labels: npt.NDArray[np.int64],
    numbers: npt.NDArray[np.int64],
    *,
    classes: int,
    seed: int,
) -> None:
    """Present images with true and with false labels, and learn in every step."""
    w = progress.parameters
    learned = {name: v for name, v in w.items() if not name.startswith("threshold")}
    away = counter.integers(counter.derive_key(seed, counter.NEGATIVES), numbers, classes - 1)
    false = (labels + 1 + away) % classes
    label = np.eye(classes, dtype=np.float32)[np.concatenate([labels, false])]
    true = np.repeat(np.array([[1.0], [0.0]], np.float32), len(labels), axis=0)
    both = np.concatenate([images, images])
    both_numbers = np.concatenate([numbers, numbers + _TEST])
    layers = _begin(config, w, len(both))
    image, said = np.zeros_like(both), np.zeros_like(label)
    for step in range(config.steps):
        sent = present(config, w, layers, image, said)
        found = gradients(config, layers, sent, label, true)
        heard = {name: _sender(name, sent, said) for name in found if not name.startswith("out.")}
        progress.optimizer.descend(learned, found)
        constrain(config, learned, layers, heard)
        image, said = _spikes(both, both_numbers, step, seed), label


def _sender(name: str, sent: list[Floats], label: Floats) -> Floats:
    layer, source = name.split(".")
    if source == "context":
        return label
    return sent[int(layer) + {"below": -1, "itself": 0, "above": 1}[source]]


def _judge(
    config: CSDP, w: Arrays, images: Floats, labels: npt.NDArray[np.int64], seed: int
) -> Outcome:
    """Without a label, the class whose output neuron spikes most; the first of several."""
    right, spikes, served = 0, 0.0, 0.0
    sizes = {name: v.shape for name, v in w.items() if not name.startswith("threshold")}
    fan_out = [
        sum(n for name, (_, n) in sizes.items() if _leaves(name, k))
        for k in range(len(config.hidden) + 1)
    ]
    for start in range(0, len(images), _BLOCK):
        part = slice(start, start + _BLOCK)
        numbers = 2 * _TEST + np.arange(len(images))[part]
        layers, image = _begin(config, w, len(numbers)), np.zeros_like(images[part])
        silence = np.zeros((len(numbers), w["1.context"].shape[0]), np.float32)
        total = np.zeros_like(silence)
        for step in range(config.steps):
            sent = present(config, w, layers, image, silence)
            total += layers[-1].sent
            sums = [float(s.sum()) for s in sent[:-1]]
            spikes += sum(sums) + float(layers[-1].sent.sum())
            served += sum(n * to for n, to in zip(sums, fan_out, strict=True))
            image = _spikes(images[part], numbers, step, seed)
        right += int((total.argmax(axis=1) == labels[part]).sum())
    dense = config.steps * sum(rows * columns for rows, columns in sizes.values())
    n = len(images)
    return Outcome(
        right / n, Operations(0.0, served / n, float(dense)), spikes / n, float(config.steps)
    )


def _leaves(name: str, k: int) -> bool:
    """Whether a matrix holds the synapses at which spikes of layer ``k`` (0: the image) arrive."""
    target, source = name.split(".")
    if target == "out":
        return int(source) == k
    return int(target) == {"below": k + 1, "itself": k, "above": k - 1}.get(source, -1)
