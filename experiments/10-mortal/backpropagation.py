"""Backpropagation on the same chip: copied to it, and with the chip in the loop.

In the loop, the chip computes the presentation and the computer the gradient, with the nominal
weights: it does not know the chip's gains, only which neurons the chip says are saturated.
"""

from typing import Any

import numpy as np

from pffspike.arithmetic import counter
from pffspike.baselines import straight_through as st
from pffspike.baselines.adam import Adam
from pffspike.baselines.rates import softmax

PLACES = {1: ("image_to_hidden_1", "hidden_1"), 2: ("hidden_1_to_hidden_2", "hidden_2")}
#: As study 14 found them for the digits, with as many settings tried as for the others.
SETTINGS: dict[str, Any] = {
    "decay": 0.9,
    "batch": 32,
    "steps": 4,
    "learning_rate": 0.02,
    "scale": 8.0,
    "bias": 0.3,
}
_TEST, _AFTER = 1 << 40, 1 << 41  #: numbers of the first images tested, and adapted to


class Network:
    """A network of Bernoulli neurons, whose weights a chip makes of nominal ones.

    Parameters
    ----------
    data : Dataset
        What it is taught and asked.
    seed : int
        Of initial weights and draws.
    epochs : int
        Of the training, by which the learning rate falls.
    """

    def __init__(self, data, seed, epochs):
        self.data, self.seed, self.epochs = data, seed, epochs
        self.config = st.StraightThrough((250, 250), epochs=epochs, **SETTINGS)
        self.w = st.initial(self.config, data.train_images.shape[1], data.classes, seed)
        self.adam = Adam(self.config.learning_rate, 1.0)

    def copy(self):
        """A network of its own with the same nominal weights, whose learning starts anew."""
        other = Network(self.data, self.seed, self.epochs)
        other.w = {name: values.copy() for name, values in self.w.items()}
        other.adam.learning_rate = self._rate(self.epochs - 1)
        return other

    def rounded(self, bits):
        """A copy whose weights are integers of so many bits, times a step of each layer."""
        other = self.copy()
        for name in (name for name in other.w if name.startswith("w")):
            step = np.abs(other.w[name]).max() / (2 ** (bits - 1) - 1)
            other.w[name] = (np.round(other.w[name] / step) * step).astype(np.float32)
        return other

    def train(self, chip=None):
        """All epochs, on a chip or an ideal one."""
        size = len(self.data.train_images)
        for epoch in range(self.epochs):
            self.adam.learning_rate = self._rate(epoch)
            order = counter.permutation(size, counter.derive_key(self.seed, counter.ORDER, epoch))
            self._descend(order, epoch * size, chip)
        return self

    def adapt(self, chip, first, end):
        """Learn presentations ``first`` to ``end``, at the last learning rate."""
        size = len(self.data.train_images)
        order = np.concatenate(
            [
                counter.permutation(size, counter.derive_key(self.seed, counter.ORDER, 1 << 16, k))
                for k in range(-(-end // size))
            ]
        )
        self._descend(order[first:end], _AFTER + first, chip)
        return self

    def accuracy(self, chip=None):
        """Share of the test images answered rightly in one pass."""
        images, w = self.data.test_images / self.data.levels, effective(self.w, chip)
        numbers = _TEST + np.arange(len(images))
        total = np.zeros((len(images), self.data.classes))
        for step in range(self.config.test_steps):
            total += st.forward(w, images.astype(np.float32), self._keys(numbers, step))[1]
        return float(np.mean(total.argmax(axis=1) == self.data.test_labels))

    def _rate(self, epoch):
        return self.config.learning_rate * self.config.decay**epoch

    def _keys(self, numbers, step):
        stream = counter.derive_keys(counter.derive_key(self.seed, counter.SPIKES), numbers)
        return counter.derive_keys(stream, step)

    def _descend(self, order, first, chip):
        for start in range(0, len(order), self.config.batch):
            part = order[start : start + self.config.batch]
            images = (self.data.train_images[part] / self.data.levels).astype(np.float32)
            numbers, w = first + start + np.arange(len(part)), effective(self.w, chip)
            runs = [
                st.forward(w, images, self._keys(numbers, step))
                for step in range(self.config.steps)
            ]
            error = softmax(np.mean([logits for _, logits in runs], axis=0))
            error[np.arange(len(part)), self.data.train_labels[part]] -= 1
            error /= len(part) * self.config.steps
            found = [st.backward(self.w, layers, error) for layers, _ in runs]
            gradients = {name: np.sum([g[name] for g in found], axis=0) for name in self.w}
            self.adam.descend(self.w, gradients)


def effective(w, chip):
    """Weights and biases of a chip that is programmed with nominal ones."""
    if chip is None:
        return w
    found = dict(w)
    for k, (projection, population) in PLACES.items():
        dead, stuck = chip.dead[population], chip.stuck[population]
        absent = chip.broken[projection] | dead | stuck
        found[f"w{k}"] = np.where(absent, 0, w[f"w{k}"] * chip.gains[projection])
        bias = (w[f"b{k}"] - chip.thresholds[population]) * chip.slopes[population]
        found[f"b{k}"] = np.where(dead | stuck, stuck.astype(float), bias)
    return {name: values.astype(np.float32) for name, values in found.items()}
