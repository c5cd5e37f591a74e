r"""The circuits of rate-coded predictive forward-forward learning, as its authors compute them.

Source: Ororbia and Mali, "The Predictive Forward-Forward Algorithm", arXiv 2301.01452, and
github.com/ago109/predictive-forward-forward. With ``N(v) = v / ||v||``, ``phi`` the rectified
linear unit whose derivative is taken as 1 everywhere, and ``a`` the damping::

    z1(t) = (1-a) phi( N(x) W1 + N(z2(t-1)) V2 + b1 + noise - z1(t-1) C1 ) + a z1(t-1)
    z2(t) = (1-a) phi( N(z1(t-1)) W2 + s_y y V + b2 + noise - z2(t-1) C2 ) + a z2(t-1)
    y^(t) = softmax( N(z2(t-1)) W + b )

``C`` is ``relu(L)`` within groups of units, negative on the diagonal. Goodness is
``G = sum z^2``, a positive sample the quiet one: ``p = sigmoid(threshold - G)``. Every synapse of
a hidden layer follows ``delta = 2 (1-a) (lab - p) z``; every step of every batch updates all
weights, by Adam. The generative circuit predicts each layer from the one above.

Departures: the latent state starts at a small number, is not normalized and descends its error
by a step that its weights allow (in the authors' code its first step is degenerate); errors of
the generative circuit pass through its clipping, as they do through ``phi``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pffspike.arithmetic import counter
from pffspike.baselines.adam import Arrays
from pffspike.baselines.rates import normalized, orthogonal, softmax
from pffspike.baselines.settings import check_counts
from pffspike.errors import ValidationError

Array = npt.NDArray[np.floating]


@dataclass(frozen=True)
class RatePFF:
    """Settings, by default those of the authors' code but for the number of units.

    Parameters
    ----------
    hidden : tuple of two int
        Sizes of the two hidden layers.
    epochs : int
        Passes over the training images.
    batch : int
        Images a batch; each is presented under its true and under a false label.
    steps : int
        Of a presentation.
    learning_rate : float
        Of Adam.
    threshold : float
        Goodness at which both answers are equally probable.
    damping : float
        The share ``a`` of the old state.
    label_scale : float
        Factor of the label's input to the second layer.
    noise, generative_noise : float
        Standard deviations, on hidden units and on what the generative circuit hears.
    group : int
        Units that compete.
    latent : int
        Size of the latent state above the second layer.
    free_readout : bool
        Whether the read-out learns from the bottom-up pass. In the authors' code it learns while
        the true label is clamped, so it learns to tell which label is, and is useless without
        one. Nothing else depends on the read-out.
    """

    hidden: tuple[int, int]
    epochs: int = 60
    batch: int = 500
    steps: int = 12
    learning_rate: float = 0.00025
    threshold: float = 10.0
    damping: float = 0.3
    label_scale: float = 5.0
    noise: float = 0.01
    generative_noise: float = 0.025
    group: int = 10
    latent: int = 20
    free_readout: bool = False

    def __post_init__(self) -> None:
        check_counts(self, "epochs", "batch", "steps", "group", "latent")
        if self.steps < 4 or self.steps % 2:
            raise ValidationError(f"steps = {self.steps} must be even and at least 4")
        if any(units < self.group or units % self.group for units in self.hidden):
            raise ValidationError(f"group = {self.group} must divide the sizes {self.hidden}")


@dataclass(frozen=True)
class Presented:
    """A step of the representation circuit: ``z1``, ``z2`` and what led to them.

    ``n1``, ``n2`` are the normalized states before the step, ``old1``, ``old2`` these states.
    """

    z1: Array
    z2: Array
    old1: Array
    old2: Array
    n1: Array
    n2: Array


def initial(config: RatePFF, pixels: int, classes: int, seed: int) -> Arrays:
    """Initial weights: orthogonal; uniform in [0, 0.05) for the competition and the predictions."""
    n1, n2 = config.hidden
    shapes = {
        "W1": (pixels, n1),
        "W2": (n1, n2),
        "V2": (n2, n1),
        "V": (classes, n2),
        "W": (n2, classes),
        "b1": (1, n1),
        "b2": (1, n2),
    }
    key = counter.derive_key(seed, counter.WEIGHTS)
    weights: Arrays = {
        name: orthogonal(counter.derive_key(key, index), *shape)
        for index, (name, shape) in enumerate(shapes.items())
    }
    weights["b"] = np.zeros((1, classes), np.float32)
    g = config.group
    blocks = {"L1": (n1 // g, g, g), "L2": (n2 // g, g, g)}
    predictions = {"Gy": (config.latent, n2), "G2": (n2, n1), "G1": (n1, pixels)}
    for index, (name, shape) in enumerate({**blocks, **predictions}.items()):
        numbers = counter.uniform(
            counter.derive_key(key, 100 + index), np.arange(int(np.prod(shape)))
        )
        weights[name] = (0.05 * numbers.reshape(shape)).astype(np.float32)
    return weights


def _competition(blocks: Array) -> Array:
    """``C``: inhibition within a group, self-excitation on the diagonal."""
    return np.maximum(blocks, 0) * _signs(blocks)


def _signs(blocks: Array) -> Array:
    return (1 - 2 * np.eye(blocks.shape[1])).astype(blocks.dtype)


def _grouped(z: Array, groups: int) -> Array:
    """``(rows, units)`` to ``(groups, rows, group)``."""
    return z.reshape(len(z), groups, -1).transpose(1, 0, 2)


def _lateral(z: Array, blocks: Array) -> Array:
    inhibited = _grouped(z, len(blocks)) @ _competition(blocks)
    return inhibited.transpose(1, 0, 2).reshape(z.shape)


def forward(w: Arrays, x: Array) -> tuple[Array, Array]:
    """One bottom-up pass from normalized images, the initial state of a presentation."""
    z1 = np.maximum(x @ w["W1"] + w["b1"], 0)
    return z1, np.maximum(normalized(z1) @ w["W2"] + w["b2"], 0)


def step(
    config: RatePFF,
    w: Arrays,
    drive: Array,
    labels: npt.NDArray[np.int64],
    z1: Array,
    z2: Array,
    noise: tuple[Array, Array] | None = None,
) -> Presented:
    """One step of the representation circuit.

    Parameters
    ----------
    config : RatePFF
        Its settings.
    w : dict of str to ndarray
        Weights and biases by name, as `initial` of this file makes them.
    drive : (rows, n1) ndarray
        ``N(x) W1``.
    labels : (rows,) ndarray of int64
        The label that each row is presented under.
    z1, z2 : (rows, units) ndarray
        State of both layers at the step before.
    noise : tuple of two ndarray or None
        What is added to the drives of both layers.

    Returns
    -------
    Presented
    """
    a = config.damping
    n1, n2 = normalized(z1), normalized(z2)
    u1 = n2 @ w["V2"]
    u1 += drive
    u1 += w["b1"]
    u1 -= _lateral(z1, w["L1"])
    u2 = n1 @ w["W2"]
    u2 += (config.label_scale * w["V"] + w["b2"])[labels]
    u2 -= _lateral(z2, w["L2"])
    if noise:
        u1 += noise[0]
        u2 += noise[1]
    return Presented(
        (1 - a) * np.maximum(u1, 0) + a * z1, (1 - a) * np.maximum(u2, 0) + a * z2, z1, z2, n1, n2
    )


def _delta(config: RatePFF, z: Array, lab: Array) -> Array:
    """Third factor times activity, for the mean of the loss over the rows."""
    p = 1 / (1 + np.exp(np.sum(np.square(z), axis=1, keepdims=True) - config.threshold))
    return (2 * (1 - config.damping) / len(z)) * (lab - p).astype(z.dtype) * z


def representation_gradients(
    config: RatePFF,
    w: Arrays,
    x: Array,
    labels: npt.NDArray[np.int64],
    now: Presented,
    heard: Array | None = None,
) -> Arrays:
    """Changes of the representation circuit that one step asks for, to be descended.

    Parameters
    ----------
    config : RatePFF
        Its settings.
    w : dict of str to ndarray
        Weights and biases by name, as `initial` of this file makes them.
    x : (images, pixels) ndarray
        Normalized; each is presented twice.
    labels : (2 images,) ndarray of int64
        First the true ones, then the false ones.
    now : Presented
        The state after the step, and what led to it.
    heard : (images, n2) ndarray or None
        What the read-out hears, by default hidden_2 under the true labels.

    Returns
    -------
    dict of str to ndarray
    """
    images = len(x)
    lab = np.where(np.arange(2 * images) < images, 1.0, 0.0)[:, None]
    delta1, delta2 = _delta(config, now.z1, lab), _delta(config, now.z2, lab)
    top = now.n2[:images] if heard is None else heard
    truth = labels[:images, None] == np.arange(w["W"].shape[1])
    error = softmax(top @ w["W"] + w["b"]) - truth
    error *= config.label_scale / images
    one_hot = (labels[:, None] == np.arange(len(w["V"]))).astype(delta2.dtype)
    return {
        "W1": x.T @ (delta1[:images] + delta1[images:]),
        "V2": now.n2.T @ delta1,
        "b1": delta1.sum(axis=0, keepdims=True),
        "L1": _lateral_gradient(now.old1, delta1, w["L1"]),
        "W2": now.n1.T @ delta2,
        "V": config.label_scale * (one_hot.T @ delta2),
        "b2": delta2.sum(axis=0, keepdims=True),
        "L2": _lateral_gradient(now.old2, delta2, w["L2"]),
        "W": top.T @ error,
        "b": error.sum(axis=0, keepdims=True),
    }


def _lateral_gradient(z: Array, delta: Array, blocks: Array) -> Array:
    groups = len(blocks)
    change = _grouped(z, groups).transpose(0, 2, 1) @ _grouped(delta, groups)
    return -change * _signs(blocks) * (blocks > 0)


def generative_gradients(
    w: Arrays, x: Array, heard1: Array, heard2: Array, z1: Array, z2: Array, latent: Array
) -> tuple[Arrays, Array]:
    """Changes of the generative circuit, and the latent state after a step down its error.

    Parameters
    ----------
    w : dict of str to ndarray
        Weights and biases by name, as `initial` of this file makes them.
    x : (images, pixels) ndarray
        As they are; each is presented twice.
    heard1, heard2 : (2 images, units) ndarray
        ``N(phi(z + noise))``.
    z1, z2 : (2 images, units) ndarray
        State of both layers, positive rows before negative ones.
    latent : (2 images, latent) ndarray
        Latent state of each row, before the step.

    Returns
    -------
    gradients : dict of str to ndarray
    latent : (2 images, latent) ndarray
    """
    active = np.maximum(latent, 0)
    e0 = np.clip(heard1 @ w["G1"], 0, 1)
    e0[: len(x)] -= x
    e0[len(x) :] -= x
    e1 = np.maximum(heard2 @ w["G2"], 0) - z1
    e2 = np.maximum(active @ w["Gy"], 0) - z2
    factor = z1.dtype.type(2 / len(z1))
    gradients: Arrays = {
        "G1": factor * (heard1.T @ e0),
        "G2": factor * (heard2.T @ e1),
        "Gy": factor * (active.T @ e2),
    }
    # 1 / ||Gy||^2 is below the step at which the descent would overshoot.
    return gradients, latent - (e2 @ w["Gy"].T) / np.sum(np.square(w["Gy"]))
