"""What learns on-line: spiking PFF, and a perceptron by backpropagation, a sample at a time."""

import numpy as np

import pffspike
from pffspike import Execution
from pffspike.arithmetic import counter
from pffspike.baselines.adam import Adam
from pffspike.circuits import without_latents

HIDDEN = (250, 250)


class Spiking:
    """Spiking PFF of the card of the digits, without latent states.

    Parameters
    ----------
    data : Dataset
        Sizes and grey levels.
    seed : int
        Of everything random.
    """

    def __init__(self, data, seed):
        network = pffspike.load_network("digits", without_latents())
        self.trained = pffspike.begin(network, data, seed=seed)
        self.levels, self.execution, self.seen = data.levels, Execution(seed=seed), 0

    def learn(self, images, labels, learning, negatives=None):
        """Answer each sample, learn it if learning is on; gives the answers."""
        found = pffspike.learn_online(
            self.trained,
            self.trained.coding.encode(images, self.levels),
            labels,
            negatives=negatives,
            first_sample=self.seen,
            learning_scale=float(learning),
            execution=self.execution,
        )
        self.trained, self.seen = found.trained, self.seen + len(labels)
        return found.answers

    def scores(self, images):
        """Goodness under every label, of images that are not learned."""
        encoded = self.trained.coding.encode(images, self.levels)
        return pffspike.classify(self.trained, encoded, execution=self.execution).scores


class Backpropagation:
    """Rectified units and a softmax, cross-entropy, Adam, one sample a step.

    Parameters
    ----------
    data : Dataset
        Sizes and grey levels.
    seed : int
        Of the initial weights.
    learning_rate : float
        Of Adam.
    """

    def __init__(self, data, seed, learning_rate):
        sizes = (data.train_images.shape[1], *HIDDEN, data.classes)
        self.white, self.layers, self.w = data.levels, len(sizes) - 1, {}
        for k in range(self.layers):
            key = counter.derive_key(seed, 13, k)
            draws = counter.uniform(key, np.arange(sizes[k] * sizes[k + 1]))
            limit = np.sqrt(6 / (sizes[k] + sizes[k + 1]))
            self.w[f"W{k}"] = (limit * (2 * draws - 1)).reshape(sizes[k], -1).astype(np.float32)
            self.w[f"b{k}"] = np.zeros((1, sizes[k + 1]), np.float32)
        self.adam = Adam(learning_rate, 1.0)

    def learn(self, images, labels, learning, _negatives=None):
        """Answer each sample, learn it if learning is on; gives the answers."""
        if not learning:
            return self.scores(images).argmax(axis=1)
        answers = np.empty(len(labels), np.int64)
        for n, (image, label) in enumerate(zip(self._grey(images), labels, strict=True)):
            layers = self._forward(image[None])
            answers[n] = layers[-1].argmax()
            self.adam.descend(self.w, self._gradients(layers, label))
        return answers

    def scores(self, images):
        """Inputs of the softmax."""
        return self._forward(self._grey(images))[-1]

    def _grey(self, images):
        return (images / self.white).astype(np.float32)

    def _forward(self, x):
        layers = [x]
        for k in range(self.layers):
            x = layers[-1] @ self.w[f"W{k}"] + self.w[f"b{k}"]
            layers.append(np.maximum(x, 0) if k < self.layers - 1 else x)
        return layers

    def _gradients(self, layers, label):
        odds = np.exp(layers[-1] - layers[-1].max())
        error, found = odds / odds.sum(), {}
        error[0, label] -= 1
        for k in reversed(range(self.layers)):
            found[f"W{k}"], found[f"b{k}"] = layers[k].T @ error, error.copy()
            error = (error @ self.w[f"W{k}"].T) * (layers[k] > 0)
        return found
