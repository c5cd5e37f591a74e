"""Systems whose hidden activity is compared: each learns, and gives rates under any label."""

import dataclasses
import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import pffspike
from pffspike import Execution, Probes
from pffspike.arithmetic import counter
from pffspike.baselines import rate_ff, rate_pff
from pffspike.baselines.adam import Adam
from pffspike.baselines.rate_pff_circuit import RatePFF, forward, step
from pffspike.baselines.rates import normalized
from pffspike.baselines.result import scaled
from pffspike.network import signals, structure
from pffspike.representations import lesion


@dataclass(frozen=True)
class Learned:
    """Accuracy on test images, and rates of the hidden layers.

    Parameters
    ----------
    accuracy : float
    rates : callable
        ``rates(labels)`` of all test images: an array a layer. None asks without a label.
    weights : (below, above) ndarray or None
        From hidden_1 to hidden_2.
    answers : dict of str to callable
        By the condition that decides (``"true"``: label by label, ``"free"``: without a label):
        ``answers(layer, mask)`` of all test images without those neurons of that layer.
    """

    accuracy: float
    rates: Callable
    weights: np.ndarray | None = None
    answers: dict[str, Callable] = field(default_factory=dict)


def spiking(network, data, seed, window, trained=None):
    """Train a card's network, or take a trained one, and record ``window`` steps an image."""
    execution = Execution(seed=seed)
    if trained is None:
        trained = pffspike.train(network, data, execution=execution)
    images = trained.coding.encode(data.test_images, data.levels)
    answers = pffspike.classify(trained, images, execution=execution).predicted
    hidden = tuple(structure.goodness_thresholds(trained.network))
    asked = trained.replace(network=lengthened(trained.network, window))

    def recorded(program):
        found = pffspike.run(
            asked,
            program,
            {signals.IMAGE: images},
            execution=execution.replace(probes=Probes(counts=hidden)),
        )
        return {name: found.by_phase(found.counts[name]) / window for name in hidden}

    free, labelled = recorded("one_pass"), recorded("goodness")

    def rates(labels):
        if labels is None:
            return [free[name][:, 0] for name in hidden]
        return [labelled[name][np.arange(len(labels)), labels] for name in hidden]

    def answered(mode, layer, mask):
        damaged = lesion(trained, {hidden[layer]: mask})
        return pffspike.classify(damaged, images, mode=mode, execution=execution).predicted

    return Learned(
        float(np.mean(answers == data.test_labels)),
        rates,
        trained.parameters.weights.get(f"{hidden[0]}_to_{hidden[-1]}"),
        {
            "true": functools.partial(answered, "goodness"),
            "free": functools.partial(answered, "one_pass"),
        },
    )


def spiking_until(network, data, seed, window, level):
    """The same, trained until the accuracy on test images is ``level``, and for how many epochs."""
    execution = Execution(seed=seed)
    images = pffspike.probabilities(data.test_images, data.levels)

    def reached(state):
        if state.samples_done % len(data.train_labels):
            return False  # within an epoch
        answers = pffspike.classify(state, images, execution=execution).predicted
        return bool(np.mean(answers == data.test_labels) >= level)

    trained = pffspike.train(network, data, callbacks=[reached], execution=execution)
    epochs = trained.samples_done // len(data.train_labels)
    return spiking(network, data, seed, window, trained), epochs


def lengthened(network, window):
    """The network with a window of so many steps wherever it answers."""
    return network.replace(
        programs=tuple(
            dataclasses.replace(program, window=window)
            if program.name in ("one_pass", "goodness")
            else program
            for program in network.programs
        )
    )


def untrained(network, data, seed, window):
    """Initial weights."""
    return spiking(network, data, seed, window, pffspike.begin(network, data, seed=seed))


def rate_coded_ff(hidden, epochs, data, seed):
    """Hinton's algorithm; without a label, every label unit has the same small value."""
    config = rate_ff.RateFF(hidden, epochs=epochs)
    with tempfile.TemporaryDirectory() as folder:
        progress = rate_ff.train(config, data, seed, Path(folder) / "ff.npz", lambda _: None)
    return _of_ff(config, progress.parameters, data)


def _of_ff(config, w, data):
    test, eye = scaled(data)[1], np.eye(data.classes, dtype=np.float32)
    scores, _ = rate_ff.goodness_scores(config, w, test, data.classes)

    def rates(labels):
        given = (
            np.full((len(test), len(eye)), 1 / len(eye), np.float32)
            if labels is None
            else eye[labels]
        )
        return [z for _, z in rate_ff.forward(w, rate_ff.with_label(test, given))]

    def answered(layer, mask):
        damaged = dict(w)
        for name in (f"W{layer}", f"b{layer}"):
            damaged[name] = np.where(mask, np.float32(0), w[name])
        return rate_ff.goodness_scores(config, damaged, test, data.classes)[0].argmax(axis=1)

    accuracy = float(np.mean(scores.argmax(axis=1) == data.test_labels))
    return Learned(accuracy, rates, answers={"true": answered})


def rate_coded_pff(hidden, epochs, data, seed):
    """The algorithm of its authors; without a label, the bottom-up pass that begins."""
    config = RatePFF(hidden, epochs=epochs, batch=100, free_readout=True)
    with tempfile.TemporaryDirectory() as folder:
        progress = rate_pff.train(config, data, seed, Path(folder) / "p.npz", lambda _: None)
    w, test = progress.parameters, normalized(scaled(data)[1])
    scores, _ = rate_pff.goodness_scores(config, w, test, data.classes)

    def rates(labels):
        z = forward(w, test)
        if labels is None:
            return list(z)
        seen = []
        for _ in range(config.steps // 2 + 1):
            now = step(config, w, test @ w["W1"], labels, *z)
            z = now.z1, now.z2
            seen.append(z)
        return [np.mean(layer, axis=0) for layer in zip(*seen[-2:], strict=True)]

    return Learned(float(np.mean(scores.argmax(axis=1) == data.test_labels)), rates)


def backpropagation(hidden, epochs, learning_rate, data, seed):
    """Rectified units and a softmax; no label is an input."""
    from sklearn.neural_network import MLPClassifier

    train, test = scaled(data)
    model = MLPClassifier(
        hidden, batch_size=128, learning_rate_init=learning_rate, random_state=seed
    )
    for epoch in range(epochs):
        order = counter.permutation(len(train), counter.derive_key(seed, counter.ORDER, epoch))
        model.partial_fit(train[order], data.train_labels[order], classes=np.arange(data.classes))
    weights = list(zip(model.coefs_, model.intercepts_, strict=True))

    def forward(layer=None, mask=None):
        layers = [test]
        for k, (w, b) in enumerate(weights[:-1]):
            above = np.maximum(layers[-1] @ w + b, 0)
            layers.append(np.where(mask, 0, above) if k == layer else above)
        return layers

    def answered(layer, mask):
        w, b = weights[-1]
        return (forward(layer, mask)[-1] @ w + b).argmax(axis=1)

    layers = forward()[1:]
    accuracy = float(model.score(test, data.test_labels))
    return Learned(accuracy, lambda _: layers, model.coefs_[1], {"free": answered})


def backpropagated_goodness(hidden, epochs, learning_rate, data, seed):
    """The objective of FF, summed over layers, by backpropagation through all of them.

    Labels are inputs and negatives are hard, as for FF; only what a layer learns from differs: the
    loss of the layers above it too. The gain of the normalization between layers is held fixed.
    """
    config = rate_ff.RateFF(hidden, epochs=epochs)
    train, eye = scaled(data)[0], np.eye(data.classes, dtype=np.float32)
    w = rate_ff.initial(config, train.shape[1], data.classes, seed)
    adam = Adam(learning_rate, 1.0)
    for epoch in range(epochs):
        order = counter.permutation(len(train), counter.derive_key(seed, counter.ORDER, epoch))
        key = counter.derive_key(seed, counter.NEGATIVES, epoch)
        others = 1 + counter.integers(key, np.arange(len(train)), data.classes - 1)
        for first in range(0, len(order), config.batch):
            part = order[first : first + config.batch]
            truth = data.train_labels[part]
            both = np.concatenate([truth, (truth + others[part]) % data.classes])
            x = rate_ff.with_label(np.concatenate([train[part]] * 2), eye[both])
            lab = (np.arange(len(x)) < len(part)).astype(np.float32)[:, None]
            adam.descend(w, goodness_gradients(config, w, x, lab))
    return _of_ff(config, w, data)


def goodness_gradients(config, w, x, lab):
    """Gradients of the loss of the goodness of all layers, with gains of normalization held."""
    layers = rate_ff.forward(w, x)
    goodness = sum(np.sum(np.square(z), axis=1, keepdims=True) for _, z in layers)
    threshold = config.threshold * sum(z.shape[1] for _, z in layers)
    p = 0.5 + 0.5 * np.tanh(0.5 * (goodness - threshold))
    outer = ((2 / len(x)) * (p - lab)).astype(np.float32)
    found, error = {}, 0.0
    for k in reversed(range(len(layers))):
        heard, z = layers[k]
        delta = (outer * z + error) * (z > 0)
        found[f"W{k}"] = heard.T @ delta
        found[f"b{k}"] = delta.sum(axis=0, keepdims=True)
        if k:
            below = layers[k - 1][1]
            gain = 1 / (np.sqrt(np.mean(np.square(below), axis=1, keepdims=True)) + 1e-8)
            error = gain.astype(np.float32) * (delta @ w[f"W{k}"].T)
    return found


def without(data, label):
    """The data set without the training images of a class."""
    kept = data.train_labels != label
    return dataclasses.replace(
        data, train_images=data.train_images[kept], train_labels=data.train_labels[kept]
    )
